/** The runtime's module: what of it JavaScript and compiled programs call. */
export { may_be_kernel, read_error } from './addresses.ts';
export * from './allocator.ts';
export * from './array.ts';
export * from './bits.ts';
export * from './bloom-filter.ts';
export { jhash, memcmp, memcpy } from './bytes.ts';
export * from './dispatch.ts';
export * from './hash.ts';
export * from './lpm-trie.ts';
export { maps_area, maps_begin, maps_fields, maps_heap_end, maps_line, maps_line_at } from './maps-text.ts';
export * from './print.ts';
export * from './probe-read.ts';
export * from './queue-stack.ts';
export * from './ringbuf.ts';
export { seq_commit, seq_write } from './seq-file.ts';
export { text_decimal } from './text.ts';
export * from './values.ts';

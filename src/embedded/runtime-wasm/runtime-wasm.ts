/**
 * The runtime's module (assembly/, in AssemblyScript), instantiated over a kernel's memory: the allocator, maps' hot
 * operations, and whatever else programs call too often for JavaScript. Its exports are callees of compiled programs;
 * offsets are i32 there, so JavaScript must take results that are offsets `>>> 0`.
 */
import { type WasmMemory, type WasmModule, webAssembly } from '../../jit/index.ts';
import { moduleText } from './generated.ts';

/** What the module calls. */
export interface RuntimeImports {
  /** The special fields of a value are about to go: cancels timers, releases what pointers own. */
  release_fields(map: number, value: number): void;
  // Operations of maps that the module does not know.
  lookup(map: number, key: number): number;
  update(map: number, key: number, value: number, flags: number): number;
  remove(map: number, key: number): number;
  /** Records are complete in a ring buffer, which is named by its BASE, and somebody waits for them. */
  wake(ring: number): void;
  /**
   * What the kernel prints of an address of its own, by its symbol. @param form SYMBOL, PLAIN_SYMBOL or SYMBOL_NAME of
   * format-codes.ts @returns offset of the text, up to a NUL and until the next call; 0 where no symbol is known
   */
  symbol_text(low: number, high: number, form: number): number;
  /** Takes the format at a place apart (formats.ts). @returns its offset or a negative errno */
  parse_format(at: number, size: number, values: number): number;
}

/**
 * Maps are the offset of their struct bpf_map, keys and values offsets. Results of updates and deletes are 0 or a
 * negative errno, those of look-ups an offset or 0.
 */
export interface RuntimeExports {
  allocate(size: number): number;
  free(offset: number): number;
  usableSize(offset: number): number;
  /** Bytes in pages of the heap that are not free. */
  bytesInUse(): number;

  jhash(key: number, size: number, seed: number): number;
  memcmp(a: number, b: number, size: number): number;
  memcpy(to: number, from: number, size: number): void;
  /** Everything of a map's value but its special fields. */
  copyValue(map: number, to: number, from: number): void;
  zeroFields(map: number, value: number): void;
  releaseFields(map: number, value: number): void;

  bits_new(it: number, low: number, high: number, words: number): number;
  bits_next(it: number): number;
  bits_destroy(it: number): void;

  map_lookup_elem(map: number, key: number): number;
  map_update_elem(map: number, key: number, value: number, flags: number, upper: number): number;
  map_delete_elem(map: number, key: number): number;
  map_lookup_percpu_elem(map: number, key: number, cpu: number): number;

  array_lookup(map: number, key: number): number;
  array_update(map: number, key: number, value: number, flags: number, upper: number): number;
  array_of_maps_lookup(map: number, key: number): number;
  percpu_array_lookup(map: number, key: number): number;
  percpu_array_lookup_on(map: number, key: number, cpu: number): number;
  percpu_array_update(map: number, key: number, value: number, flags: number, upper: number): number;

  hash_find(map: number, key: number): number;
  hash_first(map: number, bucket: number): number;
  hash_next(map: number, element: number): number;
  hash_lookup(map: number, key: number): number;
  hash_lookup_4(map: number, key: number): number;
  hash_lookup_8(map: number, key: number): number;
  hash_lookup_16(map: number, key: number): number;
  lru_hash_lookup(map: number, key: number): number;
  percpu_hash_lookup(map: number, key: number): number;
  percpu_hash_lookup_on(map: number, key: number, cpu: number): number;
  hash_of_maps_lookup(map: number, key: number): number;
  hash_update(map: number, key: number, value: number, flags: number, upper: number): number;
  hash_place(map: number, key: number, flags: number): number;
  percpu_hash_update(map: number, key: number, value: number, flags: number, upper: number): number;
  hash_delete(map: number, key: number): number;

  /** Storage: hashes whose keys are offsets of kernel objects. */
  storage_find(map: number, owner: number): number;
  storage_get(map: number, owner: number, value: number, flags: number, upper: number): number;
  storage_add(map: number, owner: number, value: number): number;
  storage_delete(map: number, owner: number): number;

  lpm_trie_lookup(map: number, key: number): number;
  lpm_trie_update(map: number, key: number, value: number, flags: number, upper: number): number;
  lpm_trie_delete(map: number, key: number): number;
  lpm_trie_next(map: number, key: number): number;

  queue_stack_push(map: number, value: number, flags: number, upper: number): number;
  queue_stack_pop(map: number, into: number): number;
  queue_stack_peek(map: number, into: number): number;
  bloom_filter_push(map: number, value: number, flags: number, upper: number): number;
  bloom_filter_peek(map: number, value: number): number;
  map_push_elem(map: number, value: number, flags: number, upper: number): number;
  map_pop_elem(map: number, into: number): number;
  map_peek_elem(map: number, into: number): number;

  /** Sizes, flags: low and high word. */
  ringbuf_reserve(map: number, size: number, sizeUpper: number, flags: number, flagsUpper: number): number;
  ringbuf_submit(sample: number, flags: number): void;
  ringbuf_discard(sample: number, flags: number): void;
  ringbuf_output(map: number, data: number, size: number, flags: number, flagsUpper: number): number;
  ringbuf_query(map: number, what: bigint): bigint;

  /** 0, or the errno of a read from an address that nothing vouches for. */
  read_error(low: number, high: number, size: number): number;
  may_be_kernel(low: number, high: number): number;
  /** These write nothing of use where they give an errno. */
  read_kernel(to: number, size: number, low: number, high: number): number;
  read_kernel_str(to: number, size: number, low: number, high: number): number;
  /** And these zeros. */
  probe_read_kernel(to: number, size: number, low: number, high: number): number;
  probe_read_kernel_str(to: number, size: number, low: number, high: number): number;

  /** Where the fields of a vm_area_struct lie in it. */
  maps_fields(start: number, end: number, mm: number, flags: number, page: number): void;
  /** Before the first line of a text. */
  maps_begin(): void;
  /** Writes what stands in the line that was read last. @param mm offset of the struct mm_struct, or 0 */
  maps_area(area: number, mm: number): void;
  /** Where the last area of the heap ends; 0 without one. @param end of the text */
  maps_heap_end(start: number, end: number): number;
  /** Where maps_line() leaves what it reads (maps-line.ts). */
  maps_line_at(): number;
  /** Reads the line of /proc/PID/maps that begins there. @returns where the next one begins */
  maps_line(at: number, end: number): number;

  seq_write(seq: number, data: number, length: number): number;
  /** Takes what was written behind the text of a seq_file into it. @returns 0 or -EOVERFLOW */
  seq_commit(seq: number, length: number): number;
  seq_printf(seq: number, at: number, size: number, values: number, valuesSize: number): number;
  snprintf(to: number, size: number, at: number, values: number, valuesSize: number): number;
  /** How many values that many bytes are. @returns an errno where they are none, or too many */
  format_values(values: number, size: number): number;
  /** The format at a place, to be printed at once. @returns its offset or a negative errno */
  format_at(at: number, size: number, values: number): number;
  /** @returns length of the text, also of what did not fit, or a negative errno */
  format_print(format: number, values: number, to: number, limit: number): number;
  format_seed(key: number): void;
  symbol_add(at: number): void;
  format_forget(): void;
  // These give the place behind what they appended.
  text_decimal(at: number, limit: number, low: number, high: number, flags: number, width: number): number;
  text_pointer(at: number, limit: number, low: number, high: number, raw: boolean): number;
}

let compiled: WasmModule | undefined;

export function instantiateRuntime(memory: WasmMemory, imports: RuntimeImports): RuntimeExports {
  compiled ??= new webAssembly.Module(Uint8Array.from(atob(moduleText), (character) => character.charCodeAt(0)));
  const functions: Record<string, unknown> = { ...imports };
  const instance = new webAssembly.Instance(compiled, { env: { memory }, imports: functions });
  // The interface above says what assembly/index.ts exports.
  return instance.exports as unknown as RuntimeExports;
}

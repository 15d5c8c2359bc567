/** The runtime's module: what of it JavaScript and compiled programs call. */
export * from './allocator.ts';
export * from './array.ts';
export { jhash, memcmp, memcpy } from './bytes.ts';
export * from './dispatch.ts';
export * from './hash.ts';
export * from './values.ts';

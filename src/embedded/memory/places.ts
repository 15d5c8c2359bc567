/**
 * Where the fixed things lie in linear memory. Read by TypeScript and by AssemblyScript (runtime-wasm/assembly), so:
 * integer constants only.
 *
 *   0x000000  zeros
 *   0x001000  cells: RESULT_HIGH, ARGUMENT_BLOCK and TAIL_CALL_COUNT of jit/plan.ts up to 0x1034, then those below; free from 0x1200 on
 *   0x002000  constant data of the runtime's module
 *   0x010000  stack of programs, up to STACK_TOP
 *   0x110000  the allocator's word for each page of 4 KiB, for all 2 GiB; what is not in use costs no real memory
 *   0x310000  the heap
 *
 * Memory ends at 2 GiB, so that offsets are positive numbers also where wasm hands them to JavaScript as signed words.
 */

/** The processor that programs run on (u32). */
export const CURRENT_CPU = 0x1034;
/** The allocator's free lists, one for each size class, and where the heap ends now, as a page number. */
export const FREE_LISTS = 0x1040;
export const SIZE_CLASSES = 14;
export const HEAP_END = 0x10c0;
/** Free lists of runs of pages, by power of two: as many as it takes to count all pages. */
export const FREE_RUNS = 0x1100;
export const RUN_LISTS = 20;
/** Offset of the runtime's constant data. */
export const RUNTIME_DATA = 0x2000;
export const STACK_BOTTOM = 0x10000;
export const STACK_TOP = 0x110000;
export const PAGE_TABLE = 0x110000;
export const HEAP_START = 0x310000;
/** Pages of 4 KiB that linear memory can have, but for the last: no address past an object's end leaves memory. */
export const LAST_PAGE = 0x7ffff;
/** Pages of 64 KiB: what a new memory has, and what it may grow to. */
export const INITIAL_PAGES = 0x60;
export const MAXIMUM_PAGES = 0x8000;

/** What the runtime needs of JavaScript: see RuntimeImports in ../runtime-wasm.ts. */

/** The special fields of a value are about to go: cancels timers, releases what pointers own. */
export declare function release_fields(map: u32, value: u32): void;
// The operations of maps that are not here.
export declare function lookup(map: u32, key: u32): u32;
export declare function update(map: u32, key: u32, value: u32, flags: u32): i32;
export declare function remove(map: u32, key: u32): i32;
/** Records are complete in a ring buffer, which is named by its BASE, and somebody waits for them. */
export declare function wake(ring: u32): void;
/**
 * What the kernel prints of an address of its own, by its symbol: offset of the text, up to a NUL and until the next
 * call; 0 where no symbol is known. The forms are format-codes.ts's.
 */
export declare function symbol_text(low: u32, high: u32, form: u32): u32;
/** Takes a format apart: offset of what format-codes.ts describes, or a negative errno. */
export declare function parse_format(at: u32, size: u32, values: u32): i32;

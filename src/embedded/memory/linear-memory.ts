/**
 * KernelMemory over one WebAssembly memory. The allocator is the runtime's (runtime-wasm/assembly/allocator.ts), so
 * that maps in wasm and JavaScript take from the same heap. What lies where: places.ts.
 */
import { BpfiterError } from '../../errors.ts';
import { KERNEL_BASE_HIGH, webAssembly } from '../../jit/index.ts';
import { PLAIN_SYMBOL, SYMBOL_NAME } from '../runtime-wasm/format-codes.ts';
import { Formats } from '../runtime-wasm/formats.ts';
import { instantiateRuntime, type RuntimeExports, type RuntimeImports } from '../runtime-wasm/runtime-wasm.ts';
import type { KernelMemory } from './kernel-memory.ts';
import { INITIAL_PAGES, MAXIMUM_PAGES } from './places.ts';

const ENOMEM = 12;
/** Upper 16 bits of addresses of the kernel, and the most bytes that it prints of one with its NUL (KSYM_SYMBOL_LEN). */
const KERNEL_TOP = 0xffff;
const SYMBOL_TEXT = 1024;
const encoder = new TextEncoder();

/** What the kernel prints of an address of its own, by its symbol: `name`, `name+0x1/0x2`, the same one byte further. */
export type SymbolText = (low: number, high: number, form: 'name' | 'place' | 'return') => string | undefined;
const decoder = new TextDecoder();

export class LinearMemory implements KernelMemory {
  readonly wasm = new webAssembly.Memory({ initial: INITIAL_PAGES, maximum: MAXIMUM_PAGES });
  readonly runtime: RuntimeExports;
  /** Given by the kernel whose memory it is, where symbols are known. */
  symbolText?: SymbolText;
  #symbolAt = 0;
  #u8 = new Uint8Array(this.wasm.buffer);
  #u32 = new Uint32Array(this.wasm.buffer);
  #i32 = new Int32Array(this.wasm.buffer);
  #view = new DataView(this.wasm.buffer);

  /** @param imports what the runtime needs of the kernel's maps; functions that it may call at any time */
  constructor(imports: Omit<RuntimeImports, 'parse_format' | 'symbol_text'>) {
    const formats = new Formats(this, () => this.runtime.format_forget());
    this.runtime = instantiateRuntime(this.wasm, {
      ...imports,
      parse_format: (at, size, values) => formats.parse(at, size >>> 0, values),
      symbol_text: (low, high, form) => this.#symbol(low, high, form),
    });
  }

  #symbol(low: number, high: number, form: number): number {
    // What lies in this memory is no symbol of a machine.
    if (high >>> 16 !== KERNEL_TOP || high === KERNEL_BASE_HIGH) return 0;
    const text = this.symbolText?.(
      low,
      high,
      form === SYMBOL_NAME ? 'name' : form === PLAIN_SYMBOL ? 'return' : 'place',
    );
    if (text === undefined) return 0;
    if (this.#symbolAt === 0) this.#symbolAt = this.allocate(SYMBOL_TEXT);
    const at = this.#symbolAt;
    const { written } = encoder.encodeInto(text, this.u8.subarray(at, at + SYMBOL_TEXT - 1));
    this.u8[at + written] = 0;
    return at;
  }

  get u8(): Uint8Array {
    // A buffer that was replaced is empty; to ask the memory for its buffer would cost much more.
    if (this.#u8.length === 0) this.#renew();
    return this.#u8;
  }

  get u32(): Uint32Array {
    if (this.#u32.length === 0) this.#renew();
    return this.#u32;
  }

  get i32(): Int32Array {
    if (this.#i32.length === 0) this.#renew();
    return this.#i32;
  }

  get view(): DataView {
    if (this.#u8.length === 0) this.#renew();
    return this.#view;
  }

  #renew(): void {
    const { buffer } = this.wasm;
    this.#u8 = new Uint8Array(buffer);
    this.#u32 = new Uint32Array(buffer);
    this.#i32 = new Int32Array(buffer);
    this.#view = new DataView(buffer);
  }

  allocate(size: number): number {
    const offset = this.tryAllocate(size);
    if (offset === 0) {
      throw new BpfiterError('refused', `the embedded kernel's memory has no room for ${size} bytes (ENOMEM)`, {
        errno: ENOMEM,
      });
    }
    return offset;
  }

  /** As allocate(), with 0 where there is no room. */
  tryAllocate(size: number): number {
    return size > 0xffffffff ? 0 : this.runtime.allocate(size) >>> 0;
  }

  free(offset: number): void {
    if (offset === 0) return;
    if (this.runtime.free(offset) === 0) throw new RangeError(`nothing was allocated at 0x${offset.toString(16)}`);
  }

  text(offset: number, limit: number): string {
    const bytes = this.u8.subarray(offset, offset + limit);
    const end = bytes.indexOf(0);
    return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
  }
}

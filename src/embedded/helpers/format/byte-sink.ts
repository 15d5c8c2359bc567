/**
 * A stretch of linear memory that text is appended to by JavaScript. What does not fit is counted and lost, as
 * snprintf() of the kernel does it. Numbers are the runtime's (runtime-wasm/assembly/text.ts).
 */
import type { KernelMemory } from '../../memory/kernel-memory.ts';

export class ByteSink {
  readonly #memory: KernelMemory;
  #u8: Uint8Array;
  #at = 0;
  #limit = 0;

  constructor(memory: KernelMemory) {
    this.#memory = memory;
    this.#u8 = memory.u8;
  }

  /** Text goes to memory from there, up to and without `limit`. Nothing may allocate until it is done. */
  open(at: number, limit: number): void {
    this.#u8 = this.#memory.u8;
    this.#at = at;
    this.#limit = limit;
  }

  /** Where text would go next; beyond the limit if some was lost. */
  get at(): number {
    return this.#at;
  }

  byte(value: number): void {
    if (this.#at < this.#limit) this.#u8[this.#at] = value;
    this.#at += 1;
  }

  /** ASCII. */
  text(text: string): void {
    for (let i = 0; i < text.length; i++) this.byte(text.charCodeAt(i));
  }

  /** @param flags of a conversion (runtime-wasm/format-codes.ts) */
  decimal(low: number, high: number, flags: number): void {
    this.#at = this.#memory.runtime.text_decimal(this.#at, this.#limit, low, high, flags, -1);
  }

  /** A pointer as %px, or as %p where it is not to be known. */
  pointer(low: number, high: number, isRaw: boolean): void {
    this.#at = this.#memory.runtime.text_pointer(this.#at, this.#limit, low, high, isRaw);
  }
}

/**
 * Typed arrays that are made and kept together, one after the other in one buffer: a buffer of its own costs each more
 * than its contents when a program has a few dozen instructions.
 *
 * They are to be asked for from the widest elements to the narrowest, so that each begins where its elements may.
 */
export class TableBuffer {
  readonly #buffer: ArrayBuffer;
  #used = 0;

  /** @param bytes of all of them */
  constructor(bytes: number) {
    this.#buffer = new ArrayBuffer(bytes);
  }

  float64(length: number): Float64Array {
    return new Float64Array(this.#buffer, this.#take(length * 8), length);
  }

  int32(length: number): Int32Array {
    return new Int32Array(this.#buffer, this.#take(length * 4), length);
  }

  uint16(length: number): Uint16Array {
    return new Uint16Array(this.#buffer, this.#take(length * 2), length);
  }

  uint8(length: number): Uint8Array {
    return new Uint8Array(this.#buffer, this.#take(length), length);
  }

  #take(bytes: number): number {
    const at = this.#used;
    this.#used += bytes;
    return at;
  }
}

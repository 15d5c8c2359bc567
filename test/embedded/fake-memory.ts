/**
 * Linear memory for tests of parts that need no allocator worth the name: it hands out fresh memory and checks that
 * what is freed was handed out, once.
 */
import type { KernelMemory } from '../../src/embedded/memory/kernel-memory.ts';
import { webAssembly } from '../../src/jit/index.ts';

export class FakeMemory implements KernelMemory {
  readonly wasm = new webAssembly.Memory({ initial: 4 });
  readonly #live = new Set<number>();
  #next = 0x2000;
  #u8 = new Uint8Array(this.wasm.buffer);
  #u32 = new Uint32Array(this.wasm.buffer);
  #i32 = new Int32Array(this.wasm.buffer);
  #view = new DataView(this.wasm.buffer);

  get u8(): Uint8Array {
    return this.#u8;
  }
  get u32(): Uint32Array {
    return this.#u32;
  }
  get i32(): Int32Array {
    return this.#i32;
  }
  get view(): DataView {
    return this.#view;
  }

  /** How many pieces are handed out. */
  get live(): number {
    return this.#live.size;
  }

  allocate(size: number): number {
    const at = this.#next;
    this.#next += (size + 7) & ~7;
    const missing = this.#next - this.#u8.length;
    if (missing > 0) {
      this.wasm.grow(Math.ceil(missing / 65536));
      const { buffer } = this.wasm;
      this.#u8 = new Uint8Array(buffer);
      this.#u32 = new Uint32Array(buffer);
      this.#i32 = new Int32Array(buffer);
      this.#view = new DataView(buffer);
    }
    this.#live.add(at);
    return at;
  }

  free(offset: number): void {
    if (!this.#live.delete(offset)) throw new Error(`${offset} is not handed out`);
  }

  text(offset: number, limit: number): string {
    const bytes = this.u8.subarray(offset, offset + limit);
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  }

  write(bytes: ArrayLike<number>): number {
    const at = this.allocate(bytes.length);
    this.u8.set(bytes, at);
    return at;
  }
}

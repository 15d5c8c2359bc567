/** Reads fields of structs that a source filled. */
import { layoutOf } from '../../../src/embedded/index.ts';
import type { KernelMemory } from '../../../src/embedded/memory/kernel-memory.ts';

export class Fields {
  readonly #memory: KernelMemory;

  constructor(memory: KernelMemory) {
    this.#memory = memory;
  }

  /** An unsigned number; those of 8 bytes as they are in hexadecimal, if a double does not hold them. */
  number(object: number, struct: string, path: string): number | bigint {
    const { offset, size, bit } = layoutOf(struct).field(path);
    const { view } = this.#memory;
    const at = object + offset;
    if (size === 1) return view.getUint8(at) >> bit;
    if (size === 2) return view.getUint16(at, true);
    if (size === 4) return view.getUint32(at, true);
    const value = view.getBigUint64(at, true);
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
  }

  /** Offset that a pointer leads to. */
  pointer(object: number, struct: string, path: string): number {
    const at = object + layoutOf(struct).field(path).offset;
    const high = this.#memory.view.getUint32(at + 4, true);
    const offset = this.#memory.view.getUint32(at, true);
    if (high !== (offset === 0 ? 0 : 0xffff8880)) throw new Error(`${struct}.${path} is no address`);
    return offset;
  }

  text(object: number, struct: string, path: string): string {
    const { offset, size } = layoutOf(struct).field(path);
    return this.#memory.text(object + offset, size === 0 ? 256 : size);
  }

  /** Text that a `char *` leads to. */
  string(object: number, struct: string, path: string): string {
    return this.#memory.text(this.pointer(object, struct, path), 4096);
  }
}

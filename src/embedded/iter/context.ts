/**
 * The context of an iterator program: `meta` and then one slot of eight bytes for each argument, in linear memory,
 * with the struct bpf_iter_meta behind it. Walks write the objects that they stand at; the read algorithm the rest.
 *
 *   0 meta   8 first argument   16 ...   | bpf_iter_meta: 0 seq   8 session_id   16 seq_num
 *
 * Sources: DEFINE_BPF_ITER_FUNC and struct bpf_iter_meta in include/linux/bpf.h of Linux 6.18; facts/iterators.md 1.
 */
import { KERNEL_BASE_HIGH } from '../../jit/index.ts';
import type { KernelMemory } from '../memory/kernel-memory.ts';
import type { TargetArgument } from './target.ts';

const SLOT = 8;
const META_SIZE = 24;
const SESSION_ID = 8;
const SEQ_NUM = 16;

export const contextSize = (slots: number): number => SLOT * (1 + slots) + META_SIZE;

export class ContextSlots {
  /** Offset of the context. */
  readonly address: number;
  readonly #memory: KernelMemory;
  readonly #arguments: readonly TargetArgument[];
  readonly #meta: number;

  /** @param address of contextSize() bytes */
  constructor(memory: KernelMemory, address: number, targetArguments: readonly TargetArgument[], seq: number) {
    this.#memory = memory;
    this.address = address;
    this.#arguments = targetArguments;
    this.#meta = address + SLOT * (1 + targetArguments.length);
    this.#writePointer(address, this.#meta);
    this.#writePointer(this.#meta, seq);
  }

  /** @param index 0 for the first argument after `meta` @param offset into linear memory; 0 is NULL */
  pointer(index: number, offset: number): void {
    this.#writePointer(this.address + SLOT * (1 + index), offset);
  }

  /** A number of 32 bits; the rest of the slot is 0, as where the kernel clears its context first. */
  number(index: number, value: number): void {
    const { u32 } = this.#memory;
    const at = (this.address + SLOT * (1 + index)) >>> 2;
    u32[at] = value;
    u32[at + 1] = 0;
  }

  /** For the call after the last object. */
  clear(): void {
    this.#arguments.forEach(({ atEnd }, index) => {
      if (atEnd !== 'kept') this.number(index, 0);
    });
  }

  sessionId(id: bigint): void {
    this.#memory.view.setBigUint64(this.#meta + SESSION_ID, id, true);
  }

  /** @param number -1 is 2^64 - 1 to the program */
  seqNum(number: number): void {
    const { u32 } = this.#memory;
    const at = (this.#meta + SEQ_NUM) >>> 2;
    u32[at] = number;
    u32[at + 1] = Math.floor(number / 2 ** 32);
  }

  #writePointer(at: number, offset: number): void {
    const { u32 } = this.#memory;
    u32[at >>> 2] = offset;
    u32[(at >>> 2) + 1] = offset === 0 ? 0 : KERNEL_BASE_HIGH;
  }
}

/**
 * The struct bpf_link of a link in linear memory, which iter/bpf_link shows to programs.
 */
import { KERNEL_BASE_HIGH } from '../../jit/index.ts';
import type { KernelMemory } from '../memory/kernel-memory.ts';
import type { Model } from '../model/index.ts';

export class LinkStruct {
  readonly address: number;
  readonly #memory: KernelMemory;
  readonly #prog: number;

  /** @param type BPF_LINK_TYPE_* */
  constructor(memory: KernelMemory, model: Model, id: number, type: number) {
    const layout = model.layoutOf('bpf_link');
    this.#memory = memory;
    this.address = memory.allocate(layout.size);
    this.#prog = this.address + layout.field('prog').offset;
    const { view } = memory;
    view.setUint32(this.address + layout.field('id').offset, id, true);
    view.setUint32(this.address + layout.field('type').offset, type, true);
  }

  /** @param offset of the struct bpf_prog */
  set program(offset: number) {
    this.#memory.u32[this.#prog >>> 2] = offset;
    this.#memory.u32[(this.#prog >>> 2) + 1] = offset === 0 ? 0 : KERNEL_BASE_HIGH;
  }

  release(): void {
    this.#memory.free(this.address);
  }
}

/**
 * The BTF that programs were loaded with in linear memory, as struct btf, and what it says of their functions: for
 * programs that look at other programs' types. Few do, and the types of a program may be larger than all else of it:
 * they are made when somebody first asks. Programs of one object share them.
 *
 * Facts: btf_parse() and btf_add_type() in kernel/bpf/btf.c, check_btf_func() in kernel/bpf/verifier.c of Linux 6.12.
 */
import { Btf } from '../btf/index.ts';
import { addressOf } from './memory/address.ts';
import type { KernelMemory } from './memory/kernel-memory.ts';
import type { Model } from './model/index.ts';

const MAGIC = 0xeb9f;
const HEADER_SIZE = 24;
const POINTER = 8;

export class LoadedTypes {
  readonly #memory: KernelMemory;
  readonly #model: Model;
  readonly #bytes: Uint8Array;
  readonly #places: number[] = [];
  #address = 0;
  #holds = 0;

  /** @param bytes as they were loaded */
  constructor(memory: KernelMemory, model: Model, bytes: Uint8Array) {
    this.#memory = memory;
    this.#model = model;
    this.#bytes = bytes;
  }

  hold(): void {
    this.#holds += 1;
  }

  release(): void {
    this.#holds -= 1;
    if (this.#holds > 0) return;
    for (const place of this.#places.splice(0)) this.#memory.free(place);
    this.#address = 0;
  }

  /** Offset of the struct btf. */
  get address(): number {
    if (this.#address === 0) this.#address = this.#make();
    return this.#address;
  }

  #make(): number {
    const btf = Btf.parse(this.#bytes);
    const { words, starts } = btf.records;
    const layout = this.#model.layoutOf('btf');
    // The type void has no record; it reads as one of zeros.
    const empty = this.#take(this.#model.layoutOf('btf_type').size);
    const records = this.#take(words.byteLength);
    const strings = this.#take(btf.stringBytes.length);
    const types = this.#take(btf.endId * POINTER);
    const at = this.#take(layout.size);
    const { u8, u32, view } = this.#memory;
    u32.set(words, records >> 2);
    u8.set(btf.stringBytes, strings);
    const places = [empty, ...Array.from(starts, (start) => records + start * 4)];
    for (const [id, place] of places.entries()) view.setBigUint64(types + id * POINTER, addressOf(place), true);
    view.setBigUint64(at + layout.field('types').offset, addressOf(types), true);
    view.setBigUint64(at + layout.field('strings').offset, addressOf(strings), true);
    view.setUint32(at + layout.field('nr_types').offset, btf.endId, true);
    const header = at + layout.field('hdr').offset;
    view.setUint16(header, MAGIC, true);
    view.setUint8(header + 2, 1);
    const sizes = [HEADER_SIZE, 0, words.byteLength, words.byteLength, btf.stringBytes.length];
    for (const [index, size] of sizes.entries()) view.setUint32(header + 4 + 4 * index, size, true);
    return at;
  }

  #take(size: number): number {
    const place = this.#memory.allocate(size);
    this.#places.push(place);
    return place;
  }
}

/**
 * Arrays whose elements stand for something else (programs, maps, perf events, cgroups): users put descriptors in and
 * get ids out. Here what they share, and PROG_ARRAY and CGROUP_ARRAY. In this kernel a descriptor is an id.
 * Source: kernel/bpf/arraymap.c (fd_array_map_*), Linux 6.18.
 */
import { BPF_ANY, BPF_F_RDONLY_PROG, BPF_F_WRONLY_PROG } from '../../uapi/index.ts';
import { checkArray, IndexedMap } from './array.ts';
import { has, type MapAttributes } from './attributes.ts';
import { E2BIG, EINVAL, ENOENT, ENOTSUPP } from './errnos.ts';
import type { MapRegistry, ProgramSlot } from './map-registry.ts';

const SLOT_SIZE = 4;

export function checkSlots(attributes: MapAttributes): number {
  if (attributes.valueSize !== SLOT_SIZE) return -EINVAL;
  if (has(attributes, BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG)) return -EINVAL;
  return checkArray(attributes);
}

/** What a slot holds is an i32 in memory for programs, and a `Content` for users. */
export abstract class SlotMap<Content> extends IndexedMap {
  readonly #contents = new Map<number, Content>();

  constructor(registry: MapRegistry, attributes: MapAttributes) {
    super(registry, attributes, SLOT_SIZE);
  }

  /** What a descriptor stands for, held; or a negative errno. */
  protected abstract take(descriptor: number): Content | number;
  protected abstract let(content: Content): void;
  /** The word for programs. */
  protected abstract wordOf(content: Content): number;
  /** What users read, undefined if they may not. */
  protected abstract idOf(content: Content): number | undefined;

  protected contentOf(index: number): Content | undefined {
    return this.#contents.get(index);
  }

  override updateElement(key: number, value: number, flags: number): number {
    if (flags !== BPF_ANY) return -EINVAL;
    const index = this.indexOf(key);
    if (index === undefined) return -E2BIG;
    const content = this.take(this.memory.view.getInt32(value, true));
    if (typeof content === 'number') return content;
    this.#empty(index);
    this.#contents.set(index, content);
    this.memory.view.setInt32(this.base + index * SLOT_SIZE, this.wordOf(content), true);
    return 0;
  }

  override deleteElement(key: number): number {
    const index = this.indexOf(key);
    if (index === undefined) return -E2BIG;
    return this.#empty(index) ? 0 : -ENOENT;
  }

  #empty(index: number): boolean {
    const content = this.#contents.get(index);
    if (content === undefined) return false;
    this.memory.view.setInt32(this.base + index * SLOT_SIZE, 0, true);
    this.#contents.delete(index);
    this.let(content);
    return true;
  }

  protected override readValue(key: number): Uint8Array | number {
    const index = this.indexOf(key);
    const content = index === undefined ? undefined : this.#contents.get(index);
    if (content === undefined) return this.isReadable ? -ENOENT : -ENOTSUPP;
    const id = this.idOf(content);
    return id === undefined ? -ENOTSUPP : new Uint8Array(Uint32Array.of(id).buffer);
  }

  /** Whether users can read slots. */
  protected get isReadable(): boolean {
    return true;
  }

  protected override destroy(): void {
    for (const index of [...this.#contents.keys()]) this.#empty(index);
    super.destroy();
  }
}

/** Programs to jump to; the words are indices into the kernel's function table. */
export class ProgArrayMap extends SlotMap<ProgramSlot> {
  override get slotsAddress(): number {
    return this.base;
  }

  protected override take(descriptor: number): ProgramSlot | number {
    const program = this.registry.services.program(descriptor, this);
    if (typeof program !== 'number') program.hold();
    return program;
  }
  protected override let(program: ProgramSlot): void {
    program.release();
  }
  protected override wordOf(program: ProgramSlot): number {
    return program.tableIndex;
  }
  protected override idOf(program: ProgramSlot): number {
    return program.id;
  }
}

/** Cgroups, for bpf_current_task_under_cgroup() and its like; the words are offsets of the structs. */
export class CgroupArrayMap extends SlotMap<{ readonly object: number }> {
  override lookupElement(key: number): number {
    const index = this.indexOf(key);
    return index === undefined ? 0 : (this.contentOf(index)?.object ?? 0);
  }

  protected override take(descriptor: number): { readonly object: number } | number {
    const object = this.registry.services.object(descriptor, this);
    return object < 0 ? object : { object };
  }
  protected override let(): void {}
  protected override wordOf({ object }: { readonly object: number }): number {
    return object;
  }
  protected override get isReadable(): boolean {
    return false;
  }
  protected override idOf(): undefined {
    return undefined;
  }
}

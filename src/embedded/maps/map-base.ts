/**
 * What all maps have in common: the struct bpf_map and the header before it, bpf(2)'s checks around each operation,
 * users' view of contents, and for how long the map lives. Types (the files beside this) supply the operations.
 * Source: kernel/bpf/syscall.c, Linux 6.18.
 *
 * Each operation of users has two forms: `try...` answers as bpf(2) does, with negative errnos; the one of KernelMap
 * throws. Operations of programs work on offsets and are checked by the verifier.
 */
import type { BpfiterError } from '../../errors.ts';
import type { CallPlan } from '../../jit/index.ts';
import { checkElement, checkFlags, explainElement } from '../../map-errors.ts';
import {
  BPF_F_LOCK,
  BPF_F_RDONLY,
  BPF_F_WRONLY,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_HASH_OF_MAPS,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_STRUCT_OPS,
  BPF_OBJ_NAME_LEN,
} from '../../uapi/index.ts';
import type { SpecialField } from '../../verifier/index.ts';
import { failure } from '../failure.ts';
import { addressOf } from '../memory/address.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import * as header from '../runtime-wasm/map-header.ts';
import { has, type MapAttributes } from './attributes.ts';
import { directCall } from './direct-calls.ts';
import type { EmbeddedMap } from './embedded-map.ts';
import { EINVAL, ENOENT, ENOTSUPP, EPERM } from './errnos.ts';
import type { MapRegistry } from './map-registry.ts';

const { MAP_HEADER } = header;

/** Types of which bpf_map_sum_elem_count() tells the number of elements: those of kernel/bpf/hashtab.c. */
const COUNTED: ReadonlySet<number> = new Set([
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_HASH_OF_MAPS,
]);

/** Results that are offsets or negative errnos: those of the last page are errnos, as nothing is there. */
export const isErrno = (result: number): boolean => result >>> 0 >= 0xfffff000;

export abstract class MapBase implements EmbeddedMap {
  /** Among what can be pinned. */
  readonly kind = 'map';
  readonly attributes: MapAttributes;
  readonly registry: MapRegistry;
  readonly memory: LinearMemory;
  readonly address: number;
  readonly id: number;
  readonly name: string;
  /** As its struct has it: of 15 bytes at most. */
  readonly kernelName: string;
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  /** Users can no longer change it. */
  #frozen = false;
  /** Users that have it open; each closes it once. */
  #users = 1;
  #holds = 0;
  /** A key, then a value as users transfer it, then the next key. */
  #scratch = 0;

  /** @param attributes that passed the type's checks, with sizes as the map is to have them */
  constructor(registry: MapRegistry, attributes: MapAttributes) {
    this.attributes = attributes;
    this.registry = registry;
    this.memory = registry.memory;
    this.name = attributes.name;
    this.kernelName = attributes.kernelName ?? attributes.name.slice(0, BPF_OBJ_NAME_LEN - 1);
    this.type = attributes.type;
    this.keySize = attributes.keySize;
    this.valueSize = attributes.valueSize;
    this.maxEntries = attributes.maxEntries;
    // Those two are of the descriptor that creating gives, here of the map.
    this.flags = attributes.flags & ~(BPF_F_RDONLY | BPF_F_WRONLY);
    this.address = this.memory.allocate(MAP_HEADER + registry.layout.size) + MAP_HEADER;
    this.id = registry.add(this, this.address);
    this.#describe();
  }

  /** Fills the struct bpf_map, and the header but for what is the type's own. */
  #describe(): void {
    const { layout } = this.registry;
    const { view } = this.memory;
    const words: Readonly<Record<string, number>> = {
      map_type: this.type,
      key_size: this.keySize,
      value_size: this.valueSize,
      max_entries: this.maxEntries,
      map_flags: this.flags,
      id: this.id,
    };
    for (const [name, value] of Object.entries(words)) {
      view.setUint32(this.address + layout.field(name).offset, value, true);
    }
    view.setBigUint64(this.address + layout.field('map_extra').offset, this.attributes.extra, true);
    const name = new TextEncoder().encode(this.kernelName).subarray(0, BPF_OBJ_NAME_LEN - 1);
    this.memory.u8.set(name, this.address + layout.field('name').offset);
    if (COUNTED.has(this.type)) {
      view.setBigUint64(
        this.address + layout.field('elem_count').offset,
        addressOf(this.address - MAP_HEADER + header.COUNT),
        true,
      );
    }
    this.#tellHolders();
    this.put(header.KIND, header.KIND_OTHER);
    this.put(header.KEY_SIZE, this.keySize);
    this.put(header.VALUE_SIZE, this.valueSize);
    this.put(header.MAX_ENTRIES, this.maxEntries);
    this.put(header.MAP_FLAGS, this.flags);
    this.put(header.CPUS, this.registry.possibleCpus);
    const special = this.specialFields;
    if (special.length === 0) return;
    const table = this.memory.allocate(4 + 8 * special.length);
    this.put(header.FIELDS, table);
    this.memory.view.setUint32(table, special.length, true);
    special.forEach(({ kind, offset, size }, index) => {
      this.memory.view.setUint32(table + 4 + 8 * index, offset, true);
      this.memory.view.setUint32(table + 8 + 8 * index, size, true);
      if (kind === 'spin_lock') this.put(header.LOCK, offset + 1);
    });
  }

  get(field: number): number {
    return this.memory.view.getUint32(this.address - MAP_HEADER + field, true);
  }

  put(field: number, value: number): void {
    this.memory.view.setUint32(this.address - MAP_HEADER + field, value, true);
  }

  // What types supply.

  /** Bytes of a value as users give and get it. */
  get transferSize(): number {
    return this.valueSize;
  }
  get valueAddress(): number | undefined {
    return undefined;
  }
  get slotsAddress(): number | undefined {
    return undefined;
  }

  plan(name: string): CallPlan | undefined {
    return directCall(this, name);
  }

  lookupElement(_key: number): number {
    return 0;
  }
  updateElement(_key: number, _value: number, _flags: number): number {
    return -ENOTSUPP;
  }
  deleteElement(_key: number): number {
    return -ENOTSUPP;
  }

  /** Of the types whose elements are a program's loop (bpf_for_each_map_elem): where keys and values are. */
  elements(): Iterable<readonly [key: number, value: number]> | undefined {
    return undefined;
  }

  /** For users: the value, as a copy. @param key its offset */
  protected readValue(_key: number, _flags: number): Uint8Array | number {
    return -ENOTSUPP;
  }
  /** For users. @param value offset of `transferSize` bytes */
  protected writeValue(key: number, value: number, flags: number): number {
    return this.updateElement(key, value, flags);
  }
  /** For users. */
  protected removeKey(key: number): number {
    return this.deleteElement(key);
  }
  /** The offset of the key after that one (0: the first key), or a negative errno. @param into room for a key */
  protected keyAfter(_key: number, _into: number): number {
    return -ENOTSUPP;
  }
  /** Look-up and delete at once. */
  protected takeValue(_key: number, _flags: number): Uint8Array | number {
    return -ENOTSUPP;
  }
  /** Frees what the map has, but for struct and header. */
  protected abstract destroy(): void;

  // Operations of bpf(2).

  get mayRead(): boolean {
    return !has(this.attributes, BPF_F_WRONLY);
  }
  get mayWrite(): boolean {
    return !this.#frozen && !has(this.attributes, BPF_F_RDONLY);
  }
  get frozen(): boolean {
    return this.#frozen;
  }

  /** @param key undefined for types without keys */
  tryLookup(key: Uint8Array | undefined, flags = 0): Uint8Array | number {
    if ((flags & ~BPF_F_LOCK) !== 0) return -EINVAL;
    if (!this.mayRead) return -EPERM;
    if (this.#lacksLock(flags)) return -EINVAL;
    const place = this.#place(key);
    return isErrno(place) ? place : this.readValue(place, flags);
  }

  tryUpdate(key: Uint8Array | undefined, value: Uint8Array, flags = 0): number {
    if (!this.mayWrite) return -EPERM;
    if (this.#lacksLock(flags)) return -EINVAL;
    const place = this.#place(key);
    if (isErrno(place)) return place;
    const valuePlace = this.#valuePlace();
    this.memory.u8.set(value, valuePlace);
    return this.writeValue(place, valuePlace, flags);
  }

  tryDelete(key: Uint8Array | undefined): number {
    if (!this.mayWrite) return -EPERM;
    const place = this.#place(key);
    return isErrno(place) ? place : this.removeKey(place);
  }

  /** @param key undefined for the first */
  tryNextKey(key: Uint8Array | undefined): Uint8Array | number {
    if (!this.mayRead) return -EPERM;
    const place = this.#place(key);
    if (isErrno(place)) return place;
    const next = this.keyAfter(place, this.#nextKeyPlace());
    if (isErrno(next)) return next;
    return this.memory.u8.slice(next, next + this.keySize);
  }

  tryLookupAndDelete(key: Uint8Array | undefined, flags = 0): Uint8Array | number {
    if ((flags & ~BPF_F_LOCK) !== 0) return -EINVAL;
    if (!this.mayRead || !this.mayWrite) return -EPERM;
    if (this.#lacksLock(flags)) return -EINVAL;
    const place = this.#place(key);
    return isErrno(place) ? place : this.takeValue(place, flags);
  }

  tryFreeze(): number {
    // Locks and timers would have to be written by programs.
    if (this.type === BPF_MAP_TYPE_STRUCT_OPS || this.attributes.fields !== undefined) return -ENOTSUPP;
    if (!this.mayWrite) return -EPERM;
    this.#frozen = true;
    return 0;
  }

  #lacksLock(flags: number): boolean {
    return (flags & BPF_F_LOCK) !== 0 && this.get(header.LOCK) === 0;
  }

  /** Puts the key where the map's operations can read it. */
  #place(key: Uint8Array | undefined): number {
    if (key === undefined) return 0;
    if (this.keySize === 0) return -EINVAL;
    const place = this.#scratchPlace();
    this.memory.u8.set(key, place);
    return place;
  }

  #scratchPlace(): number {
    this.#scratch ||= this.memory.allocate(2 * this.#keyRoom + Math.max(8, this.transferSize));
    return this.#scratch;
  }
  get #keyRoom(): number {
    return Math.ceil(this.keySize / 8) * 8;
  }
  #nextKeyPlace(): number {
    return this.#scratchPlace() + this.#keyRoom;
  }
  #valuePlace(): number {
    return this.#scratchPlace() + 2 * this.#keyRoom;
  }

  /** Has something write a value, and gives that unless it answers with an errno. */
  protected throughRoom(write: (room: number) => number): Uint8Array | number {
    const room = this.#valuePlace();
    const result = write(room);
    return result < 0 ? result : this.memory.u8.slice(room, room + this.valueSize);
  }

  /** Has something read bytes of the size of a value. */
  protected withBytes(bytes: Uint8Array, read: (place: number) => number): number {
    const place = this.#valuePlace();
    this.memory.u8.set(bytes, place);
    return read(place);
  }

  /** A value as users see it: special fields are zero. */
  protected copyOut(value: number): Uint8Array {
    const bytes = this.memory.u8.slice(value, value + this.valueSize);
    for (const { offset, size } of this.specialFields) bytes.fill(0, offset, offset + size);
    return bytes;
  }

  get specialFields(): readonly SpecialField[] {
    return this.attributes.fields?.fields ?? [];
  }

  /** Lets go of what the special fields of a value hold, as the value is about to go. */
  releaseFields(value: number): void {
    for (const field of this.specialFields) {
      if (field.kind === 'spin_lock' || field.kind === 'res_spin_lock') continue;
      this.registry.services.releaseField(field, value + field.offset);
    }
  }

  /** Frees the pieces of memory that elements were cut from. */
  protected freeElements(): void {
    let chunk = this.get(header.CHUNKS);
    while (chunk !== 0) {
      const next = this.memory.view.getUint32(chunk, true);
      this.memory.free(chunk);
      chunk = next;
    }
  }

  // KernelMap.

  lookup(key: Uint8Array): Uint8Array | undefined {
    const result = this.tryLookup(this.#checkedKey(key));
    if (result === -ENOENT) return undefined;
    if (typeof result === 'number') throw this.#failure(-result, 'look up a key of');
    return result;
  }

  update(key: Uint8Array, value: Uint8Array, flags = 0): void {
    checkElement(this.what, 'values', this.transferSize, value);
    checkFlags(this.what, flags);
    const result = this.tryUpdate(this.#checkedKey(key), value, flags);
    if (result < 0) throw this.#failure(-result, 'update a key of');
  }

  delete(key: Uint8Array): boolean {
    const result = this.tryDelete(this.#checkedKey(key));
    if (result === -ENOENT) return false;
    if (result < 0) throw this.#failure(-result, 'delete a key of');
    return true;
  }

  *keys(): Generator<Uint8Array, void, undefined> {
    // A walk begins anew behind a key that was deleted meanwhile, so keys can come again.
    const seen = new Set<string>();
    let key: Uint8Array | undefined;
    for (;;) {
      const next = this.tryNextKey(key);
      if (next === -ENOENT) return;
      if (typeof next === 'number') throw this.#failure(-next, 'walk over the keys of');
      const text = String.fromCharCode(...next);
      if (!seen.has(text)) yield next;
      seen.add(text);
      key = next;
    }
  }

  *entries(): Generator<readonly [key: Uint8Array, value: Uint8Array], void, undefined> {
    for (const key of this.keys()) {
      const value = this.lookup(key);
      if (value !== undefined) yield [key, value];
    }
  }

  freeze(): void {
    const result = this.tryFreeze();
    if (result < 0) throw failure(-result, `freeze ${this.what}`);
  }

  pin(path: string): void {
    this.registry.services.pin(path, this);
  }

  get what(): string {
    return `map '${this.name}'`;
  }

  #checkedKey(key: Uint8Array): Uint8Array | undefined {
    checkElement(this.what, 'keys', this.keySize, key);
    return this.keySize === 0 ? undefined : key;
  }

  #failure(errno: number, attempt: string): BpfiterError {
    return failure(errno, `${attempt} ${this.what}`, { because: explainElement(errno, this.type) });
  }

  // How long it lives: while a user has it open, or a program, a pin or another map holds it.

  hold(): void {
    this.#holds += 1;
    this.#tellHolders();
  }

  release(): void {
    this.#holds -= 1;
    this.#freeIfUnused();
  }

  /** A user opens it again, by id or by path, and will close it. */
  reopen(): this {
    this.#users += 1;
    this.#tellHolders();
    return this;
  }

  /** Whether a user has it open. */
  protected get isOpen(): boolean {
    return this.#users > 0;
  }

  close(): void {
    if (this.#users === 0) return;
    this.#users -= 1;
    this.#freeIfUnused();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #tellHolders(): void {
    const { layout } = this.registry;
    const { view } = this.memory;
    view.setBigInt64(this.address + layout.field('refcnt').offset, BigInt(this.#users + this.#holds), true);
    view.setBigInt64(this.address + layout.field('usercnt').offset, BigInt(this.#users), true);
  }

  #freeIfUnused(): void {
    if (this.#users > 0 || this.#holds > 0) {
      this.#tellHolders();
      return;
    }
    this.destroy();
    this.registry.remove(this);
    this.memory.free(this.#scratch);
    this.memory.free(this.get(header.FIELDS));
    this.memory.free(this.address - MAP_HEADER);
  }
}

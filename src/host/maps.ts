/**
 * Maps of the running kernel: creating one, opening one, and the operations of KernelMap on it.
 * Sources: kernel/bpf/syscall.c, and the map types' own files for what each operation answers; libbpf for the form of
 * values of per-CPU maps.
 */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { BpfiterError } from '../errors.ts';
import type { KernelMap } from '../kernel.ts';
import { checkElement, checkFlags, explainElement } from '../map-errors.ts';
import {
  BPF_MAP_CREATE,
  BPF_MAP_DELETE_ELEM,
  BPF_MAP_FREEZE,
  BPF_MAP_LOOKUP_ELEM,
  BPF_MAP_TYPE_BLOOM_FILTER,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_UPDATE_ELEM,
} from '../uapi/index.ts';
import { mapCreateAttributes, mapElementAttributes, mapInfo } from './attributes.ts';
import { possibleCpus } from './cpus.ts';
import { failure } from './failure.ts';
import { HeldObject } from './held-object.ts';
import { describe } from './ids.ts';
import { mapEntries, mapKeys } from './map-walk.ts';
import { raiseMemoryLimit } from './privilege.ts';
import { tryBpf } from './syscall.ts';

const { EINVAL, ENOENT } = constants.errno;

/** What creating a map takes, by the kernel's field names. */
export type MapCreateValues = NonNullable<Parameters<typeof mapCreateAttributes.create>[0]>;

/** @returns the descriptor, or the negative errno */
export function tryCreateMap(values: MapCreateValues): number {
  raiseMemoryLimit();
  return tryBpf(BPF_MAP_CREATE, mapCreateAttributes.create(values));
}

/** What the kernel tells about a map. Fields that this kernel does not know are 0. */
export interface MapInfo {
  readonly id: number;
  readonly name: string;
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  readonly extra: bigint;
  readonly btfId: number;
  readonly btfKeyTypeId: number;
  readonly btfValueTypeId: number;
}

/** @throws BpfiterError `refused` if the descriptor is no map */
export function mapInfoOf(fd: number, what: string): MapInfo {
  try {
    const info = describe(fd, mapInfo.create(), what);
    return {
      id: info.number('id'),
      name: info.name('name'),
      type: info.number('type'),
      keySize: info.number('key_size'),
      valueSize: info.number('value_size'),
      maxEntries: info.number('max_entries'),
      flags: info.number('map_flags'),
      extra: info.bigint('map_extra'),
      btfId: info.number('btf_id'),
      btfKeyTypeId: info.number('btf_key_type_id'),
      btfValueTypeId: info.number('btf_value_type_id'),
    };
  } catch (error) {
    // A seccomp filter or a kernel before 4.13 may refuse the command; procfs tells the essentials.
    if (error instanceof BpfiterError && error.errno === EINVAL) return mapInfoFromProcfs(fd) ?? fail(error);
    throw error;
  }
}

const fail = (error: BpfiterError): never => {
  throw error;
};

function mapInfoFromProcfs(fd: number): MapInfo | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1');
  } catch {
    return undefined;
  }
  const fields = new Map(Array.from(text.matchAll(/^(\w+):\t(\w+)$/gm), ([, name, value]) => [name, Number(value)]));
  const type = fields.get('map_type');
  if (type === undefined) return undefined;
  const field = (name: string): number => fields.get(name) ?? 0;
  return {
    id: field('map_id'),
    name: '',
    type,
    keySize: field('key_size'),
    valueSize: field('value_size'),
    maxEntries: field('max_entries'),
    flags: field('map_flags'),
    extra: BigInt(field('map_extra')),
    btfId: 0,
    btfKeyTypeId: 0,
    btfValueTypeId: 0,
  };
}

const perCpuTypes: ReadonlySet<number> = new Set([
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
]);

/** A map of the running kernel, held by a descriptor until it is closed. */
export class HostMap extends HeldObject implements KernelMap {
  readonly name: string;
  readonly info: MapInfo;
  /** Bytes of a value as they pass through bpf(2): for per-CPU maps a block of 8-byte-aligned values. */
  readonly transferSize: number;

  /**
   * Takes over the descriptor.
   * @param name as users know the map, if that is not what the kernel calls it
   */
  constructor(fd: number, name?: string, info = mapInfoOf(fd, name === undefined ? 'the map' : `map '${name}'`)) {
    super(fd, `map '${name ?? info.name}'`);
    this.info = info;
    this.name = name ?? info.name;
    const { type, valueSize } = info;
    this.transferSize = perCpuTypes.has(type) ? Math.ceil(valueSize / 8) * 8 * possibleCpus() : valueSize;
  }

  get type(): number {
    return this.info.type;
  }
  get keySize(): number {
    return this.info.keySize;
  }
  get valueSize(): number {
    return this.info.valueSize;
  }
  get maxEntries(): number {
    return this.info.maxEntries;
  }
  get id(): number {
    return this.info.id;
  }

  lookup(key: Uint8Array): Uint8Array | undefined {
    if (this.type === BPF_MAP_TYPE_BLOOM_FILTER) {
      throw new BpfiterError('unsupported', `${this.what} is a bloom filter: it has no values that could be looked up`);
    }
    const value = new Uint8Array(this.transferSize);
    const attributes = mapElementAttributes.create({ map_fd: this.fd, key: this.#checkedKey(key), value });
    const result = tryBpf(BPF_MAP_LOOKUP_ELEM, attributes);
    if (result === -ENOENT) return undefined;
    if (result < 0) throw this.#failure(-result, 'look up a key in');
    return value;
  }

  update(key: Uint8Array, value: Uint8Array, flags = 0): void {
    checkElement(this.what, 'values', this.transferSize, value);
    checkFlags(this.what, flags);
    const attributes = mapElementAttributes.create({
      map_fd: this.fd,
      key: this.#checkedKey(key),
      value,
      flags: BigInt(flags),
    });
    const result = tryBpf(BPF_MAP_UPDATE_ELEM, attributes);
    if (result < 0) throw this.#failure(-result, 'update');
  }

  delete(key: Uint8Array): boolean {
    const attributes = mapElementAttributes.create({ map_fd: this.fd, key: this.#checkedKey(key) });
    const result = tryBpf(BPF_MAP_DELETE_ELEM, attributes);
    if (result === -ENOENT) return false;
    if (result < 0) throw this.#failure(-result, 'delete a key of');
    return true;
  }

  keys(): Iterable<Uint8Array> {
    return mapKeys(this);
  }

  entries(): Iterable<readonly [key: Uint8Array, value: Uint8Array]> {
    return mapEntries(this);
  }

  freeze(): void {
    const result = tryBpf(BPF_MAP_FREEZE, mapElementAttributes.create({ map_fd: this.fd }));
    if (result < 0) throw failure(-result, `freeze ${this.what}`);
  }

  #checkedKey(key: Uint8Array): Uint8Array {
    checkElement(this.what, 'keys', this.keySize, key);
    return key;
  }

  #failure(errno: number, attempt: string): BpfiterError {
    return failure(errno, `${attempt} ${this.what}`, { because: explainElement(errno, this.type) });
  }
}

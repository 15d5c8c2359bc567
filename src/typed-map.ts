/**
 * Maps of either kernel with keys and values as JavaScript has them, by the types that their definitions name in BTF.
 * Data sections are maps too, but have variables: see global-variables.ts.
 */

import { checkBtf, checkObject } from './arguments.ts';
import { type Btf, typeId } from './btf/index.ts';
import { BpfiterError } from './errors.ts';
import { checkMap } from './iter-parameters.ts';
import type { KernelMap } from './kernel.ts';
import type { ObjectMap } from './object/index.ts';
import { type RecordInputOf, type RecordLayout, type RecordValue, recordLayout } from './records/index.ts';
import {
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
  BPF_MAP_TYPE_PERCPU_HASH,
} from './uapi/index.ts';

const perCpuTypes: ReadonlySet<number> = new Set([
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
]);

/** What of a map's definition says how its bytes are to be read. */
export type MapTypes = Pick<ObjectMap, 'btfKeyTypeId' | 'btfValueTypeId'>;

/**
 * A map whose keys and values are typed. Values of per-CPU maps are arrays with a value for each possible processor.
 *
 * @example
 * const counts = new TypedMap<number, { readonly calls: bigint }>(loaded.map('counts'), object.btf, object.map('counts'));
 * for (const [pid, { calls }] of counts.entries()) console.log(pid, calls);
 */
export class TypedMap<Key = RecordValue, Value = RecordValue> {
  readonly map: KernelMap;
  readonly #key: Codec<Key>;
  readonly #value: Codec<Value>;

  /**
   * @param btf of the object that the map is from
   * @throws BpfiterError `usage` if a type does not have the size that the map has
   */
  constructor(map: KernelMap, btf: Btf, types: MapTypes) {
    checkMap('TypedMap', map);
    checkBtf('TypedMap', btf);
    const takes = "what the object says of the map: object.map('name'), beside the map and BTF";
    checkObject('TypedMap', takes, types, ['btfKeyTypeId', 'btfValueTypeId']);
    const { btfKeyTypeId, btfValueTypeId } = types;
    this.map = map;
    this.#key = codec(btf, btfKeyTypeId, map.keySize, `keys of map '${map.name}'`);
    const value = codec<Value>(btf, btfValueTypeId, map.valueSize, `values of map '${map.name}'`);
    // The array type is what a per-CPU map's `Value` is.
    this.#value = perCpuTypes.has(map.type) ? (eachCpu(value, map.valueSize) as unknown as Codec<Value>) : value;
  }

  get(key: Key): Value | undefined {
    const bytes = this.map.lookup(this.#key.encode(key));
    return bytes && this.#value.decode(bytes);
  }

  /** @param flags as KernelMap.update() */
  set(key: Key, value: Value, flags?: number): void {
    this.map.update(this.#key.encode(key), this.#value.encode(value), flags);
  }

  /** @returns whether the key was there */
  delete(key: Key): boolean {
    return this.map.delete(this.#key.encode(key));
  }

  *keys(): Generator<Key, void, undefined> {
    for (const key of this.map.keys()) yield this.#key.decode(key);
  }

  *entries(): Generator<readonly [key: Key, value: Value], void, undefined> {
    for (const [key, value] of this.map.entries()) yield [this.#key.decode(key), this.#value.decode(value)];
  }

  [Symbol.iterator](): Generator<readonly [key: Key, value: Value], void, undefined> {
    return this.entries();
  }
}

interface Codec<T> {
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

/** By type; without one numbers of 4 and 8 bytes are what their size says, and other things bytes. */
function codec<T>(btf: Btf, type: number, size: number, what: string): Codec<T> {
  if (type === 0) return plainCodec(size) as unknown as Codec<T>; // T is the caller's statement
  const layout: RecordLayout<T> = recordLayout<T>(btf, typeId(type));
  if (layout.size !== size) {
    throw new BpfiterError('usage', `${what} have ${size} bytes, and their type ${layout.typeName} has ${layout.size}`);
  }
  return {
    encode: (value) => layout.encode(value as RecordInputOf<T>), // what was decoded can be encoded
    decode: (bytes) => layout.decode(bytes),
  };
}

function plainCodec(size: number): Codec<number | bigint | Uint8Array> {
  const bytesOf = (value: number | bigint | Uint8Array): Uint8Array => {
    if (value instanceof Uint8Array) return value;
    const bytes = new Uint8Array(size);
    const view = new DataView(bytes.buffer);
    if (size === 4) view.setUint32(0, Number(value), true);
    else if (size === 8) view.setBigUint64(0, BigInt(value), true);
    else throw new BpfiterError('usage', `a number does not say what ${size} bytes are to be`);
    return bytes;
  };
  return {
    encode: bytesOf,
    decode: (bytes) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      if (size === 4) return view.getUint32(0, true);
      return size === 8 ? view.getBigUint64(0, true) : bytes;
    },
  };
}

/** A block of values, 8 bytes aligned. */
function eachCpu<T>(value: Codec<T>, size: number): Codec<readonly T[]> {
  const stride = Math.ceil(size / 8) * 8;
  return {
    encode: (values) => {
      const bytes = new Uint8Array(values.length * stride);
      for (const [cpu, one] of values.entries()) bytes.set(value.encode(one), cpu * stride);
      return bytes;
    },
    decode: (bytes) =>
      Array.from({ length: bytes.length / stride }, (_, cpu) =>
        value.decode(bytes.subarray(cpu * stride, cpu * stride + size)),
      ),
  };
}

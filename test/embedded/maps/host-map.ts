/** Maps of the running kernel as bpf(2) shows them: operations answer with bytes or negative errnos. */

import type { MapAttributes } from '../../../src/embedded/maps/attributes.ts';
import { mapBatchAttributes, mapElementAttributes } from '../../../src/host/attributes.ts';
import { closeDescriptor } from '../../../src/host/descriptor.ts';
import { tryCreateMap } from '../../../src/host/maps.ts';
import { tryBpf } from '../../../src/host/syscall.ts';
import {
  BPF_MAP_DELETE_ELEM,
  BPF_MAP_FREEZE,
  BPF_MAP_GET_NEXT_KEY,
  BPF_MAP_LOOKUP_AND_DELETE_ELEM,
  BPF_MAP_LOOKUP_ELEM,
  BPF_MAP_UPDATE_ELEM,
} from '../../../src/uapi/index.ts';

export const createValues = (attributes: MapAttributes, innerFd?: number): Parameters<typeof tryCreateMap>[0] => ({
  map_type: attributes.type,
  key_size: attributes.keySize,
  value_size: attributes.valueSize,
  max_entries: attributes.maxEntries,
  map_flags: attributes.flags,
  numa_node: attributes.numaNode,
  map_extra: attributes.extra,
  inner_map_fd: innerFd,
  btf_key_type_id: attributes.btfKeyTypeId,
  btf_value_type_id: attributes.btfValueTypeId,
});

/** What both kernels' maps can be asked in tests. */
export interface TriedMap {
  tryLookup(key: Uint8Array | undefined, flags?: number): Uint8Array | number;
  tryUpdate(key: Uint8Array | undefined, value: Uint8Array, flags?: number): number;
  tryDelete(key: Uint8Array | undefined): number;
  tryNextKey(key: Uint8Array | undefined): Uint8Array | number;
  tryLookupAndDelete(key: Uint8Array | undefined, flags?: number): Uint8Array | number;
  tryFreeze(): number;
}

export class RawHostMap implements TriedMap {
  readonly fd: number;
  readonly #keySize: number;
  readonly #transferSize: number;

  constructor(attributes: MapAttributes, transferSize: number, innerFd?: number) {
    this.fd = tryCreateMap(createValues(attributes, innerFd));
    if (this.fd < 0) throw new Error(`the running kernel refuses the map: ${this.fd}`);
    this.#keySize = attributes.keySize;
    this.#transferSize = transferSize;
  }

  #call(command: number, key: Uint8Array | undefined, value: Uint8Array | undefined, flags = 0): number {
    return tryBpf(command, mapElementAttributes.create({ map_fd: this.fd, key, value, flags: BigInt(flags) }));
  }

  #read(command: number, key: Uint8Array | undefined, size: number, flags?: number): Uint8Array | number {
    const value = new Uint8Array(Math.max(size, 1));
    const result = this.#call(command, key, value, flags);
    return result < 0 ? result : value.subarray(0, size);
  }

  tryLookup(key: Uint8Array | undefined, flags?: number): Uint8Array | number {
    return this.#read(BPF_MAP_LOOKUP_ELEM, key, this.#transferSize, flags);
  }
  tryUpdate(key: Uint8Array | undefined, value: Uint8Array, flags?: number): number {
    return this.#call(BPF_MAP_UPDATE_ELEM, key, value, flags);
  }
  tryDelete(key: Uint8Array | undefined): number {
    return this.#call(BPF_MAP_DELETE_ELEM, key, undefined);
  }
  tryNextKey(key: Uint8Array | undefined): Uint8Array | number {
    return this.#read(BPF_MAP_GET_NEXT_KEY, key, this.#keySize);
  }
  tryLookupAndDelete(key: Uint8Array | undefined, flags?: number): Uint8Array | number {
    return this.#read(BPF_MAP_LOOKUP_AND_DELETE_ELEM, key, this.#transferSize, flags);
  }
  /** Of batches: keys and values are as many as fit; count says how many are right. */
  batch(
    command: number,
    given: { keys?: Uint8Array; values?: Uint8Array; count: number; position?: Uint8Array | undefined; flags?: number },
  ): { result: number; count: number; keys: Uint8Array; values: Uint8Array; position: Uint8Array } {
    const keys = given.keys ?? new Uint8Array(given.count * this.#keySize);
    const values = given.values ?? new Uint8Array(given.count * this.#transferSize);
    const position = new Uint8Array(Math.max(4, this.#keySize));
    const attributes = mapBatchAttributes.create({
      in_batch: given.position,
      out_batch: position,
      keys,
      values,
      count: given.count,
      map_fd: this.fd,
      elem_flags: BigInt(given.flags ?? 0),
    });
    const result = tryBpf(command, attributes);
    return { result, count: attributes.number('count'), keys, values, position };
  }

  tryFreeze(): number {
    return tryBpf(BPF_MAP_FREEZE, mapElementAttributes.create({ map_fd: this.fd }));
  }
  close(): void {
    closeDescriptor(this.fd);
  }
}

/** @returns 0 or the negative errno of creating */
export function tryCreateOnHost(attributes: MapAttributes, innerFd?: number): number {
  const fd = tryCreateMap(createValues(attributes, innerFd));
  if (fd < 0) return fd;
  closeDescriptor(fd);
  return 0;
}

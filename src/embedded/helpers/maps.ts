/**
 * Helpers on maps. The general ones find out the type of the map at each call; where a call always has the same map,
 * the map's own plan goes first (maps/direct-calls.ts).
 * Facts: kernel/bpf/{helpers,hashtab,arraymap,map_iter}.c, Linux 6.18.
 */
import type { Callee } from '../../jit/index.ts';
import { CgroupStorageMap } from '../maps/cgroup-storage.ts';
import { MapBase } from '../maps/map-base.ts';
import { MAP_SIGNATURES } from '../maps/map-signatures.ts';
import type { Runtime } from '../runtime.ts';
import * as header from '../runtime-wasm/map-header.ts';
import type { RuntimeExports } from '../runtime-wasm/runtime-wasm.ts';
import { passNumber, passPointer } from './callbacks.ts';
import { type FunctionDefinition, signature } from './definition.ts';
import { EINVAL } from './errno.ts';
import { inWasm } from './in-wasm.ts';
import { returnNumber } from './words.ts';

/** The map at an offset that a program passed. @throws Error if there is none, which the verifier has seen to */
export function mapOf(runtime: Runtime, address: number): MapBase {
  const map = runtime.mapAt(address >>> 0);
  if (map instanceof MapBase) return map;
  throw new Error(`no map is at 0x${(address >>> 0).toString(16)}`);
}

const general = (name: string, pick: (wasm: RuntimeExports) => Callee): FunctionDefinition => {
  const found = MAP_SIGNATURES[name];
  if (found === undefined) throw new RangeError(`${name} has no signature`);
  return { name, signature: found, make: (runtime) => pick(runtime.memory.runtime) };
};

/** Owners of storage, as the names of helpers have them. */
const storages = ['sk', 'inode', 'task', 'cgrp'].flatMap((owner) => [
  inWasm(`bpf_${owner}_storage_get`, 'p p p q -> p', (wasm) => wasm.storage_get),
  inWasm(`bpf_${owner}_storage_delete`, 'p p -> s', (wasm) => wasm.storage_delete),
]);

function forEachElement(
  runtime: Runtime,
  address: number,
  callback: number,
  contextLow: number,
  contextHigh: number,
  flags: number,
  flagsHigh: number,
): number {
  const elements = mapOf(runtime, address).elements();
  if ((flags | flagsHigh) !== 0 || elements === undefined) return EINVAL;
  let count = 0;
  for (const [key, value] of elements) {
    passPointer(runtime, 0, address);
    passPointer(runtime, 1, key);
    passPointer(runtime, 2, value);
    passNumber(runtime, 3, contextLow, contextHigh);
    count += 1;
    if (runtime.invoke(callback) !== 0) break;
  }
  return count;
}

export const mapHelpers: readonly FunctionDefinition[] = [
  general('bpf_map_lookup_elem', (wasm) => wasm.map_lookup_elem),
  general('bpf_map_update_elem', (wasm) => wasm.map_update_elem),
  general('bpf_map_delete_elem', (wasm) => wasm.map_delete_elem),
  general('bpf_map_lookup_percpu_elem', (wasm) => wasm.map_lookup_percpu_elem),
  general('bpf_map_push_elem', (wasm) => wasm.map_push_elem),
  general('bpf_map_pop_elem', (wasm) => wasm.map_pop_elem),
  general('bpf_map_peek_elem', (wasm) => wasm.map_peek_elem),
  {
    name: 'bpf_for_each_map_elem',
    signature: signature('p i q q -> s'),
    make: (runtime) => (map: number, callback: number, low: number, high: number, flags: number, flagsHigh: number) =>
      forEachElement(runtime, map, callback, low, high, flags, flagsHigh),
  },
  ...storages,
  {
    name: 'bpf_get_local_storage',
    signature: signature('p i -> p'),
    make: (runtime) => (address: number) => {
      const map = mapOf(runtime, address);
      return map instanceof CgroupStorageMap ? map.current : 0;
    },
  },
];

export const mapKfuncs: readonly FunctionDefinition[] = [
  {
    name: 'bpf_map_sum_elem_count',
    signature: signature('p -> q'),
    make: (runtime) => (address: number) => {
      const { memory } = runtime;
      return returnNumber(memory, address === 0 ? 0 : mapOf(runtime, address).get(header.COUNT));
    },
  },
];

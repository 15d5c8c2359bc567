/**
 * iter/bpf_sk_storage_map: the sockets that have a value in a SK_STORAGE map, and the value.
 * Source: net/core/bpf_sk_storage.c of Linux 6.18; facts/iterators.md 1.2, 1.5.
 */
import { BPF_MAP_TYPE_SK_STORAGE } from '../../uapi/index.ts';
import { SequenceWalk } from '../iter/sequence-walk.ts';
import type { IterTargetDefinition } from '../iter/target.ts';
import type { TargetEnvironment } from './environment.ts';
import { mapTarget } from './map-parameter.ts';

const SK = 1;
const VALUE = 2;

export function bpfSkStorageMapTarget(env: TargetEnvironment): IterTargetDefinition {
  return mapTarget(env, {
    name: 'bpf_sk_storage_map',
    arguments: [
      { name: 'sk', type: 'struct sock *' },
      { name: 'value', type: 'void *' },
    ],
    types: new Set([BPF_MAP_TYPE_SK_STORAGE]),
    sizes: ({ valueSize }) => ({ value: valueSize }),
    open: (map, slots) =>
      // The elements of storage maps have their owner for a key.
      new SequenceWalk(map.elements() ?? [], slots, ([sk, value]) => {
        slots.pointer(SK, sk);
        slots.pointer(VALUE, value);
      }),
  });
}

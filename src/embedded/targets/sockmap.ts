/**
 * iter/sockmap: the sockets in a SOCKMAP, empty slots too, or in a SOCKHASH.
 *
 * Unlike the kernel's, a walk over a SOCKHASH goes on behind the socket that it stands at (facts/iterators.md 1.2).
 * Source: net/core/sock_map.c of Linux 6.18; facts/iterators.md 1.5.
 */
import { BPF_MAP_TYPE_SOCKHASH, BPF_MAP_TYPE_SOCKMAP } from '../../uapi/index.ts';
import { SequenceWalk } from '../iter/sequence-walk.ts';
import type { IterTargetDefinition } from '../iter/target.ts';
import type { EmbeddedMap } from '../maps/embedded-map.ts';
import type { KernelMemory } from '../memory/kernel-memory.ts';
import type { TargetEnvironment } from './environment.ts';
import { mapTarget } from './map-parameter.ts';

const KEY = 1;
const SK = 2;
const INDEX_SIZE = 4;

type Entry = readonly [key: number, sk: number];

function* slotsOf(memory: KernelMemory, map: EmbeddedMap): Generator<Entry> {
  const key = memory.allocate(INDEX_SIZE);
  try {
    for (let index = 0; index < map.maxEntries; index += 1) {
      memory.u32[key >>> 2] = index;
      yield [key, map.lookupElement(key)];
    }
  } finally {
    memory.free(key);
  }
}

function* entriesOf(memory: KernelMemory, map: EmbeddedMap): Generator<Entry> {
  // Values of the table are offsets of sockets.
  for (const [key, value] of map.elements() ?? []) yield [key, memory.u32[value >>> 2] ?? 0];
}

export function sockmapTarget(env: TargetEnvironment): IterTargetDefinition {
  return mapTarget(env, {
    name: 'sockmap',
    arguments: [
      { name: 'key', type: 'void *' },
      { name: 'sk', type: 'struct sock *' },
    ],
    types: new Set([BPF_MAP_TYPE_SOCKMAP, BPF_MAP_TYPE_SOCKHASH]),
    sizes: ({ keySize }) => ({ key: keySize }),
    open: (map, slots) => {
      const entries = map.type === BPF_MAP_TYPE_SOCKMAP ? slotsOf : entriesOf;
      return new SequenceWalk(entries(env.memory, map), slots, ([key, sk]) => {
        slots.pointer(KEY, key);
        slots.pointer(SK, sk);
      });
    },
  });
}

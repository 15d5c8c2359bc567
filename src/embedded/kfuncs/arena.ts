/**
 * Pages of arenas. An arena's memory is there from the beginning; which pages of it are in use is the map's to know.
 * Facts: kernel/bpf/arena.c of Linux 6.12, and 6.18 for reserving.
 */
import { type FunctionDefinition, signature } from '../helpers/definition.ts';
import { EBUSY, EINVAL } from '../helpers/errno.ts';
import { returnPair } from '../helpers/words.ts';
import { ARENA_PAGE, ArenaMap } from '../maps/arena.ts';
import type { Runtime } from '../runtime.ts';

const NUMA_NO_NODE = -1;

function arenaAt(runtime: Runtime, address: number): ArenaMap | undefined {
  const map = runtime.mapAt(address);
  return map instanceof ArenaMap ? map : undefined;
}

export const arenaKfuncs: readonly FunctionDefinition[] = [
  {
    name: 'bpf_arena_alloc_pages',
    signature: signature('p q i i q -> q'),
    make(runtime) {
      const { memory } = runtime;
      return (
        map: number,
        low: number,
        high: number,
        count: number,
        node: number,
        flags: number,
        flagsHigh: number,
      ) => {
        const arena = arenaAt(runtime, map);
        // This kernel's memory has one node, 0.
        const isNode = node === NUMA_NO_NODE || node === 0;
        if (arena === undefined || (flags | flagsHigh) !== 0 || !isNode || low % ARENA_PAGE !== 0) {
          return returnPair(memory, 0, 0);
        }
        const isPlaced = (low | high) !== 0;
        const page = arena.allocatePages(count >>> 0, isPlaced ? arena.pageAt(low) : undefined);
        if (page === undefined) return returnPair(memory, 0, 0);
        return returnPair(memory, arena.lowOf(page), Number(BigInt.asIntN(32, arena.start >> 32n)));
      };
    },
  },
  {
    name: 'bpf_arena_free_pages',
    signature: signature('p q i -> v'),
    make: (runtime) => (map: number, low: number, high: number, count: number) => {
      const arena = arenaAt(runtime, map);
      if (arena !== undefined && (low | high) !== 0) arena.freePages(arena.pageAt(low), count >>> 0);
    },
  },
  {
    name: 'bpf_arena_reserve_pages',
    signature: signature('p q i -> s'),
    make: (runtime) => (map: number, low: number, _high: number, count: number) => {
      const arena = arenaAt(runtime, map);
      if (arena === undefined) return EINVAL;
      if (count === 0) return 0;
      const page = arena.pageAt(low);
      if (page + (count >>> 0) > arena.maxEntries) return EINVAL;
      return arena.reservePages(page, count >>> 0) ? 0 : EBUSY;
    },
  },
];

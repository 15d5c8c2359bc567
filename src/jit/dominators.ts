/**
 * Who dominates whom in a flow graph, which blocks are loop headers and where paths meet.
 * After Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001).
 */
import type { FlowGraph } from './flow-graph.ts';

export interface Dominance {
  /** Immediate dominator; the entry's is itself. */
  readonly idom: Int32Array;
  /** Reached by an edge that leads backwards. */
  readonly isLoopHeader: Uint8Array;
  /** Reached by several edges that lead forwards. */
  readonly isMerge: Uint8Array;
  /** Every edge backwards leads to a block that dominates its source. */
  readonly isReducible: boolean;
}

export function findDominators({ count, next, taken }: FlowGraph): Dominance {
  const idom = new Int32Array(count).fill(-1);
  const isLoopHeader = new Uint8Array(count);
  const isMerge = new Uint8Array(count);
  const forwards = new Uint8Array(count);
  const { from, first } = predecessors(count, next, taken);
  const common = (a: number, b: number): number => {
    let x = a;
    let y = b;
    while (x !== y) {
      while (x > y) x = idom[x] as number; // of a block already reached
      while (y > x) y = idom[y] as number;
    }
    return x;
  };
  if (count > 0) idom[0] = 0;
  for (let changed = true; changed; ) {
    changed = false;
    for (let block = 1; block < count; block++) {
      let dominator = -1;
      for (let at = first[block] as number; at < (first[block + 1] as number); at++) {
        const source = from[at] as number; // at is in range
        if (idom[source] === -1) continue;
        dominator = dominator < 0 ? source : common(source, dominator);
      }
      if (idom[block] === dominator) continue;
      idom[block] = dominator;
      changed = true;
    }
  }
  let isReducible = true;
  const note = (source: number, to: number): void => {
    if (to < 0) return;
    if (to > source) {
      forwards[to] = Math.min((forwards[to] as number) + 1, 2);
      if (forwards[to] === 2) isMerge[to] = 1;
      return;
    }
    isLoopHeader[to] = 1;
    let above = source;
    while (above > to) above = idom[above] as number; // ends at the entry at the latest
    if (above !== to) isReducible = false;
  };
  for (let block = 0; block < count; block++) {
    note(block, taken[block] as number);
    note(block, next[block] as number);
  }
  return { idom, isLoopHeader, isMerge, isReducible };
}

/** Sources of the edges to each block, those of block b from first[b] to first[b + 1]. */
function predecessors(
  count: number,
  next: Int32Array,
  taken: Int32Array,
): { readonly from: Int32Array; readonly first: Int32Array } {
  const first = new Int32Array(count + 1);
  for (const edges of [next, taken]) for (const to of edges) if (to >= 0) first[to + 1] = (first[to + 1] as number) + 1;
  for (let block = 0; block < count; block++)
    first[block + 1] = (first[block + 1] as number) + (first[block] as number);
  const place = first.slice();
  const from = new Int32Array(first[count] as number);
  for (const edges of [next, taken])
    for (let block = 0; block < count; block++) {
      const to = edges[block] as number; // in range
      if (to < 0) continue;
      from[place[to] as number] = block;
      place[to] = (place[to] as number) + 1;
    }
  return { from, first };
}

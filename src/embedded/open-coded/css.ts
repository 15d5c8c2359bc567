/**
 * bpf_iter_css: a cgroup_subsys_state and what is below or above it in its hierarchy. Behind the end the walk begins
 * anew, as Linux's does. Source: kernel/bpf/cgroup_iter.c of Linux 6.18; facts/iterators.md 3.3.
 */
import { EINVAL } from '../helpers/errno.ts';
import { fieldOffset } from '../helpers/fields.ts';
import { type WalkOrder, walkCgroups } from '../iter/cgroup-walk.ts';
import type { Runtime } from '../runtime.ts';
import type { Cursor } from '../sources/source.ts';
import { sessionOf } from './cursors.ts';
import { objectIterator } from './object-iterator.ts';

/** By enum bpf_cgroup_iter_order; the others are refused. */
const orders: ReadonlyMap<number, WalkOrder> = new Map([
  [2, 'descendants_pre'],
  [3, 'descendants_post'],
  [4, 'ancestors_up'],
]);

/** The cgroup of a css: that of its hierarchy is the cgroup's own, which this kernel has alone. */
export function cgroupOfCss(runtime: Runtime): (css: number) => number {
  const { memory } = runtime;
  const offset = fieldOffset(runtime, 'cgroup_subsys_state', 'cgroup');
  return (css) => memory.u32[(css + offset) >>> 2] ?? 0;
}

export const cssIterator = objectIterator('css', 'p i', (runtime) => {
  const cgroupOf = cgroupOfCss(runtime);
  const self = fieldOffset(runtime, 'cgroup', 'self');
  return (css = 0, flags = 0): Cursor | number => {
    const order = orders.get(flags);
    if (order === undefined) return EINVAL;
    const session = sessionOf(runtime);
    const start = cgroupOf(css);
    let walk = walkCgroups(session, start, order);
    return {
      next: () => {
        const { done, value } = walk.next();
        if (!done) return value + self;
        walk = walkCgroups(session, start, order);
        return 0;
      },
    };
  };
});

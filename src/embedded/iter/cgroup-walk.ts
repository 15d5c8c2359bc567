/**
 * The orders in which cgroups are walked, by iter/cgroup and by the open-coded iterator css.
 * Source: css_next_descendant_pre() and its kin in kernel/cgroup/cgroup.c of Linux 6.18; facts/iterators.md 1.3, 3.3.
 */
import type { CgroupOrder } from '../../kernel.ts';
import type { ObjectSession } from '../sources/source.ts';

/** The orders that Linux 6.18 has; `children` came with 7.0. */
export type WalkOrder = Exclude<CgroupOrder, 'children'>;

/** @param start offset of the cgroup to begin at */
export function* walkCgroups(session: ObjectSession, start: number, order: WalkOrder): Generator<number> {
  switch (order) {
    case 'self_only':
      yield start;
      return;
    case 'ancestors_up':
      for (let at = start; at !== 0; at = session.cgroupParent(at)) yield at;
      return;
    case 'descendants_pre':
    case 'descendants_post':
      yield* descendants(session, start, order === 'descendants_pre');
  }
}

function* descendants(session: ObjectSession, root: number, parentFirst: boolean): Generator<number> {
  // Not by recursion: a value from deep down would pass through every level.
  const path = [{ cgroup: root, children: session.cgroupChildren(root) }];
  if (parentFirst) yield root;
  for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
    const child = last.children.next();
    if (child === 0) {
      if (!parentFirst) yield last.cgroup;
      path.pop();
      continue;
    }
    if (parentFirst) yield child;
    path.push({ cgroup: child, children: session.cgroupChildren(child) });
  }
}

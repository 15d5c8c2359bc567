/**
 * iter/cgroup: cgroups of the default hierarchy, from one on, in an order that the link says.
 *
 * A walk is done within one read, as the kernel holds a lock for it: if more is left, the next read fails with
 * EOPNOTSUPP. A program that returns 1 ends the walk. Source: kernel/bpf/cgroup_iter.c of Linux 6.18;
 * facts/iterators.md 1.3.
 */
import { BpfiterError } from '../../errors.ts';
import type { CgroupOrder, CgroupSelector } from '../../kernel.ts';
import { failure } from '../failure.ts';
import { type WalkOrder, walkCgroups } from '../iter/cgroup-walk.ts';
import type { ContextSlots } from '../iter/context.ts';
import { FOUND, type IterTargetDefinition, NONE, type Walk } from '../iter/target.ts';
import { Needs } from '../sources/needs.ts';
import type { ObjectSession } from '../sources/source.ts';
import type { TargetEnvironment } from './environment.ts';

const CGROUP = 0;

const EINVAL = 22;
const ENOENT = 2;
const EOPNOTSUPP = 95;

class CgroupWalk implements Walk {
  readonly #cgroups: Iterator<number>;
  readonly #slots: ContextSlots;
  #state: 'unread' | 'reading' | 'ended' | 'complete' = 'unread';

  constructor(cgroups: Iterator<number>, slots: ContextSlots) {
    this.#cgroups = cgroups;
    this.#slots = slots;
  }

  start(): number {
    if (this.#state === 'complete') return NONE;
    if (this.#state !== 'unread') return -EOPNOTSUPP;
    this.#state = 'reading';
    return this.next();
  }

  next(): number {
    if (this.#state === 'ended') return NONE;
    const { done, value } = this.#cgroups.next();
    if (done) return NONE;
    this.#slots.pointer(CGROUP, value);
    return FOUND;
  }

  stop(left: boolean): void {
    if (!left) this.#state = 'complete';
  }

  judge(result: number): number {
    if (result !== 0) this.#state = 'ended';
    return 0;
  }

  release(): void {}
}

/** Offset of the cgroup that is selected; 0 if there is none. @throws BpfiterError `unsupported` */
function find(session: ObjectSession, { path, fd, id }: CgroupSelector): number {
  if (fd !== undefined) {
    throw new BpfiterError('unsupported', 'the embedded kernel knows no cgroups by descriptor: give its path or id');
  }
  return path === undefined ? session.cgroup(id ?? 0n) : session.cgroupAt(path);
}

const isKnown = (order: CgroupOrder): order is WalkOrder => order !== 'children';

export function cgroupTarget(env: TargetEnvironment): IterTargetDefinition {
  return {
    name: 'cgroup',
    arguments: [{ name: 'cgroup', type: 'struct cgroup *' }],
    sleepable: true,
    parameter: 'cgroup',
    attach: ({ cgroup: selector }, program) => {
      const what = `attach program '${program.name}' (${program.section})`;
      if (selector === undefined) throw failure(EINVAL, what);
      const { order, path, id } = selector;
      if (!isKnown(order)) {
        throw failure(EINVAL, what, { because: `this kernel does not know the order '${order}'` });
      }
      if (id === 0n) throw new BpfiterError('usage', '0 is no id of a cgroup');
      const session = env.objects.session(Needs.nothing);
      try {
        const cgroup = find(session, selector);
        if (cgroup === 0) {
          const because =
            path === undefined
              ? `there is no cgroup with id ${id ?? 1n}`
              : `'${path}' is no cgroup that the source has`;
          throw failure(ENOENT, what, { because, code: 'not-found' });
        }
        const cgroupId = session.cgroupId(cgroup);
        return {
          info: { cgroupId, cgroupOrder: order },
          open: (slots, objects) => {
            const start = objects.cgroup(cgroupId);
            return new CgroupWalk(start === 0 ? [].values() : walkCgroups(objects, start, order), slots);
          },
        };
      } finally {
        session.close();
      }
    },
  };
}

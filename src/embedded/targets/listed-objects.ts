/**
 * iter/kmem_cache, iter/dmabuf, iter/ipv6_route and those of sockets: objects of which the kernel keeps one list, where
 * the source has it. Sockets are in the order of the tables of /proc/net, and `bucket` is the number that those show.
 * Sources: kernel/bpf/{kmem_cache,dmabuf}_iter.c, bpf_iter_{udp,unix}_*, bpf_iter_netlink_*, ipv6_route_iter of Linux
 * 6.18; facts/iterators.md 1.2.
 */
import type { ContextSlots } from '../iter/context.ts';
import { FOUND, type IterTargetDefinition, NONE, type TargetArgument, type Walk } from '../iter/target.ts';
import type { ListCursor, ObjectList } from '../sources/source.ts';
import type { TargetEnvironment } from './environment.ts';

const OBJECT = 0;

/** Goes on behind the object that a read left, and not at the end of the list. */
class ListWalk implements Walk {
  readonly #objects: ListCursor;
  readonly #slots: ContextSlots;
  #left = 0;

  constructor(objects: ListCursor, slots: ContextSlots) {
    this.#objects = objects;
    this.#slots = slots;
  }

  start(): number {
    return this.#left === 0 ? this.next() : this.#stand(this.#left);
  }

  next(): number {
    return this.#stand(this.#objects.next());
  }

  stop(left: boolean): void {
    if (!left) this.#left = 0;
  }

  release(): void {}

  #stand(object: number): number {
    this.#left = object;
    this.#slots.pointer(OBJECT, object);
    if (object !== 0) {
      for (const [index, number] of this.#objects.numbers.entries()) this.#slots.number(OBJECT + 1 + index, number);
    }
    return object === 0 ? NONE : FOUND;
  }
}

interface ListTarget {
  readonly name: string;
  readonly list: ObjectList;
  readonly argument: string;
  /** Of the argument, if not that of the list. */
  readonly type?: string;
  /** What the iterator tells beside the object. */
  readonly further?: readonly TargetArgument[];
  readonly finalCall: boolean;
  readonly sleepable: boolean;
  readonly startToken?: boolean;
}

const uid: TargetArgument = { name: 'uid', type: 'uid_t' };
const bucket: TargetArgument = { name: 'bucket', type: 'int' };
const ofSockets = { finalCall: true, sleepable: false, startToken: true };

const targets: readonly ListTarget[] = [
  { name: 'kmem_cache', list: 'kmem_cache', argument: 's', finalCall: true, sleepable: true },
  { name: 'dmabuf', list: 'dma_buf', argument: 'dmabuf', finalCall: false, sleepable: true },
  { name: 'ipv6_route', list: 'fib6_info', argument: 'rt', finalCall: true, sleepable: false },
  { name: 'tcp', list: 'tcp_sock', argument: 'sk_common', type: 'struct sock_common *', further: [uid], ...ofSockets },
  { name: 'udp', list: 'udp_sock', argument: 'udp_sk', further: [uid, bucket], ...ofSockets },
  { name: 'unix', list: 'unix_sock', argument: 'unix_sk', ...ofSockets },
  { name: 'netlink', list: 'netlink_sock', argument: 'sk', ...ofSockets },
];

export const listTargets = ({ objects }: TargetEnvironment): readonly IterTargetDefinition[] =>
  targets.map(({ list, argument, type = `struct ${list} *`, further = [], ...target }) => ({
    ...target,
    arguments: [{ name: argument, type }, ...further],
    isAvailable: () => objects.hasList(list),
    attach: () => ({ info: {}, open: (slots, session) => new ListWalk(session.list(list), slots) }),
  }));

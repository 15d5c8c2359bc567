/**
 * iter/bpf_map, iter/bpf_prog and iter/bpf_link: what bpf(2) made in this kernel, by number. Objects that come while a
 * session is read are met, for numbers ascend. Sources: kernel/bpf/{map,prog,link}_iter.c of Linux 6.18;
 * facts/iterators.md 1.2, 2.5.
 */
import type { ContextSlots } from '../iter/context.ts';
import { FOUND, type IterTargetDefinition, NONE, type Walk } from '../iter/target.ts';
import type { Numbered, TargetEnvironment } from './environment.ts';

const OBJECT = 0;

class NumberedWalk implements Walk {
  readonly #objects: Numbered;
  readonly #slots: ContextSlots;
  #id = 0;

  constructor(objects: Numbered, slots: ContextSlots) {
    this.#objects = objects;
    this.#slots = slots;
  }

  start(): number {
    const found = this.#objects.from(this.#id);
    if (found === undefined) return NONE;
    this.#id = found.id;
    this.#slots.pointer(OBJECT, found.object.address);
    return FOUND;
  }

  next(): number {
    this.#id += 1;
    return this.start();
  }

  stop(): void {}

  release(): void {}
}

const target = (name: string, argument: string, objects: Numbered): IterTargetDefinition => ({
  name,
  arguments: [{ name: argument, type: `struct ${name} *` }],
  sleepable: false,
  attach: () => ({ info: {}, open: (slots) => new NumberedWalk(objects, slots) }),
});

export const bpfObjectTargets = ({ maps, programs, links }: TargetEnvironment): readonly IterTargetDefinition[] => [
  target('bpf_map', 'map', maps),
  target('bpf_prog', 'prog', programs),
  target('bpf_link', 'link', links),
];

/**
 * iter/bpf_map, iter/bpf_prog and iter/bpf_link: what bpf(2) made in this kernel, by number. Objects that come while a
 * session is read are met, for numbers ascend. A map or program is held while it is shown, which a map's count of
 * holders tells. Sources: kernel/bpf/{map,prog,link}_iter.c of Linux 6.18;
 * facts/iterators.md 1.2, 2.5.
 */
import type { ContextSlots } from '../iter/context.ts';
import { FOUND, type IterTargetDefinition, NONE, type Walk } from '../iter/target.ts';
import type { Numbered, NumberedObject, TargetEnvironment } from './environment.ts';

const OBJECT = 0;
/** Members of bpf_prog_aux that lead to types. */
const TYPES = ['btf', 'func_info', 'func_info_cnt'];

class NumberedWalk implements Walk {
  readonly #objects: Numbered;
  readonly #slots: ContextSlots;
  readonly #types: boolean;
  #id = 0;
  /** What stands in the context. */
  #held: NumberedObject | undefined;

  /** @param types whether somebody looks at those of programs */
  constructor(objects: Numbered, slots: ContextSlots, types: boolean) {
    this.#types = types;
    this.#objects = objects;
    this.#slots = slots;
  }

  start(): number {
    const found = this.#objects.from(this.#id);
    if (found === undefined) return NONE;
    this.#id = found.id;
    this.#held = found.object;
    found.object.hold?.();
    if (this.#types) found.object.tellTypes?.();
    this.#slots.pointer(OBJECT, found.object.address);
    return FOUND;
  }

  next(): number {
    this.#let();
    this.#id += 1;
    return this.start();
  }

  stop(): void {
    this.#let();
  }

  release(): void {
    this.#let();
  }

  #let(): void {
    this.#held?.release?.();
    this.#held = undefined;
  }
}

const target = (name: string, argument: string, objects: Numbered): IterTargetDefinition => ({
  name,
  arguments: [{ name: argument, type: `struct ${name} *` }],
  sleepable: false,
  attach: () => ({
    info: {},
    open: (slots, { needs }) => new NumberedWalk(objects, slots, needs.any('bpf_prog_aux', TYPES)),
  }),
});

export const bpfObjectTargets = ({ maps, programs, links }: TargetEnvironment): readonly IterTargetDefinition[] => [
  target('bpf_map', 'map', maps),
  target('bpf_prog', 'prog', programs),
  target('bpf_link', 'link', links),
];

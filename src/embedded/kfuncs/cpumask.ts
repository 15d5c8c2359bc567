/**
 * CPU masks: struct cpumask is one bit a CPU, struct bpf_cpumask such a mask with a count of references.
 *
 * Masks have the size that the kernel's BTF says; CPUs are the possible ones. What is set beyond them (by a copy of
 * memory) counts for nothing, as in Linux's functions, which look at nr_cpu_ids bits.
 * Facts: kernel/bpf/cpumask.c and include/linux/cpumask.h of Linux 6.18.
 */
import type { Callee } from '../../jit/index.ts';
import { type FunctionDefinition, signature } from '../helpers/definition.ts';
import { EACCES } from '../helpers/errno.ts';
import { fieldOffset, structSize } from '../helpers/fields.ts';
import { tryAllocate } from '../helpers/words.ts';
import type { Runtime } from '../runtime.ts';

class Masks {
  readonly #runtime: Runtime;
  readonly cpus: number;
  /** Bytes of a struct cpumask. */
  readonly size: number;
  /** Where struct bpf_cpumask counts references. */
  readonly usage: number;
  readonly structSize: number;
  /** Where the next search of the `any` functions goes on: they hand out the CPUs of masks in turn. */
  previous = -1;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.cpus = runtime.machine.possibleCpus;
    this.size = structSize(runtime, 'cpumask');
    this.structSize = structSize(runtime, 'bpf_cpumask');
    this.usage = fieldOffset(runtime, 'bpf_cpumask', 'usage');
  }

  has(mask: number, cpu: number): boolean {
    return (((this.#runtime.memory.u8[mask + (cpu >> 3)] ?? 0) >> (cpu & 7)) & 1) === 1;
  }

  put(mask: number, cpu: number, value: boolean): void {
    const { u8 } = this.#runtime.memory;
    const at = mask + (cpu >> 3);
    const bit = 1 << (cpu & 7);
    u8[at] = value ? (u8[at] as number) | bit : (u8[at] as number) & ~bit; // within the mask
  }

  isPossible(cpu: number): boolean {
    return cpu >>> 0 < this.cpus;
  }

  /** The first CPU for which that holds, or how many CPUs there are. */
  first(holds: (cpu: number) => boolean): number {
    for (let cpu = 0; cpu < this.cpus; cpu++) if (holds(cpu)) return cpu;
    return this.cpus;
  }

  all(holds: (cpu: number) => boolean): number {
    return this.first((cpu) => !holds(cpu)) === this.cpus ? 1 : 0;
  }

  some(holds: (cpu: number) => boolean): number {
    return this.first(holds) < this.cpus ? 1 : 0;
  }

  /** Makes a mask of two. @returns whether it is not empty */
  combine(to: number, of: (cpu: number) => boolean): number {
    let any = 0;
    for (let cpu = 0; cpu < this.cpus; cpu++) {
      const value = of(cpu);
      this.put(to, cpu, value);
      if (value) any = 1;
    }
    return any;
  }

  references(mask: number): number {
    return this.#runtime.memory.view.getInt32(mask + this.usage, true);
  }

  setReferences(mask: number, count: number): void {
    this.#runtime.memory.view.setInt32(mask + this.usage, count, true);
  }

  /** Frees it with its last reference. */
  release(mask: number): void {
    const left = this.references(mask) - 1;
    this.setReferences(mask, left);
    if (left === 0) this.#runtime.memory.free(mask);
  }

  create(): number {
    const mask = tryAllocate(this.#runtime.memory, this.structSize);
    if (mask !== 0) this.setReferences(mask, 1);
    return mask;
  }
}

const known = new WeakMap<Runtime, Masks>();

function masksOf(runtime: Runtime): Masks {
  let masks = known.get(runtime);
  if (masks === undefined) {
    masks = new Masks(runtime);
    known.set(runtime, masks);
  }
  return masks;
}

/** Lets go of a reference, as bpf_cpumask_release() does; for masks that maps hold. */
export const releaseCpumask = (runtime: Runtime, mask: number): void => masksOf(runtime).release(mask);

const operation = (name: string, notation: string, make: (masks: Masks, runtime: Runtime) => Callee) => ({
  name,
  signature: signature(notation),
  make: (runtime: Runtime) => make(masksOf(runtime), runtime),
});

/** A number of or about one mask. */
const ofMask = (name: string, of: (masks: Masks, has: (cpu: number) => boolean) => number): FunctionDefinition =>
  operation(name, 'p -> u', (masks) => (mask: number) => of(masks, (cpu) => masks.has(mask, cpu)));

type Has = (cpu: number) => boolean;

/** A number of or about two masks. */
const ofMasks = (name: string, of: (masks: Masks, one: Has, other: Has) => number): FunctionDefinition =>
  operation(
    name,
    'p p -> u',
    (masks) => (one: number, other: number) =>
      of(
        masks,
        (cpu) => masks.has(one, cpu),
        (cpu) => masks.has(other, cpu),
      ),
  );

/** Makes a mask of two, and says whether it has any CPU if `notation` says so. */
const combination = (name: string, notation: string, of: (one: boolean, other: boolean) => boolean) =>
  operation(
    name,
    notation,
    (masks) => (to: number, one: number, other: number) =>
      masks.combine(to, (cpu) => of(masks.has(one, cpu), masks.has(other, cpu))),
  );

/** Changes one CPU of a mask. @returns what it was */
const change = (name: string, notation: string, value: boolean): FunctionDefinition =>
  operation(name, notation, (masks) => (cpu: number, mask: number) => {
    if (!masks.isPossible(cpu)) return 0;
    const was = masks.has(mask, cpu) ? 1 : 0;
    masks.put(mask, cpu, value);
    return was;
  });

function next(masks: Masks, holds: Has): number {
  for (let step = 1; step <= masks.cpus; step++) {
    const cpu = (masks.previous + step) % masks.cpus;
    if (!holds(cpu)) continue;
    masks.previous = cpu;
    return cpu;
  }
  return masks.cpus;
}

export const cpumaskKfuncs: readonly FunctionDefinition[] = [
  operation('bpf_cpumask_create', '-> p', (masks) => () => masks.create()),
  operation('bpf_cpumask_acquire', 'p -> p', (masks) => (mask: number) => {
    masks.setReferences(mask, masks.references(mask) + 1);
    return mask;
  }),
  operation('bpf_cpumask_release', 'p -> v', (masks) => (mask: number) => masks.release(mask)),
  ofMask('bpf_cpumask_first', (masks, has) => masks.first(has)),
  ofMask('bpf_cpumask_first_zero', (masks, has) => masks.first((cpu) => !has(cpu))),
  ofMasks('bpf_cpumask_first_and', (masks, one, other) => masks.first((cpu) => one(cpu) && other(cpu))),
  change('bpf_cpumask_set_cpu', 'i p -> v', true),
  change('bpf_cpumask_clear_cpu', 'i p -> v', false),
  change('bpf_cpumask_test_and_set_cpu', 'i p -> u', true),
  change('bpf_cpumask_test_and_clear_cpu', 'i p -> u', false),
  operation(
    'bpf_cpumask_test_cpu',
    'i p -> u',
    (masks) => (cpu: number, mask: number) => (masks.isPossible(cpu) && masks.has(mask, cpu) ? 1 : 0),
  ),
  operation('bpf_cpumask_setall', 'p -> v', (masks) => (mask: number) => masks.combine(mask, () => true)),
  operation('bpf_cpumask_clear', 'p -> v', (masks) => (mask: number) => masks.combine(mask, () => false)),
  combination('bpf_cpumask_and', 'p p p -> u', (one, other) => one && other),
  combination('bpf_cpumask_or', 'p p p -> v', (one, other) => one || other),
  combination('bpf_cpumask_xor', 'p p p -> v', (one, other) => one !== other),
  operation(
    'bpf_cpumask_copy',
    'p p -> v',
    (masks) => (to: number, from: number) => masks.combine(to, (cpu) => masks.has(from, cpu)),
  ),
  ofMasks('bpf_cpumask_equal', (masks, one, other) => masks.all((cpu) => one(cpu) === other(cpu))),
  ofMasks('bpf_cpumask_intersects', (masks, one, other) => masks.some((cpu) => one(cpu) && other(cpu))),
  ofMasks('bpf_cpumask_subset', (masks, one, other) => masks.all((cpu) => !one(cpu) || other(cpu))),
  ofMask('bpf_cpumask_empty', (masks, has) => masks.all((cpu) => !has(cpu))),
  ofMask('bpf_cpumask_full', (masks, has) => masks.all(has)),
  ofMask('bpf_cpumask_weight', (masks, has) => {
    let weight = 0;
    for (let cpu = 0; cpu < masks.cpus; cpu++) if (has(cpu)) weight += 1;
    return weight;
  }),
  ofMask('bpf_cpumask_any_distribute', next),
  ofMasks('bpf_cpumask_any_and_distribute', (masks, one, other) => next(masks, (cpu) => one(cpu) && other(cpu))),
  {
    name: 'bpf_cpumask_populate',
    signature: signature('p p i -> s'),
    make(runtime) {
      const masks = masksOf(runtime);
      const needed = Math.ceil(masks.cpus / 64) * 8;
      return (mask: number, from: number, size: number) => {
        if (size >>> 0 < needed) return EACCES;
        runtime.memory.u8.copyWithin(mask, from, from + needed);
        return 0;
      };
    },
  },
];

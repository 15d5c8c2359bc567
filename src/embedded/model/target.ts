/**
 * The embedded kernel as something to link objects against: the model's types, the abilities of Linux 6.18, and a
 * configuration that says what is honestly known.
 */
import type { Btf } from '../../btf/index.ts';
import { type Feature, type LinkTarget, type ModuleBtf, versionHasFeature } from '../../object/index.ts';
import { HZ } from '../jiffies.ts';
import type { Model } from './model.ts';

export interface EmbeddedTargetOptions {
  readonly possibleCpus: number;
  /** Address of a variable of the kernel, undefined for one that it lacks. */
  readonly symbol?: ((name: string) => bigint | undefined) | undefined;
}

/** Linux 6.18, whose rules the verifier has. */
const VERSION = (6 << 16) + (18 << 8);

/**
 * What programs ask the configuration: the rate of jiffies is this kernel's own, and the architecture is that of the
 * registers that the model has.
 */
const KCONFIG: ReadonlyMap<string, string> = new Map([
  ['CONFIG_64BIT', 'y'],
  ['CONFIG_HZ', String(HZ)],
  [`CONFIG_HZ_${HZ}`, 'y'],
  ['CONFIG_BPF', 'y'],
  ['CONFIG_BPF_SYSCALL', 'y'],
  ['CONFIG_BPF_JIT', 'y'],
  ['CONFIG_DEBUG_INFO_BTF', 'y'],
  ['CONFIG_X86_64', 'y'],
]);

export class EmbeddedTarget implements LinkTarget {
  readonly pageSize = 4096;
  readonly #model: Model;
  readonly #options: EmbeddedTargetOptions;

  constructor(model: Model, options: EmbeddedTargetOptions) {
    this.#model = model;
    this.#options = options;
  }

  btf(): Btf {
    return this.#model.btf;
  }

  modules(): readonly ModuleBtf[] {
    return [];
  }

  kernelVersion(): number {
    return VERSION;
  }

  kconfig(): ReadonlyMap<string, string> {
    return KCONFIG;
  }

  symbol(name: string): bigint | 'missing' {
    return this.#options.symbol?.(name) ?? 'missing';
  }

  supports(feature: Feature): boolean {
    return versionHasFeature(VERSION, feature);
  }

  possibleCpus(): number {
    return this.#options.possibleCpus;
  }
}

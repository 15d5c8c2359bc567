/**
 * A kernel that is only described, as something to link objects against: its types are known and its version, the
 * rest as far as somebody tells. What nobody told is unsupported by name, so that no verdict rests on a guess.
 */
import type { Btf } from '../../btf/index.ts';
import { BpfiterError } from '../../errors.ts';
import { type Feature, type LinkTarget, type ModuleBtf, versionHasFeature } from '../../object/index.ts';

export interface DescribedKernel {
  readonly btf: Btf;
  /** LINUX_VERSION_CODE. */
  readonly version: number;
  readonly kconfig?: ReadonlyMap<string, string> | undefined;
  /** Addresses as /proc/kallsyms has them; absent if they are not known. */
  readonly symbol?: ((name: string) => bigint | 'missing' | 'ambiguous') | undefined;
  readonly possibleCpus?: number | undefined;
}

export class DescribedTarget implements LinkTarget {
  readonly pageSize = 4096;
  readonly #kernel: DescribedKernel;

  constructor(kernel: DescribedKernel) {
    this.#kernel = kernel;
  }

  btf(): Btf {
    return this.#kernel.btf;
  }

  modules(): readonly ModuleBtf[] {
    return [];
  }

  kernelVersion(): number {
    return this.#kernel.version;
  }

  kconfig(): ReadonlyMap<string, string> | undefined {
    return this.#kernel.kconfig;
  }

  symbol(name: string): bigint | 'missing' | 'ambiguous' {
    if (this.#kernel.symbol !== undefined) return this.#kernel.symbol(name);
    throw new BpfiterError(
      'unsupported',
      `the address of the kernel symbol '${name}' is not known without that kernel`,
    );
  }

  supports(feature: Feature): boolean {
    return versionHasFeature(this.#kernel.version, feature);
  }

  possibleCpus(): number {
    return this.#kernel.possibleCpus ?? 1;
  }
}

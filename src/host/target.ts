/**
 * The running kernel as something to link objects against: each answer is fetched when it is first asked for.
 */
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import type { Btf } from '../btf/index.ts';
import { type Feature, type LinkTarget, type ModuleBtf, parseKconfig } from '../object/index.ts';
import { possibleCpus } from './cpus.ts';
import { closeDescriptor } from './descriptor.ts';
import { hostSupports } from './features.ts';
import { kernelSymbol } from './kallsyms.ts';
import { type OpenModuleBtf, openModuleBtfs, readKernelBtf } from './kernel-btf.ts';
import { upstreamVersion } from './kernel-version.ts';
import { hostPageSize } from './page-size.ts';

/** Holds descriptors of modules' BTF, once asked for, until it is closed. */
export class HostTarget implements LinkTarget {
  #modules: readonly OpenModuleBtf[] | undefined;
  /** Null once it was found that there is none. */
  #kconfig: ReadonlyMap<string, string> | null | undefined;

  btf(): Btf | undefined {
    return readKernelBtf();
  }

  modules(): readonly ModuleBtf[] {
    const base = this.btf();
    if (base === undefined || !this.supports('module-btf')) return [];
    this.#modules ??= openModuleBtfs(base);
    return this.#modules;
  }

  kernelVersion(): number {
    return upstreamVersion();
  }

  kconfig(): ReadonlyMap<string, string> | undefined {
    if (this.#kconfig === undefined) this.#kconfig = readKconfig() ?? null;
    return this.#kconfig ?? undefined;
  }

  symbol(name: string): bigint | 'missing' | 'ambiguous' {
    return kernelSymbol(name);
  }

  supports(feature: Feature): boolean {
    return hostSupports(feature);
  }

  possibleCpus(): number {
    return possibleCpus();
  }

  get pageSize(): number {
    return hostPageSize();
  }

  close(): void {
    for (const { fd } of this.#modules ?? []) closeDescriptor(fd);
    this.#modules = undefined;
  }
}

/** Where libbpf looks, in its order. */
function readKconfig(): ReadonlyMap<string, string> | undefined {
  for (const path of [`/boot/config-${release()}`, '/proc/config.gz']) {
    let bytes: Buffer;
    try {
      bytes = readFileSync(path);
    } catch {
      continue; // not there, or not for this user
    }
    // Not imported: few need it, and Node takes its time to load it.
    const text = path.endsWith('.gz') ? process.getBuiltinModule('node:zlib').gunzipSync(bytes) : bytes;
    return parseKconfig(text.toString('utf8'), path);
  }
  return undefined;
}

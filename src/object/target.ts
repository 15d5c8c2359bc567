/**
 * What an object is linked against: the types, symbols, configuration and abilities of one kernel.
 * Both kernels supply one; so can a test, from a BTF file alone. Nothing here does I/O: the methods are
 * called only when an object needs the answer, and the implementor reads and caches.
 */
import type { Btf } from '../btf/index.ts';

/** The errno of errors about what the kernel does not have, as libbpf gives it; absent, it is EINVAL. */
export const ESRCH = 3;

/** Abilities of a kernel that change how an object is prepared for it. The table with least versions: features.ts. */
export type Feature =
  | 'prog-name'
  | 'global-data'
  | 'btf'
  | 'btf-func'
  | 'btf-func-global'
  | 'btf-datasec'
  | 'btf-datasec-qmark'
  | 'btf-float'
  | 'btf-decl-tag'
  | 'btf-type-tag'
  | 'btf-enum64'
  | 'btf-layout'
  | 'array-mmap'
  | 'expected-attach-type'
  | 'probe-read-kernel'
  | 'prog-bind-map'
  | 'module-btf'
  | 'perf-link'
  | 'uprobe-multi-link'
  | 'memcg-account'
  | 'bpf-cookie'
  | 'syscall-wrapper'
  | 'arg-ctx-tag'
  | 'ldimm64-full-range-offset';

/** The BTF of a kernel module, split on the kernel's. */
export interface ModuleBtf {
  readonly name: string;
  readonly btf: Btf;
  /** File descriptor or other handle under which programs refer to it; absent on kernels without descriptors. */
  readonly fd?: number;
}

export interface LinkTarget {
  /** The kernel's own BTF, or undefined where it has none. */
  btf(): Btf | undefined;
  /** BTF of the loaded modules; empty where there is none. */
  modules(): readonly ModuleBtf[];
  /** LINUX_VERSION_CODE: (major << 16) + (minor << 8) + min(patch, 255). */
  kernelVersion(): number;
  /** Kernel configuration by name (`CONFIG_HZ` -> `1000`, strings with their quotes); undefined if not available. */
  kconfig(): ReadonlyMap<string, string> | undefined;
  /** Address of a kernel symbol (/proc/kallsyms), or why there is none. */
  symbol(name: string): bigint | 'missing' | 'ambiguous';
  supports(feature: Feature): boolean;
  /** Possible CPUs; sizes of per-CPU and perf-event maps depend on it. */
  possibleCpus(): number;
  /** Bytes of a page. */
  readonly pageSize: number;
}

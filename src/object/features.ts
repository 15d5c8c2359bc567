/**
 * What kernels have learnt over time that changes how an object is prepared for them, with the release that first
 * had it. The table is for messages, and for kernels that are only described and not running; on a running one a
 * feature is probed, because distributions carry features back to older kernels.
 *
 * Facts: the features are those that libbpf 1.8 probes (src/features.c); releases are those of the commits that
 * brought them to Linux.
 */
import { describeValue } from '../arguments.ts';
import { BpfiterError } from '../errors.ts';
import { didYouMean } from '../near-names.ts';
import type { Feature } from './target.ts';

export interface FeatureEntry {
  readonly name: Feature;
  /** The first Linux release that has it. */
  readonly since: string;
  readonly description: string;
}

const TABLE: Readonly<Record<Feature, readonly [since: string, description: string]>> = {
  'prog-name': ['4.15', 'Programs and maps may be given a name.'],
  'global-data': ['5.2', 'Programs may refer to bytes of a map directly, which global variables need.'],
  btf: ['4.18', 'BTF can be loaded beside maps and programs.'],
  'btf-func': ['5.0', 'BTF may describe functions and their prototypes.'],
  'btf-func-global': ['5.6', 'BTF functions may be global, and are then verified by themselves.'],
  'btf-datasec': ['5.2', 'BTF may describe variables and data sections.'],
  'btf-datasec-qmark': ['6.9', `Names of BTF data sections may begin with '?'.`],
  'btf-float': ['5.13', 'BTF may describe floating-point types.'],
  'btf-decl-tag': ['5.16', 'BTF may carry declaration tags.'],
  'btf-type-tag': ['5.17', 'BTF may carry type tags.'],
  'btf-enum64': ['6.0', 'BTF may describe enums of 64 bits, and signed enums.'],
  'array-mmap': ['5.5', 'Array maps may be mapped into memory (BPF_F_MMAPABLE).'],
  'expected-attach-type': ['4.17', 'Programs may say when loaded how they are to be attached.'],
  'probe-read-kernel': ['5.5', 'Helpers bpf_probe_read_kernel, bpf_probe_read_user and their string variants.'],
  'prog-bind-map': ['5.10', 'A map that a program does not use can be tied to its lifetime.'],
  'module-btf': ['5.11', 'Kernel modules have BTF.'],
  'perf-link': ['5.15', 'Links for programs on perf events (kprobes, uprobes, tracepoints).'],
  'memcg-account': ['5.11', 'Memory of maps and programs is accounted to memory cgroups, not to RLIMIT_MEMLOCK.'],
  'bpf-cookie': ['5.15', 'Programs may read a number that was given when they were attached.'],
  'syscall-wrapper': ['4.17', 'System calls are functions with a prefix that names the architecture.'],
  'uprobe-multi-link': ['6.6', 'One link attaches a program to many places of a user-space binary.'],
  'arg-ctx-tag': ['6.8', 'Arguments of global functions may be tagged as the context (__arg_ctx).'],
  'ldimm64-full-range-offset': ['7.0', 'Programs may refer to any byte of an arena directly.'],
  'btf-layout': ['7.1', 'BTF may carry a table of the sizes of its records.'],
};

/** Every feature, by name. */
export const FEATURES: ReadonlyMap<Feature, FeatureEntry> = new Map(
  Object.entries(TABLE).map(([name, [since, description]]) => {
    // Object.entries forgets that the keys are the record's.
    const feature = name as Feature;
    return [feature, { name: feature, since, description }];
  }),
);

/** @throws BpfiterError `usage` for a name that is no feature's */
export function checkFeature(call: string, feature: Feature): void {
  if (FEATURES.has(feature)) return;
  const hint = typeof feature === 'string' ? didYouMean(feature, FEATURES.keys()) : '';
  throw new BpfiterError(
    'usage',
    `${call}: there is no feature ${describeValue(feature)}${hint}; FEATURES has them all`,
  );
}

/** Whether an unmodified Linux of that version has the feature. @param version LINUX_VERSION_CODE */
export function versionHasFeature(version: number, feature: Feature): boolean {
  checkFeature('versionHasFeature()', feature);
  const [major = 0, minor = 0] = TABLE[feature][0].split('.').map(Number);
  return version >= (major << 16) + (minor << 8);
}

/** A made-up kernel to link against: just the types and symbols that the fixtures name. */
import { Btf, BtfBuilder } from '../../src/btf/index.ts';
import type { Feature, LinkTarget, ModuleBtf } from '../../src/object/index.ts';

/** Features that the tests' kernel lacks unless told otherwise. */
const NEWER_FEATURES: readonly Feature[] = ['ldimm64-full-range-offset', 'btf-layout'];

export interface KernelOptions {
  readonly btf?: Btf | undefined;
  readonly modules?: readonly ModuleBtf[];
  readonly symbols?: Readonly<Record<string, bigint | 'ambiguous'>>;
  readonly kconfig?: Readonly<Record<string, string>>;
  readonly lacks?: readonly Feature[];
  readonly has?: readonly Feature[];
}

/** Ids of what kernelBtf() declares. */
export interface KernelIds {
  readonly taskFromPid: number;
  readonly taskRelease: number;
  readonly runqueues: number;
  readonly sysEnter: number;
}

/** @param releaseParameters how many parameters bpf_task_release has; the fixtures declare one */
export function kernelBtf(releaseParameters = 1): { readonly btf: Btf; readonly ids: KernelIds } {
  const builder = new BtfBuilder();
  const int = builder.add({
    kind: 'int',
    name: 'int',
    size: 4,
    signed: true,
    char: false,
    bool: false,
    bits: 32,
    bitOffset: 0,
  });
  const task = builder.add({
    kind: 'struct',
    name: 'task_struct',
    size: 8,
    members: [{ name: 'pid', type: int, bitOffset: 32, bitFieldSize: 0 }],
  });
  const taskPointer = builder.add({ kind: 'ptr', type: task });
  const fromPid = builder.add({
    kind: 'func_proto',
    returnType: taskPointer,
    parameters: [{ name: 'pid', type: int }],
  });
  const release = builder.add({
    kind: 'func_proto',
    returnType: 0,
    parameters: Array.from({ length: releaseParameters }, () => ({ name: 'p', type: taskPointer })),
  });
  const taskFromPid = builder.add({ kind: 'func', name: 'bpf_task_from_pid', type: fromPid, linkage: 'static' });
  const taskRelease = builder.add({ kind: 'func', name: 'bpf_task_release', type: release, linkage: 'static' });
  const rq = builder.add({ kind: 'struct', name: 'rq', size: 4, members: [] });
  const runqueues = builder.add({ kind: 'var', name: 'runqueues', type: rq, linkage: 'global' });
  const trace = builder.add({ kind: 'func_proto', returnType: 0, parameters: [] });
  const sysEnter = builder.add({
    kind: 'typedef',
    name: 'btf_trace_sys_enter',
    type: builder.add({ kind: 'ptr', type: trace }),
  });
  const btf = Btf.parse(builder.bytes(), { name: 'vmlinux' });
  return { btf, ids: { taskFromPid, taskRelease, runqueues, sysEnter } };
}

export function kernel(options: KernelOptions = {}): LinkTarget {
  const { modules = [], symbols = {}, kconfig, lacks = [], has = [] } = options;
  const btf = 'btf' in options ? options.btf : kernelBtf().btf;
  const missing = new Set([...NEWER_FEATURES.filter((feature) => !has.includes(feature)), ...lacks]);
  return {
    btf: () => btf,
    modules: () => modules,
    kernelVersion: () => (6 << 16) + (18 << 8) + 5,
    kconfig: () => kconfig && new Map(Object.entries(kconfig)),
    symbol: (name) => symbols[name] ?? 'missing',
    supports: (feature) => !missing.has(feature),
    possibleCpus: () => 6,
    pageSize: 4096,
  };
}

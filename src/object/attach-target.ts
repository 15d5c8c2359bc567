/**
 * Finds in BTF what a program is to be attached to: `iter/task` is the function `bpf_iter_task` of the kernel,
 * `tp_btf/sched_switch` the typedef `btf_trace_sched_switch`. The kernel proper is asked first, then its modules in
 * their order, unless the name says which (`module:name`).
 *
 * Facts: libbpf 1.8, find_kernel_btf_id() and libbpf_find_attach_btf_id() in src/libbpf.c.
 */
import { BTF_KIND_FUNC, BTF_KIND_TYPEDEF, type Btf } from '../btf/index.ts';
import { BpfiterError } from '../errors.ts';
import { didYouMean } from '../near-names.ts';
import {
  BPF_LSM_CGROUP,
  BPF_LSM_MAC,
  BPF_PROG_TYPE_EXT,
  BPF_TRACE_ITER,
  BPF_TRACE_RAW_TP,
  iterTargets,
} from '../uapi/index.ts';
import { ESRCH, type LinkTarget } from './target.ts';

const KERNEL = 'vmlinux';
/** Bytes of a name with its prefix and a NUL. */
const LONGEST_NAME = 128;

/** What is looked for. */
export interface AttachQuery {
  /** BPF_PROG_TYPE_* */
  readonly type: number;
  readonly expectedAttachType: number;
  /** As in the section: `task`; `module:name` where `module` is absent. */
  readonly name: string;
  /** Restricts the search to one module, or to the kernel proper (`vmlinux`). */
  readonly module?: string | undefined;
  /** BTF of the program that is extended or traced: then the search is for a function of that program. */
  readonly programBtf?: Btf | undefined;
  /** For messages. */
  readonly program: { readonly name: string; readonly section: string };
}

export interface FoundTarget {
  readonly btfId: number;
  /** Whose BTF the id belongs to; absent for the kernel proper. */
  readonly module?: string;
}

/** How things of one sort are named in BTF, and where a user sees which there are. */
interface Sort {
  readonly noun: string;
  readonly prefix: string;
  /** BTF_KIND_* */
  readonly kind: number;
  readonly hint: (name: string) => string;
}

const ITERATOR: Sort = {
  noun: 'iterator',
  prefix: 'bpf_iter_',
  kind: BTF_KIND_FUNC,
  hint: (name) => {
    const since = iterTargets.find((target) => target.name === name)?.since;
    const history = since === undefined ? '' : `Linux can have it since ${since}; `;
    return `${history}'bpfiter targets' lists what there is`;
  },
};
const TRACEPOINT: Sort = {
  noun: 'tracepoint',
  prefix: 'btf_trace_',
  kind: BTF_KIND_TYPEDEF,
  hint: () => '/sys/kernel/tracing/available_events lists what there is',
};
const LSM_HOOK: Sort = {
  noun: 'LSM hook',
  prefix: 'bpf_lsm_',
  kind: BTF_KIND_FUNC,
  hint: () => 'hooks are declared in include/linux/lsm_hook_defs.h',
};
const FUNCTION: Sort = {
  noun: 'function with BTF',
  prefix: '',
  kind: BTF_KIND_FUNC,
  hint: () => '/sys/kernel/tracing/available_filter_functions lists what can be traced; inlined functions cannot',
};

const SORTS: ReadonlyMap<number, Sort> = new Map([
  [BPF_TRACE_RAW_TP, TRACEPOINT],
  [BPF_LSM_MAC, LSM_HOOK],
  [BPF_LSM_CGROUP, LSM_HOOK],
  [BPF_TRACE_ITER, ITERATOR],
]);

/**
 * @throws BpfiterError `not-found`; `unsupported` for a kernel without BTF; `usage` for a program that extends
 *   another and was not told which
 */
export function findAttachTarget(target: LinkTarget, query: AttachQuery): FoundTarget {
  if (query.type === BPF_PROG_TYPE_EXT || query.programBtf !== undefined) return findInProgram(query);
  const sort = SORTS.get(query.expectedAttachType) ?? FUNCTION;
  const { name, module } = splitModule(query);
  const wanted = sort.prefix + name;
  if (wanted.length >= LONGEST_NAME) throw refusal('malformed', query, `the name '${name}' is too long`);

  if (module === undefined || KERNEL.startsWith(module)) {
    const kernel = target.btf();
    if (kernel === undefined) throw refusal('unsupported', query, `${sort.noun} '${name}': this kernel has no BTF`);
    const btfId = kernel.find(wanted, sort.kind);
    if (btfId !== undefined) return { btfId };
  }
  // As in libbpf, the beginning of a module's name will do.
  const modules = target.modules().filter((candidate) => candidate.name.startsWith(module ?? ''));
  for (const candidate of modules) {
    const btfId = candidate.btf.find(wanted, sort.kind);
    if (btfId !== undefined) return { btfId, module: candidate.name };
  }
  throw notFound(target, query, sort, name, module);
}

function splitModule({ name, module }: AttachQuery): { readonly name: string; readonly module: string | undefined } {
  const colon = module === undefined ? name.indexOf(':') : -1;
  return colon < 0 ? { name, module } : { name: name.slice(colon + 1), module: name.slice(0, colon) };
}

function findInProgram(query: AttachQuery): FoundTarget {
  const { name, programBtf } = query;
  if (programBtf === undefined) throw refusal('usage', query, 'the program to extend was not set');
  const btfId = programBtf.find(name, BTF_KIND_FUNC);
  if (btfId !== undefined) return { btfId };
  throw refusal(
    'not-found',
    query,
    `the other program has no function '${name}'${guess(name, [programBtf], FUNCTION)}`,
  );
}

function notFound(
  target: LinkTarget,
  query: AttachQuery,
  sort: Sort,
  name: string,
  module: string | undefined,
): BpfiterError {
  const kernel = target.btf();
  const modules = target.modules();
  const searched = modules.filter((candidate) => candidate.name.startsWith(module ?? ''));
  const inKernel = module === undefined || KERNEL.startsWith(module);
  if (!inKernel && searched.length === 0) {
    const near = didYouMean(module, [KERNEL, ...modules.map((candidate) => candidate.name)]);
    return refusal('not-found', query, `no module '${module}' with BTF is loaded${near}`);
  }
  const blobs = [...(inKernel && kernel !== undefined ? [kernel] : []), ...searched.map(({ btf }) => btf)];
  const where = module === undefined ? 'the kernel' : `'${module}'`;
  return refusal(
    'not-found',
    query,
    `${where} has no ${sort.noun} '${name}'${guess(name, blobs, sort)}; ${sort.hint(name)}`,
  );
}

function guess(name: string, blobs: readonly Btf[], sort: Sort): string {
  return didYouMean(
    name,
    blobs.flatMap((btf) => [...namesOf(btf, sort)]),
  );
}

function* namesOf(btf: Btf, { prefix, kind }: Sort): Iterable<string> {
  for (let id = btf.firstId; id < btf.endId; id++) {
    if (btf.kindOf(id) !== kind) continue;
    const name = btf.nameOf(id);
    if (name.startsWith(prefix)) yield name.slice(prefix.length);
  }
}

function refusal(
  code: 'not-found' | 'unsupported' | 'usage' | 'malformed',
  query: AttachQuery,
  what: string,
): BpfiterError {
  const { name, section } = query.program;
  const errno = code === 'not-found' ? { errno: ESRCH } : {};
  return new BpfiterError(code, `program '${name}' (section '${section}'): ${what}`, errno);
}

/**
 * The iterators that a kernel has, as its BTF tells: seq-file targets by their declaration
 * `int bpf_iter_<target>(struct bpf_iter_meta *meta, ...)`, open-coded ones by the trio of kfuncs
 * `bpf_iter_<type>_{new,next,destroy}` over a `struct bpf_iter_<type>`.
 *
 * Facts: include/linux/bpf.h (DEFINE_BPF_ITER_FUNC), kernel/bpf/verifier.c (check of iterator kfuncs); facts/iterators.md
 * 1, 3.1 and 7.2. What BTF does not say (trust, sleepability, parameters) a kernel has to be asked for.
 */
import { BTF_KIND_FUNC, type Btf, type FunctionPrototype, type TypeId, typeName } from './btf/index.ts';
import type { IterParameters } from './kernel.ts';

const PREFIX = 'bpf_iter_';

export interface IterArgument {
  readonly name: string;
  /** As C spells it: `struct task_struct *`. */
  readonly type: string;
}

export interface IterTarget {
  /** As in `SEC("iter/<name>")`. */
  readonly name: string;
  /** Its function in the kernel's BTF: attach_btf_id of programs. */
  readonly btfId: TypeId;
  /** The members of the program's context, `meta` first, 8 bytes each. */
  readonly context: readonly IterArgument[];
}

/** What BTF does not say of a target. */
export interface TargetProperties {
  /** The verifier's type of each member of the context: `trusted_ptr_task_struct`, `scalar`. */
  readonly registers: readonly string[];
  /** Whether `iter.s/` programs attach. */
  readonly sleepable: boolean;
  readonly parameter: keyof IterParameters | undefined;
}

export interface OpenCodedIterator {
  /** As in `bpf_for_each(<name>, ...)`. */
  readonly name: string;
  /** Bytes that the iterator takes on the stack. */
  readonly size: number;
  /** Arguments of `new` after the iterator itself. */
  readonly arguments: readonly IterArgument[];
  /** What `next` returns a pointer to: `struct task_struct`. */
  readonly item: string;
}

/** Seq-file targets, by name. */
export function iterTargetsOf(btf: Btf): IterTarget[] {
  const targets: IterTarget[] = [];
  for (const [name, btfId, prototype] of iteratorFunctions(btf)) {
    const [meta] = prototype.parameters;
    if (meta === undefined || !pointsTo(btf, meta.type, 'bpf_iter_meta')) continue;
    if (typeName(btf, prototype.returnType) !== 'int') continue;
    targets.push({ name, btfId, context: argumentsOf(btf, prototype) });
  }
  return targets.sort(byName);
}

/** Families whose three functions are there, by name. */
export function openCodedIteratorsOf(btf: Btf): OpenCodedIterator[] {
  const functions = new Map(iteratorFunctions(btf).map(([name, , prototype]) => [name, prototype]));
  const iterators: OpenCodedIterator[] = [];
  for (const [name, create] of functions) {
    if (!name.endsWith('_new')) continue;
    const family = name.slice(0, -'_new'.length);
    const next = functions.get(`${family}_next`);
    const [self, ...rest] = argumentsOf(btf, create);
    const struct = btf.find(`${PREFIX}${family}`, 'struct');
    if (next === undefined || !functions.has(`${family}_destroy`) || struct === undefined) continue;
    if (self?.type !== `struct ${PREFIX}${family} *`) continue;
    iterators.push({
      name: family,
      size: btf.sizeOfType(struct),
      arguments: rest,
      item: pointee(btf, next.returnType),
    });
  }
  return iterators.sort(byName);
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);

function iteratorFunctions(btf: Btf): [name: string, id: TypeId, prototype: FunctionPrototype][] {
  const found: [string, TypeId, FunctionPrototype][] = [];
  for (let id = 1; id < btf.endId; id++) {
    if (btf.kindOf(id) !== BTF_KIND_FUNC || !btf.nameOf(id).startsWith(PREFIX)) continue;
    const type = btf.type(id);
    const prototype = type.kind === 'func' ? btf.type(type.type) : undefined;
    if (prototype?.kind === 'func_proto') found.push([type.name.slice(PREFIX.length), type.id, prototype]);
  }
  return found;
}

const argumentsOf = (btf: Btf, { parameters }: FunctionPrototype): IterArgument[] =>
  parameters.map(({ name, type }) => ({ name, type: typeName(btf, type) }));

function pointsTo(btf: Btf, id: TypeId, struct: string): boolean {
  return typeName(btf, id) === `struct ${struct} *`;
}

const pointee = (btf: Btf, id: TypeId): string => typeName(btf, id).replace(/ ?\*$/, '');

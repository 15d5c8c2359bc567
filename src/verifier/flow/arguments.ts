/**
 * What the arguments of a function are, by its BTF: of a global function, which is verified on its own, they decide
 * what its registers hold; of a static one, they say how it is called. Declaration tags `arg:...` go before types.
 * After btf_prepare_func_args() in kernel/bpf/btf.c (Linux 6.18).
 */
import type { Btf, BtfType, FunctionType, PointerType } from '../../btf/index.ts';
import { BpfiterError } from '../../errors.ts';
import type { Env, Subprogram, SubprogramArgument } from '../environment.ts';
import { EFAULT, EINVAL, ENOENT, EOPNOTSUPP, ESRCH } from '../errno.ts';
import { MEM_RDONLY, PTR_MAYBE_NULL, PTR_TRUSTED, PTR_UNTRUSTED } from '../register-types.ts';
import { checkContextPointer, isContextPointer } from './context-argument.ts';
import { declarationTags } from './declaration-tags.ts';
import { functionOf, prototypeOf } from './function-info.ts';

const MAX_ARGUMENTS = 5;
const TAG_PREFIX = 'arg:';
const TAGS = ['ctx', 'trusted', 'untrusted', 'nonnull', 'nullable', 'arena'] as const;
type Tag = (typeof TAGS)[number];
type Tags = ReadonlySet<Tag>;

/**
 * Fills `arguments` of a function, once.
 * @throws Rejection if its prototype is not one to verify it by; of a static function that only means that nothing is
 * known of its arguments, which may then go without a message
 */
export function prepareArguments(env: Env, index: number): void {
  const subprogram = env.subprograms[index];
  if (subprogram === undefined || subprogram.arguments !== undefined) return;
  const { btf } = env.program;
  const type = btf === undefined ? undefined : functionOf(btf, subprogram.btfId);
  const prototype = btf === undefined || type === undefined ? undefined : prototypeOf(btf, type);
  if (btf === undefined || type === undefined || prototype === undefined)
    env.reject(EFAULT, 'verifier-bug', { what: 'func_info undefined' });
  const { parameters } = prototype;
  if (parameters.length > MAX_ARGUMENTS) {
    if (!subprogram.isGlobal) env.rejectAsSaid(EINVAL);
    env.reject(EINVAL, 'too-many-arguments', { name: type.name, count: parameters.length, limit: MAX_ARGUMENTS });
  }
  if (!isInteger(btf.type(btf.skipModifiersAndTypedefs(prototype.returnType)))) {
    if (!subprogram.isGlobal) env.rejectAsSaid(EINVAL);
    env.reject(EINVAL, 'global-function-returns-no-scalar', { name: type.name });
  }
  subprogram.arguments = parameters.map((parameter, argument) =>
    describeArgument(env, btf, subprogram, type, argument, btf.type(btf.skipModifiersAndTypedefs(parameter.type))),
  );
}

function describeArgument(
  env: Env,
  btf: Btf,
  { isGlobal }: Subprogram,
  func: FunctionType,
  index: number,
  type: BtfType,
): SubprogramArgument {
  const tags = readTags(env, btf, func, index, isGlobal);
  if (type.kind === 'ptr') {
    const argument = describePointer(env, btf, index, type, tags, isGlobal);
    if (argument !== undefined) return argument;
  }
  if (tags.size > 0) env.reject(EINVAL, 'argument-tag-without-pointer', { index });
  if (isInteger(type)) return { kind: 'scalar', size: 0, btfId: 0, flags: 0 };
  if (!isGlobal) env.rejectAsSaid(EINVAL);
  env.reject(EINVAL, 'argument-type-unsupported', { index, kind: type.kind.toUpperCase(), name: func.name });
}

function readTags(env: Env, btf: Btf, func: FunctionType, index: number, isGlobal: boolean): Tags {
  const tags = new Set<Tag>();
  for (const text of declarationTags(btf, func.id, index, TAG_PREFIX)) {
    if (!isGlobal) env.reject(EOPNOTSUPP, 'argument-tag-on-static', { index });
    const tag = TAGS.find((known) => known === text);
    if (tag === undefined) env.reject(EOPNOTSUPP, 'argument-tag-unknown', { index });
    tags.add(tag);
  }
  return tags;
}

/** @returns undefined for a pointer of a static function that says nothing of what it points to */
function describePointer(
  env: Env,
  btf: Btf,
  index: number,
  type: PointerType,
  tags: Tags,
  isGlobal: boolean,
): SubprogramArgument | undefined {
  const refuseTags = (): never => env.reject(EINVAL, 'argument-tags-conflict', { index });
  if (tags.has('ctx') || isContextPointer(env, btf, type)) {
    if (tags.size > Number(tags.has('ctx'))) refuseTags();
    if (tags.has('ctx')) checkContextPointer(env, btf, type, index);
    return { kind: 'ctx', size: 0, btfId: 0, flags: 0 };
  }
  if (isDynptr(btf.type(btf.skipModifiersAndTypedefs(type.type)))) {
    if (tags.size > 0) refuseTags();
    return { kind: 'dynptr', size: 0, btfId: 0, flags: MEM_RDONLY };
  }
  if (tags.has('trusted')) {
    if (tags.has('nonnull')) refuseTags();
    const flags = PTR_TRUSTED | (tags.has('nullable') ? PTR_MAYBE_NULL : 0);
    return { kind: 'btf_id', size: 0, btfId: kernelType(env, btf, type, index), flags };
  }
  if (tags.has('untrusted')) return describeUntrusted(env, btf, index, type, tags);
  if (tags.has('arena')) {
    if (tags.size > 1) env.reject(EINVAL, 'argument-tag-not-alone', { index, tag: 'arena' });
    return { kind: 'arena', size: 0, btfId: 0, flags: 0 };
  }
  return isGlobal ? describeMemory(env, btf, index, type, tags) : undefined;
}

function describeUntrusted(env: Env, btf: Btf, index: number, type: PointerType, tags: Tags): SubprogramArgument {
  if (tags.size > 1) env.reject(EINVAL, 'argument-tag-not-alone', { index, tag: 'untrusted' });
  const pointee = btf.type(btf.skipModifiersAndTypedefs(type.type));
  if (pointee.kind === 'void' || isPrimitive(pointee))
    return { kind: 'mem', size: 0, btfId: 0, flags: MEM_RDONLY | PTR_UNTRUSTED };
  const btfId = kernelType(env, btf, type, index);
  const { kind } = env.profile.btf.type(btfId);
  if (kind !== 'struct' && kind !== 'union')
    env.reject(EINVAL, 'argument-untrusted-type', { index, kind: kind.toUpperCase(), name: '(anon)' });
  return { kind: 'btf_id', size: 0, btfId, flags: PTR_UNTRUSTED };
}

function describeMemory(env: Env, btf: Btf, index: number, type: PointerType, tags: Tags): SubprogramArgument {
  if (tags.has('nullable')) env.reject(EINVAL, 'argument-tags-conflict', { index });
  const pointee = btf.skipModifiersAndTypedefs(type.type);
  const size = sizeOrUndefined(btf, pointee);
  if (size === undefined)
    env.reject(EINVAL, 'argument-size-unknown', { index, ...described(btf.type(pointee)), error: -EINVAL });
  return tags.has('nonnull')
    ? { kind: 'mem', size, btfId: 0, flags: 0 }
    : { kind: 'mem_or_null', size, btfId: 0, flags: PTR_MAYBE_NULL };
}

/** The one type of the kernel that is named and made like the one pointed to, flavours (`___x`) aside. */
function kernelType(env: Env, btf: Btf, pointer: PointerType, index: number): number {
  const type = btf.type(btf.skipModifiersAndTypedefs(pointer.type));
  const facts = { index, ...described(type) };
  if (type.name === '') env.reject(EINVAL, 'argument-candidates-error', { ...facts, error: -EINVAL });
  // Linux looks such a name up by what it looked it up as before, by any program.
  if (type.kind === 'fwd') env.unsupported(`a tagged pointer to ${type.target} ${type.name}, which is only declared,`);
  const kernel = env.profile.btf;
  const essential = type.name.replace(/___.*$/, '');
  const [first, second] = kernel.findEssential(essential).filter((id) => kernel.kindOf(id) === btf.kindOf(type.id));
  if (first === undefined) env.reject(ENOENT, 'argument-candidates', { ...facts, problem: 'has no matches' });
  if (second !== undefined) env.reject(ESRCH, 'argument-candidates', { ...facts, problem: 'is ambiguous' });
  return first;
}

/** As the kernel names a type in a message. */
function described({ kind, name }: BtfType): { kind: string; name: string } {
  return { kind: kind === 'void' ? 'UNKNOWN' : kind.toUpperCase(), name };
}

const isInteger = ({ kind }: BtfType): boolean => kind === 'int' || kind === 'enum' || kind === 'enum64';

/** An integer that fills a power of two of bytes, or an enumeration. */
function isPrimitive(type: BtfType): boolean {
  if (type.kind !== 'int') return isInteger(type);
  return type.bitOffset === 0 && type.bits === type.size * 8 && [1, 2, 4, 8, 16].includes(type.size);
}

/** A struct of that name, known or only declared. */
function isDynptr(type: BtfType): boolean {
  const isStruct = type.kind === 'struct' || type.kind === 'union' || (type.kind === 'fwd' && type.target === 'struct');
  return isStruct && type.name === 'bpf_dynptr';
}

function sizeOrUndefined(btf: Btf, id: number): number | undefined {
  // Most contexts are declared as pointers to nothing in particular.
  if (id === 0) return undefined;
  try {
    return btf.sizeOfType(id);
  } catch (error) {
    if (error instanceof BpfiterError) return undefined;
    throw error;
  }
}

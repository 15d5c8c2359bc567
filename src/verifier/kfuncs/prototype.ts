/**
 * What a kfunc is: its flags, and its parameters as far as their types and the suffixes of their names tell. Read from
 * BTF once a program and kfunc.
 * After the is_kfunc_arg_*() functions in kernel/bpf/verifier.c (Linux 6.18).
 */
import type { Btf, TypeId } from '../../btf/index.ts';
import type { Env } from '../environment.ts';
import { kfuncTarget } from '../flow/index.ts';
import type { KfuncFlag } from '../profile/types.ts';
import { isContextPointer } from './context-type.ts';

export const ACQUIRE = 1 << 0;
export const RELEASE = 1 << 1;
export const RET_NULL = 1 << 2;
export const TRUSTED_ARGS = 1 << 4;
export const SLEEPABLE = 1 << 5;
export const DESTRUCTIVE = 1 << 6;
export const RCU = 1 << 7;
export const ITER_NEW = 1 << 8;
export const ITER_NEXT = 1 << 9;
export const ITER_DESTROY = 1 << 10;
export const RCU_PROTECTED = 1 << 11;
export const FASTCALL = 1 << 12;
export const ARENA_RET = 1 << 13;
export const ARENA_ARG1 = 1 << 14;
export const ARENA_ARG2 = 1 << 15;

const FLAGS: Readonly<Record<KfuncFlag, number>> = {
  acquire: ACQUIRE,
  release: RELEASE,
  ret_null: RET_NULL,
  trusted_args: TRUSTED_ARGS,
  sleepable: SLEEPABLE,
  destructive: DESTRUCTIVE,
  rcu: RCU,
  iter_new: ITER_NEW,
  iter_next: ITER_NEXT,
  iter_destroy: ITER_DESTROY,
  rcu_protected: RCU_PROTECTED,
  fastcall: FASTCALL,
  arena_ret: ARENA_RET,
  arena_arg1: ARENA_ARG1,
  arena_arg2: ARENA_ARG2,
};

/** What a pointer parameter wants, as far as its type and name say; the others depend on the register. */
export type PointerKind =
  | 'ctx'
  | 'alloc'
  | 'refcounted'
  | 'dynptr'
  | 'iter'
  | 'list_head'
  | 'list_node'
  | 'rb_root'
  | 'rb_node'
  | 'const_str'
  | 'map'
  | 'workqueue'
  | 'task_work'
  | 'irq_flag'
  | 'res_spin_lock';

export interface KfuncParameter {
  /** `ignored`: any value; `prog`: filled in by the kernel. */
  readonly kind: 'ignored' | 'prog' | 'scalar' | 'pointer' | 'other';
  /** Without modifiers and typedefs. */
  readonly typeId: TypeId;
  /** Kind of BTF type, as messages have it: `STRUCT`. */
  readonly typeKind: string;
  /** Scalars. `constant`: its value must be known; `read_size`, `write_size`: bytes behind the returned pointer. */
  readonly scalar: 'plain' | 'constant' | 'read_size' | 'write_size';
  /** Scalars: number of bytes behind the parameter before; `constant_size`: must be known. */
  readonly sizeOf: 'size' | 'constant_size' | undefined;
  /** Pointers. */
  readonly pointer: PointerKind | undefined;
  /** What it points to, without modifiers and typedefs. */
  readonly pointee: TypeId;
  readonly pointeeKind: string;
  readonly pointeeName: string;
  readonly pointeeIsScalar: boolean;
  /** A struct or union. */
  readonly pointeeIsStruct: boolean;
  readonly pointeeIsVoid: boolean;
  readonly isCallback: boolean;
  /** An iterator's struct, as its name tells: the slots that it fills. 0 for other types. */
  readonly iteratorSlots: number;
  readonly nullable: boolean;
  /** With a size: may be NULL. */
  readonly optional: boolean;
  readonly uninitialized: boolean;
}

export interface Kfunc {
  readonly name: string;
  /** BTF id of the function. */
  readonly id: number;
  readonly btf: Btf;
  /** Index in the verifier's BTFs. */
  readonly btfIndex: number;
  /** Whether programs of this kind may call it. */
  readonly allowed: boolean;
  /** Bits. */
  readonly flags: number;
  /** The name of a kfunc of the kernel itself, which may have rules of its own; '' for those of modules. */
  readonly special: string;
  readonly parameters: readonly KfuncParameter[];
  /** Without modifiers and typedefs. */
  readonly returns: {
    readonly kind: 'void' | 'scalar' | 'pointer' | 'other';
    readonly typeId: TypeId;
    /** Bytes. */
    readonly size: number;
    readonly pointee: TypeId;
    readonly pointeeKind: string;
    readonly pointeeName: string;
    /** A pointer to void. */
    readonly pointsToVoid: boolean;
  };
}

/** By instruction: what calls were seen to name; null for nothing. */
const known = new WeakMap<Env, (Kfunc | null | undefined)[]>();

/**
 * The kfunc that the call at an instruction names.
 * @returns undefined if it names none
 */
export function kfuncAt(env: Env, insn: number): Kfunc | undefined {
  let byInsn = known.get(env);
  if (byInsn === undefined) {
    byInsn = new Array<Kfunc | null | undefined>(env.count).fill(undefined);
    known.set(env, byInsn);
  }
  let kfunc = byInsn[insn];
  if (kfunc === undefined) {
    kfunc = read(env, insn) ?? null;
    byInsn[insn] = kfunc;
  }
  return kfunc ?? undefined;
}

function read(env: Env, insn: number): Kfunc | undefined {
  const target = kfuncTarget(env, insn);
  if (target === undefined) return undefined;
  const { btf, name } = target;
  const prototype = btf.type(target.prototype);
  if (prototype.kind !== 'func_proto') return undefined;
  const btfIndex = env.btfs.indexOf(btf);
  let flags = 0;
  for (const flag of env.profile.kfunc(name)?.flags ?? []) flags |= FLAGS[flag];
  const isIterator = (flags & (ITER_NEW | ITER_NEXT | ITER_DESTROY)) !== 0;
  return {
    name,
    id: env.insns.imm(insn),
    btf,
    btfIndex,
    allowed: env.profile.kfunc(name) !== undefined && env.profile.kfuncAllowed(name, env.kind),
    flags,
    special: btfIndex === 0 ? name : '',
    parameters: prototype.parameters.map((parameter, index) =>
      readParameter(env, btf, name, parameter, isIterator && index === 0),
    ),
    returns: readReturn(btf, prototype.returnType),
  };
}

function readParameter(
  env: Env,
  btf: Btf,
  kfunc: string,
  { name, type }: { readonly name: string; readonly type: TypeId },
  isIterator: boolean,
): KfuncParameter {
  const typeId = btf.skipModifiersAndTypedefs(type);
  const isPointer = btf.type(typeId).kind === 'ptr';
  const pointee = isPointer ? btf.skipModifiersAndTypedefs(btf.referencedType(typeId)) : typeId;
  const pointed = btf.type(pointee);
  const has = (suffix: string): boolean => name.length > suffix.length && name.endsWith(suffix);
  return {
    kind: parameterKind(btf, typeId, has),
    typeId,
    typeKind: kindText(btf, typeId),
    scalar: scalarKind(name, has),
    sizeOf: has('__szk') ? 'constant_size' : has('__sz') ? 'size' : undefined,
    pointer: isPointer ? pointerKind(env, btf, kfunc, typeId, pointee, has, isIterator) : undefined,
    pointee,
    pointeeKind: kindText(btf, pointee),
    pointeeName: btf.nameOf(pointee),
    pointeeIsScalar: isScalar(btf, pointee),
    pointeeIsStruct: pointed.kind === 'struct' || pointed.kind === 'union',
    pointeeIsVoid: pointed.kind === 'void',
    isCallback: isPointer && pointed.kind === 'func_proto',
    iteratorSlots: pointed.kind === 'struct' && pointed.name.startsWith(ITER_PREFIX) ? pointed.size / SLOT_BYTES : 0,
    nullable: has('__nullable'),
    optional: has('__opt'),
    uninitialized: has('__uninit'),
  };
}

function parameterKind(btf: Btf, typeId: TypeId, has: (suffix: string) => boolean): KfuncParameter['kind'] {
  if (has('__ign')) return 'ignored';
  if (has('__prog')) return 'prog';
  if (isScalar(btf, typeId)) return 'scalar';
  return btf.type(typeId).kind === 'ptr' ? 'pointer' : 'other';
}

function scalarKind(name: string, has: (suffix: string) => boolean): KfuncParameter['scalar'] {
  if (has('__k')) return 'constant';
  if (name === 'rdonly_buf_size') return 'read_size';
  return name === 'rdwr_buf_size' ? 'write_size' : 'plain';
}

const ITER_PREFIX = 'bpf_iter_';
const SLOT_BYTES = 8;

const STRUCTS: Readonly<Record<string, PointerKind>> = {
  bpf_dynptr: 'dynptr',
  bpf_list_head: 'list_head',
  bpf_list_node: 'list_node',
  bpf_rb_root: 'rb_root',
  bpf_rb_node: 'rb_node',
  bpf_wq: 'workqueue',
  bpf_task_work: 'task_work',
  bpf_res_spin_lock: 'res_spin_lock',
};

function pointerKind(
  env: Env,
  btf: Btf,
  kfunc: string,
  typeId: TypeId,
  pointee: TypeId,
  has: (suffix: string) => boolean,
  isIterator: boolean,
): PointerKind | undefined {
  if (kfunc === 'bpf_cast_to_kern_ctx' || isContextPointer(env, btf, typeId)) return 'ctx';
  if (has('__alloc')) return 'alloc';
  if (has('__refcounted_kptr')) return 'refcounted';
  const struct = btf.type(pointee).kind === 'struct' ? STRUCTS[btf.nameOf(pointee)] : undefined;
  if (struct === 'dynptr') return struct;
  if (isIterator || has('__iter')) return 'iter';
  if (struct === 'list_head' || struct === 'list_node' || struct === 'rb_root' || struct === 'rb_node') return struct;
  if (has('__str')) return 'const_str';
  if (has('__map')) return 'map';
  if (struct === 'workqueue' || struct === 'task_work') return struct;
  if (has('__irq_flag')) return 'irq_flag';
  return struct;
}

function readReturn(btf: Btf, type: TypeId): Kfunc['returns'] {
  const typeId = btf.skipModifiersAndTypedefs(type);
  const { kind } = btf.type(typeId);
  const pointee = kind === 'ptr' ? btf.skipModifiersAndTypedefs(btf.referencedType(typeId)) : typeId;
  const scalar = isScalar(btf, typeId);
  return {
    kind: kind === 'void' ? 'void' : kind === 'ptr' ? 'pointer' : scalar ? 'scalar' : 'other',
    typeId,
    size: scalar ? btf.sizeOf(typeId) : btf.pointerSize,
    pointee,
    pointeeKind: kindText(btf, pointee),
    pointeeName: btf.nameOf(pointee),
    pointsToVoid: kind === 'ptr' && btf.type(pointee).kind === 'void',
  };
}

export function isScalar(btf: Btf, id: number): boolean {
  const { kind } = btf.type(id);
  return kind === 'int' || kind === 'enum' || kind === 'enum64';
}

/** `STRUCT`, as the kernel names kinds in messages. */
export const kindText = (btf: Btf, id: number): string => {
  const { kind } = btf.type(id);
  return kind === 'void' ? 'UNKNOWN' : kind.toUpperCase();
};

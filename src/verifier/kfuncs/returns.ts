/**
 * What a kfunc leaves in r0.
 * After check_special_kfunc() and the end of check_kfunc_call() in kernel/bpf/verifier.c.
 */
import type { Btf } from '../../btf/index.ts';
import type { Env } from '../environment.ts';
import { EFAULT, EINVAL } from '../errno.ts';
import { BTF, BTF_ID, DYNPTR_ID, ID, MEM_SIZE, REF_OBJ_ID, SUBREG_DEF, TYPE } from '../register.ts';
import {
  MEM_ALLOC,
  MEM_PERCPU,
  MEM_RCU,
  MEM_RDONLY,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_MEM,
  PTR_TRUSTED,
  PTR_UNTRUSTED,
} from '../register-types.ts';
import { markConst32, markKnownZero, markUnknown } from '../scalar/index.ts';
import { isStructOfScalars } from './argument-kind.ts';
import { isLockKfunc } from './arguments.ts';
import type { KfuncCall } from './call-facts.ts';
import { mayPointToLock } from './fields.ts';
import { markNode } from './graph.ts';
import { givesRcuPointers } from './iterators.ts';
import { ACQUIRE, ITER_NEXT, RCU_PROTECTED, RET_NULL } from './prototype.ts';
import { acquireReference, setNonOwning } from './references.ts';

const R0 = 0;
const PROGRAM_BTF = 1;
/** Largest object that is allocated for each CPU. */
const MAX_PERCPU_SIZE = 512;
/** These allocate, or take a reference, and return a pointer to void. */
const ACQUIRERS: ReadonlySet<string> = new Set([
  'bpf_obj_new_impl',
  'bpf_percpu_obj_new_impl',
  'bpf_refcount_acquire_impl',
]);

/** To be called with r0 holding nothing. */
export function setReturnValue(env: Env, call: KfuncCall): void {
  const { kfunc } = call;
  const { returns, flags } = kfunc;
  const w = env.frame.words;
  const returnsStruct =
    returns.kind === 'pointer' && (returns.pointeeKind === 'STRUCT' || returns.pointeeKind === 'UNION');
  if ((flags & ACQUIRE) !== 0 && !returnsStruct && !ACQUIRERS.has(kfunc.special))
    env.reject(EINVAL, 'kfunc/acquire-return', undefined);
  if (returns.kind === 'scalar') {
    markUnknown(w, R0);
    // Where a lock could not be taken is another path.
    if (isLockKfunc(kfunc.special)) markConst32(w, R0, 0);
    w[R0 + SUBREG_DEF] = returns.size === 8 ? 0 : env.insn + 1;
    return;
  }
  if (returns.kind !== 'pointer') return;
  setPointer(env, call, w);
  const mayBeNull = (flags & RET_NULL) !== 0 && !(kfunc.special === 'bpf_refcount_acquire_impl' && call.argIsOwning);
  if (mayBeNull) {
    w[R0 + TYPE] = (w[R0 + TYPE] as number) | PTR_MAYBE_NULL; // every frame has r0
    w[R0 + ID] = env.newId();
  }
  w[R0 + SUBREG_DEF] = 0;
  if ((flags & ACQUIRE) !== 0) {
    const id = acquireReference(env, env.insn);
    if (mayBeNull) w[R0 + ID] = id;
    w[R0 + REF_OBJ_ID] = id;
  } else if (kfunc.special !== '' && isNodeType(returns.pointeeName)) setNonOwning(env, w, R0);
  if (mayPointToLock(env, w, R0) && w[R0 + ID] === 0) w[R0 + ID] = env.newId();
}

const isNodeType = (name: string): boolean => name === 'bpf_list_node' || name === 'bpf_rb_node';

function setPointer(env: Env, call: KfuncCall, w: Int32Array): void {
  const { kfunc } = call;
  const { pointee, pointeeKind, pointeeName } = kfunc.returns;
  if (setSpecial(env, call, w)) return;
  // A pointer to void is a number.
  if (kfunc.returns.pointsToVoid) {
    markUnknown(w, R0);
    return;
  }
  if (pointeeKind === 'STRUCT') {
    setPointee(w, PTR_TO_BTF_ID | trustOf(env, call), kfunc.btfIndex, pointee);
    return;
  }
  if (call.returnSize === 0) {
    call.returnSize = sizeOf(kfunc.btf, pointee);
    call.returnReadOnly = true;
  }
  if (call.returnSize === 0)
    env.reject(EINVAL, 'kfunc/return-type', { name: kfunc.name, kind: pointeeKind, type: pointeeName });
  markKnownZero(w, R0);
  let type = PTR_TO_MEM;
  if (call.returnReadOnly) type |= MEM_RDONLY;
  if ((kfunc.flags & RCU_PROTECTED) !== 0) type |= MEM_RCU;
  w[R0 + TYPE] = type;
  w[R0 + MEM_SIZE] = call.returnSize;
  // It must not be accessed when what it is part of has been released.
  if (call.referenceId !== 0) w[R0 + REF_OBJ_ID] = call.referenceId;
}

/** Elements of an iterator can be trusted as they are; what others return is, as long as its reference is held. */
function trustOf(env: Env, call: KfuncCall): number {
  const { flags, special } = call.kfunc;
  if (special === 'bpf_get_kmem_cache') return PTR_UNTRUSTED;
  if ((flags & RCU_PROTECTED) !== 0) return MEM_RCU;
  if ((flags & ITER_NEXT) === 0) return 0;
  return givesRcuPointers(env, call) ? MEM_RCU : PTR_TRUSTED;
}

/** Kfuncs whose prototype does not tell what they return. @returns whether this is one */
function setSpecial(env: Env, call: KfuncCall, w: Int32Array): boolean {
  const { kfunc } = call;
  const { special } = kfunc;
  if (special === '') return false;
  switch (special) {
    case 'bpf_obj_new_impl':
      setPointee(w, PTR_TO_BTF_ID | MEM_ALLOC, PROGRAM_BTF, localStruct(env, call));
      return true;
    case 'bpf_percpu_obj_new_impl': {
      const id = localStruct(env, call);
      checkPerCpuStruct(env, id);
      setPointee(w, PTR_TO_BTF_ID | MEM_ALLOC | MEM_PERCPU, PROGRAM_BTF, id);
      return true;
    }
    case 'bpf_refcount_acquire_impl':
      setPointee(w, PTR_TO_BTF_ID | MEM_ALLOC, call.argBtf, call.argBtfId);
      return true;
    case 'bpf_cast_to_kern_ctx':
      setPointee(w, PTR_TO_BTF_ID | PTR_TRUSTED, 0, call.contextId);
      return true;
    case 'bpf_rdonly_cast':
      castReadOnly(env, call, w);
      return true;
    case 'bpf_dynptr_slice':
    case 'bpf_dynptr_slice_rdwr':
      setSlice(env, call, w);
      return true;
  }
  if (!isNodeType(kfunc.returns.pointeeName)) return false;
  if (call.root === undefined) env.reject(EFAULT, 'verifier-bug', { what: 'node without root' });
  markNode(w, R0, call.root);
  return true;
}

function setPointee(w: Int32Array, type: number, btf: number, id: number): void {
  markKnownZero(w, R0);
  w[R0 + TYPE] = type;
  w[R0 + BTF] = btf;
  w[R0 + BTF_ID] = id;
}

/** The struct of the program's BTF that is to be allocated. */
function localStruct(env: Env, call: KfuncCall): number {
  if (call.constantHi !== 0) env.reject(EINVAL, 'kfunc/local-type-range', undefined);
  const { btf } = env.program;
  if (btf === undefined) env.reject(EINVAL, 'kfunc/local-type-no-btf', undefined);
  const id = call.constantLo >>> 0;
  if (id >= btf.endId || btf.type(id).kind !== 'struct') env.reject(EINVAL, 'kfunc/local-type-struct', undefined);
  return id;
}

function checkPerCpuStruct(env: Env, id: number): void {
  const btf = env.btfs[PROGRAM_BTF] as Btf; // localStruct() found the struct in it
  const size = btf.sizeOf(id);
  if (size > MAX_PERCPU_SIZE) env.reject(EINVAL, 'kfunc/percpu-size', { size, limit: MAX_PERCPU_SIZE });
  if (!isStructOfScalars(env, btf, id)) env.reject(EINVAL, 'kfunc/percpu-scalars', undefined);
  if ((env.allocatedTypes.get(id)?.fields.fields.length ?? 0) > 0) env.reject(EINVAL, 'kfunc/percpu-fields', undefined);
}

function castReadOnly(env: Env, call: KfuncCall, w: Int32Array): void {
  const { btf, btfIndex } = call.kfunc;
  const id = call.constantLo >>> 0; // the parameter has 32 bits
  if (id >= btf.endId)
    env.reject(EINVAL, 'kfunc/cast-unknown', { id: String((BigInt(call.constantHi) << 32n) | BigInt(id)) });
  const { kind } = btf.type(id);
  if (kind === 'struct' || kind === 'union') setPointee(w, PTR_TO_BTF_ID | PTR_UNTRUSTED, btfIndex, id);
  else if (kind === 'void') {
    markKnownZero(w, R0);
    w[R0 + TYPE] = PTR_TO_MEM | MEM_RDONLY | PTR_UNTRUSTED;
    w[R0 + MEM_SIZE] = 0;
  } else env.reject(EINVAL, 'kfunc/cast-struct', undefined);
}

/** Memory of a dynptr, good as long as the dynptr is. */
function setSlice(env: Env, call: KfuncCall, w: Int32Array): void {
  if (!call.hasConstant) env.reject(EFAULT, 'verifier-bug', { what: 'bpf_dynptr_slice(_rdwr) no constant size' });
  markKnownZero(w, R0);
  w[R0 + MEM_SIZE] = call.constantLo;
  let type = PTR_TO_MEM | call.dynptrKind;
  if (call.kfunc.special === 'bpf_dynptr_slice') type |= MEM_RDONLY;
  else if (!env.rules.packetWritable) env.reject(EINVAL, 'kfunc/packet-write', undefined);
  w[R0 + TYPE] = type;
  if (call.dynptrId === 0) env.reject(EFAULT, 'verifier-bug', { what: 'no dynptr id' });
  w[R0 + DYNPTR_ID] = call.dynptrId;
}

/** Bytes; 0 for a type without a size. */
function sizeOf(btf: Btf, id: number): number {
  const { kind } = btf.type(id);
  return kind === 'func_proto' || kind === 'fwd' ? 0 : btf.sizeOfType(id);
}

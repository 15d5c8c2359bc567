/**
 * The arguments of a kfunc call, in order: each as its type, its name and the register want.
 * After check_kfunc_args() in kernel/bpf/verifier.c, as it was in 6.18: only kfuncs that say so want trusted arguments.
 */
import { checkConstantString } from '../calls/index.ts';
import type { Env } from '../environment.ts';
import { EACCES, EFAULT, EINVAL } from '../errno.ts';
import { markPrecise } from '../explore/index.ts';
import { typeName } from '../log/index.ts';
import { checkPointerOffset } from '../memory/index.ts';
import { BTF, BTF_ID, MAP, MAP_UID, MEM_SIZE, OFF, REF_OBJ_ID, SUBPROG, TYPE, VALUE } from '../register.ts';
import {
  baseType,
  CONST_PTR_TO_DYNPTR,
  CONST_PTR_TO_MAP,
  DYNPTR_TYPE_SKB,
  DYNPTR_TYPE_SKB_META,
  DYNPTR_TYPE_XDP,
  MEM_ALLOC,
  MEM_PERCPU,
  MEM_RCU,
  MEM_RDONLY,
  MEM_RINGBUF,
  mayBeNull,
  NON_OWN_REF,
  PTR_TO_ARENA,
  PTR_TO_BTF_ID,
  PTR_TO_BUF,
  PTR_TO_CTX,
  PTR_TO_FUNC,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_STACK,
  PTR_TRUSTED,
  SCALAR_VALUE,
} from '../register-types.ts';
import { hasKnownValue, isNull } from '../scalar/index.ts';
import { type ArgumentKind, argumentKind } from './argument-kind.ts';
import { checkBtfArgument, checkTrust, wantsTrusted } from './btf-arguments.ts';
import type { KfuncCall } from './call-facts.ts';
import { kernelContext } from './context-type.ts';
import { dynptrId, dynptrKind, dynptrReferenceId, isReferencedKind, processDynptr } from './dynptrs.ts';
import { fieldsOf, hasField } from './fields.ts';
import { checkNode, checkRoot } from './graph.ts';
import { checkIrqFlag } from './irq-flags.ts';
import { checkIterator } from './iterators.ts';
import { type LockOperation, processSpinLock } from './locks.ts';
import { checkMapField } from './map-callbacks.ts';
import { checkMemory, checkSizedMemory, noteConstant } from './memory-arguments.ts';
import { type KfuncParameter, RCU, RELEASE } from './prototype.ts';
import { isAllocated, isNonOwning } from './registers.ts';

const MAX_ARGUMENTS = 5;
const ALLOCATED = PTR_TO_BTF_ID | MEM_ALLOC;

export function checkKfuncArguments(env: Env, call: KfuncCall): void {
  const { kfunc } = call;
  const { parameters } = kfunc;
  if (parameters.length > MAX_ARGUMENTS)
    env.reject(EINVAL, 'kfunc/too-many-arguments', {
      name: kfunc.name,
      count: parameters.length,
      limit: MAX_ARGUMENTS,
    });
  for (let index = 0; index < parameters.length; index++) {
    const parameter = parameters[index] as KfuncParameter; // in range
    switch (parameter.kind) {
      case 'ignored':
        break;
      case 'prog':
        if (call.hasProg) env.reject(EFAULT, 'verifier-bug', { what: 'Only 1 prog->aux argument supported per-kfunc' });
        call.hasProg = true;
        break;
      case 'scalar':
        checkScalar(env, call, index + 1, parameter);
        break;
      case 'pointer':
        // A size was checked along with the memory before it.
        if (checkPointer(env, call, index, parameter) === 'memory_with_size') index += 1;
        break;
      case 'other':
        env.reject(EINVAL, 'kfunc/unrecognized', { arg: index, kind: parameter.typeKind });
    }
  }
  if ((kfunc.flags & RELEASE) !== 0 && call.releaseRegister === 0)
    env.reject(EINVAL, 'kfunc/release-expects', { name: kfunc.name });
}

function checkScalar(env: Env, call: KfuncCall, regno: number, { scalar }: KfuncParameter): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  if (w[r + TYPE] !== SCALAR_VALUE) env.reject(EINVAL, 'kfunc/not-scalar', { reg: regno });
  switch (scalar) {
    case 'plain':
      return;
    case 'constant':
      noteConstant(env, call, regno);
      markPrecise(env, regno);
      return;
    case 'read_size':
      call.returnReadOnly = true;
  }
  if (call.returnSize !== 0) env.reject(EINVAL, 'kfunc/two-buffer-sizes', undefined);
  if (!hasKnownValue(w, r)) env.reject(EINVAL, 'kfunc/not-const', { reg: regno });
  if (w[r + VALUE + 1] !== 0) env.reject(EINVAL, 'kfunc/buffer-size', { reg: regno });
  call.returnSize = (w[r + VALUE] as number) >>> 0; // every register has a value
  markPrecise(env, regno);
}

function checkPointer(env: Env, call: KfuncCall, index: number, parameter: KfuncParameter): ArgumentKind {
  const { frame } = env;
  const { kfunc } = call;
  const regno = index + 1;
  const w = frame.words;
  const r = frame.register(regno);
  const type = w[r + TYPE] as number; // every register has one
  const wantsValid = wantsTrusted(kfunc.flags) || (kfunc.flags & RCU) !== 0;
  if (wantsValid && !parameter.nullable && (isNull(w, r) || mayBeNull(type)))
    env.reject(EACCES, 'kfunc/null', { arg: index });
  const releases = (kfunc.flags & RELEASE) !== 0;
  const reference = w[r + REF_OBJ_ID] as number;
  if (reference !== 0) {
    if (releases && call.referenceId !== 0)
      env.reject(EFAULT, 'verifier-bug', {
        what: `more than one arg with ref_obj_id R${regno} ${reference} ${call.referenceId}`,
      });
    call.referenceId = reference;
    if (releases) call.releaseRegister = regno;
  }
  const kind = argumentKind(env, kfunc, index);
  if (kind === 'null') return kind;
  if (kind === 'map') noteMap(env, call, regno);
  if (kind === 'map' || kind === 'alloc' || kind === 'btf_id') checkTrust(env, call, regno);
  checkOffset(env, regno, releases && reference !== 0);
  checkByKind(env, call, regno, kind, parameter);
  return kind;
}

/** Fixed and variable offsets are not good for all pointers. */
function checkOffset(env: Env, regno: number, isReleased: boolean): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  if (isReleased) {
    if (w[r + OFF] !== 0) env.reject(EINVAL, 'kfunc/release-offset', { reg: regno });
    checkPointerOffset(env, w, r, regno, false);
    return;
  }
  switch (w[r + TYPE]) {
    case SCALAR_VALUE:
    case PTR_TO_STACK:
    case PTR_TO_PACKET:
    case PTR_TO_PACKET_META:
    case PTR_TO_MAP_KEY:
    case PTR_TO_MAP_VALUE:
    case PTR_TO_MEM:
    case PTR_TO_MEM | MEM_RDONLY:
    case PTR_TO_MEM | MEM_RINGBUF:
    case PTR_TO_BUF:
    case PTR_TO_BUF | MEM_RDONLY:
    case PTR_TO_ARENA:
      return;
    case PTR_TO_BTF_ID:
    case ALLOCATED:
    case PTR_TO_BTF_ID | PTR_TRUSTED:
    case PTR_TO_BTF_ID | MEM_RCU:
    case ALLOCATED | NON_OWN_REF:
    case ALLOCATED | NON_OWN_REF | MEM_RCU:
      checkPointerOffset(env, w, r, regno, true);
      return;
    default:
      checkPointerOffset(env, w, r, regno, false);
  }
}

function checkByKind(
  env: Env,
  call: KfuncCall,
  regno: number,
  kind: Exclude<ArgumentKind, 'null'>,
  parameter: KfuncParameter,
): void {
  const { frame } = env;
  const { kfunc } = call;
  const w = frame.words;
  const r = frame.register(regno);
  const arg = regno - 1;
  const type = w[r + TYPE] as number; // every register has one
  switch (kind) {
    case 'ctx':
      if (type !== PTR_TO_CTX) env.reject(EINVAL, 'kfunc/not-context', { arg, type: typeName(type) });
      if (kfunc.special === 'bpf_cast_to_kern_ctx') {
        const context = kernelContext(env);
        if (context === undefined) env.unsupported('a cast of a context that is no kernel struct');
        call.contextId = context;
      }
      return;
    case 'alloc':
      checkAllocated(env, call, regno);
      return;
    case 'refcounted':
      checkRefcounted(env, call, regno);
      return;
    case 'dynptr':
      checkDynptrArgument(env, call, regno, parameter);
      return;
    case 'iter':
      checkIterator(env, call, regno);
      return;
    case 'list_head':
    case 'rb_root':
      checkRoot(env, call, regno, kind);
      return;
    case 'list_node':
    case 'rb_node':
      checkNode(env, call, regno, kind);
      return;
    case 'map':
      checkBtfArgument(env, call, regno, env.profile.btf, mapStruct(env));
      return;
    case 'btf_id':
      checkBtfArgument(env, call, regno, kfunc.btf, parameter.pointee);
      return;
    case 'memory':
      checkMemory(env, call, regno, parameter);
      return;
    case 'memory_with_size':
      checkSizedMemory(env, call, regno);
      return;
    case 'callback':
      if (type !== PTR_TO_FUNC) env.reject(EINVAL, 'kfunc/not-function-pointer', { arg });
      call.subprogram = w[r + SUBPROG] as number;
      return;
    case 'const_str':
      if (type !== PTR_TO_MAP_VALUE) env.reject(EINVAL, 'kfunc/not-const-string', { arg });
      checkConstantString(env, regno);
      return;
    case 'workqueue':
    case 'task_work':
      if (type !== PTR_TO_MAP_VALUE) env.reject(EINVAL, 'kfunc/not-map-value', { arg });
      checkMapField(env, regno, kind, call);
      return;
    case 'irq_flag':
      checkIrqFlag(env, kfunc.special, regno);
      return;
    case 'res_spin_lock':
      if (type !== PTR_TO_MAP_VALUE && type !== ALLOCATED) env.reject(EINVAL, 'kfunc/not-lockable', { arg });
      processSpinLock(env, regno, lockOperation(env, call));
  }
}

const LOCKS: Readonly<Record<string, LockOperation>> = {
  bpf_res_spin_lock: { locks: true, resilient: true, irq: false },
  bpf_res_spin_lock_irqsave: { locks: true, resilient: true, irq: true },
  bpf_res_spin_unlock: { locks: false, resilient: true, irq: false },
  bpf_res_spin_unlock_irqrestore: { locks: false, resilient: true, irq: true },
};

export const isLockKfunc = (special: string): boolean => special in LOCKS;

function lockOperation(env: Env, { kfunc }: KfuncCall): LockOperation {
  return LOCKS[kfunc.special] ?? env.unsupported(`a lock argument of kfunc ${kfunc.name}`);
}

/** A map may have to be that of an argument before, which points into a value of it. */
function noteMap(env: Env, call: KfuncCall, regno: number): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  const base = baseType(w[r + TYPE] as number); // every register has these words
  if (base !== CONST_PTR_TO_MAP && base !== PTR_TO_MAP_VALUE && base !== PTR_TO_MAP_KEY) {
    // The kernel looks at no type here, only whether there is a word where map pointers have theirs.
    const isSet = base === PTR_TO_BTF_ID || (base === PTR_TO_MEM && w[r + MEM_SIZE] !== 0);
    if (!isSet) env.reject(EINVAL, 'kfunc/not-map', { reg: regno });
    if (call.map >= 0) env.unsupported('a map that is no map argument beside a map value in a kfunc call');
    return;
  }
  const index = w[r + MAP] as number;
  const mapUid = w[r + MAP_UID] as number;
  if (call.map >= 0) {
    const { fields } = env.maps[index] ?? {};
    const task = hasField(fields, 'task_work');
    if ((task || hasField(fields, 'workqueue')) && (call.map !== index || call.mapUid !== mapUid))
      env.reject(EINVAL, task ? 'kfunc/task-work-map' : 'kfunc/workqueue-map', { uid: call.mapUid, mapUid });
    if (fields === undefined) env.unsupported('a map without special fields beside one with them in a kfunc call');
  }
  call.map = index;
  call.mapUid = mapUid;
}

function mapStruct(env: Env): number {
  return env.profile.btf.find('bpf_map', 'struct') ?? env.unsupported('a kernel without struct bpf_map');
}

function checkAllocated(env: Env, call: KfuncCall, regno: number): void {
  const { frame } = env;
  const { special } = call.kfunc;
  const w = frame.words;
  const r = frame.register(regno);
  const arg = regno - 1;
  switch (w[r + TYPE]) {
    case ALLOCATED:
      if (special !== 'bpf_obj_drop_impl')
        env.reject(EINVAL, 'kfunc/drop-expected', { arg, kfunc: 'bpf_obj_drop_impl' });
      break;
    case ALLOCATED | MEM_PERCPU:
      if (special !== 'bpf_percpu_obj_drop_impl')
        env.reject(EINVAL, 'kfunc/drop-expected', { arg, kfunc: 'bpf_percpu_obj_drop_impl' });
      break;
    default:
      env.reject(EINVAL, 'kfunc/not-allocated', { arg });
  }
  if (w[r + REF_OBJ_ID] === 0) env.reject(EINVAL, 'kfunc/not-referenced', undefined);
  noteType(call, w, r);
}

function checkRefcounted(env: Env, call: KfuncCall, regno: number): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  const type = w[r + TYPE] as number; // every register has one
  if (!isAllocated(type)) env.reject(EINVAL, 'kfunc/not-owning', { arg: regno - 1 });
  if (!isNonOwning(type)) call.argIsOwning = true;
  const fields = fieldsOf(env, w, r);
  if (fields === undefined) env.reject(EFAULT, 'verifier-bug', { what: "Couldn't find btf_record" });
  if (!hasField(fields, 'refcount')) env.reject(EINVAL, 'kfunc/no-refcount', { arg: regno - 1 });
  noteType(call, w, r);
}

function noteType(call: KfuncCall, w: Int32Array, r: number): void {
  call.argBtf = w[r + BTF] as number; // every register has these
  call.argBtfId = w[r + BTF_ID] as number;
}

const DYNPTR_KINDS: Readonly<Record<string, number>> = {
  bpf_dynptr_from_skb: DYNPTR_TYPE_SKB,
  bpf_dynptr_from_xdp: DYNPTR_TYPE_XDP,
  bpf_dynptr_from_skb_meta: DYNPTR_TYPE_SKB_META,
};

function checkDynptrArgument(env: Env, call: KfuncCall, regno: number, { uninitialized }: KfuncParameter): void {
  const { frame } = env;
  const { special } = call.kfunc;
  let kind = DYNPTR_KINDS[special] ?? 0;
  let cloneReference = 0;
  if (special === 'bpf_dynptr_clone' && uninitialized) {
    kind = call.dynptrKind;
    cloneReference = call.dynptrReferenceId;
    if (kind === 0) env.reject(EFAULT, 'verifier-bug', { what: 'no dynptr type for parent of clone' });
    if (isReferencedKind(kind) && cloneReference === 0)
      env.reject(EFAULT, 'verifier-bug', { what: 'missing ref obj id for parent of clone' });
  }
  const isConst = frame.words[frame.register(regno) + TYPE] === CONST_PTR_TO_DYNPTR;
  const use = uninitialized ? 'make' : isConst ? 'read' : 'change';
  if (uninitialized && isConst) env.reject(EFAULT, 'verifier-bug', { what: 'misconfigured dynptr helper type flags' });
  processDynptr(env, regno, { use, kind }, cloneReference);
  if (uninitialized) return;
  call.dynptrId = dynptrId(env, regno);
  call.dynptrKind = dynptrKind(env, regno);
  call.dynptrReferenceId = dynptrReferenceId(env, regno);
}

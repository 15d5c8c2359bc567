/**
 * The arguments of a helper call, one after the other: what each register holds against what the prototype wants, and
 * what that tells of the call. After check_func_arg() of kernel/bpf/verifier.c.
 */
import {
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_BLOOM_FILTER,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_SOCKHASH,
  BPF_MAP_TYPE_SOCKMAP,
} from '../../uapi/index.ts';
import type { Env } from '../environment.ts';
import { EACCES, EFAULT, EINVAL } from '../errno.ts';
import { markPrecise } from '../explore/index.ts';
import { checkMapField, dynptrReferenceId, inTreeCallback, processDynptr, processSpinLock } from '../kfuncs/index.ts';
import { checkAlignment, checkHelperMemory, checkMemorySizePair, mayPassPacket } from '../memory/index.ts';
import type { VerifierMap } from '../program.ts';
import { BTF, BTF_ID, MAP, MAP_UID, REF_OBJ_ID, SUBPROG, TYPE, VALUE } from '../register.ts';
import { PTR_TO_PACKET, PTR_TO_PACKET_META, PTR_TO_STACK } from '../register-types.ts';
import { hasKnownValue, isNull, readOperand } from '../scalar/index.ts';
import { type HelperCall, NO_MAP } from './call.ts';
import { checkConstantString } from './const-string.ts';
import { BPF_FUNC_map_peek_elem, BPF_FUNC_spin_lock, BPF_FUNC_spin_unlock } from './helper-ids.ts';
import { checkKptrDestination } from './kptr.ts';
import { constantKey } from './map-key.ts';
import { type Argument, READ_MAP_VALUE, sockCommonOf } from './prototype.ts';
import { checkArgumentOffset, checkRegisterType } from './register-type.ts';

/** Whether a look-up of a known key within the map's size always finds something. */
export const alwaysHasElements = ({ type }: VerifierMap): boolean =>
  type === BPF_MAP_TYPE_ARRAY || type === BPF_MAP_TYPE_PERCPU_ARRAY;

/** The map that was passed before. */
export function mapOfCall(env: Env, call: HelperCall): VerifierMap {
  const map = env.maps[call.map];
  if (map === undefined) env.reject(EFAULT, 'verifier-bug', { what: `${call.name} without a map` });
  return map;
}

/** @param index of the argument, from 0 */
export function checkArgument(env: Env, call: HelperCall, index: number): void {
  const regno = index + 1;
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  const declared = call.helper.arguments[index];
  if (declared === undefined) return;
  readOperand(env, regno);
  if (declared.base === 'anything') return;
  const type = w[r + TYPE] as number; // every register has one
  if ((type === PTR_TO_PACKET || type === PTR_TO_PACKET_META) && !mayPassPacket(env, call.packetAccess))
    env.reject(EACCES, 'helper/packet', undefined);
  const argument = declared.base === 'ptr_to_map_value' ? mapValueArgument(env, call, declared) : declared;
  if (!argument.orNull || !isNull(w, r)) {
    checkRegisterType(env, call, regno, argument);
    checkArgumentOffset(env, regno, argument);
  }
  if (argument.release) noteRelease(env, call, regno, argument);
  const reference = w[r + REF_OBJ_ID] as number; // likewise
  if (reference !== 0 && argument.base !== 'kptr_xchg_dest') {
    if (call.referenceId !== 0)
      env.reject(EACCES, 'helper/two-references', { reg: regno, id: reference, other: call.referenceId });
    call.referenceId = reference;
  }
  checkByKind(env, call, index, argument);
}

/** What the values of the map are: sockets for some, and what is looked for in a bloom filter is only read. */
function mapValueArgument(env: Env, call: HelperCall, declared: Argument): Argument {
  const plain = !declared.orNull && !declared.write && !declared.uninit;
  switch (mapOfCall(env, call).type) {
    case BPF_MAP_TYPE_SOCKMAP:
    case BPF_MAP_TYPE_SOCKHASH:
      if (!plain) env.reject(EINVAL, 'helper/sockmap-argument', undefined);
      return sockCommonOf(env, declared);
    case BPF_MAP_TYPE_BLOOM_FILTER:
      return call.id === BPF_FUNC_map_peek_elem ? READ_MAP_VALUE : declared;
    default:
      return declared;
  }
}

function noteRelease(env: Env, call: HelperCall, regno: number, argument: Argument): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  if (argument.base === 'ptr_to_dynptr') {
    if (w[r + TYPE] !== PTR_TO_STACK) env.reject(EINVAL, 'helper/unowned-dynptr', undefined);
    if (dynptrReferenceId(env, regno) === 0) env.reject(EINVAL, 'helper/unacquired', { arg: regno });
  } else if (w[r + REF_OBJ_ID] === 0 && !isNull(w, r)) env.reject(EINVAL, 'helper/not-referenced', { reg: regno });
  if (call.releaseRegister !== 0) env.reject(EFAULT, 'verifier-bug', { what: 'more than one release argument' });
  call.releaseRegister = regno;
}

function checkByKind(env: Env, call: HelperCall, index: number, argument: Argument): void {
  const regno = index + 1;
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  switch (argument.base) {
    case 'const_map_ptr':
      checkMapPointer(env, call, w[r + MAP] as number, w[r + MAP_UID] as number); // a map pointer
      break;
    case 'ptr_to_map_key': {
      const map = mapOfCall(env, call);
      checkHelperMemory(env, regno, map.keySize, 'read', false, undefined);
      if (alwaysHasElements(map)) call.key = constantKey(env, regno, map.keySize);
      break;
    }
    case 'ptr_to_map_value':
      if (argument.orNull && isNull(w, r)) return;
      call.rawMode = argument.uninit;
      checkHelperMemory(env, regno, mapOfCall(env, call).valueSize, argument.write ? 'write' : 'read', false, call);
      break;
    case 'ptr_to_percpu_btf_id':
      if (w[r + BTF_ID] === 0) env.reject(EACCES, 'helper/percpu-type', { reg: regno });
      call.resultBtf = w[r + BTF] as number; // a BTF pointer
      call.resultBtfId = w[r + BTF_ID] as number;
      break;
    case 'ptr_to_spin_lock':
      checkLock(env, call, regno);
      break;
    case 'ptr_to_timer':
      checkMapField(env, regno, 'timer', call);
      break;
    case 'ptr_to_func':
      call.subprogram = w[r + SUBPROG] as number; // a function pointer
      break;
    case 'ptr_to_mem':
      // Of memory whose size is the next argument, everything is checked there.
      call.rawMode = argument.uninit;
      if (argument.size === 0) break;
      checkHelperMemory(env, regno, argument.size, argument.write ? 'write' : 'read', false, call);
      if (argument.aligned) checkAlignment(env, w, r, 0, argument.size, true);
      break;
    case 'const_size':
    case 'const_size_or_zero': {
      const kind = call.helper.arguments[index - 1]?.write === true ? 'write' : 'read';
      checkMemorySizePair(env, regno, kind, argument.base === 'const_size_or_zero', call);
      break;
    }
    case 'const_alloc_size_or_zero':
      if (!hasKnownValue(w, r)) env.reject(EACCES, 'helper/not-constant', { reg: regno });
      call.memorySize = w[r + VALUE] as number; // a scalar; the kernel keeps 32 bits too
      markPrecise(env, regno);
      break;
    case 'ptr_to_const_str':
      checkConstantString(env, regno);
      break;
    case 'kptr_xchg_dest':
      checkKptrDestination(env, call, regno);
      break;
    case 'ptr_to_dynptr':
      processDynptr(env, regno, {
        use: argument.uninit ? 'make' : argument.readOnly ? 'read' : 'change',
        kind: argument.dynptrKind,
      });
      break;
  }
}

/** Timers are in the same map that is passed along: two maps got from the same map of maps may not be mixed up. */
function checkMapPointer(env: Env, call: HelperCall, map: number, uid: number): void {
  if (call.map !== NO_MAP && (call.map !== map || call.mapUid !== uid))
    env.reject(EINVAL, 'helper/timer-map', { uid: call.mapUid, mapUid: uid });
  call.map = map;
  call.mapUid = uid;
}

function checkLock(env: Env, call: HelperCall, regno: number): void {
  if (inTreeCallback(env)) env.reject(EACCES, 'helper/lock-in-rbtree', undefined);
  if (call.id !== BPF_FUNC_spin_lock && call.id !== BPF_FUNC_spin_unlock)
    env.reject(EFAULT, 'verifier-bug', { what: 'spin lock arg on unexpected helper' });
  processSpinLock(env, regno, { locks: call.id === BPF_FUNC_spin_lock, resilient: false, irq: false });
}

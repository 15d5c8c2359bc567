/**
 * What a helper returns: r0 after the call. After the end of check_helper_call() of kernel/bpf/verifier.c.
 */

import type { Btf } from '../../btf/index.ts';
import { BPF_MAP_TYPE_SOCKHASH, BPF_MAP_TYPE_SOCKMAP } from '../../uapi/index.ts';
import type { Env } from '../environment.ts';
import { EINVAL } from '../errno.ts';
import { acquireReference, hasField } from '../kfuncs/index.ts';
import type { HelperPrototype } from '../profile/types.ts';
import {
  BTF,
  BTF_ID,
  DYNPTR_ID,
  ID,
  MAP,
  MAP_UID,
  MEM_SIZE,
  REF_OBJ_ID,
  S32MAX,
  S32MIN,
  SMAX,
  SMIN,
  SUBREG_DEF,
  TYPE,
  U32MAX,
  U32MIN,
  UMAX,
  UMIN,
} from '../register.ts';
import {
  MEM_ALLOC,
  MEM_PERCPU,
  MEM_RCU,
  MEM_RDONLY,
  MEM_RINGBUF,
  mayBeNull,
  NOT_INIT,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_TCP_SOCK,
  PTR_TRUSTED,
} from '../register-types.ts';
import { markKnownZero, markUnknown, syncBounds } from '../scalar/index.ts';
import { alwaysHasElements, mapOfCall } from './arguments.ts';
import { type HelperCall, NO_MAP } from './call.ts';
import * as id from './helper-ids.ts';

const KERNEL = 0;
const MAX_ERRNO = 4095;

const FLAGS: Readonly<Record<HelperPrototype['returnFlags'][number], number>> = {
  maybe_null: PTR_MAYBE_NULL,
  ringbuf: MEM_RINGBUF,
  trusted: PTR_TRUSTED,
  rdonly: MEM_RDONLY,
};

/** They return the argument as something else, with its reference. */
const CASTS: ReadonlySet<number> = new Set([
  id.BPF_FUNC_tcp_sock,
  id.BPF_FUNC_sk_fullsock,
  id.BPF_FUNC_skc_to_tcp_sock,
  id.BPF_FUNC_skc_to_tcp6_sock,
  id.BPF_FUNC_skc_to_udp6_sock,
  id.BPF_FUNC_skc_to_mptcp_sock,
  id.BPF_FUNC_skc_to_tcp_timewait_sock,
  id.BPF_FUNC_skc_to_tcp_request_sock,
]);

/** What they return must be released. */
const ACQUIRE: ReadonlySet<number> = new Set([
  id.BPF_FUNC_sk_lookup_tcp,
  id.BPF_FUNC_sk_lookup_udp,
  id.BPF_FUNC_skc_lookup_tcp,
  id.BPF_FUNC_ringbuf_reserve,
  id.BPF_FUNC_kptr_xchg,
]);

/** The result is a length of at most the size that was passed, or an error. */
const LENGTHS: ReadonlySet<number> = new Set([
  id.BPF_FUNC_get_stack,
  id.BPF_FUNC_get_task_stack,
  id.BPF_FUNC_probe_read_str,
  id.BPF_FUNC_probe_read_kernel_str,
  id.BPF_FUNC_probe_read_user_str,
]);

/**
 * Sets r0, whose registers were cleared.
 * @param allocatedPerCpu whether a per-CPU object of the program's own was passed
 */
export function setResult(env: Env, call: HelperCall, allocatedPerCpu: boolean): void {
  const w = env.frame.words;
  w[SUBREG_DEF] = 0; // r0 is at 0
  setResultType(env, call, allocatedPerCpu);
  if (mayBeNull(w[TYPE] as number)) w[ID] = env.newId();
  if (call.id === id.BPF_FUNC_dynptr_data) {
    w[DYNPTR_ID] = call.dynptrId;
    w[REF_OBJ_ID] = call.referenceId;
  } else if (CASTS.has(call.id)) w[REF_OBJ_ID] = call.referenceId;
  else if (acquires(env, call)) {
    const reference = acquireReference(env, env.insn);
    w[ID] = reference;
    w[REF_OBJ_ID] = reference;
  }
  if (call.helper.prototype.returns === 'integer') refineInteger(env, call);
}

function acquires(env: Env, call: HelperCall): boolean {
  if (ACQUIRE.has(call.id)) return true;
  if (call.id !== id.BPF_FUNC_map_lookup_elem || call.map === NO_MAP) return false;
  const type = env.maps[call.map]?.type;
  return type === BPF_MAP_TYPE_SOCKMAP || type === BPF_MAP_TYPE_SOCKHASH;
}

function setResultType(env: Env, call: HelperCall, allocatedPerCpu: boolean): void {
  const w = env.frame.words;
  const { returns, returnFlags } = call.helper.prototype;
  let flags = 0;
  for (const flag of returnFlags) flags |= FLAGS[flag];
  if (returns === 'integer') {
    markUnknown(w, 0);
    return;
  }
  if (returns === 'void') {
    w[TYPE] = NOT_INIT;
    return;
  }
  markKnownZero(w, 0);
  switch (returns) {
    case 'ptr_to_map_value':
      setMapValue(env, call, flags);
      break;
    case 'ptr_to_socket':
      w[TYPE] = PTR_TO_SOCKET | flags;
      break;
    case 'ptr_to_sock_common':
      w[TYPE] = PTR_TO_SOCK_COMMON | flags;
      break;
    case 'ptr_to_tcp_sock':
      w[TYPE] = PTR_TO_TCP_SOCK | flags;
      break;
    case 'ptr_to_mem':
      w[TYPE] = PTR_TO_MEM | flags;
      w[MEM_SIZE] = call.memorySize;
      break;
    case 'ptr_to_mem_or_btf_id':
      setPerCpuPointer(env, call, flags, allocatedPerCpu);
      break;
    case 'ptr_to_btf_id':
      setBtfPointer(env, call, flags);
  }
}

function setMapValue(env: Env, call: HelperCall, declaredFlags: number): void {
  const w = env.frame.words;
  const map = mapOfCall(env, call);
  let flags = declaredFlags;
  if (call.id === id.BPF_FUNC_map_lookup_elem && alwaysHasElements(map) && call.key >= 0 && call.key < map.maxEntries)
    flags &= ~PTR_MAYBE_NULL;
  w[MAP] = call.map;
  w[MAP_UID] = call.mapUid;
  w[TYPE] = PTR_TO_MAP_VALUE | flags;
  // Values with a lock are told apart.
  const lockable = hasField(map.fields, 'spin_lock') || hasField(map.fields, 'res_spin_lock');
  if (!mayBeNull(flags) && lockable) w[ID] = env.newId();
}

function setPerCpuPointer(env: Env, call: HelperCall, flags: number, allocated: boolean): void {
  const w = env.frame.words;
  const btf = env.btfs[call.resultBtf];
  if (btf === undefined) throw new RangeError(`register refers to BTF ${call.resultBtf}, which does not exist`);
  const typeId = btf.skipModifiers(call.resultBtfId);
  const { kind } = btf.type(typeId);
  if (kind !== 'struct' && kind !== 'union') {
    w[TYPE] = PTR_TO_MEM | flags;
    w[MEM_SIZE] = sizeOrReject(env, btf, typeId);
    return;
  }
  w[TYPE] = PTR_TO_BTF_ID | (allocated ? MEM_ALLOC | MEM_RCU : flags & ~MEM_RDONLY);
  w[BTF] = call.resultBtf;
  w[BTF_ID] = call.resultBtfId;
}

/** Kinds of types that have a size, perhaps through others. */
const SIZED: ReadonlySet<string> = new Set([
  'int',
  'enum',
  'enum64',
  'float',
  'struct',
  'union',
  'ptr',
  'array',
  'typedef',
]);

function sizeOrReject(env: Env, btf: Btf, typeId: number): number {
  if (!SIZED.has(btf.type(btf.skipModifiersAndTypedefs(typeId)).kind))
    env.reject(EINVAL, 'helper/result-size', { type: btf.nameOf(typeId), errno: EINVAL });
  return btf.sizeOfType(typeId);
}

function setBtfPointer(env: Env, call: HelperCall, flags: number): void {
  const w = env.frame.words;
  w[TYPE] = PTR_TO_BTF_ID | flags;
  w[BTF] = KERNEL;
  w[BTF_ID] = call.helper.returnBtfId;
  if (call.id !== id.BPF_FUNC_kptr_xchg) return;
  const { kptr } = call;
  if (kptr?.pointee === undefined) env.unsupported('bpf_kptr_xchg of a kptr without a type');
  w[BTF] = kptr.pointee.btf;
  w[BTF_ID] = kptr.pointee.typeId;
  if (!isProgramType(env, kptr.pointee.btf)) return;
  w[TYPE] = PTR_TO_BTF_ID | flags | MEM_ALLOC | (kptr.kind === 'kptr_percpu' ? MEM_PERCPU : 0);
}

/** Index 1 is the program's own BTF, or the kernel's again where the program has none. */
const isProgramType = (env: Env, btf: number): boolean => btf === 1 && env.program.btf !== undefined;

function refineInteger(env: Env, call: HelperCall): void {
  if (LENGTHS.has(call.id)) {
    const w = env.frame.words;
    const most = call.sizeMaxLo;
    w[SMAX] = most;
    w[SMAX + 1] = most >> 31;
    w[S32MAX] = most;
    w[SMIN] = -MAX_ERRNO;
    w[SMIN + 1] = -1;
    w[S32MIN] = -MAX_ERRNO;
    syncBounds(w, 0);
  } else if (call.id === id.BPF_FUNC_get_smp_processor_id) {
    const { possibleCpus } = env.profile;
    if (possibleCpus === undefined) return;
    const w = env.frame.words;
    for (const [at, value] of [
      [UMIN, 0],
      [SMIN, 0],
      [UMAX, possibleCpus - 1],
      [SMAX, possibleCpus - 1],
    ] as const) {
      w[at] = value;
      w[at + 1] = 0;
    }
    w[U32MIN] = 0;
    w[S32MIN] = 0;
    w[U32MAX] = possibleCpus - 1;
    w[S32MAX] = possibleCpus - 1;
    syncBounds(w, 0);
  }
}

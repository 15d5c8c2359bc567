/**
 * Whether a register is of a type that an argument takes, points to the right struct, and may have the offset it has.
 * After check_reg_type() and check_func_arg_reg_off() of kernel/bpf/verifier.c.
 */
import type { Env } from '../environment.ts';
import { EACCES, EFAULT, EINVAL } from '../errno.ts';
import { typeName } from '../log/index.ts';
import { checkPointerOffset, checkStoredPointer, structIdsMatch } from '../memory/index.ts';
import { BTF, BTF_ID, OFF, TYPE } from '../register.ts';
import {
  baseType,
  DYNPTR_TYPE_MASK,
  MEM_ALLOC,
  MEM_PERCPU,
  MEM_RCU,
  MEM_RDONLY,
  MEM_RINGBUF,
  mayBeNull,
  NON_OWN_REF,
  PTR_MAYBE_NULL,
  PTR_TO_ARENA,
  PTR_TO_BTF_ID,
  PTR_TO_BUF,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_STACK,
  PTR_TRUSTED,
  SCALAR_VALUE,
} from '../register-types.ts';
import type { HelperCall } from './call.ts';
import { BPF_FUNC_kptr_xchg, BPF_FUNC_sk_release, BPF_FUNC_spin_lock, BPF_FUNC_spin_unlock } from './helper-ids.ts';
import type { Argument } from './prototype.ts';

const KERNEL = 0;

/** What the checks want to know of a call. */
export type Call = Pick<HelperCall, 'id' | 'name' | 'kptr'>;

/** Refuses a register of the wrong type. */
export function checkRegisterType(env: Env, call: Call, regno: number, argument: Argument): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  const held = w[r + TYPE] as number; // every register has one
  const { types } = argument;
  if (types.length === 0) env.unsupported(`an argument of type ${argument.base}`);
  let type = held;
  if (argument.readOnly) type &= ~MEM_RDONLY;
  if (argument.orNull) type &= ~PTR_MAYBE_NULL;
  if (argument.base === 'ptr_to_mem') type &= ~DYNPTR_TYPE_MASK;
  const isStored = call.id === BPF_FUNC_kptr_xchg && regno === 2;
  if (isStored && baseType(type) === PTR_TO_BTF_ID && (type & MEM_ALLOC) !== 0) type &= ~(MEM_ALLOC | MEM_PERCPU);
  if (!types.includes(type))
    env.reject(EACCES, 'helper/argument-type', {
      reg: regno,
      type: typeName(held),
      expected: types.map((expected) => typeName(expected)),
    });
  if (baseType(held) !== PTR_TO_BTF_ID) return;
  if (isMemory(argument)) {
    if (!argument.readOnly)
      env.reject(EACCES, 'helper/may-write', { name: call.name, reg: regno, type: typeName(held) });
    return;
  }
  switch (held) {
    case PTR_TO_BTF_ID:
    case PTR_TO_BTF_ID | PTR_TRUSTED:
    case PTR_TO_BTF_ID | PTR_TRUSTED | PTR_MAYBE_NULL:
    case PTR_TO_BTF_ID | MEM_RCU:
    case PTR_TO_BTF_ID | PTR_MAYBE_NULL:
    case PTR_TO_BTF_ID | PTR_MAYBE_NULL | MEM_RCU:
      if (mayBeNull(held) && (!argument.orNull || argument.release))
        env.reject(EACCES, 'helper/possibly-null', { arg: regno });
      if (isStored) checkStored(env, call, regno);
      else checkStruct(env, call, regno, argument);
      break;
    case PTR_TO_BTF_ID | MEM_ALLOC:
    case PTR_TO_BTF_ID | MEM_PERCPU | MEM_ALLOC:
      if (isStored) checkStored(env, call, regno);
      else if (call.id !== BPF_FUNC_kptr_xchg && call.id !== BPF_FUNC_spin_lock && call.id !== BPF_FUNC_spin_unlock)
        env.reject(EFAULT, 'verifier-bug', { what: 'unimplemented handling of MEM_ALLOC' });
      break;
    case PTR_TO_BTF_ID | MEM_PERCPU:
    case PTR_TO_BTF_ID | MEM_PERCPU | MEM_RCU:
    case PTR_TO_BTF_ID | MEM_PERCPU | PTR_TRUSTED:
      break;
    default:
      env.reject(EFAULT, 'verifier-bug', { what: 'invalid PTR_TO_BTF_ID register for type match' });
  }
}

const isMemory = ({ base }: Argument): boolean =>
  base === 'ptr_to_mem' || base === 'ptr_to_map_key' || base === 'ptr_to_map_value';

/** The pointer goes into a kptr. */
function checkStored(env: Env, { kptr }: Call, regno: number): void {
  const { frame } = env;
  if (kptr === undefined) env.unsupported('bpf_kptr_xchg without a destination');
  checkStoredPointer(env, kptr, frame.words, frame.register(regno), regno, EACCES);
}

function checkStruct(env: Env, { id }: Call, regno: number, { btfId, release }: Argument): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  if (btfId === 0) env.reject(EFAULT, 'verifier-bug', { what: 'missing arg compatible BTF ID' });
  const btf = env.btfs[w[r + BTF] as number];
  const kernel = env.btfs[KERNEL];
  if (btf === undefined || kernel === undefined) throw new RangeError(`register refers to BTF ${w[r + BTF]}`);
  const heldId = w[r + BTF_ID] as number;
  // A socket of any kind may be released: all begin with a sock_common.
  const strict = release && id !== BPF_FUNC_sk_release;
  if (!structIdsMatch(env, btf, heldId, w[r + OFF] as number, kernel, btfId, strict))
    env.reject(EACCES, 'helper/other-struct', {
      reg: regno,
      type: btf.nameOf(heldId),
      expected: kernel.nameOf(btfId),
    });
}

/**
 * Refuses offsets that such a pointer may not have.
 * @param argument undefined for arguments of functions of the program
 */
export function checkArgumentOffset(env: Env, regno: number, argument?: Pick<Argument, 'release' | 'base'>): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  const type = w[r + TYPE] as number; // every register has one
  if (argument?.release === true) {
    // A dynptr that is released may lie anywhere on the stack.
    if (argument.base === 'ptr_to_dynptr' && type === PTR_TO_STACK) return;
    if (w[r + OFF] !== 0) env.reject(EINVAL, 'helper/release-offset', { reg: regno });
    checkPointerOffset(env, w, r, regno, false);
    return;
  }
  switch (type) {
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
    case SCALAR_VALUE:
      return;
    case PTR_TO_BTF_ID:
    case PTR_TO_BTF_ID | MEM_ALLOC:
    case PTR_TO_BTF_ID | PTR_TRUSTED:
    case PTR_TO_BTF_ID | MEM_RCU:
    case PTR_TO_BTF_ID | MEM_ALLOC | NON_OWN_REF:
    case PTR_TO_BTF_ID | MEM_ALLOC | NON_OWN_REF | MEM_RCU:
      checkPointerOffset(env, w, r, regno, true);
      return;
    default:
      checkPointerOffset(env, w, r, regno, false);
  }
}

const GLOBAL_FUNCTION: Call = { id: 0, name: 'bpf_unspec', kptr: undefined };

/**
 * The argument of a global function that takes a pointer to a struct of the kernel.
 * @param flags of register-types.ts: PTR_MAYBE_NULL if it takes NULL too
 */
export function checkBtfArgument(env: Env, regno: number, btfId: number, flags: number): void {
  const argument: Argument = {
    base: 'ptr_to_btf_id',
    types: [PTR_TO_BTF_ID, PTR_TO_BTF_ID | PTR_TRUSTED, PTR_TO_BTF_ID | MEM_RCU],
    orNull: mayBeNull(flags),
    readOnly: false,
    write: false,
    uninit: false,
    aligned: false,
    release: false,
    dynptrKind: 0,
    size: 0,
    btfId,
  };
  checkRegisterType(env, GLOBAL_FUNCTION, regno, argument);
  checkArgumentOffset(env, regno);
}

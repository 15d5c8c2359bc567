/**
 * What single helpers want beyond their prototypes, once their arguments are known to be of the right types.
 * After the switch over func_id in check_helper_call() of kernel/bpf/verifier.c.
 */
import {
  BPF_LSM_CGROUP,
  BPF_MODIFY_RETURN,
  BPF_PROG_TYPE_KPROBE,
  BPF_PROG_TYPE_LSM,
  BPF_PROG_TYPE_TRACING,
  BPF_TRACE_FENTRY,
  BPF_TRACE_FEXIT,
} from '../../uapi/index.ts';
import type { Env } from '../environment.ts';
import { EACCES, EFAULT, EINVAL, ENOTSUPP } from '../errno.ts';
import { attachPrototype, checkNothingHeld } from '../explore/index.ts';
import { dynptrId, dynptrKind, dynptrReferenceId } from '../kfuncs/index.ts';
import { typeName } from '../log/index.ts';
import { TYPE, VALUE } from '../register.ts';
import { DYNPTR_TYPE_SKB, DYNPTR_TYPE_SKB_META, MEM_RCU, PTR_TO_MAP_VALUE } from '../register-types.ts';
import { isNull } from '../scalar/index.ts';
import type { HelperCall } from './call.ts';
import { checkConstantString } from './const-string.ts';
import { isFormatValid } from './format.ts';
import {
  BPF_FUNC_dynptr_data,
  BPF_FUNC_dynptr_from_mem,
  BPF_FUNC_dynptr_write,
  BPF_FUNC_get_local_storage,
  BPF_FUNC_per_cpu_ptr,
  BPF_FUNC_set_retval,
  BPF_FUNC_snprintf,
  BPF_FUNC_tail_call,
  BPF_FUNC_this_cpu_ptr,
} from './helper-ids.ts';

const FORMAT_REGISTER = 3;
const DATA_SIZE_REGISTER = 5;

export function checkSpecialRules(env: Env, call: HelperCall): void {
  const { frame } = env;
  const w = frame.words;
  switch (call.id) {
    case BPF_FUNC_tail_call:
      checkNothingHeld(env, false, true, 'tail_call');
      break;
    case BPF_FUNC_get_local_storage:
      if (!isNull(w, frame.register(2))) env.reject(EINVAL, 'helper/local-storage-flags', undefined);
      break;
    case BPF_FUNC_snprintf:
      checkFormat(env);
      break;
    case BPF_FUNC_dynptr_from_mem: {
      const type = w[frame.register(1) + TYPE] as number; // every register has one
      if (type !== PTR_TO_MAP_VALUE) env.reject(EACCES, 'helper/dynptr-memory', { type: typeName(type) });
      break;
    }
    case BPF_FUNC_dynptr_data: {
      const regno = dynptrRegister(env, call);
      if (call.referenceId !== 0) env.reject(EFAULT, 'verifier-bug', { what: 'meta.ref_obj_id already set' });
      call.dynptrId = dynptrId(env, regno);
      call.referenceId = dynptrReferenceId(env, regno);
      break;
    }
    case BPF_FUNC_set_retval:
      if (
        env.program.type === BPF_PROG_TYPE_LSM &&
        env.program.expectedAttachType === BPF_LSM_CGROUP &&
        attachPrototype(env)?.returnsVoid !== false
      )
        env.reject(EINVAL, 'helper/void-hook-retval', undefined);
      break;
    case BPF_FUNC_per_cpu_ptr:
    case BPF_FUNC_this_cpu_ptr:
      if (isAllocatedPerCpu(env) && !isStruct(env, call)) env.reject(EFAULT, 'helper/percpu-struct', undefined);
      break;
  }
}

/** A helper that gets the data of the dynptr of a packet may have moved the packet. */
export const writesPacketDynptr = (env: Env, call: HelperCall): boolean =>
  call.id === BPF_FUNC_dynptr_write &&
  (dynptrKind(env, dynptrRegister(env, call)) & (DYNPTR_TYPE_SKB | DYNPTR_TYPE_SKB_META)) !== 0;

/** Whether the argument is the per-CPU object that the program allocated, and not a variable of the kernel. */
export const isAllocatedPerCpu = ({ frame }: Env): boolean =>
  ((frame.words[frame.register(1) + TYPE] as number) & MEM_RCU) !== 0; // every register has a type

function isStruct(env: Env, { resultBtf, resultBtfId }: HelperCall): boolean {
  const kind = env.btfs[resultBtf]?.type(resultBtfId).kind;
  return kind === 'struct' || kind === 'union';
}

function dynptrRegister(env: Env, { helper, name }: HelperCall): number {
  const index = helper.arguments.findIndex(({ base }) => base === 'ptr_to_dynptr');
  return index < 0 ? env.unsupported(`${name} without a dynptr`) : index + 1;
}

/** Of bpf_snprintf(); the arguments are an array of 64-bit numbers. */
function checkFormat(env: Env): void {
  const { frame } = env;
  const size = frame.words[frame.register(DATA_SIZE_REGISTER) + VALUE] as number; // a scalar
  if (size % 8 !== 0) env.rejectAsSaid(EINVAL);
  if (!isFormatValid(checkConstantString(env, FORMAT_REGISTER), size / 8))
    env.reject(EINVAL, 'helper/format', undefined);
}

/** bpf_get_func_ip() knows the function where a trampoline or probe passes it. */
export function checkFunctionAddress(env: Env, { id, name }: HelperCall): void {
  const { type, expectedAttachType } = env.program;
  switch (type) {
    case BPF_PROG_TYPE_KPROBE:
      return;
    case BPF_PROG_TYPE_TRACING:
      if (
        expectedAttachType !== BPF_TRACE_FENTRY &&
        expectedAttachType !== BPF_TRACE_FEXIT &&
        expectedAttachType !== BPF_MODIFY_RETURN
      )
        env.reject(ENOTSUPP, 'helper/trampoline-only', { name, id });
      return;
    default:
      env.reject(ENOTSUPP, 'helper/not-for-type', { name, id, type });
  }
}

/**
 * Whether a pointer argument of a function is the program's context: by the name of the struct that it points to, or
 * because it is tagged `arg:ctx`. After btf_is_prog_ctx_type() and btf_validate_prog_ctx_type() in kernel/bpf/btf.c
 * (Linux 6.18, x86-64).
 */
import type { Btf, BtfType, PointerType } from '../../btf/index.ts';
import {
  BPF_MODIFY_RETURN,
  BPF_PROG_TYPE_CGROUP_DEVICE,
  BPF_PROG_TYPE_CGROUP_SKB,
  BPF_PROG_TYPE_CGROUP_SOCK,
  BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
  BPF_PROG_TYPE_CGROUP_SOCKOPT,
  BPF_PROG_TYPE_CGROUP_SYSCTL,
  BPF_PROG_TYPE_EXT,
  BPF_PROG_TYPE_FLOW_DISSECTOR,
  BPF_PROG_TYPE_KPROBE,
  BPF_PROG_TYPE_LSM,
  BPF_PROG_TYPE_LWT_IN,
  BPF_PROG_TYPE_LWT_OUT,
  BPF_PROG_TYPE_LWT_SEG6LOCAL,
  BPF_PROG_TYPE_LWT_XMIT,
  BPF_PROG_TYPE_NETFILTER,
  BPF_PROG_TYPE_PERF_EVENT,
  BPF_PROG_TYPE_RAW_TRACEPOINT,
  BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE,
  BPF_PROG_TYPE_SCHED_ACT,
  BPF_PROG_TYPE_SCHED_CLS,
  BPF_PROG_TYPE_SK_LOOKUP,
  BPF_PROG_TYPE_SK_MSG,
  BPF_PROG_TYPE_SK_REUSEPORT,
  BPF_PROG_TYPE_SK_SKB,
  BPF_PROG_TYPE_SOCK_OPS,
  BPF_PROG_TYPE_SOCKET_FILTER,
  BPF_PROG_TYPE_STRUCT_OPS,
  BPF_PROG_TYPE_SYSCALL,
  BPF_PROG_TYPE_TRACEPOINT,
  BPF_PROG_TYPE_TRACING,
  BPF_PROG_TYPE_XDP,
  BPF_TRACE_FENTRY,
  BPF_TRACE_FEXIT,
  BPF_TRACE_ITER,
  BPF_TRACE_RAW_TP,
} from '../../uapi/index.ts';
import type { Env } from '../environment.ts';
import { EINVAL } from '../errno.ts';

/** Structs that contexts have for programs; a type that is not listed has none with a name of its own. */
const CONTEXT_STRUCTS: ReadonlyMap<number, string> = new Map([
  [BPF_PROG_TYPE_SOCKET_FILTER, '__sk_buff'],
  [BPF_PROG_TYPE_SCHED_CLS, '__sk_buff'],
  [BPF_PROG_TYPE_SCHED_ACT, '__sk_buff'],
  [BPF_PROG_TYPE_XDP, 'xdp_md'],
  [BPF_PROG_TYPE_CGROUP_SKB, '__sk_buff'],
  [BPF_PROG_TYPE_CGROUP_SOCK, 'bpf_sock'],
  [BPF_PROG_TYPE_CGROUP_SOCK_ADDR, 'bpf_sock_addr'],
  [BPF_PROG_TYPE_LWT_IN, '__sk_buff'],
  [BPF_PROG_TYPE_LWT_OUT, '__sk_buff'],
  [BPF_PROG_TYPE_LWT_XMIT, '__sk_buff'],
  [BPF_PROG_TYPE_LWT_SEG6LOCAL, '__sk_buff'],
  [BPF_PROG_TYPE_SOCK_OPS, 'bpf_sock_ops'],
  [BPF_PROG_TYPE_SK_SKB, '__sk_buff'],
  [BPF_PROG_TYPE_SK_MSG, 'sk_msg_md'],
  [BPF_PROG_TYPE_FLOW_DISSECTOR, '__sk_buff'],
  [BPF_PROG_TYPE_KPROBE, 'pt_regs'],
  [BPF_PROG_TYPE_PERF_EVENT, 'bpf_perf_event_data'],
  [BPF_PROG_TYPE_RAW_TRACEPOINT, 'bpf_raw_tracepoint_args'],
  [BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, 'bpf_raw_tracepoint_args'],
  [BPF_PROG_TYPE_CGROUP_DEVICE, 'bpf_cgroup_dev_ctx'],
  [BPF_PROG_TYPE_CGROUP_SYSCTL, 'bpf_sysctl'],
  [BPF_PROG_TYPE_CGROUP_SOCKOPT, 'bpf_sockopt'],
  [BPF_PROG_TYPE_SK_REUSEPORT, 'sk_reuseport_md'],
  [BPF_PROG_TYPE_SK_LOOKUP, 'bpf_sk_lookup'],
  [BPF_PROG_TYPE_NETFILTER, 'bpf_nf_ctx'],
]);

/** The kernel's own structs that may stand for the one that programs see. */
const PROJECTIONS: ReadonlyMap<string, string> = new Map([
  ['__sk_buff', 'sk_buff'],
  ['xdp_md', 'xdp_buff'],
]);

/** A typedef that says on every architecture what a kprobe's context is. */
const USER_REGISTERS = 'bpf_user_pt_regs_t';

/** Whether the pointer's type alone makes it the context. */
export function isContextPointer(env: Env, btf: Btf, pointer: PointerType): boolean {
  const isKprobe = env.kind.type === BPF_PROG_TYPE_KPROBE;
  if (isKprobe && pointsToUserRegisters(btf, pointer)) return true;
  const type = btf.type(btf.skipModifiersAndTypedefs(pointer.type));
  if (type.kind !== 'struct' && type.kind !== 'union') return false;
  // Only names are compared, so that a struct may be called like the typedef.
  if (isKprobe && type.name === USER_REGISTERS) return true;
  const context = CONTEXT_STRUCTS.get(env.kind.type);
  return context !== undefined && (type.name === context || PROJECTIONS.get(context) === type.name);
}

/** Refuses an argument tagged `arg:ctx` whose type cannot be the context. */
export function checkContextPointer(env: Env, btf: Btf, pointer: PointerType, index: number): void {
  const programType = env.kind.type;
  if (
    (programType === BPF_PROG_TYPE_KPROBE || programType === BPF_PROG_TYPE_PERF_EVENT) &&
    pointsToUserRegisters(btf, pointer)
  )
    return;
  const type = btf.type(btf.skipModifiersAndTypedefs(pointer.type));
  if (type.kind === 'void') return;
  if (type.name === '') env.reject(EINVAL, 'argument-without-name', { index });
  if (isAllowedOtherwise(env, type)) return;
  const context = CONTEXT_STRUCTS.get(programType);
  if (context === undefined) env.reject(EINVAL, 'argument-not-void-pointer', { index });
  if (type.kind !== 'struct' || type.name !== context) env.reject(EINVAL, 'argument-not-context', { index, context });
}

function pointsToUserRegisters(btf: Btf, pointer: PointerType): boolean {
  const type = btf.type(btf.skipModifiers(pointer.type));
  return type.kind === 'typedef' && type.name === USER_REGISTERS;
}

/** Types that contexts may have beside the one they are named after. */
function isAllowedOtherwise(env: Env, type: BtfType): boolean {
  const isStruct = (name: string): boolean => type.kind === 'struct' && type.name === name;
  const isWord = type.kind === 'int' && type.size === 8;
  switch (env.kind.type) {
    case BPF_PROG_TYPE_KPROBE:
    case BPF_PROG_TYPE_PERF_EVENT:
      return isStruct('pt_regs');
    case BPF_PROG_TYPE_RAW_TRACEPOINT:
    case BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE:
    case BPF_PROG_TYPE_LSM:
    case BPF_PROG_TYPE_STRUCT_OPS:
      return isWord;
    case BPF_PROG_TYPE_TRACING:
      switch (env.kind.expectedAttachType) {
        case BPF_TRACE_RAW_TP:
          return isWord || isStruct('bpf_raw_tracepoint_args');
        case BPF_TRACE_ITER:
          return type.kind === 'struct' && type.name.startsWith('bpf_iter__');
        case BPF_TRACE_FENTRY:
        case BPF_TRACE_FEXIT:
        case BPF_MODIFY_RETURN:
          return isWord;
        default:
          return false;
      }
    case BPF_PROG_TYPE_TRACEPOINT:
    case BPF_PROG_TYPE_SYSCALL:
    case BPF_PROG_TYPE_EXT:
      return true;
    default:
      return false;
  }
}

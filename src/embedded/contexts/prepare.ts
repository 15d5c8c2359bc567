/** Which file of this room makes the run of which program type, and what programs find in a context as pointers. */
import { BpfiterError } from '../../errors.ts';
import {
  BPF_PROG_TYPE_CGROUP_SKB,
  BPF_PROG_TYPE_FLOW_DISSECTOR,
  BPF_PROG_TYPE_LSM,
  BPF_PROG_TYPE_LWT_IN,
  BPF_PROG_TYPE_LWT_OUT,
  BPF_PROG_TYPE_LWT_SEG6LOCAL,
  BPF_PROG_TYPE_LWT_XMIT,
  BPF_PROG_TYPE_NETFILTER,
  BPF_PROG_TYPE_RAW_TRACEPOINT,
  BPF_PROG_TYPE_SCHED_ACT,
  BPF_PROG_TYPE_SCHED_CLS,
  BPF_PROG_TYPE_SK_LOOKUP,
  BPF_PROG_TYPE_SK_SKB,
  BPF_PROG_TYPE_SOCKET_FILTER,
  BPF_PROG_TYPE_STRUCT_OPS,
  BPF_PROG_TYPE_SYSCALL,
  BPF_PROG_TYPE_TRACING,
  BPF_PROG_TYPE_XDP,
  BPF_TRACE_ITER,
} from '../../uapi/index.ts';
import { prepareArguments } from './argument-run.ts';
import type { Prepare } from './context.ts';
import { prepareFlowDissector } from './flow-dissector-run.ts';
import { kindOf } from './input.ts';
import { prepareNetfilter } from './netfilter-run.ts';
import { prepareSkBuff } from './sk-buff-run.ts';
import { prepareSkLookup } from './sk-lookup-run.ts';
import { prepareStruct, structContexts } from './struct-run.ts';
import { prepareSyscall } from './syscall-run.ts';
import { skBuffFields, xdpMdFields } from './uapi-structs.ts';
import { prepareXdp } from './xdp-run.ts';

/** Types that see packets through a __sk_buff. */
const skBuffTypes: readonly number[] = [
  BPF_PROG_TYPE_SOCKET_FILTER,
  BPF_PROG_TYPE_SCHED_CLS,
  BPF_PROG_TYPE_SCHED_ACT,
  BPF_PROG_TYPE_CGROUP_SKB,
  BPF_PROG_TYPE_LWT_IN,
  BPF_PROG_TYPE_LWT_OUT,
  BPF_PROG_TYPE_LWT_XMIT,
  BPF_PROG_TYPE_LWT_SEG6LOCAL,
  BPF_PROG_TYPE_SK_SKB,
];

const preparations: ReadonlyMap<number, Prepare> = new Map<number, Prepare>([
  ...skBuffTypes.map((type) => [type, prepareSkBuff] as const),
  ...[...structContexts.keys()].map((type) => [type, prepareStruct] as const),
  [BPF_PROG_TYPE_XDP, prepareXdp],
  [BPF_PROG_TYPE_FLOW_DISSECTOR, prepareFlowDissector],
  [BPF_PROG_TYPE_SK_LOOKUP, prepareSkLookup],
  [BPF_PROG_TYPE_NETFILTER, prepareNetfilter],
  [BPF_PROG_TYPE_RAW_TRACEPOINT, prepareArguments],
  [BPF_PROG_TYPE_TRACING, prepareArguments],
  [BPF_PROG_TYPE_LSM, prepareArguments],
  [BPF_PROG_TYPE_STRUCT_OPS, prepareArguments],
  [BPF_PROG_TYPE_SYSCALL, prepareSyscall],
]);

/** @throws BpfiterError `unsupported` for a type that does not run on demand; see Prepare for the rest */
export const prepareRun: Prepare = (runtime, program, options) => {
  if (program.type === BPF_PROG_TYPE_TRACING && program.expectedAttachType === BPF_TRACE_ITER) {
    throw new BpfiterError(
      'unsupported',
      `program '${program.name}' is an iterator: it runs only when its link is read`,
    );
  }
  const prepare = preparations.get(program.type);
  if (prepare === undefined) {
    const what = `the embedded kernel cannot run ${kindOf(program)} programs on demand`;
    throw new BpfiterError('unsupported', `program '${program.name}': ${what}`);
  }
  return prepare(runtime, program, options);
};

const inSkBuff: ReadonlySet<number> = new Set([skBuffFields.data, skBuffFields.data_end, skBuffFields.data_meta]);
const inXdpMd: ReadonlySet<number> = new Set([xdpMdFields.data, xdpMdFields.data_end, xdpMdFields.data_meta]);
const none: ReadonlySet<number> = new Set();

/**
 * 4-byte fields of the context, by offset, that hold an offset into linear memory where the program gets an address
 * (AccessPlan `pointer32`). Pointers in fields of 8 bytes are whole addresses.
 */
export function pointerFields(programType: number): ReadonlySet<number> {
  if (programType === BPF_PROG_TYPE_XDP) return inXdpMd;
  return skBuffTypes.includes(programType) || programType === BPF_PROG_TYPE_FLOW_DISSECTOR ? inSkBuff : none;
}

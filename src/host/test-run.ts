/**
 * BPF_PROG_TEST_RUN: running a program once, or many times, on input that is given to it.
 *
 * What the kernel takes depends on the program's type (net/bpf/test_run.c of Linux 6.18 and the `.test_run` of each
 * type's bpf_prog_ops). It answers EINVAL to anything else, so the table below is asked first, to say what is wrong.
 */
import { constants } from 'node:os';
import { BpfiterError } from '../errors.ts';
import type { RunOptions, RunResult } from '../kernel.ts';
import { checkRepeat } from '../run-options.ts';
import {
  BPF_F_TEST_XDP_LIVE_FRAMES,
  BPF_PROG_TEST_RUN,
  BPF_PROG_TYPE_CGROUP_SKB,
  BPF_PROG_TYPE_FLOW_DISSECTOR,
  BPF_PROG_TYPE_LWT_IN,
  BPF_PROG_TYPE_LWT_OUT,
  BPF_PROG_TYPE_LWT_SEG6LOCAL,
  BPF_PROG_TYPE_LWT_XMIT,
  BPF_PROG_TYPE_NETFILTER,
  BPF_PROG_TYPE_RAW_TRACEPOINT,
  BPF_PROG_TYPE_SCHED_ACT,
  BPF_PROG_TYPE_SCHED_CLS,
  BPF_PROG_TYPE_SK_LOOKUP,
  BPF_PROG_TYPE_SOCKET_FILTER,
  BPF_PROG_TYPE_STRUCT_OPS,
  BPF_PROG_TYPE_SYSCALL,
  BPF_PROG_TYPE_TRACING,
  BPF_PROG_TYPE_XDP,
  BPF_TRACE_ITER,
  programTypeName,
} from '../uapi/index.ts';
import { testRunAttributes } from './attributes.ts';
import { ENOTSUPP, failure } from './failure.ts';
import { tryBpf } from './syscall.ts';

interface Runnable {
  /** Fewest bytes of input data; absent: the type takes none. */
  readonly data?: number;
  /** Where the context is after the run: in the buffer it came in, in one of its own, or nowhere. */
  readonly context?: 'in-place' | 'out' | 'in-only';
  readonly repeat?: true;
  readonly flags?: true;
  /** The data does not come back. */
  readonly keepsData?: true;
}

const ETHERNET_HEADER = 14;
const IPV4_HEADER = 20;

const packet: Runnable = { data: ETHERNET_HEADER, context: 'out', repeat: true, flags: true };

const runnables: ReadonlyMap<number, Runnable> = new Map<number, Runnable>([
  [BPF_PROG_TYPE_SOCKET_FILTER, packet],
  [BPF_PROG_TYPE_SCHED_CLS, packet],
  [BPF_PROG_TYPE_SCHED_ACT, packet],
  [BPF_PROG_TYPE_CGROUP_SKB, packet],
  [BPF_PROG_TYPE_LWT_IN, packet],
  [BPF_PROG_TYPE_LWT_OUT, packet],
  [BPF_PROG_TYPE_LWT_XMIT, packet],
  [BPF_PROG_TYPE_LWT_SEG6LOCAL, packet],
  [BPF_PROG_TYPE_XDP, packet],
  [BPF_PROG_TYPE_FLOW_DISSECTOR, { data: ETHERNET_HEADER, context: 'in-only', repeat: true }],
  [BPF_PROG_TYPE_NETFILTER, { data: IPV4_HEADER, context: 'in-only', repeat: true, keepsData: true }],
  [BPF_PROG_TYPE_SK_LOOKUP, { context: 'out', repeat: true }],
  [BPF_PROG_TYPE_RAW_TRACEPOINT, { context: 'in-only', flags: true }],
  [BPF_PROG_TYPE_SYSCALL, { context: 'in-place' }],
  [BPF_PROG_TYPE_STRUCT_OPS, { context: 'in-only' }],
  // Calls the kernel's own functions for such tests (bpf_fentry_test1 and on), and so whatever is attached to them.
  [BPF_PROG_TYPE_TRACING, {}],
]);

/** More than any program can make of its data (17 fragments of a page, 64 KiB pages aside) or context. */
const DATA_ROOM = 128 << 10;
const CONTEXT_ROOM = 1 << 10;

export interface ProgramToRun {
  readonly fd: number;
  readonly name: string;
  readonly type: number;
  readonly expectedAttachType: number;
}

/**
 * @throws BpfiterError `unsupported` for a type that the kernel cannot run so, `usage` for input that the type does
 *   not take
 */
export function testRun(program: ProgramToRun, options: RunOptions): RunResult {
  const kind = programTypeName(program.type) ?? `type ${program.type}`;
  const runnable = runnableOf(program, kind);
  checkOptions(runnable, options, program, kind);

  const { data, context, repeat = 0, flags = 0 } = options;
  const contextIn = context?.slice();
  // Packets that really go somewhere do not come back.
  const output = program.type !== BPF_PROG_TYPE_XDP || (flags & BPF_F_TEST_XDP_LIVE_FRAMES) === 0;
  const dataOut =
    output && runnable.keepsData !== true && data !== undefined ? new Uint8Array(data.length + DATA_ROOM) : undefined;
  const contextOut =
    output && context !== undefined && runnable.context === 'out'
      ? new Uint8Array(context.length + CONTEXT_ROOM)
      : undefined;
  const attributes = testRunAttributes.create({
    prog_fd: program.fd,
    data_in: data,
    data_size_in: data?.length,
    data_out: dataOut,
    data_size_out: dataOut?.length,
    ctx_in: contextIn,
    ctx_size_in: contextIn?.length,
    ctx_out: contextOut,
    ctx_size_out: contextOut?.length,
    repeat,
    flags,
  });
  const result = tryBpf(BPF_PROG_TEST_RUN, attributes);
  if (result < 0) throw failure(-result, `run program '${program.name}'`, { because: explain(-result, kind) });

  const changedContext =
    runnable.context === 'in-place' ? contextIn : contextOut?.slice(0, attributes.number('ctx_size_out'));
  return {
    retval: attributes.number('retval'),
    durationNs: attributes.number('duration'),
    ...(dataOut !== undefined && { dataOut: dataOut.slice(0, attributes.number('data_size_out')) }),
    ...(changedContext !== undefined && { contextOut: changedContext }),
  };
}

function runnableOf({ name, type, expectedAttachType }: ProgramToRun, kind: string): Runnable {
  if (type === BPF_PROG_TYPE_TRACING && expectedAttachType === BPF_TRACE_ITER) {
    throw new BpfiterError('unsupported', `program '${name}' is an iterator: it runs only when its link is read`);
  }
  const runnable = runnables.get(type);
  if (runnable === undefined) {
    throw new BpfiterError('unsupported', `program '${name}': the kernel cannot run ${kind} programs on demand`);
  }
  return runnable;
}

function checkOptions(runnable: Runnable, options: RunOptions, { name }: ProgramToRun, kind: string): void {
  const refuse = (what: string): never => {
    throw new BpfiterError('usage', `program '${name}': a run of type ${kind} ${what}`);
  };
  const { data, context, repeat = 0, flags = 0 } = options;
  if (data !== undefined && runnable.data === undefined) refuse('takes no data');
  if (runnable.data !== undefined && (data?.length ?? 0) < runnable.data) {
    refuse(`needs data of at least ${runnable.data} bytes, not ${data?.length ?? 0}`);
  }
  if (context !== undefined && runnable.context === undefined) refuse('takes no context');
  checkRepeat(repeat, name);
  if (repeat !== 0 && runnable.repeat === undefined) refuse('takes no repeat count');
  if (flags !== 0 && runnable.flags === undefined) refuse('takes no flags');
}

const { EFAULT, EINVAL, ENOSPC } = constants.errno;

function explain(errno: number, kind: string): string | undefined {
  switch (errno) {
    case ENOTSUPP:
      return `this kernel cannot run ${kind} programs on demand`;
    case EINVAL:
      return `the kernel does not take this input for a ${kind} program`;
    case EFAULT:
      return `the program's attach target cannot be called`;
    case ENOSPC:
      return 'the output is larger than any that is known';
    default:
      return undefined;
  }
}

/**
 * Runs of programs whose context is a row of 8-byte words: raw tracepoints, and the arguments of a function (tracing,
 * LSM, struct_ops). Linux runs raw tracepoints so (bpf_prog_test_run_raw_tp); for the others it calls functions of its
 * own that such programs are attached to, which are not here: they get the words that are given.
 *
 *   context - 16   address of the function        as Linux's trampolines have it, for bpf_get_func_ip(),
 *   context -  8   number of arguments            bpf_get_func_arg_cnt()
 *   context        the arguments; behind them what the function returned
 */
import { BPF_F_TEST_RUN_ON_CPU, BPF_PROG_TYPE_RAW_TRACEPOINT } from '../../uapi/index.ts';
import type { Prepare } from './context.ts';
import { checkOptions, misuse, RunMemory, refusal } from './input.ts';

/** Most arguments that a context has (MAX_BPF_FUNC_ARGS). */
const MAX_ARGUMENTS = 12;
const WORD = 8;
const BEFORE = 16;

/** What stands behind the context. */
export class FunctionArguments {
  readonly context: number;
  readonly count: number;

  constructor(context: number, count: number) {
    this.context = context;
    this.count = count;
  }
}

export const prepareArguments: Prepare = (runtime, program, options) => {
  const raw = program.type === BPF_PROG_TYPE_RAW_TRACEPOINT;
  checkOptions(program, options, { context: true, ...(raw && { flags: BPF_F_TEST_RUN_ON_CPU }) });
  const { context: given = new Uint8Array() } = options;
  if (given.length < program.maxContextOffset) {
    throw refusal(
      program,
      'EINVAL',
      `it reads ${program.maxContextOffset} bytes of context, and ${given.length} are given`,
    );
  }
  // One more for what the function returned.
  const most = (raw ? MAX_ARGUMENTS : MAX_ARGUMENTS + 1) * WORD;
  if (given.length > most) throw refusal(program, 'EINVAL', `a context of more than ${most} bytes`);
  if (!raw && given.length % WORD !== 0) throw misuse(program, 'takes a context of 8-byte words');

  const memory = new RunMemory(runtime);
  const words = Math.ceil(given.length / WORD);
  const count = program.argumentCount ?? words;
  const block = memory.reserve(BEFORE + Math.max(words, count + 1) * WORD);
  const context = block + BEFORE;
  runtime.memory.u8.set(given, context);
  runtime.memory.u32[(context - WORD) >> 2] = count;
  return {
    context,
    subject: new FunctionArguments(context, count),
    repeat: 1,
    begin: () => {},
    finish: (retval) => ({ retval: retval | 0 }),
    release: () => memory.free(),
  };
};

/**
 * What BTF does not tell about an iterator target, asked of the running kernel: which registers the verifier makes of
 * its context, whether its programs may sleep, which parameter it takes. Each question is a program of a few
 * instructions that is loaded and attached, never run.
 * How the kernel answers: kernel/bpf/bpf_iter.c (bpf_iter_link_attach); facts/iterators.md 1.1-1.5, 2.7.
 */
import { constants } from 'node:os';
import { encodeAll, type Instruction } from '../isa/index.ts';
import type { ParameterKind } from '../iter-parameters.ts';
import type { IterTarget, TargetProperties } from '../iter-targets.ts';
import {
  BPF_F_SLEEPABLE,
  BPF_LINK_CREATE,
  BPF_LOG_LEVEL2,
  BPF_PROG_TYPE_TRACING,
  BPF_TRACE_ITER,
} from '../uapi/index.ts';
import { cgroupIterInfo, linkCreateAttributes, taskIterInfo } from './attributes.ts';
import { closeDescriptor } from './descriptor.ts';
import { loadProgram } from './program-load.ts';
import { tryBpf } from './syscall.ts';
import { exit, setRegister } from './tiny-programs.ts';

const { EBADF, EINVAL } = constants.errno;

/** @returns undefined if the kernel refuses the programs: no target of that name, or no privilege */
export function probeTarget(target: IterTarget): TargetProperties | undefined {
  const plain = loadReader(target, 0);
  if (plain === undefined) return undefined;
  try {
    const parameter = probeParameter(plain.fd);
    return { registers: plain.registers, sleepable: probeSleepable(target, parameter), parameter };
  } finally {
    closeDescriptor(plain.fd);
  }
}

/** Registers that can hold a member each; r1 is the context, and no target has more members. */
const FIRST_REGISTER = 2;

/** Loads a program that reads each member of the context into a register of its own. */
function loadReader(
  { btfId, context }: IterTarget,
  flags: number,
): { readonly fd: number; readonly registers: readonly string[] } | undefined {
  const loads = context.map(
    (_, slot): Instruction => ({
      kind: 'load',
      size: 8,
      signed: false,
      dst: FIRST_REGISTER + slot,
      base: 1,
      off: slot * 8,
    }),
  );
  const { result, log } = loadProgram(
    {
      type: BPF_PROG_TYPE_TRACING,
      expectedAttachType: BPF_TRACE_ITER,
      attachBtfId: btfId,
      insns: encodeAll([...loads, setRegister(0, 0), exit]),
      license: 'GPL',
      flags,
    },
    BPF_LOG_LEVEL2,
  );
  if (result < 0) return undefined;
  return { fd: result, registers: context.map((_, slot) => registerType(log, FIRST_REGISTER + slot)) };
}

/** The first state that the log prints of a register: `R2_w=trusted_ptr_task_struct(id=1)`, `R3=scalar()`. */
const registerType = (log: string, register: number): string =>
  new RegExp(`\\bR${register}(?:_w)?=(\\w+)`).exec(log)?.[1] ?? 'unknown';

function probeParameter(fd: number): ParameterKind | undefined {
  const without = attach(fd, undefined);
  if (without === -EBADF) return 'map';
  if (without === -EINVAL) return attach(fd, selfOnly) === 0 ? 'cgroup' : undefined;
  // Both a thread and a process: only a target that reads them can mind.
  return attach(fd, taskIterInfo.create({ tid: 1, pid: 1 }).bytes) === -EINVAL ? 'task' : undefined;
}

/** Sleepable programs load for every target; attaching is what some refuse, before they look at the parameter. */
function probeSleepable(target: IterTarget, parameter: ParameterKind | undefined): boolean {
  const sleepable = loadReader(target, BPF_F_SLEEPABLE);
  if (sleepable === undefined) return false;
  try {
    return attach(sleepable.fd, parameter === 'cgroup' ? selfOnly : undefined) !== -EINVAL;
  } finally {
    closeDescriptor(sleepable.fd);
  }
}

/** BPF_CGROUP_ITER_SELF_ONLY of the root. */
const selfOnly = cgroupIterInfo.create({ order: 1 }).bytes;

/** @returns 0, or the negative errno; the link is gone again */
function attach(fd: number, info: Uint8Array | undefined): number {
  const result = tryBpf(
    BPF_LINK_CREATE,
    linkCreateAttributes.create({
      prog_fd: fd,
      attach_type: BPF_TRACE_ITER,
      iter_info: info,
      iter_info_len: info?.length,
    }),
  );
  if (result < 0) return result;
  closeDescriptor(result);
  return 0;
}

/**
 * Why the kernel refused a program, in one line, from its errno and the verifier's log.
 */
import { constants } from 'node:os';
import type { BpfiterError } from '../errors.ts';
import { reasonLine } from '../kernel-log.ts';
import { explainLog, type LinkedProgram, refusalReason } from '../object/index.ts';
import { programTypeName, programTypes } from '../uapi/index.ts';
import { failure } from './failure.ts';
import { isOlderThan } from './kernel-version.ts';

const { E2BIG, EINVAL, EPERM } = constants.errno;

/** @returns the error, with the whole log as its detail */
export function programRefusal(errno: number, program: LinkedProgram, log: string): BpfiterError {
  const { name, section } = program.program;
  const because = refusalReason(log, program) ?? reasonLine(log) ?? withoutLog(errno, program);
  return failure(errno, `load program '${name}' (${section})`, {
    need: 'load',
    because,
    detail: explainLog(log, program),
  });
}

/** What can be said if the program was refused before the verifier saw it. */
function withoutLog(errno: number, { type, insns }: LinkedProgram): string | undefined {
  switch (errno) {
    case EPERM:
      return 'a policy of this machine (seccomp, lockdown, a security module) forbids it';
    case E2BIG:
      return `it has ${insns.length / 8} instructions, or something in it is newer than the kernel`;
    case EINVAL:
      return tooNew(type) ?? 'the kernel does not know its type, flags or attach target';
    default:
      return undefined;
  }
}

function tooNew(type: number): string | undefined {
  const since = programTypes.find(({ id }) => id === type)?.since;
  if (since === undefined || !isOlderThan(since)) return undefined;
  return `programs of type ${programTypeName(type) ?? type} came with Linux ${since}, and this kernel is older`;
}

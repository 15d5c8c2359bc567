/**
 * Verification of a program that was linked, for those who go on only if it is accepted: what is not comes as an error.
 */
import { BpfiterError } from '../errors.ts';
import type { LinkedProgram } from '../object/index.ts';
import { diagnose } from './diagnosis/index.ts';
import type { VerifierInput } from './input/index.ts';
import type { KernelProfile } from './profile/types.ts';
import type { VerifierProgram } from './program.ts';
import { type VerifierResult, type VerifyOptions, verifyAsync } from './verify.ts';

export interface AcceptedProgram {
  readonly program: VerifierProgram;
  readonly result: VerifierResult;
}

/**
 * @throws BpfiterError `refused` with the reason as message, the log as detail and an explanation for people;
 *   `unsupported` with the name of what is not modelled; Cancelled if the signal fired before the verdict
 */
export async function accept(
  linked: LinkedProgram,
  input: VerifierInput,
  profile: KernelProfile,
  options: Pick<VerifyOptions, 'logLevel' | 'signal'> = {},
): Promise<AcceptedProgram> {
  const program = input.program(linked);
  const result = await verifyAsync(program, profile, { ...options, allocatedTypes: input.allocatedTypes() });
  if (result.verdict === 'accept') return { program, result };
  if (result.verdict === 'unsupported') throw new BpfiterError('unsupported', result.message, { detail: result.log });
  // An instruction that linking made invalid on purpose: what it stands for says more than that it is invalid.
  const poisoned = linked.poisoned.find(({ insn }) => insn === result.diagnostic?.insn);
  const reason = poisoned?.reason ?? result.reason;
  throw new BpfiterError('refused', reason, {
    errno: result.errno,
    detail: poisoned === undefined ? result.log : `${result.log}${reason}\n`,
    // The verifier's view of a poisoned instruction would mislead.
    ...(poisoned === undefined && { explanation: diagnose(result, program) }),
  });
}

/**
 * The verifier: what Linux would say of a program, without Linux. A program and a kernel profile give a verdict, a log
 * in the kernel's form, statistics, and facts about each instruction. No I/O.
 */
export { type AcceptedProgram, accept } from './accept.ts';
export { diagnose } from './diagnosis/index.ts';
export type { FurthestAccess, InsnFacts, Statistics, Subprogram } from './environment.ts';
export type { AllocatedType, FieldKind, MapFields, SpecialField } from './fields.ts';
export { kindOf, VerifierInput } from './input/index.ts';
export type { Diagnostic } from './messages/index.ts';
export type { IteratorRow } from './profile/function-rules.ts';
export { type Linux618Options, linux618 } from './profile/linux-6.18/index.ts';
export { type DescribedKernel, DescribedTarget } from './profile/target.ts';
export type { KernelProfile, ProgramKind } from './profile/types.ts';
export type { VerifierMap, VerifierProgram } from './program.ts';
export { baseType, PTR_TO_ARENA, PTR_TO_CTX } from './register-types.ts';
export { Cancelled } from './rejection.ts';
export { type VerifierResult, type VerifyOptions, verify, verifyAsync } from './verify.ts';

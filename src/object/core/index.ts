/** CO-RE: relocating programs onto the types of the kernel that is to run them. */
export { type Candidate, CoreTargets } from './candidates.ts';
export * from './kinds.ts';
export { POISON_HELPER } from './patch.ts';
export { type CoreOutcome, type CoreRelocation, relocateProgram } from './relocate.ts';

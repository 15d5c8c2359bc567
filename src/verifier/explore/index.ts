/**
 * The walk over the paths of a program: branches, calls and exits, states and when they are equal, precision, loops.
 */
export { attachPrototype } from './attach-prototype.ts';
export { frameInsn, sameCallsites } from './call-chain.ts';
export { clearCallerSaved, type PrepareCallee, pushAsyncCallback, pushCallbackCall } from './calls.ts';
export { findPreviousEntry } from './checkpoints.ts';
export { checkFunctionAddresses } from './dead-functions.ts';
export { checkNothingHeld, returnToCaller } from './exits.ts';
export { recordJump, recordStackAccess } from './history.ts';
export { pushState } from './pending.ts';
export { markPrecise, markPreciseStackSlot } from './precision.ts';
export { endWalk, walkProgram } from './programs.ts';
export { checkReturnValue } from './return-value.ts';
export { widenImpreciseScalars } from './widen.ts';

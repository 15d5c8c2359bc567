/**
 * Kfuncs: calls of kernel functions that are described by the kernel's BTF, and what comes with them - iterators,
 * dynptrs, locks, regions, references, lists and trees, functions that are called later.
 */
export { checkKfuncCall, checkNoMissingKfunc, isAllowedInLock, isThrow } from './call.ts';
export {
  type DynptrArgument,
  dynptrId,
  dynptrKind,
  dynptrReferenceId,
  isReferencedKind,
  markConstDynptr,
  processDynptr,
  releaseDynptr,
} from './dynptrs.ts';
export { fieldName, fieldsOf, findField, findFieldAt, hasField, mayPointToLock } from './fields.ts';
export { inTreeCallback } from './graph.ts';
export { type LockOperation, processSpinLock } from './locks.ts';
export { checkMapField, type MapArgument, prepareTimerCallback } from './map-callbacks.ts';
export {
  acquireReference,
  convertToNonOwning,
  findReference,
  forgetReference,
  invalidateNonOwning,
  releaseReference,
} from './references.ts';
export { eachRegister } from './registers.ts';

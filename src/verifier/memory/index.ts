/**
 * Memory: loads, stores and atomic operations through every type of pointer, and the memory that helpers, kfuncs and
 * global functions are given.
 */
export { type AccessOptions, checkMemoryAccess } from './access.ts';
export { checkAlignment } from './alignment.ts';
export { btfOf, checkBtfPointerAccess, markBtfPointer } from './btf-pointer.ts';
export {
  checkHelperMemory,
  checkKfuncMemorySize,
  checkMemoryRegister,
  checkMemorySizePair,
  mayPassPacket,
} from './helper-memory.ts';
export { checkAtomic, checkLoad, checkStore, notePointerType } from './instructions.ts';
export { isTextAt } from './kept-pointers.ts';
export { checkStoredPointer } from './kptr.ts';
export { checkMapAccess, checkMapFlags, FIELD_NAMES, isConstant, mapOf, pointerFieldAt } from './map-value.ts';
export { markNotNull } from './not-null.ts';
export { clearPacketPointers } from './packet-pointers.ts';
export { checkPointerOffset } from './pointer-offset.ts';
export { checkPacketAccess, checkRegionAccess } from './region.ts';
export { registerType } from './register-names.ts';
export { isSpillablePointer, linkScalar, saveRegister } from './spilling.ts';
export { type AccessKind, checkStackBounds, checkStackRange, type MemoryNotes } from './stack-range.ts';
export { readStack } from './stack-read.ts';
export { byteOf, destroyDynptrAt, frameOf, growStack, isSpilled, SLOT_BYTES, slotOf } from './stack-slots.ts';
export { writeStack } from './stack-write.ts';
export { structIdsMatch, type Walked, walkStruct } from './struct-walk.ts';
export { hasUnsafeModifiers, inRcuSection, isRcu, isTrusted } from './trust.ts';

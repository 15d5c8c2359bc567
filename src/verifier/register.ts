/**
 * The record of what is known of a register or of a spilled one: REG_WORDS 32-bit words in an Int32Array, at an offset.
 * Functions over registers take the pair (words, offset), conventionally `(w, r)`. 64-bit values are two words, low
 * word first, so that the layout equals little-endian u64 and transfer functions could move to wasm.
 *
 *   word  0 TYPE        base type and flags (register-types.ts)
 *         1 OFF         pointers: fixed part of the offset; linked scalars: distance to the register of the same id
 *         2 ID          0, or what registers that changed together share
 *         3 REF_OBJ_ID  0, or the acquired reference that the pointer came from
 *         4 A           by type: MAP (index), BTF_ID, MEM_SIZE, RANGE, SUBPROG, DYNPTR_KIND, ITER_BTF_ID, IRQ_CLASS
 *         5 B           by type: MAP_UID, BTF (index of the type's BTF), DYNPTR_ID, DYNPTR_FIRST, ITER_BTF
 *         6 C           stack iterators: state; 7 D: their depth
 *         8 FRAME       pointers to the stack: whose
 *     10,11 VALUE  12,13 MASK   tristate number of the value, or of the variable part of a pointer's offset
 *     14,15 SMIN   16,17 SMAX   18,19 UMIN   20,21 UMAX      64-bit ranges of the same
 *        22 S32MIN    23 S32MAX    24 U32MIN    25 U32MAX    ranges of its low half
 *        26 PRECISE     scalars: 1 if a decision depended on the value
 *        27 SUBREG_DEF  index + 1 of the instruction that wrote the low half only, or 0
 *
 * After struct bpf_reg_state (include/linux/bpf_verifier.h).
 */
export const REG_WORDS = 28;

export const TYPE = 0;
export const OFF = 1;
export const ID = 2;
export const REF_OBJ_ID = 3;
const A = 4;
const B = 5;
/** Index into the verifier's maps. */
export const MAP = A;
/** Not 0 for maps that were looked up in a map of maps. */
export const MAP_UID = B;
export const BTF_ID = A;
/** Index into the verifier's BTFs: 0 the kernel's, 1 the program's own, then modules. */
export const BTF = B;
export const MEM_SIZE = A;
/** Memory that is a slice of a dynptr: that dynptr's id. */
export const DYNPTR_ID = B;
/** Packet pointers: bytes known to lie before the packet's end. Negative: pointer beyond or at the end. */
export const RANGE = A;
export const SUBPROG = A;
/** Stack slots of a dynptr: DYNPTR_TYPE_* flag; and whether it is the first of the two. */
export const DYNPTR_KIND = A;
export const DYNPTR_FIRST = B;
export const ITER_BTF_ID = A;
export const ITER_BTF = B;
export const ITER_STATE = 6;
export const ITER_DEPTH = 7;
export const IRQ_CLASS = A;
export const FRAME = 8;
export const VALUE = 10;
export const MASK = 12;
export const SMIN = 14;
export const SMAX = 16;
export const UMIN = 18;
export const UMAX = 20;
export const S32MIN = 22;
export const S32MAX = 23;
export const U32MIN = 24;
export const U32MAX = 25;
export const PRECISE = 26;
export const SUBREG_DEF = 27;

export const ITER_STATE_INVALID = 0;
export const ITER_STATE_ACTIVE = 1;
export const ITER_STATE_DRAINED = 2;

export const IRQ_NATIVE_KFUNC = 0;
export const IRQ_LOCK_KFUNC = 1;

/** Upper bits of ID: the register is that of the id plus OFF (64- or 32-bit addition). */
export const ADD_CONST64 = 1 << 31;
export const ADD_CONST32 = 1 << 30;
export const ADD_CONST = ADD_CONST64 | ADD_CONST32;

/** Copies one record. */
export function copyRegister(to: Int32Array, at: number, from: Int32Array, offset: number): void {
  for (let i = 0; i < REG_WORDS; i++) to[at + i] = from[offset + i] as number; // within both arrays
}

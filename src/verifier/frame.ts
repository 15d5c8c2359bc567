/**
 * One function on the call stack: its registers and its stack, in one Int32Array.
 *
 *   r0 .. r10                      REG_WORDS each
 *   slot 0, 1, ... (fp-8, fp-16)   SLOT_WORDS each: the types of its 8 bytes (a byte each, lowest address first),
 *                                  then the record of what is spilled there (iterators, dynptrs, irq flags too)
 *
 * Slots exist from `fp-8` down to the lowest that was ever touched. Copying a frame is one `set`.
 * After struct bpf_func_state and bpf_stack_state.
 */
import { REG_WORDS } from './register.ts';

export const MAX_REGISTERS = 11;
export const MAX_STACK_BYTES = 512;
export const MAX_SLOTS = MAX_STACK_BYTES / 8;
export const MAX_FRAMES = 8;

export const SLOTS_AT = MAX_REGISTERS * REG_WORDS;
/** Words of a slot before its register record: the types of its bytes. */
export const SLOT_TYPE_WORDS = 2;
export const SLOT_WORDS = SLOT_TYPE_WORDS + REG_WORDS;
/** Enough for a full stack. */
export const FRAME_WORDS = SLOTS_AT + MAX_SLOTS * SLOT_WORDS;

export interface ReturnRange {
  readonly min: number;
  readonly max: number;
}

export class Frame {
  /** Long enough for `slots`. Frames of the current state have FRAME_WORDS; those of saved states what they need. */
  words: Int32Array;
  /** Slots in use. */
  slots = 0;
  /** Instruction that called, -1 for the main program. */
  callsite = -1;
  /** 0 is the main program of the state. */
  frameNumber = 0;
  subprogram = 0;
  asyncEntryCount = 0;
  callbackReturnRange: ReturnRange | undefined;
  inCallback = false;
  inAsyncCallback = false;
  inExceptionCallback = false;
  /** How many times the callback called from here was simulated. */
  callbackDepth = 0;
  /** Kept by the pool that frames come from (explore/frame-pool.ts). */
  isFree = false;
  wasLent = false;

  constructor(words: Int32Array = new Int32Array(FRAME_WORDS)) {
    this.words = words;
  }

  /** Offset of a register's record in `words`. */
  register(number: number): number {
    return number * REG_WORDS;
  }

  /** Offset of the record spilled in a slot. */
  spilled(slot: number): number {
    return SLOTS_AT + slot * SLOT_WORDS + SLOT_TYPE_WORDS;
  }

  /** Type of a byte of a slot; byte 0 has the lowest address. */
  slotType(slot: number, byte: number): number {
    const word = this.words[SLOTS_AT + slot * SLOT_WORDS + (byte >> 2)] as number; // slots are in range
    return (word >>> ((byte & 3) * 8)) & 0xff;
  }

  setSlotType(slot: number, byte: number, type: number): void {
    const at = SLOTS_AT + slot * SLOT_WORDS + (byte >> 2);
    const shift = (byte & 3) * 8;
    this.words[at] = ((this.words[at] as number) & ~(0xff << shift)) | (type << shift); // slots are in range
  }

  /** Sets all 8 bytes of a slot. */
  fillSlotType(slot: number, type: number): void {
    const at = SLOTS_AT + slot * SLOT_WORDS;
    const word = type * 0x01010101;
    this.words[at] = word;
    this.words[at + 1] = word;
  }

  /** Makes slots up to this number exist; new ones are STACK_INVALID with an empty record. */
  growTo(slots: number): void {
    if (slots <= this.slots) return;
    const end = SLOTS_AT + slots * SLOT_WORDS;
    if (end > this.words.length) {
      const larger = new Int32Array(FRAME_WORDS);
      larger.set(this.words);
      this.words = larger;
    }
    this.words.fill(0, SLOTS_AT + this.slots * SLOT_WORDS, end);
    this.slots = slots;
  }

  get usedWords(): number {
    return SLOTS_AT + this.slots * SLOT_WORDS;
  }

  /** Takes over everything from another frame, reusing this one's array if it is long enough. */
  copyFrom(other: Frame): void {
    const used = other.usedWords;
    if (this.words.length < used) this.words = new Int32Array(used);
    this.words.set(other.words.length === used ? other.words : other.words.subarray(0, used));
    this.slots = other.slots;
    this.callsite = other.callsite;
    this.frameNumber = other.frameNumber;
    this.subprogram = other.subprogram;
    this.asyncEntryCount = other.asyncEntryCount;
    this.callbackReturnRange = other.callbackReturnRange;
    this.inCallback = other.inCallback;
    this.inAsyncCallback = other.inAsyncCallback;
    this.inExceptionCallback = other.inExceptionCallback;
    this.callbackDepth = other.callbackDepth;
  }
}

/**
 * The steps of a state's path from where it was last saved, as far as backtracking needs them: jumps that were taken,
 * and what instructions did to the stack. Words of one array, so that copying a state copies no objects.
 *
 *   word 0 INSN       the instruction
 *        1 PREVIOUS   the one executed before it
 *        2 FLAGS      INSN_F_*
 *        3,4 LINKED   up to six registers and slots that share an id and changed together: three records a word, of
 *                     10 bits each (frame 3 bits, slot or register 6 bits, is a register 1 bit), their count above
 *
 * After struct bpf_jmp_history_entry (include/linux/bpf_verifier.h).
 */
export const HISTORY_WORDS = 5;
export const HISTORY_INSN = 0;
export const HISTORY_PREVIOUS = 1;
export const HISTORY_FLAGS = 2;
export const HISTORY_LINKED = 3;

/** Low bits of the flags: frame (3 bits) and slot (6 bits) of the stack access. */
export const INSN_F_FRAMENO_MASK = 0x7;
export const INSN_F_SPI_SHIFT = 3;
export const INSN_F_SPI_MASK = 0x3f;
export const INSN_F_STACK_ACCESS = 1 << 9;
/** A conditional jump compares a stack pointer in dst, or in src. */
export const INSN_F_DST_REG_STACK = 1 << 10;
export const INSN_F_SRC_REG_STACK = 1 << 11;

/** More than this many registers and slots of one id are not tracked. */
export const LINKED_REGS_MAX = 6;
const LINKED_BITS = 10;
const LINKED_PER_WORD = 3;
const LINKED_COUNT_SHIFT = LINKED_BITS * LINKED_PER_WORD;
const LINKED_MASK = (1 << LINKED_BITS) - 1;
const LINKED_IS_REGISTER = 1 << 9;

export const linkedRegister = (frame: number, register: number): number => LINKED_IS_REGISTER | (register << 3) | frame;
export const linkedSlot = (frame: number, slot: number): number => (slot << 3) | frame;
export const linkedFrame = (record: number): number => record & 7;
export const linkedIndex = (record: number): number => (record >> 3) & 0x3f;
export const linkedIsRegister = (record: number): boolean => (record & LINKED_IS_REGISTER) !== 0;

const EMPTY = new Int32Array(0);

export class JumpHistory {
  words: Int32Array = EMPTY;
  /** Entries. */
  length = 0;

  /** @returns index of the new entry */
  add(insn: number, previous: number, flags: number): number {
    const at = this.length * HISTORY_WORDS;
    if (at === this.words.length) {
      const larger = new Int32Array(Math.max(8 * HISTORY_WORDS, at * 2));
      larger.set(this.words);
      this.words = larger;
    }
    const { words } = this;
    words[at + HISTORY_INSN] = insn;
    words[at + HISTORY_PREVIOUS] = previous;
    words[at + HISTORY_FLAGS] = flags;
    words[at + HISTORY_LINKED] = 0;
    words[at + HISTORY_LINKED + 1] = 0;
    this.length += 1;
    return this.length - 1;
  }

  /** Any field of an entry; `field` is HISTORY_*. */
  get(entry: number, field: number): number {
    return this.words[entry * HISTORY_WORDS + field] as number; // entries are in range
  }

  addFlags(entry: number, flags: number): void {
    const at = entry * HISTORY_WORDS + HISTORY_FLAGS;
    this.words[at] = (this.words[at] as number) | flags;
  }

  /** Sets what changed together at an entry. @param count of `records` that count, at most LINKED_REGS_MAX */
  setLinked(entry: number, records: ArrayLike<number>, count: number): void {
    for (let half = 0; half < 2; half++) {
      let word = 0;
      let inWord = 0;
      for (let i = half * LINKED_PER_WORD; i < count && inWord < LINKED_PER_WORD; i++, inWord++)
        word |= (records[i] as number) << (inWord * LINKED_BITS);
      this.words[entry * HISTORY_WORDS + HISTORY_LINKED + half] = word | (inWord << LINKED_COUNT_SHIFT);
    }
  }

  linkedCount(entry: number): number {
    const at = entry * HISTORY_WORDS + HISTORY_LINKED;
    return (
      ((this.words[at] as number) >>> LINKED_COUNT_SHIFT) + ((this.words[at + 1] as number) >>> LINKED_COUNT_SHIFT)
    );
  }

  linked(entry: number, index: number): number {
    const high = index >= LINKED_PER_WORD ? 1 : 0;
    const word = this.words[entry * HISTORY_WORDS + HISTORY_LINKED + high] as number;
    return (word >>> ((index - high * LINKED_PER_WORD) * LINKED_BITS)) & LINKED_MASK;
  }

  get usedWords(): number {
    return this.length * HISTORY_WORDS;
  }

  clear(): void {
    this.length = 0;
  }

  copyFrom(other: JumpHistory): void {
    const used = other.usedWords;
    if (this.words.length < used) this.words = new Int32Array(Math.max(8 * HISTORY_WORDS, used));
    const { words } = this;
    const from = other.words;
    for (let i = 0; i < used; i++) words[i] = from[i] as number; // mostly a few words
    this.length = other.length;
  }
}

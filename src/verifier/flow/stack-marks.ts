/**
 * What is noted of stack slots, for every chain of calls that was seen: an Instance. For every frame of the chain whose
 * slots the innermost function touched it has a SlotTable with eight words an instruction, four sets of 64 slots (slot 0
 * is fp-8):
 *
 *   READ     slots that the instruction may read: a union over all paths
 *   WRITE    slots that the instruction always writes: an intersection over all paths
 *   WRITTEN  slots that are written from here on, whatever path of the function is taken
 *   LIVE     slots that may be read from here on before they are written
 *
 * The first two are noted while paths are walked; the others follow from them (stack-carrying.ts).
 * After struct func_instance in kernel/bpf/liveness.c of Linux 6.18.
 */
import type { Env, Subprogram } from '../environment.ts';

const WORDS = 8;
export const READ = 0;
export const WRITE = 2;
export const WRITTEN = 4;
export const LIVE = 6;

/** More functions than this a program cannot have (BPF_MAX_SUBPROGS); makes one number of a call and its callee. */
const SUBPROGRAM_BITS = 8;

/** The slots of one frame, as one function touches them. */
export class SlotTable {
  readonly words: Int32Array;
  /** By place in postorder: whether LIVE or WRITTEN of the instruction may no longer follow from the others. */
  readonly pending: Uint8Array;
  hasPending = false;

  constructor(count: number) {
    this.words = new Int32Array(count * WORDS);
    this.pending = new Uint8Array(count);
  }
}

/** One function as it is called through one chain of calls. */
export class Instance {
  readonly caller: Instance | undefined;
  /** Instruction of `caller` that calls, -1 in the outermost frame. */
  readonly callsite: number;
  readonly subprogram: number;
  /** Number of callers. */
  readonly depth: number;
  readonly start: number;
  readonly count: number;
  /** By frame of the chain; made when the first slot of that frame is touched. */
  readonly tables: (SlotTable | undefined)[] = [];
  /** Since LIVE and WRITTEN were last made to follow. */
  changed = false;
  /** Some WRITE became smaller since. */
  writeShrank = false;
  /** Place in postorder of the function's instructions: that of the whole program, less that of the first. */
  readonly #position: Int32Array;
  readonly #firstPosition: number;
  /** By instruction of the function: whether WRITE is known, as it was executed. */
  readonly #writeKnown: Uint8Array;
  readonly #callees = new Map<number, Instance>();

  constructor(env: Env, caller: Instance | undefined, callsite: number, subprogram: number) {
    const { start, end } = env.subprograms[subprogram] as Subprogram; // it was entered
    const { position, postorderStart } = env.flow;
    this.caller = caller;
    this.callsite = callsite;
    this.subprogram = subprogram;
    this.depth = caller === undefined ? 0 : caller.depth + 1;
    this.start = start;
    this.count = end - start;
    this.#position = position;
    this.#firstPosition = postorderStart[subprogram] as number; // one for each function
    this.#writeKnown = new Uint8Array(this.count);
  }

  callee(env: Env, callsite: number, subprogram: number): Instance {
    const key = (callsite << SUBPROGRAM_BITS) | subprogram;
    let instance = this.#callees.get(key);
    if (instance === undefined) {
      instance = new Instance(env, this, callsite, subprogram);
      this.#callees.set(key, instance);
    }
    return instance;
  }

  /** Where the words of an instruction of the function begin. */
  wordsOf(insn: number): number {
    return (insn - this.start) * WORDS;
  }

  markPending(table: SlotTable, insn: number): void {
    table.pending[(this.#position[insn] as number) - this.#firstPosition] = 1; // an instruction of the function
    table.hasPending = true;
  }

  addRead(frame: number, insn: number, low: number, high: number): void {
    const table = this.#tableOf(frame);
    const { words } = table;
    const at = this.wordsOf(insn);
    const newLow = low & ~(words[at + READ] as number); // the instruction is the function's
    const newHigh = high & ~(words[at + READ + 1] as number);
    if ((newLow | newHigh) === 0) return;
    words[at + READ] = (words[at + READ] as number) | low;
    words[at + READ + 1] = (words[at + READ + 1] as number) | high;
    if ((newLow & ~(words[at + LIVE] as number)) === 0 && (newHigh & ~(words[at + LIVE + 1] as number)) === 0) return;
    this.changed = true;
    this.markPending(table, insn);
  }

  /** Takes over what one execution of an instruction wrote: two words a frame. */
  addWrites(insn: number, masks: Int32Array): void {
    const index = insn - this.start;
    const known = this.#writeKnown[index] === 1;
    const at = this.wordsOf(insn) + WRITE;
    for (let frame = 0; frame <= this.depth; frame++) {
      let low = masks[frame * 2] as number; // a pair for each frame
      let high = masks[frame * 2 + 1] as number;
      if ((low | high) === 0 && (!known || this.tables[frame] === undefined)) continue;
      const table = this.#tableOf(frame);
      const { words } = table;
      const oldLow = words[at] as number;
      const oldHigh = words[at + 1] as number;
      if (known) {
        low &= oldLow;
        high &= oldHigh;
      }
      if (low === oldLow && high === oldHigh) continue;
      words[at] = low;
      words[at + 1] = high;
      this.changed = true;
      this.markPending(table, insn);
      if ((oldLow & ~low) !== 0 || (oldHigh & ~high) !== 0) this.writeShrank = true;
    }
    this.#writeKnown[index] = 1;
  }

  isLive(insn: number, frame: number, slot: number): boolean {
    const table = this.tables[frame];
    if (table === undefined) return false;
    const word = table.words[this.wordsOf(insn) + LIVE + (slot >> 5)] as number; // the instruction is the function's
    return (word & (1 << (slot & 31))) !== 0;
  }

  #tableOf(frame: number): SlotTable {
    let table = this.tables[frame];
    if (table === undefined) {
      table = new SlotTable(this.count);
      this.tables[frame] = table;
    }
    return table;
  }
}

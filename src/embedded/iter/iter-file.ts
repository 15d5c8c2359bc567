/**
 * An open iterator file: one session of a program over a walk, read as bpf_seq_read() of Linux reads it.
 *
 * A read shows objects until as many bytes wait as the reader asked for, hands those out and keeps the rest. An object
 * whose output does not fit any more is shown again by the next read, in an empty buffer. After the last object the
 * program runs once more without one. Zero bytes mean the end for now: objects that come later, a later read shows.
 * Source: kernel/bpf/bpf_iter.c of Linux 6.18; facts/iterators.md 2.1-2.5.
 */
import type { KernelMemory } from '../memory/kernel-memory.ts';
import type { ObjectSession } from '../sources/source.ts';
import { ContextSlots, contextSize } from './context.ts';
import { SEQ_FILE_SIZE, SeqFile } from './seq-file.ts';
import { type Attachment, FOUND, type IterTargetDefinition, type Walk } from './target.ts';

const PAGE_SIZE = 4096;
const BUFFER_SIZE = 8 * PAGE_SIZE;

/** Objects of one read after which a reader who still has nothing is told to try again. */
const MAX_OBJECTS = 1_000_000;

const E2BIG = 7;
const EAGAIN = 11;

/** Runs a program on a context. @param session what stands behind the context @returns the low word of r0 */
export type RunIterator = (context: number, session: IterFile) => number;

export interface IterFileOptions {
  readonly memory: KernelMemory;
  readonly target: IterTargetDefinition;
  readonly attachment: Attachment;
  /** Closed with the file. */
  readonly objects: ObjectSession;
  readonly run: RunIterator;
  readonly sessionId: bigint;
  /** Once, when the file is released. */
  readonly onRelease?: () => void;
}

export class IterFile {
  /** Where the objects of this session stand. */
  readonly objects: ObjectSession;
  readonly #memory: KernelMemory;
  readonly #run: RunIterator;
  readonly #onRelease: (() => void) | undefined;
  readonly #hasFinalCall: boolean;
  readonly #hasToken: boolean;
  /** The context, the bpf_iter_meta and the seq_file, in one piece. */
  readonly #block: number;
  readonly #seq: SeqFile;
  readonly #slots: ContextSlots;
  readonly #walk: Walk;
  readonly #private: number;
  #seqNum: number;
  #finalCallDone = false;
  #released = false;

  constructor({ memory, target, attachment, objects, run, sessionId, onRelease }: IterFileOptions) {
    this.objects = objects;
    this.#memory = memory;
    this.#run = run;
    this.#onRelease = onRelease;
    this.#hasFinalCall = target.finalCall !== false;
    this.#hasToken = target.startToken === true;
    this.#seqNum = this.#hasToken ? -1 : 0;
    const { arguments: targetArguments } = target;
    const seqAt = contextSize(targetArguments.length);
    this.#block = memory.allocate(seqAt + SEQ_FILE_SIZE);
    this.#seq = new SeqFile(memory, this.#block + seqAt, BUFFER_SIZE);
    this.#slots = new ContextSlots(memory, this.#block, targetArguments, this.#seq.address);
    this.#slots.sessionId(sessionId);
    try {
      this.#walk = attachment.open(this.#slots, objects);
    } catch (error) {
      memory.free(this.#block);
      objects.close();
      throw error;
    }
    this.#private = attachment.placePrivate?.() ?? 0;
    this.#seq.private = this.#private;
  }

  /**
   * Reads once, into the beginning of `into`.
   * @returns the number of bytes (0 at the end), or a negative errno
   * @throws BpfiterError what the program's run throws; the object then counts as not shown
   */
  read(into: Uint8Array): number {
    if (this.#released) throw new Error('the iterator file is closed');
    const seq = this.#seq;
    seq.allocate();
    if (seq.count > 0) return seq.take(into);
    seq.rewind();

    let found = this.#walk.start();
    if (found < 0) return this.#giveUp(found, true);
    if (found === FOUND) {
      if (this.#seqNum < 0) this.#seqNum = 0;
      const answer = this.#show(0);
      if (answer < 0) return this.#giveUp(answer, true);
      found = this.#rest(into.length, answer);
      if (found < 0) return found;
    }
    if (found !== FOUND) {
      const error = this.#finish();
      if (error < 0) return error;
    }
    return seq.take(into);
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#walk.release();
    if (this.#private !== 0) this.#memory.free(this.#private);
    this.objects.close();
    this.#seq.release();
    this.#memory.free(this.#block);
    this.#onRelease?.();
  }

  /**
   * Goes on from the first object, which has been shown.
   * @param count bytes that are waiting
   * @returns FOUND when the read is over with objects left, NONE when there are none, or the errno to answer with
   */
  #rest(wanted: number, count: number): number {
    let before = count;
    for (let shown = 1; ; shown += 1) {
      const found = this.#walk.next();
      if (found < 0) {
        // What is waiting stays for the next read.
        this.#walk.stop(false);
        this.#runWithoutObject();
        return found;
      }
      if (found !== FOUND) return found;
      this.#seqNum += 1;
      if (before >= wanted) break;
      if (shown >= MAX_OBJECTS) {
        if (before === 0) return this.#giveUp(-EAGAIN, true);
        break;
      }
      const answer = this.#show(before);
      if (answer < 0) {
        if (before === 0) return this.#giveUp(answer, true);
        break;
      }
      before = answer;
    }
    this.#walk.stop(true);
    return FOUND;
  }

  /**
   * Runs the program for the object that the walk stands at.
   * @param before bytes that are waiting
   * @returns how many then are, or the negative errno; then its output is gone
   */
  #show(before: number): number {
    const seq = this.#seq;
    let result: number;
    try {
      result = this.#runProgram();
    } catch (error) {
      seq.count = before;
      this.#walk.stop(true);
      throw error;
    }
    const { count } = seq;
    let answer = this.#walk.judge?.(result) ?? (result === 0 ? 0 : -EAGAIN);
    if (answer === 0 && seq.isFull(count)) answer = -E2BIG;
    if (answer === 0) return count;
    seq.count = before;
    if (answer < 0) return answer;
    this.#seqNum -= 1;
    return before;
  }

  /** After the last object. @returns 0, or the negative errno to answer with */
  #finish(): number {
    this.#walk.stop(false);
    if (this.#runWithoutObject()) return 0;
    return this.#seq.count === 0 ? -E2BIG : 0;
  }

  /** @returns false if its output did not fit; then it is gone, and a later read runs it again */
  #runWithoutObject(): boolean {
    if (!this.#hasFinalCall || this.#finalCallDone) return true;
    const seq = this.#seq;
    const before = seq.count;
    this.#slots.clear();
    this.#runProgram();
    this.#finalCallDone = !seq.isFull(seq.count);
    if (!this.#finalCallDone) seq.count = before;
    return this.#finalCallDone;
  }

  #runProgram(): number {
    this.#slots.seqNum(this.#seqNum);
    return this.#run(this.#slots.address, this);
  }

  /** Leaves the object that the walk stands at to a later read, and nothing in the buffer. */
  #giveUp(answer: number, left: boolean): number {
    this.#walk.stop(left);
    this.#seq.count = 0;
    return answer;
  }
}

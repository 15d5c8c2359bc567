/**
 * What flow/ finds out about a program before its paths are walked, beside the tables of InsnFacts: who follows whom,
 * in which order instructions are best visited by a backward analysis, and which function an instruction belongs to.
 */
import { TableBuffer } from '../table-buffer.ts';
import { StackLiveness } from './stack-liveness.ts';

/** Entry of `successors` for "no more". */
export const NO_SUCCESSOR = -1;

export class FlowData {
  /** Two an instruction: what may be executed after it in the same function, the fall-through first. */
  readonly successors: Int32Array;
  /**
   * The other way round: those of instruction i begin at `predecessorStart[i]` in `predecessors` and end where those of
   * the next begin.
   */
  readonly predecessors: Int32Array;
  readonly predecessorStart: Int32Array;
  /** Function of each instruction. */
  readonly subprogramOf: Int32Array;
  /** Reachable instructions, function by function: each after its successors, loops aside. */
  readonly postorder: Int32Array;
  /** Where each reachable instruction stands in `postorder`. */
  readonly position: Int32Array;
  /** Where each function's part of `postorder` begins; one more entry for the end. */
  readonly postorderStart: Int32Array;
  readonly liveness = new StackLiveness();

  constructor(count: number, subprograms: number) {
    const tables = new TableBuffer((count * 8 + 1 + subprograms + 1) * 4);
    this.successors = tables.int32(count * 2).fill(NO_SUCCESSOR);
    this.predecessors = tables.int32(count * 2);
    this.predecessorStart = tables.int32(count + 1);
    this.subprogramOf = tables.int32(count);
    this.postorder = tables.int32(count);
    this.position = tables.int32(count);
    this.postorderStart = tables.int32(subprograms + 1);
  }
}

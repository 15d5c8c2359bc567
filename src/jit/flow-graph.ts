/**
 * The basic blocks of one function, numbered in reverse postorder (0 is the entry). Only instructions that some
 * path reaches are in it: a branch to dead code is none.
 */
import {
  BPF_CALL,
  BPF_CLASS,
  BPF_EXIT,
  BPF_JA,
  BPF_JCOND,
  BPF_JMP,
  BPF_JMP32,
  BPF_OP,
  type InstructionView,
} from '../isa/index.ts';

/** How a block ends. */
export const GOES_ON = 0;
/** At a conditional jump or may_goto, its last instruction. */
export const BRANCHES = 1;
/** At an exit, or with a call that does not return; nothing follows. */
export const ENDS = 2;

export interface FlowGraph {
  readonly count: number;
  /** First instruction, and the one after the last. */
  readonly start: Int32Array;
  readonly end: Int32Array;
  readonly ending: Uint8Array;
  /** Block that follows, or follows if the branch is not taken; -1 if none does. */
  readonly next: Int32Array;
  /** Block that a taken branch leads to; -1 without. */
  readonly taken: Int32Array;
}

/** Where a jump leads. */
export function jumpTarget(insns: InstructionView, insn: number): number {
  const distance = insns.code(insn) === (BPF_JMP32 | BPF_JA) ? insns.imm(insn) : insns.off(insn);
  return insn + 1 + distance;
}

export const isMayGoto = (code: number): boolean => code === (BPF_JMP | BPF_JCOND);

/** -1: it just goes on; 0: goto; 1: conditional; 2: exit. */
function jumpKind(code: number): number {
  const operation = BPF_OP(code);
  if ((BPF_CLASS(code) !== BPF_JMP && BPF_CLASS(code) !== BPF_JMP32) || operation === BPF_CALL) return -1;
  if (operation === BPF_JA) return 0;
  return operation === BPF_EXIT ? 2 : 1;
}

/**
 * @param seen 0 for dead code
 * @param returns whether a call comes back
 */
export function buildFlowGraph(
  insns: InstructionView,
  from: number,
  to: number,
  seen: Uint8Array,
  returns: (insn: number) => boolean,
): FlowGraph {
  const isLeader = new Uint8Array(to - from + 1);
  const lives = (insn: number): boolean => insn >= from && insn < to && seen[insn] === 1;
  isLeader[0] = 1;
  for (let insn = from; insn < to; insn += insns.slots(insn)) {
    if (seen[insn] !== 1) continue;
    const code = insns.code(insn);
    const kind = jumpKind(code);
    if (kind === 0 || kind === 1) {
      const target = jumpTarget(insns, insn);
      if (lives(target)) isLeader[target - from] = 1;
    }
    if (kind >= 0 || !returns(insn)) isLeader[insn + 1 - from] = 1;
  }
  // Blocks in the program's order.
  const starts: number[] = [];
  const blockOf = new Int32Array(to - from + 1).fill(-1);
  for (let insn = from; insn < to; insn++) {
    if (isLeader[insn - from] !== 1 || seen[insn] !== 1) continue;
    blockOf[insn - from] = starts.length;
    starts.push(insn);
  }
  const count = starts.length;
  const end = new Int32Array(count);
  const ending = new Uint8Array(count);
  const next = new Int32Array(count).fill(-1);
  const taken = new Int32Array(count).fill(-1);
  const at = (insn: number): number => (lives(insn) ? (blockOf[insn - from] as number) : -1);
  for (let block = 0; block < count; block++) {
    let insn = starts[block] as number; // block < count
    for (;;) {
      const kind = jumpKind(insns.code(insn));
      const after = insn + insns.slots(insn);
      if (kind === 2 || !returns(insn)) ending[block] = ENDS;
      else if (kind === 0) next[block] = at(jumpTarget(insns, insn));
      else if (kind === 1) {
        const target = at(jumpTarget(insns, insn));
        const following = at(after);
        if (target >= 0 && following >= 0 && target !== following) {
          ending[block] = BRANCHES;
          taken[block] = target;
        }
        next[block] = following >= 0 ? following : target;
      } else if (isLeader[after - from] === 1) next[block] = at(after);
      else if (lives(after)) {
        insn = after;
        continue;
      }
      end[block] = after;
      break;
    }
    // Whatever cannot go on ends: the verifier lets nothing else come here.
    if (ending[block] === GOES_ON && (next[block] as number) < 0) ending[block] = ENDS;
  }
  return renumber({ count, start: Int32Array.from(starts), end, ending, next, taken });
}

/** The same in reverse postorder, without what the entry does not lead to. */
function renumber(graph: FlowGraph): FlowGraph {
  const { count, next, taken } = graph;
  const state = new Uint8Array(count);
  const postorder: number[] = [];
  const stack: number[] = count > 0 ? [0] : [];
  while (stack.length > 0) {
    const block = stack.at(-1) as number; // not empty
    const step = state[block] as number; // in range
    state[block] = step + 1;
    if (step === 2) {
      postorder.push(block);
      stack.pop();
      continue;
    }
    // What follows is visited last, so that it comes first in the order.
    const to = (step === 0 ? taken[block] : next[block]) as number;
    if (to >= 0 && state[to] === 0) stack.push(to);
  }
  const order = postorder.reverse();
  const number = new Int32Array(count).fill(-1);
  for (const [index, block] of order.entries()) number[block] = index;
  const moved = (blocks: Int32Array): Int32Array =>
    Int32Array.from(order, (block) => {
      const to = blocks[block] as number; // in range
      return to < 0 ? -1 : (number[to] as number);
    });
  return {
    count: order.length,
    start: Int32Array.from(order, (block) => graph.start[block] as number),
    end: Int32Array.from(order, (block) => graph.end[block] as number),
    ending: Uint8Array.from(order, (block) => graph.ending[block] as number),
    next: moved(next),
    taken: moved(taken),
  };
}

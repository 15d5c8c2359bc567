/**
 * A flow graph as WebAssembly's blocks, loops and ifs: a block's code stands inside a construct for each block that it
 * immediately dominates and where paths meet, so that they leave the construct to get there; a loop header opens a loop.
 * After Ramsey, "Beyond Relooper" (ICFP 2022), with a stack of its own in place of recursion. Where the graph is not
 * reducible, a loop over br_table dispatches instead.
 */
import type { CodeWriter } from './code-writer.ts';
import { findDominators } from './dominators.ts';
import { BRANCHES, ENDS, type FlowGraph } from './flow-graph.ts';
import { EMPTY, I32, OP } from './opcodes.ts';

export interface BlockEmitter {
  readonly code: CodeWriter;
  /** All but the jump at its end; what ends, returns. */
  body(block: number): void;
  /** Leaves an i32: whether the branch at the end of the block is taken (or not, if negated). */
  condition(block: number, negated: boolean): void;
  /** A local of the function. */
  local(type: typeof I32): number;
}

export function emitStructured(graph: FlowGraph, emitter: BlockEmitter): void {
  const { idom, isLoopHeader, isMerge, isReducible } = findDominators(graph);
  if (!isReducible) {
    emitDispatcher(graph, emitter);
    return;
  }
  const { code } = emitter;
  const { count, ending, next, taken } = graph;
  // Those that a block immediately dominates and where paths meet, the last in order first.
  const merges: number[][] = Array.from({ length: count }, () => []);
  for (let block = count - 1; block > 0; block--)
    if (isMerge[block] === 1) (merges[idom[block] as number] as number[]).push(block);

  /** How many constructs are open, and at which depth the label of each block is. */
  let depth = 0;
  const mergeAt = new Int32Array(count);
  const loopAt = new Int32Array(count);

  // What is still to be done, the next thing last.
  const END = -1;
  const ELSE = -2;
  /** A block with what it dominates: its number; its own code: BODY + its number. */
  const BODY = count;
  const work: number[] = [];

  const needsBranch = (from: number, to: number): boolean => to <= from || isMerge[to] === 1;
  const labelDepth = (from: number, to: number): number =>
    depth - 1 - ((to <= from ? loopAt[to] : mergeAt[to]) as number);
  const goTo = (from: number, to: number): void => {
    if (needsBranch(from, to)) code.branch(OP.br, labelDepth(from, to));
    else work.push(to);
  };

  const open = (block: number): void => {
    if (isLoopHeader[block] === 1) {
      code.begin(OP.loop, EMPTY);
      loopAt[block] = depth++;
      work.push(END);
    }
    for (const merge of merges[block] as number[]) {
      code.begin(OP.block, EMPTY);
      mergeAt[merge] = depth++;
      work.push(merge, END);
    }
    work.push(BODY + block);
  };

  const emit = (block: number): void => {
    emitter.body(block);
    const following = next[block] as number; // in range
    if (ending[block] === ENDS) return;
    if (ending[block] !== BRANCHES) {
      goTo(block, following);
      return;
    }
    const target = taken[block] as number;
    if (needsBranch(block, target)) {
      emitter.condition(block, false);
      code.branch(OP.br_if, labelDepth(block, target));
      goTo(block, following);
    } else if (needsBranch(block, following)) {
      emitter.condition(block, true);
      code.branch(OP.br_if, labelDepth(block, following));
      work.push(target);
    } else {
      emitter.condition(block, true);
      code.begin(OP.if, EMPTY);
      depth += 1;
      work.push(END, target, ELSE, following);
    }
  };

  if (count > 0) work.push(0);
  for (let item = work.pop(); item !== undefined; item = work.pop()) {
    if (item === END) {
      code.op(OP.end);
      depth -= 1;
    } else if (item === ELSE) code.op(OP.else);
    else if (item < BODY) open(item);
    else emit(item - BODY);
  }
  // No path comes here: every block branches or returns.
  code.op(OP.unreachable);
}

function emitDispatcher(graph: FlowGraph, emitter: BlockEmitter): void {
  const { code } = emitter;
  const { count, ending, next, taken } = graph;
  const goal = emitter.local(I32);
  code.begin(OP.loop, EMPTY);
  for (let block = 0; block < count; block++) code.begin(OP.block, EMPTY);
  code.localGet(goal);
  code.op(OP.br_table);
  code.u32(count - 1);
  for (let block = 0; block < count; block++) code.u32(block);
  for (let block = 0; block < count; block++) {
    code.op(OP.end);
    emitter.body(block);
    if (ending[block] === ENDS) continue;
    if (ending[block] === BRANCHES) {
      code.i32Const(taken[block] as number);
      code.i32Const(next[block] as number);
      emitter.condition(block, false);
      code.op(OP.select);
    } else code.i32Const(next[block] as number);
    code.localSet(goal);
    code.branch(OP.br, count - 1 - block);
  }
  code.op(OP.end);
  code.op(OP.unreachable);
}

/**
 * Which stack slots may still be read, per instruction and chain of calls. While paths are walked, each instruction
 * notes which slots of which frame it reads and writes; before a state is compared or forgotten, the notes are carried
 * backwards over the control flow. A slot matters to a saved state only if it may be read after it.
 * After kernel/bpf/liveness.c of Linux 6.18.
 */
import type { Env } from '../environment.ts';
import { MAX_FRAMES } from '../frame.ts';
import type { State } from '../state.ts';
import { carryBack } from './stack-carrying.ts';
import { Instance } from './stack-marks.ts';

export class StackLiveness {
  /** By function: those verified on their own, and callbacks that run later. */
  readonly roots = new Map<number, Instance>();
  /** That of the current state, if it is known. */
  current: Instance | undefined;
  /** What the instruction being executed wrote: two words a frame. */
  readonly writes = new Int32Array(MAX_FRAMES * 2);
  /** That instruction. */
  writing = 0;
  /** Of the state being asked about, by frame. */
  readonly queried: Instance[] = [];
  queriedInsn = 0;
}

function instanceOf(env: Env, state: State, frame: number): Instance {
  const { roots } = env.flow.liveness;
  const root = state.frames[0]?.subprogram ?? 0;
  let instance = roots.get(root);
  if (instance === undefined) {
    instance = new Instance(env, undefined, -1, root);
    roots.set(root, instance);
  }
  for (let i = 1; i <= frame; i++) {
    const called = state.frames[i];
    if (called !== undefined) instance = instance.callee(env, called.callsite, called.subprogram);
  }
  return instance;
}

function currentInstance(env: Env): Instance {
  const { liveness } = env.flow;
  liveness.current ??= instanceOf(env, env.state, env.state.current);
  return liveness.current;
}

/** To be called when another state becomes the current one, or a function is entered or left. */
export function resetStackCallchain(env: Env): void {
  env.flow.liveness.current = undefined;
}

/** The instruction at env.insn reads a slot of a frame. */
export function markStackRead(env: Env, frame: number, slot: number): void {
  const bit = 1 << (slot & 31);
  currentInstance(env).addRead(frame, env.insn, slot < 32 ? bit : 0, slot < 32 ? 0 : bit);
}

/** To be called before the instruction at env.insn is executed. */
export function resetStackWriteMarks(env: Env): void {
  const { liveness } = env.flow;
  liveness.writing = env.insn;
  const { writes } = liveness;
  for (let i = currentInstance(env).depth * 2 + 1; i >= 0; i--) writes[i] = 0;
}

/** The instruction being executed overwrites all 8 bytes of a slot of a frame. */
export function markStackWrite(env: Env, frame: number, slot: number): void {
  const { writes } = env.flow.liveness;
  const at = frame * 2 + (slot >> 5);
  writes[at] = (writes[at] as number) | (1 << (slot & 31)); // frames and slots are in range
}

/** To be called after the instruction was executed. Calls and exits wrote what carryBack() finds, and nothing here. */
export function commitStackWriteMarks(env: Env): void {
  const { liveness } = env.flow;
  liveness.current?.addWrites(liveness.writing, liveness.writes);
}

/**
 * Carries the notes of the current state's functions back over the control flow. To be called for each state that
 * becomes the current one, and when a function is left; before prepareStackQuery().
 */
export function updateLiveStack(env: Env): void {
  resetStackCallchain(env);
  const { state } = env;
  let instance: Instance | undefined = instanceOf(env, state, state.current);
  for (; instance !== undefined; instance = instance.caller)
    if (instance.changed) carryBack(env, instance, env.flow.liveness.writes);
}

/** Which state the following isStackSlotLive() are about. */
export function prepareStackQuery(env: Env, state: State): void {
  const { liveness } = env.flow;
  const { queried } = liveness;
  queried.length = state.frames.length;
  let instance: Instance | undefined = instanceOf(env, state, state.current);
  for (; instance !== undefined; instance = instance.caller) queried[instance.depth] = instance;
  liveness.queriedInsn = state.insn;
}

/** Whether a slot of a frame of the state given to prepareStackQuery() may be read from there on. */
export function isStackSlotLive(env: Env, _state: State, frame: number, slot: number): boolean {
  const { queried, queriedInsn } = env.flow.liveness;
  const innermost = queried.length - 1;
  if ((queried[innermost] as Instance).isLive(queriedInsn, frame, slot)) return true; // one a frame
  for (let i = frame; i < innermost; i++) {
    const { callsite } = queried[i + 1] as Instance;
    // A call that runs a callback is come back to, to run it again; others are done.
    const next = env.facts.callsCallback[callsite] === 1 ? callsite : callsite + 1;
    if ((queried[i] as Instance).isLive(next, frame, slot)) return true;
  }
  return false;
}

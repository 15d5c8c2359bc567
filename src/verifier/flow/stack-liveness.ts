/**
 * Which stack slots may still be read, per instruction and chain of calls. While paths are walked, each instruction
 * notes which slots of which frame it reads and writes; before a state is compared or forgotten, the notes are carried
 * backwards over the control flow. A slot matters to a saved state only if it may be read after it.
 *
 * For every chain of calls that was seen there is an Instance; for every frame of the chain whose slots the innermost
 * function touched, it has a table with eight words an instruction, four sets of 64 slots (slot 0 is fp-8):
 *
 *   READ     slots that the instruction may read: a union over all paths
 *   WRITE    slots that the instruction always writes: an intersection over all paths
 *   WRITTEN  slots that are written from here on, whatever path of the function is taken
 *   LIVE     slots that may be read from here on before they are written
 *
 * What a function reads and writes of its callers' frames is, at its end, what the call read and wrote.
 * After kernel/bpf/liveness.c of Linux 6.18.
 */
import type { Env, Subprogram } from '../environment.ts';
import { MAX_FRAMES } from '../frame.ts';
import { LOG_INSTRUCTIONS } from '../log/index.ts';
import type { State } from '../state.ts';

const WORDS = 8;
const READ = 0;
const WRITE = 2;
const WRITTEN = 4;
const LIVE = 6;

/** More functions than this a program cannot have (BPF_MAX_SUBPROGS); makes one number of a call and its callee. */
const SUBPROGRAM_BITS = 8;

/** One function as it is called through one chain of calls. */
class Instance {
  readonly caller: Instance | undefined;
  /** Instruction of `caller` that calls, -1 in the outermost frame. */
  readonly callsite: number;
  readonly subprogram: number;
  /** Number of callers. */
  readonly depth: number;
  readonly start: number;
  readonly count: number;
  /** By frame of the chain; made when the first slot of that frame is touched. */
  readonly frames: (Int32Array | undefined)[] = [];
  /** By instruction of the function: whether WRITE is known, as it was executed. */
  readonly writeKnown: Uint8Array;
  /** Since the sets were last carried back. */
  changed = false;
  /** Some WRITE became smaller since. */
  writeShrank = false;
  readonly #callees = new Map<number, Instance>();

  constructor(caller: Instance | undefined, callsite: number, subprogram: number, { start, end }: Subprogram) {
    this.caller = caller;
    this.callsite = callsite;
    this.subprogram = subprogram;
    this.depth = caller === undefined ? 0 : caller.depth + 1;
    this.start = start;
    this.count = end - start;
    this.writeKnown = new Uint8Array(this.count);
  }

  callee(env: Env, callsite: number, subprogram: number): Instance {
    const key = (callsite << SUBPROGRAM_BITS) | subprogram;
    let instance = this.#callees.get(key);
    if (instance === undefined) {
      instance = new Instance(this, callsite, subprogram, env.subprograms[subprogram] as Subprogram); // it was entered
      this.#callees.set(key, instance);
    }
    return instance;
  }

  tableOf(frame: number): Int32Array {
    let table = this.frames[frame];
    if (table === undefined) {
      table = new Int32Array(this.count * WORDS);
      this.frames[frame] = table;
    }
    return table;
  }

  addRead(frame: number, insn: number, low: number, high: number): void {
    const table = this.tableOf(frame);
    const at = (insn - this.start) * WORDS;
    const newLow = low & ~(table[at + READ] as number); // the instruction is the function's
    const newHigh = high & ~(table[at + READ + 1] as number);
    if ((newLow | newHigh) === 0) return;
    table[at + READ] = (table[at + READ] as number) | low;
    table[at + READ + 1] = (table[at + READ + 1] as number) | high;
    if (
      ((table[at + READ] as number) & ~(table[at + LIVE] as number)) !== 0 ||
      ((table[at + READ + 1] as number) & ~(table[at + LIVE + 1] as number)) !== 0
    )
      this.changed = true;
  }

  /** Takes over what one execution of an instruction wrote: two words a frame. */
  addWrites(insn: number, masks: Int32Array): void {
    const index = insn - this.start;
    const known = this.writeKnown[index] === 1;
    const at = index * WORDS + WRITE;
    for (let frame = 0; frame <= this.depth; frame++) {
      let low = masks[frame * 2] as number; // a pair for each frame
      let high = masks[frame * 2 + 1] as number;
      if ((low | high) === 0 && (!known || this.frames[frame] === undefined)) continue;
      const table = this.tableOf(frame);
      const oldLow = table[at] as number;
      const oldHigh = table[at + 1] as number;
      if (known) {
        low &= oldLow;
        high &= oldHigh;
      }
      if (low !== oldLow || high !== oldHigh) {
        table[at] = low;
        table[at + 1] = high;
        this.changed = true;
      }
      if ((oldLow & ~low) !== 0 || (oldHigh & ~high) !== 0) this.writeShrank = true;
    }
    this.writeKnown[index] = 1;
  }

  isLive(insn: number, frame: number, slot: number): boolean {
    const table = this.frames[frame];
    if (table === undefined) return false;
    const word = table[(insn - this.start) * WORDS + LIVE + (slot >> 5)] as number; // the instruction is the function's
    return (word & (1 << (slot & 31))) !== 0;
  }

  /** Instructions that lead here, as the kernel prints them. */
  describe(): string {
    const chain = [this.start];
    for (let at: Instance | undefined = this; at?.caller !== undefined; at = at.caller) chain.unshift(at.callsite);
    return `(${chain.join(',')})`;
  }
}

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
    instance = new Instance(undefined, -1, root, env.subprograms[root] as Subprogram); // it was entered
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
  liveness.writes.fill(0, 0, (currentInstance(env).depth + 1) * 2);
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
  for (; instance !== undefined; instance = instance.caller) {
    if (!instance.changed) continue;
    carryBack(env, instance);
    instance.changed = false;
    instance.writeShrank = false;
  }
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

function carryBack(env: Env, instance: Instance): void {
  const { flow } = env;
  if (instance.writeShrank)
    for (const table of instance.frames) {
      if (table === undefined) continue;
      for (let at = WRITTEN; at < table.length; at += WORDS) table.fill(0, at, at + 2);
    }
  const from = flow.postorderStart[instance.subprogram] as number; // one for each function
  const to = flow.postorderStart[instance.subprogram + 1] as number;
  let rounds = 0;
  for (let changed = true; changed; rounds++) {
    changed = false;
    for (let frame = 0; frame < instance.frames.length; frame++) {
      const table = instance.frames[frame];
      if (table === undefined) continue;
      for (let i = from; i < to; i++)
        if (carryInsn(env, instance, table, frame, flow.postorder[i] as number)) changed = true;
    }
  }
  if ((env.log.level & LOG_INSTRUCTIONS) !== 0)
    env.log.write(`${instance.describe()} live stack update done in ${rounds} iterations\n`);
  if (instance.caller !== undefined) carryToCaller(env, instance, instance.caller);
}

/** @returns whether anything changed */
function carryInsn(env: Env, instance: Instance, table: Int32Array, frame: number, insn: number): boolean {
  const { successors } = env.flow;
  const first = successors[insn * 2] as number; // two for each instruction
  if (first < 0) return false;
  const second = successors[insn * 2 + 1] as number;
  const { start } = instance;
  const at = (insn - start) * WORDS;
  const a = (first - start) * WORDS;
  // All within the table: jumps stay within their function.
  let liveLow = table[a + LIVE] as number;
  let liveHigh = table[a + LIVE + 1] as number;
  let writtenLow = table[a + WRITTEN] as number;
  let writtenHigh = table[a + WRITTEN + 1] as number;
  if (second >= 0) {
    const b = (second - start) * WORDS;
    liveLow |= table[b + LIVE] as number;
    liveHigh |= table[b + LIVE + 1] as number;
    writtenLow &= table[b + WRITTEN] as number;
    writtenHigh &= table[b + WRITTEN + 1] as number;
  }
  const writeLow = table[at + WRITE] as number;
  const writeHigh = table[at + WRITE + 1] as number;
  writtenLow |= writeLow;
  writtenHigh |= writeHigh;
  liveLow = (liveLow & ~writeLow) | (table[at + READ] as number);
  liveHigh = (liveHigh & ~writeHigh) | (table[at + READ + 1] as number);
  const changed =
    liveLow !== table[at + LIVE] ||
    liveHigh !== table[at + LIVE + 1] ||
    writtenLow !== table[at + WRITTEN] ||
    writtenHigh !== table[at + WRITTEN + 1];
  if (!changed) return false;
  if ((env.log.level & LOG_INSTRUCTIONS) !== 0)
    logChanges(env, instance, table, frame, insn, [liveLow, liveHigh, writtenLow, writtenHigh]);
  table[at + LIVE] = liveLow;
  table[at + LIVE + 1] = liveHigh;
  table[at + WRITTEN] = writtenLow;
  table[at + WRITTEN + 1] = writtenHigh;
  return true;
}

/** What the first instruction says of callers' frames is what the call does with them. */
function carryToCaller(env: Env, instance: Instance, caller: Instance): void {
  const { writes } = env.flow.liveness;
  writes.fill(0);
  for (let frame = 0; frame < instance.depth; frame++) {
    const table = instance.frames[frame];
    if (table === undefined) continue;
    writes[frame * 2] = table[WRITTEN] as number;
    writes[frame * 2 + 1] = table[WRITTEN + 1] as number;
    caller.addRead(frame, instance.callsite, table[LIVE] as number, table[LIVE + 1] as number);
  }
  caller.addWrites(instance.callsite, writes);
  writes.fill(0);
}

function logChanges(
  env: Env,
  instance: Instance,
  table: Int32Array,
  frame: number,
  insn: number,
  [liveLow, liveHigh, writtenLow, writtenHigh]: readonly [number, number, number, number],
): void {
  const at = (insn - instance.start) * WORDS;
  const word = (offset: number): number => table[at + offset] as number; // the instruction is the function's
  const shown =
    (word(READ) | word(READ + 1) | word(WRITE) | word(WRITE + 1)) !== 0 ||
    insn === instance.start ||
    env.facts.prunePoint[insn] === 1;
  if (!shown) return;
  const line = (what: string, oldLow: number, oldHigh: number, low: number, high: number): void => {
    const added = slotList(low & ~oldLow, high & ~oldHigh);
    const gone = slotList(oldLow & ~low, oldHigh & ~high);
    if (added === '' && gone === '') return;
    const changes = `${added === '' ? '' : `+${what} ${added} `}${gone === '' ? '' : `-${what} ${gone}`}`;
    env.log.write(`${instance.describe()} frame ${frame} insn ${insn} ${changes}\n`);
  };
  line('live', word(LIVE), word(LIVE + 1), liveLow, liveHigh);
  line('written', word(WRITTEN), word(WRITTEN + 1), writtenLow, writtenHigh);
}

/** `-8,-24` */
function slotList(low: number, high: number): string {
  const offsets: number[] = [];
  for (let slot = 0; slot < 64; slot++)
    if (((slot < 32 ? low : high) & (1 << (slot & 31))) !== 0) offsets.push(-(slot + 1) * 8);
  return offsets.join(',');
}

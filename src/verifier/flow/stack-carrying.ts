/**
 * Carries what is noted of stack slots backwards over the control flow, until nothing changes: which slots may still be
 * read, and which are written in any case. What a function reads and writes of its callers' frames is, at its end, what
 * the call reads and writes.
 * After update_instance() in kernel/bpf/liveness.c of Linux 6.18; rounds and their number are the same, but instructions
 * are only looked at when something they depend on changed.
 */
import type { Env } from '../environment.ts';
import { LOG_INSTRUCTIONS } from '../log/index.ts';
import { type Instance, LIVE, READ, type SlotTable, WRITE, WRITTEN } from './stack-marks.ts';

/** @param writes scratch: two words a frame */
export function carryBack(env: Env, instance: Instance, writes: Int32Array): void {
  if (instance.writeShrank)
    for (const table of instance.tables) if (table !== undefined) forgetWritten(instance, table);
  const first = env.flow.postorderStart[instance.subprogram] as number; // one for each function
  let rounds = 0;
  for (let changed = true; changed; rounds++) {
    changed = false;
    for (let frame = 0; frame < instance.tables.length; frame++) {
      const table = instance.tables[frame];
      if (table?.hasPending === true && carryTable(env, instance, table, frame, first)) changed = true;
    }
  }
  if ((env.log.level & LOG_INSTRUCTIONS) !== 0)
    env.log.write(`${describe(instance)} live stack update done in ${rounds} iterations\n`);
  instance.changed = false;
  instance.writeShrank = false;
  if (instance.caller !== undefined) carryToCaller(instance, instance.caller, writes);
}

/** WRITTEN only grows while it is carried: when something is no longer written it begins anew. */
function forgetWritten(instance: Instance, table: SlotTable): void {
  for (let insn = instance.start; insn < instance.start + instance.count; insn++) {
    const at = instance.wordsOf(insn) + WRITTEN;
    table.words[at] = 0;
    table.words[at + 1] = 0;
  }
  table.pending.fill(1);
  table.hasPending = true;
}

/** One round over a table. @returns whether anything changed */
function carryTable(env: Env, instance: Instance, table: SlotTable, frame: number, first: number): boolean {
  const { postorder, postorderStart, predecessors, predecessorStart } = env.flow;
  const { pending } = table;
  const end = (postorderStart[instance.subprogram + 1] as number) - first; // one more than functions
  let changed = false;
  // What is found to be pending in the part already passed is left to the next round.
  table.hasPending = false;
  for (let place = pending.indexOf(1); place >= 0 && place < end; place = pending.indexOf(1, place + 1)) {
    pending[place] = 0;
    const insn = postorder[first + place] as number; // below the end
    if (!carryInsn(env, instance, table, frame, insn)) continue;
    changed = true;
    const last = predecessorStart[insn + 1] as number; // one more than instructions
    for (let i = predecessorStart[insn] as number; i < last; i++)
      instance.markPending(table, predecessors[i] as number);
  }
  return changed;
}

/** @returns whether anything changed */
function carryInsn(env: Env, instance: Instance, { words }: SlotTable, frame: number, insn: number): boolean {
  const { successors } = env.flow;
  const next = successors[insn * 2] as number; // two for each instruction
  if (next < 0) return false;
  const other = successors[insn * 2 + 1] as number;
  const at = instance.wordsOf(insn);
  const a = instance.wordsOf(next);
  // All within the table: jumps stay within their function.
  let liveLow = words[a + LIVE] as number;
  let liveHigh = words[a + LIVE + 1] as number;
  let writtenLow = words[a + WRITTEN] as number;
  let writtenHigh = words[a + WRITTEN + 1] as number;
  if (other >= 0) {
    const b = instance.wordsOf(other);
    liveLow |= words[b + LIVE] as number;
    liveHigh |= words[b + LIVE + 1] as number;
    writtenLow &= words[b + WRITTEN] as number;
    writtenHigh &= words[b + WRITTEN + 1] as number;
  }
  const writeLow = words[at + WRITE] as number;
  const writeHigh = words[at + WRITE + 1] as number;
  writtenLow |= writeLow;
  writtenHigh |= writeHigh;
  liveLow = (liveLow & ~writeLow) | (words[at + READ] as number);
  liveHigh = (liveHigh & ~writeHigh) | (words[at + READ + 1] as number);
  const changed =
    liveLow !== words[at + LIVE] ||
    liveHigh !== words[at + LIVE + 1] ||
    writtenLow !== words[at + WRITTEN] ||
    writtenHigh !== words[at + WRITTEN + 1];
  if (!changed) return false;
  if ((env.log.level & LOG_INSTRUCTIONS) !== 0)
    logChanges(env, instance, words, frame, insn, [liveLow, liveHigh, writtenLow, writtenHigh]);
  words[at + LIVE] = liveLow;
  words[at + LIVE + 1] = liveHigh;
  words[at + WRITTEN] = writtenLow;
  words[at + WRITTEN + 1] = writtenHigh;
  return true;
}

/** What the first instruction says of callers' frames is what the call does with them. */
function carryToCaller(instance: Instance, caller: Instance, writes: Int32Array): void {
  writes.fill(0);
  const at = instance.wordsOf(instance.start);
  for (let frame = 0; frame < instance.depth; frame++) {
    const words = instance.tables[frame]?.words;
    if (words === undefined) continue;
    writes[frame * 2] = words[at + WRITTEN] as number; // the function has a first instruction
    writes[frame * 2 + 1] = words[at + WRITTEN + 1] as number;
    caller.addRead(frame, instance.callsite, words[at + LIVE] as number, words[at + LIVE + 1] as number);
  }
  caller.addWrites(instance.callsite, writes);
  writes.fill(0);
}

/** Instructions that lead to the function, as the kernel prints them. */
function describe(instance: Instance): string {
  const chain = [instance.start];
  for (let at: Instance = instance; at.caller !== undefined; at = at.caller) chain.unshift(at.callsite);
  return `(${chain.join(',')})`;
}

function logChanges(
  env: Env,
  instance: Instance,
  words: Int32Array,
  frame: number,
  insn: number,
  [liveLow, liveHigh, writtenLow, writtenHigh]: readonly [number, number, number, number],
): void {
  const at = instance.wordsOf(insn);
  const word = (offset: number): number => words[at + offset] as number; // the instruction is the function's
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
    env.log.write(`${describe(instance)} frame ${frame} insn ${insn} ${changes}\n`);
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

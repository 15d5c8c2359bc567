/**
 * What functions may keep of the pointers that they are given, or show (memory/kept-pointers.ts): nothing, those that
 * are listed here; of what is printed the format tells; all others may keep anything.
 */
import { BPF_F_RDONLY_PROG, BPF_MAP_TYPE_ARRAY } from '../../uapi/index.ts';
import type { Env } from '../environment.ts';
import type { Frame } from '../frame.ts';
import { byteOf, frameOf, isSpilled, isTextAt, mapOf, SLOT_BYTES, slotOf } from '../memory/index.ts';
import { BTF, BTF_ID, OFF, TYPE, UMAX, VALUE } from '../register.ts';
import {
  baseType,
  MEM_RINGBUF,
  PTR_TO_BTF_ID,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_STACK,
  PTR_UNTRUSTED,
  STACK_SPILL,
  STACK_ZERO,
} from '../register-types.ts';
import { hasKnownValue, isNull } from '../scalar/index.ts';
import type { HelperCall } from './call.ts';
import { isFormatValid, type Printed } from './format.ts';

/** Functions that look at objects, or lead from one to another, and are done with them when they return. */
const KEEPING_NOTHING: ReadonlySet<string> = new Set([
  'bpf_seq_printf',
  'bpf_seq_write',
  'bpf_seq_printf_btf',
  'bpf_d_path',
  'bpf_path_d_path',
  'bpf_get_task_stack',
  'bpf_task_pt_regs',
  'bpf_find_vma',
  'bpf_copy_from_user_task',
  'bpf_copy_from_user_task_str',
  'bpf_sock_from_file',
  'bpf_sk_fullsock',
  'bpf_get_listener_sock',
  'bpf_tcp_sock',
  'bpf_skc_to_tcp_sock',
  'bpf_skc_to_tcp6_sock',
  'bpf_skc_to_tcp_timewait_sock',
  'bpf_skc_to_tcp_request_sock',
  'bpf_skc_to_udp6_sock',
  'bpf_skc_to_unix_sock',
  'bpf_skc_to_mptcp_sock',
  'bpf_iter_task_new',
  'bpf_iter_task_vma_new',
  'bpf_iter_css_new',
  'bpf_iter_css_task_new',
  // Values in local storage hang on the object: whoever runs the program sees that it has some.
  'bpf_task_storage_get',
  'bpf_task_storage_delete',
  'bpf_inode_storage_get',
  'bpf_inode_storage_delete',
  'bpf_sk_storage_get',
  'bpf_sk_storage_delete',
  'bpf_cgrp_storage_get',
  'bpf_cgrp_storage_delete',
  // References that programs take they give back, or exchange for the one in a map.
  'bpf_task_acquire',
  'bpf_task_release',
  'bpf_cgroup_acquire',
  'bpf_cgroup_release',
  'bpf_cgroup_ancestor',
  'bpf_task_under_cgroup',
  'bpf_task_get_cgroup1',
  'bpf_get_task_exe_file',
  'bpf_put_file',
]);

const TAIL_CALL = 'bpf_tail_call';

/** Registers of what a function prints; data is an array of words, or what is in the registers themselves. */
interface Printer {
  readonly format: number;
  /** The size is in the register after it. */
  readonly data?: number;
  readonly words?: readonly number[];
}

const PRINTERS: Readonly<Record<string, Printer>> = {
  bpf_seq_printf: { format: 2, data: 4 },
  bpf_snprintf: { format: 3, data: 4 },
  bpf_trace_vprintk: { format: 1, data: 3 },
  bpf_trace_printk: { format: 1, words: [3, 4, 5] },
};

/** Reads of memory that nothing vouches for: size in r2, where from in r3. */
const PROBE_READS: ReadonlySet<string> = new Set(['bpf_probe_read', 'bpf_probe_read_kernel']);
const PROBE_READS_OF_TEXT: ReadonlySet<string> = new Set(['bpf_probe_read_str', 'bpf_probe_read_kernel_str']);
const SIZE_REGISTER = 2;
const ADDRESS_REGISTER = 3;

/** The register with the size of what is printed, along with which that is checked; 0 where nothing is. */
export function registerOfPrintedSize({ name }: HelperCall): number {
  const data = PRINTERS[name]?.data;
  return data === undefined ? 0 : data + 1;
}

/** To be called when the arguments are known to be right, and still there. */
export function noteHelperArguments(env: Env, call: HelperCall): void {
  const { name } = call;
  const printer = PRINTERS[name];
  if (printer !== undefined) notePrinted(env, printer);
  else if (PROBE_READS.has(name)) noteRead(env);
  else if (PROBE_READS_OF_TEXT.has(name)) noteText(env, env.frame, env.frame.register(ADDRESS_REGISTER));
  else if (name === TAIL_CALL) env.kept.noteAny();
  else noteArguments(env, name, call.helper.arguments.length);
}

/** @param count how many registers the function is given */
export function noteArguments(env: Env, name: string, count: number): void {
  if (KEEPING_NOTHING.has(name)) return;
  const { frame, btfs, kept } = env;
  for (let regno = 1; regno <= count; regno++) kept.note(btfs, frame.words, frame.register(regno));
}

function noteRead(env: Env): void {
  const { frame, kept } = env;
  const w = frame.words;
  const r = frame.register(ADDRESS_REGISTER);
  const size = frame.register(SIZE_REGISTER);
  if ((w[size + UMAX + 1] as number) !== 0) kept.noteAny();
  else noteBytes(env, w, r, (w[size + UMAX] as number) >>> 0); // a record lies within the words
}

/** Bytes behind a pointer become numbers. */
function noteBytes({ btfs, kept }: Env, w: Int32Array, r: number, size: number): void {
  const btf = btfs[w[r + BTF] as number]; // a record lies within the words
  const off = w[r + OFF] as number;
  const base = baseType(w[r + TYPE] as number);
  if (base === PTR_TO_MAP_VALUE) return;
  if (base !== PTR_TO_BTF_ID || btf === undefined || off < 0 || !isUnmoved(w, r)) kept.noteAny();
  else kept.noteMembers(btf, w[r + BTF_ID] as number, off, off + size);
}

/** The distance of a pointer to an object is a constant. */
const isUnmoved = (w: Int32Array, r: number): boolean =>
  hasKnownValue(w, r) && w[r + VALUE] === 0 && w[r + VALUE + 1] === 0;

/** A text is read up to its end. */
function noteText(env: Env, frame: Frame, r: number): void {
  const { btfs, kept } = env;
  const w = frame.words;
  if (isNull(w, r)) return;
  const off = w[r + OFF] as number; // a record lies within the words
  switch (baseType(w[r + TYPE] as number)) {
    case PTR_TO_MAP_VALUE:
      return;
    case PTR_TO_STACK:
      noteTextOnStack(env, w, r);
      return;
    case PTR_TO_MEM:
      // Pointers of this kind lead to text, or were noted when they were loaded; and when they were moved.
      if (((w[r + TYPE] as number) & (PTR_UNTRUSTED | MEM_RINGBUF)) !== 0) return;
      break;
    case PTR_TO_BTF_ID: {
      const btf = btfs[w[r + BTF] as number];
      if (btf !== undefined && off >= 0 && isUnmoved(w, r) && isTextAt(btf, w[r + BTF_ID] as number, off)) return;
    }
  }
  kept.noteAny();
}

/** That it ends in its buffer is not known: it may be all that lies behind, also in the frames of the callers. */
function noteTextOnStack(env: Env, w: Int32Array, r: number): void {
  const target = frameOf(env, w, r);
  const first = hasKnownValue(w, r) ? slotOf((w[r + OFF] as number) + (w[r + VALUE] as number)) : target.slots;
  for (const frame of env.state.frames.slice(0, target.frameNumber + 1)) {
    const last = frame === target ? Math.min(first, frame.slots - 1) : frame.slots - 1;
    for (let slot = 0; slot <= last; slot++) noteSlot(env, frame, slot);
  }
}

function noteSlot({ btfs, kept }: Env, frame: Frame, slot: number): void {
  kept.noteSlot(frame, slot);
  if (isSpilled(frame, slot)) kept.note(btfs, frame.words, frame.spilled(slot));
}

function notePrinted(env: Env, { format, data, words }: Printer): void {
  const { frame, kept } = env;
  const text = constantText(env, format);
  const printed: Printed[] = [];
  if (text === undefined || !isFormatValid(text, MOST_WORDS, (what) => printed.push(what))) {
    // Whatever there is may be shown in any way.
    kept.noteAny();
    return;
  }
  printed.forEach((what, index) => {
    if (data === undefined) {
      const register = words?.[index];
      if (register !== undefined) noteWord(env, frame, frame.register(register), what);
    } else noteWordOfData(env, frame.register(data), index, what);
  });
}

const MOST_WORDS = 12;

function noteWordOfData(env: Env, r: number, index: number, what: Printed): void {
  const w = env.frame.words;
  if (w[r + TYPE] !== PTR_TO_STACK || !hasKnownValue(w, r)) {
    // Pointers elsewhere were noted when they were stored there.
    if (what !== 'number' || w[r + TYPE] === PTR_TO_STACK) env.kept.noteAny();
    return;
  }
  const target = frameOf(env, w, r);
  const off = (w[r + OFF] as number) + (w[r + VALUE] as number) + index * SLOT_BYTES;
  const slot = slotOf(off);
  if (byteOf(off) !== 0 || off >= 0 || slot >= target.slots) env.kept.noteAny();
  else if (target.slotType(slot, 0) === STACK_SPILL && target.slotType(slot, SLOT_BYTES - 1) === STACK_SPILL) {
    noteWord(env, target, target.spilled(slot), what);
  } else if (what === 'number') {
    for (let byte = 0; byte < SLOT_BYTES; byte++) env.kept.noteByte(target, slot, byte);
  } else if (!isZero(target, slot)) env.kept.noteAny();
}

function isZero(frame: Frame, slot: number): boolean {
  for (let byte = 0; byte < SLOT_BYTES; byte++) if (frame.slotType(slot, byte) !== STACK_ZERO) return false;
  return true;
}

/** @param r record in the words of the frame */
function noteWord(env: Env, frame: Frame, r: number, what: Printed): void {
  const w = frame.words;
  if (what === 'number') env.kept.note(env.btfs, w, r);
  else if (what === 'text') noteText(env, frame, r);
  else if (!isNull(w, r)) noteBytes(env, w, r, what);
}

/** The text behind a register if it cannot change; undefined if it can. */
function constantText(env: Env, regno: number): Uint8Array | undefined {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  if (w[r + TYPE] !== PTR_TO_MAP_VALUE || !hasKnownValue(w, r)) return undefined;
  const { type, flags, frozen, value, maxEntries } = mapOf(env, w, r);
  if (type !== BPF_MAP_TYPE_ARRAY || maxEntries !== 1 || !frozen || (flags & BPF_F_RDONLY_PROG) === 0) return undefined;
  const start = (w[r + OFF] as number) + (w[r + VALUE] as number); // a record lies within the words
  const end = value?.indexOf(0, start) ?? -1;
  return end < 0 ? undefined : value?.subarray(start, end);
}

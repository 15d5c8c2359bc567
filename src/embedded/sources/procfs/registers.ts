/**
 * Registers that tasks left user space with, as far as /proc/PID/syscall tells: where the program stands, its stack, and
 * the system call that it waits in. The other registers no file tells: they are 0, and counted where a program looks at
 * them; and so are all of a task that runs, or that the reader could not trace.
 *
 * Facts: proc_pid_syscall() in fs/proc/base.c, lib/syscall.c and arch/x86/include/asm/syscall.h of Linux 6.12.
 */
import type { KernelMemory } from '../../memory/kernel-memory.ts';
import type { Model } from '../../model/index.ts';
import type { Arena } from '../pool.ts';
import { putWords } from '../write-memory.ts';
import { type ProcReader, UNREADABLE, VANISHED } from './reader.ts';
import { countUnreadable, type SessionState, type TaskRecord } from './tasks.ts';

/** Where the arguments of a system call are; those of 32-bit programs are elsewhere. */
const ARGUMENTS = ['di', 'si', 'dx', 'r10', 'r8', 'r9'] as const;
const UNTOLD = ['r15', 'r14', 'r13', 'r12', 'bp', 'bx', 'r11', 'ax', 'cx', 'cs', 'csx', 'flags', 'ss', 'ssx'];
const NO_CALL = -1;

const decoder = new TextDecoder();

export class Registers {
  readonly #memory: KernelMemory;
  readonly #model: Model;
  readonly #reader: ProcReader;
  readonly #arena: Arena;
  readonly #known = new Map<TaskRecord, number>();

  constructor(memory: KernelMemory, model: Model, reader: ProcReader, arena: Arena) {
    this.#memory = memory;
    this.#model = model;
    this.#reader = reader;
    this.#arena = arena;
  }

  clear(): void {
    this.#known.clear();
  }

  /** Offset of the task's struct pt_regs, filled anew. */
  of(record: TaskRecord, session: SessionState): number {
    const { size } = this.#model.layoutOf('pt_regs');
    const at = this.#known.get(record) ?? this.#arena.take(size);
    this.#known.set(record, at);
    this.#memory.u8.fill(0, at, at + size);
    const { directory } = record;
    const length = this.#reader.read(`${directory}/syscall`);
    const isRead = length !== UNREADABLE && length !== VANISHED;
    const text = isRead ? decoder.decode(this.#reader.buffer.subarray(0, length)) : '';
    const [number = '', ...words] = text.trim().split(' ');
    const [ip, sp] = [words.pop(), words.pop()];
    if (ip === undefined || sp === undefined) {
      countUnreadable(session, 'syscall', directory);
      return at;
    }
    this.#put(at, 'ip', ip);
    this.#put(at, 'sp', sp);
    const call = Number(number);
    this.#putWord(at, 'orig_ax', call, call < 0 ? -1 : 0);
    const { needs } = session.plan;
    // No 64-bit program has its stack so low, unless it asked for it.
    const isTold = call === NO_CALL || halves(sp).high !== 0 || record.kernelThread;
    if (isTold) for (const [index, value] of words.entries()) this.#put(at, ARGUMENTS[index] ?? '', value);
    const missing = isTold ? UNTOLD : [...UNTOLD, ...ARGUMENTS];
    if (!record.kernelThread && needs.any('pt_regs', missing)) countUnreadable(session, 'registers', directory);
    return at;
  }

  #put(at: number, member: string, value: string): void {
    const { low, high } = halves(value);
    this.#putWord(at, member, low, high);
  }

  #putWord(at: number, member: string, low: number, high: number): void {
    putWords(this.#memory, at + this.#model.layoutOf('pt_regs').field(member).offset, low, high);
  }
}

/** Of `0x7ffe6cc01a00`. */
function halves(text: string): { readonly low: number; readonly high: number } {
  const digits = text.slice(2).padStart(16, '0');
  return { low: Number.parseInt(digits.slice(8), 16), high: Number.parseInt(digits.slice(0, 8), 16) };
}

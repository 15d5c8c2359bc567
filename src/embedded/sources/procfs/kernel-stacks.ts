/**
 * Stacks of tasks in the kernel, out of /proc/PID/stack: Linux walks them there as bpf_get_task_stack() does, and prints
 * each address by its symbol. The file is for root alone (CAP_SYS_ADMIN), and so are the addresses of symbols; where one
 * of the two is missing, or a symbol cannot be told from another of the same name, the stack is not known, and counted.
 *
 * Facts: proc_pid_stack() in fs/proc/base.c, stack_trace_save_tsk() in kernel/stacktrace.c of Linux 6.12.
 */
import type { KernelAddress, KernelSymbols } from '../lists/kernel-symbols.ts';
import { type ProcReader, UNREADABLE, VANISHED } from './reader.ts';
import { countUnreadable, type SessionState, type TaskRecord } from './tasks.ts';

/** MAX_STACK_TRACE_DEPTH: whether there is more than the file shows is not known. */
const DEEPEST_SHOWN = 64;
const FRAME = /^\[<\w+>\] (.+)$/;

const decoder = new TextDecoder();

export class KernelStacks {
  readonly #reader: ProcReader;
  readonly #symbols: () => KernelSymbols | undefined;

  /** @param symbols read when they are first needed */
  constructor(reader: ProcReader, symbols: () => KernelSymbols | undefined) {
    this.#reader = reader;
    this.#symbols = symbols;
  }

  /**
   * @param depth how many addresses are wanted, at most
   * @returns addresses to return to, the innermost first; undefined where they are not known
   */
  of({ directory }: TaskRecord, depth: number, session: SessionState): readonly KernelAddress[] | undefined {
    const unknown = (what: string) => {
      countUnreadable(session, what, directory);
      return undefined;
    };
    const path = `${directory}/stack`;
    const length = this.#reader.read(path);
    if (length === UNREADABLE || length === VANISHED) return unknown('stack');
    const lines = decoder.decode(this.#reader.buffer.subarray(0, length)).split('\n');
    const texts = lines.flatMap((line) => FRAME.exec(line)?.[1] ?? []);
    if (texts.length >= DEEPEST_SHOWN && depth > DEEPEST_SHOWN) return unknown('stack (deeper than it shows)');
    const frames: KernelAddress[] = [];
    for (const text of texts.slice(0, depth)) {
      const symbols = this.#symbols();
      if (symbols === undefined || symbols.isEmpty) return unknown('kallsyms');
      const address = symbols.addressOf(text);
      if (address === 'ambiguous') return unknown('stack (symbols of one name)');
      if (address === 'unknown') return unknown('stack (symbols that are not known)');
      frames.push(address);
    }
    return frames;
  }
}

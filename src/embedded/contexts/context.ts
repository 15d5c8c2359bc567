/**
 * What a run of a program on given input is made of: the context that r1 points at, what stands behind it, and what
 * comes back. One file beside this one for each family of program types; prepare.ts chooses.
 */
import type { RunOptions, RunResult } from '../../kernel.ts';
import type { Runtime } from '../runtime.ts';

/** What the contexts know of the program that is to run. */
export interface ProgramToRun {
  /** For messages. */
  readonly name: string;
  /** BPF_PROG_TYPE_*; of a BPF_PROG_TYPE_EXT program, that of the program it replaces a function of. */
  readonly type: number;
  readonly expectedAttachType: number;
  /** Where the last byte of the context ends that the program loads or stores (max_ctx_offset of bpf_prog_aux). */
  readonly maxContextOffset: number;
  /** How many 8-byte arguments a context has that consists of them (tracing, LSM, struct_ops); undefined if unknown. */
  readonly argumentCount: number | undefined;
}

export interface PreparedRun {
  /** Offset of the context in linear memory, for r1 and for Invocation.context. */
  readonly context: number;
  /** For Invocation.subject. */
  readonly subject: object | undefined;
  /** How often to run the program: RunOptions.repeat, or once. */
  readonly repeat: number;
  /** Called before each of the repeated runs. What Linux leaves from one run to the next stays. */
  begin(): void;
  /**
   * After the last run: what it gives back. The caller adds the duration.
   * @param retval the low word of r0
   * @throws BpfiterError `refused` where Linux fails after the run
   */
  finish(retval: number): Omit<RunResult, 'durationNs'>;
  /** Frees what the run took of the memory; called whether the program ended, trapped or was never run. */
  release(): void;
}

/**
 * Of one program type, or a few.
 * @throws BpfiterError `usage` for input that the type does not take, `refused` with the errno where Linux refuses it
 */
export type Prepare = (runtime: Runtime, program: ProgramToRun, options: RunOptions) => PreparedRun;

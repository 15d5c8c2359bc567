/**
 * What an iterator target is (struct bpf_iter_reg of Linux): its name, the context of its programs, its parameters,
 * and how to walk. Each file of targets/ is one; users register their own in the same form.
 *
 * A walk is a cursor with the life of the kernel's seq_operations: every read begins with start() and ends with stop().
 * What it stands at it writes into the program's context (ContextSlots); the read algorithm (iter-file.ts) runs the
 * program. Sources: include/linux/bpf.h, include/linux/seq_file.h of Linux 6.18; facts/iterators.md 1, 2.
 */
import type { IterParameters, LinkInfo } from '../../kernel.ts';
import type { ObjectSession } from '../sources/source.ts';
import type { ContextSlots } from './context.ts';

/** One argument of the program after `meta`: eight bytes of its context. */
export interface TargetArgument {
  readonly name: string;
  /** As C spells it: `struct task_struct *`, `u32`. */
  readonly type: string;
  /**
   * In the call without an object, after the last one, pointers are NULL and numbers 0; arguments that are `kept` are
   * as they were.
   */
  readonly atEnd?: 'kept';
}

/** Results of start() and next() besides negative errnos, which end the read. */
export const NONE = 0;
export const FOUND = 1;

export interface Walk {
  /**
   * Stands at the object to begin a read with: the one that the last read left, or else the first. It is looked up
   * anew, since between two reads anything may happen.
   * @returns FOUND, NONE, or a negative errno
   */
  start(): number;
  /** @returns as start() */
  next(): number;
  /** Ends a read. @param left whether the object that the walk stands at is to be shown by the next read */
  stop(left: boolean): void;
  /**
   * What comes of the program's return value: 0 goes on, a negative errno gives the object's output up and has it
   * shown again, 1 gives it up and goes on without counting it. If absent, 0 goes on and all else is -EAGAIN.
   */
  judge?(result: number): number;
  /** Once, when the session ends. */
  release(): void;
}

/** What a link keeps of its parameters. */
export interface Attachment {
  /** The target's part of what the link tells about itself. */
  readonly info: Pick<LinkInfo, 'mapId' | 'tid' | 'pid' | 'cgroupId' | 'cgroupOrder'>;
  /** A walk for one session, from its beginning. @param objects what the session walks over; it is closed elsewhere */
  open(slots: ContextSlots, objects: ObjectSession): Walk;
  /** Allocates what `seq->private` of a session leads to; freed with the session. @returns its offset */
  placePrivate?(): number;
  /** Once, when neither link nor session needs it any more. */
  release?(): void;
}

/** What a target may know about the program that is attached to it. */
export interface ProgramFacts {
  readonly name: string;
  /** `iter/task`. */
  readonly section: string;
  /** How many bytes of a read-only buffer (a key) it reads, and of a writable one (a value) it reads or writes. */
  readonly maxRdonlyAccess: number;
  readonly maxRdwrAccess: number;
}

export interface IterTargetDefinition {
  /** As in `SEC("iter/task")`. */
  readonly name: string;
  /** After `meta`. */
  readonly arguments: readonly TargetArgument[];
  /** Whether programs that sleep attach (BPF_ITER_RESCHED). */
  readonly sleepable: boolean;
  readonly parameter?: keyof IterParameters;
  /** The program runs once more, without an object, after the last one, unless this is `false`. */
  readonly finalCall?: boolean;
  /**
   * Whether the kernel walks begin with a token that no program sees, as sockets' do: then seq_num is 2^64 - 1 for the
   * call without an object if there was none.
   */
  readonly startToken?: boolean;
  /** Whether there can be objects for it; if absent, there can. A target without them counts as not there. */
  isAvailable?(): boolean;
  /**
   * Checks the parameters.
   * @throws BpfiterError `refused` with the kernel's errno, or `not-found` for a parameter that names nothing
   */
  attach(parameters: IterParameters, program: ProgramFacts): Attachment;
}

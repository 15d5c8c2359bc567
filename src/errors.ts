/**
 * The one error class of the package. Every error has a `code` to branch on and one readable line;
 * longer material (a verifier log, a list of candidates) stands in `detail` and is shown only when asked for.
 */

/** What kind of failure an error is. The command line turns it into an exit code (see docs/cli.md). */
export type ErrorCode =
  /** Bytes or text given by the user are not what they should be: not an ELF file, BTF cut short, a bad number. */
  | 'malformed'
  /** A named thing (file, program, map, type, id) does not exist. */
  | 'not-found'
  /** The call itself is wrong: contradictory or missing arguments. */
  | 'usage'
  /** Understood, but this kernel or this version of bpfiter cannot do it; the message names the thing. */
  | 'unsupported'
  /** A relocation found no target in the kernel's types or symbols. */
  | 'relocation'
  /** The kernel refused: the verifier rejected a program, or bpf(2) failed. */
  | 'refused'
  /** The caller lacks the privilege. */
  | 'not-permitted'
  /** The operation was cancelled through an AbortSignal. */
  | 'aborted';

export interface ErrorOptionsWithDetail {
  readonly cause?: unknown;
  readonly detail?: string;
  readonly explanation?: string;
  readonly errno?: number;
}

export class BpfiterError extends Error {
  readonly code: ErrorCode;
  /** Longer material, e.g. the whole verifier log. */
  readonly detail: string | undefined;
  /** What happened in terms of the user's source and what would mend it, in a few lines, where that is known. */
  readonly explanation: string | undefined;
  /** Positive Linux errno, where the failure has one. */
  readonly errno: number | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptionsWithDetail = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'BpfiterError';
    this.code = code;
    this.detail = options.detail;
    this.explanation = options.explanation;
    this.errno = options.errno;
  }
}

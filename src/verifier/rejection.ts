/**
 * How verification ends early: the program is refused, or something in it is not modelled. Checks throw these; only
 * verify() catches them.
 */

/** The program is refused, for the reason that was said last. No Error, whose stack trace takes longer than the rest. */
export class Rejection {
  /** Positive, as the kernel returns it. */
  readonly errno: number;
  /** Code of the message that gave the reason (messages.ts). */
  readonly code: string;
  readonly message: string;

  constructor(errno: number, code: string, message: string) {
    this.errno = errno;
    this.code = code;
    this.message = message;
  }
}

/** Verdict `unsupported`: names what is not modelled. Never a made-up reject, never an accept. */
export class NotModelled extends Error {
  readonly subject: string;

  constructor(subject: string) {
    super(`${subject} is not modelled by this verifier`);
    this.subject = subject;
  }
}

/** The caller's AbortSignal fired. */
export class Cancelled extends Error {}

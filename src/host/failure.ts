/**
 * Errors from errnos: what was attempted, what the kernel said, and whether it is a matter of privilege.
 */
import { constants } from 'node:os';
import { BpfiterError, type ErrorCode } from '../errors.ts';
import { errnoDescription, errnoName } from '../uapi/index.ts';
import { lackOf, type Need } from './capabilities.ts';

export interface FailureOptions {
  /** What the call needs; EPERM is `not-permitted` if this process lacks it, and `refused` otherwise. */
  readonly need?: Need;
  /** What this errno means here, as a clause; it stands in the message in place of the errno's own sentence. */
  readonly because?: string | undefined;
  /** `refused` if absent; `not-permitted` goes before it. */
  readonly code?: ErrorCode | undefined;
  readonly detail?: string | undefined;
}

const { EPERM } = constants.errno;

/** Not of the uapi, but bpf(2) answers so where a map or program type lacks an operation (linux/errno.h). */
export const ENOTSUPP = 524;

/**
 * @param errno positive
 * @param what completes "cannot ...": `create map 'x'`
 */
export function failure(errno: number, what: string, options: FailureOptions = {}): BpfiterError {
  const lack = errno === EPERM ? lackOf(options.need ?? 'none') : undefined;
  const because = lack ?? options.because;
  const said = because === undefined ? errnoDescription(errno) : because;
  const code = lack === undefined ? (options.code ?? 'refused') : 'not-permitted';
  const message = `cannot ${what}: ${said} (${errnoName(errno)})`;
  return new BpfiterError(code, message, {
    errno,
    ...(options.detail !== undefined && options.detail !== '' && { detail: options.detail }),
  });
}

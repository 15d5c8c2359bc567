/**
 * Errors from errnos, worded as the host's (src/host/failure.ts) so that the same mistake reads the same on both kernels.
 * Nothing here is a matter of privilege: whoever runs the embedded kernel owns it.
 */
import { BpfiterError, type ErrorCode } from '../errors.ts';
import { errnoDescription, errnoName } from '../uapi/index.ts';

export interface FailureOptions {
  /** What this errno means here, as a clause; it stands in the message in place of the errno's own sentence. */
  readonly because?: string | undefined;
  /** `refused` if absent. */
  readonly code?: ErrorCode;
}

/**
 * @param errno positive
 * @param what completes "cannot ...": `create map 'x'`
 */
export function failure(errno: number, what: string, { because, code = 'refused' }: FailureOptions = {}): BpfiterError {
  const said = because ?? errnoDescription(errno);
  return new BpfiterError(code, `cannot ${what}: ${said} (${errnoName(errno)})`, { errno });
}

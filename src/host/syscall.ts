/**
 * One call of bpf(2): a command, its attributes, and an error that says what was attempted.
 */
import { type FailureOptions, failure } from './failure.ts';
import { rawBpf } from './foreign.ts';
import type { Struct } from './structs.ts';

/** What of an attribute struct a call needs to know. */
type Attributes = Pick<Struct<never>, 'bytes'>;

/** @returns what the kernel returns, or the negative errno */
export function tryBpf(command: number, attributes: Attributes, size = attributes.bytes.length): number {
  return rawBpf(command, attributes.bytes, size);
}

/**
 * @param what completes "cannot ...": `create map 'x'`
 * @throws BpfiterError `not-permitted` or `refused` (or the code of `options`), with the errno
 */
export function bpf(command: number, attributes: Attributes, what: string, options: FailureOptions = {}): number {
  const result = tryBpf(command, attributes);
  if (result < 0) throw failure(-result, what, options);
  return result;
}

/**
 * One call of bpf(2): a command and its attributes. What a failure means is for the callers to say (failure.ts).
 */
import { rawBpf } from './foreign.ts';
import type { Struct } from './structs.ts';

/** What of an attribute struct a call needs to know. */
type Attributes = Pick<Struct<never>, 'bytes'>;

/**
 * @param size of the attributes, if not all of them are to be passed
 * @returns what the kernel returns, or the negative errno
 */
export function tryBpf(command: number, attributes: Attributes, size = attributes.bytes.length): number {
  return rawBpf(command, attributes.bytes, size);
}

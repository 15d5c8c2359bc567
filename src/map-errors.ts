/** What the errnos of operations on maps mean, for the messages of both kernels. */
import { describeValue, isBytes } from './arguments.ts';
import { BpfiterError } from './errors.ts';
import { mapTypeName } from './uapi/index.ts';

const EPERM = 1;
const ENOENT = 2;
const E2BIG = 7;
const EEXIST = 17;
const ENOTSUPP = 524;

/** @throws BpfiterError `usage` unless it is so many bytes. @param map as messages name it */
export function checkElement(map: string, part: 'keys' | 'values', size: number, given: Uint8Array): void {
  if (!isBytes(given)) {
    const typed = 'TypedMap takes other values';
    throw new BpfiterError(
      'usage',
      `${map} takes ${part} of ${size} bytes (Uint8Array), not ${describeValue(given)}; ${typed}`,
    );
  }
  if (given.length === size) return;
  throw new BpfiterError('usage', `${map} takes ${part} of ${size} bytes, not ${given.length}`);
}

/** @throws BpfiterError `usage` unless it is a number of flags; which of them there are is for the kernel to say */
export function checkFlags(map: string, flags: number): void {
  if (Number.isSafeInteger(flags) && flags >= 0) return;
  throw new BpfiterError(
    'usage',
    `${map} takes flags as one number (BPF_ANY and the like), not ${describeValue(flags)}`,
  );
}

/** What the common errnos mean for an element of a map, as a clause. @param errno positive */
export function explainElement(errno: number, type: number): string | undefined {
  switch (errno) {
    case E2BIG:
      return 'the key is out of range, or the map is full';
    case EEXIST:
      return 'the key exists already';
    case ENOENT:
      return 'there is no such key';
    case EPERM:
      return 'the map is read-only for user space, or frozen';
    case ENOTSUPP:
      return `maps of type ${mapTypeName(type) ?? type} do not have this operation`;
    default:
      return undefined;
  }
}

/** What the errnos of operations on maps mean, for the messages of both kernels. */
import { mapTypeName } from './uapi/index.ts';

const EPERM = 1;
const ENOENT = 2;
const E2BIG = 7;
const EEXIST = 17;
const ENOTSUPP = 524;

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

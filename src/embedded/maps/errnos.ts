/** Errnos of map operations, positive, and what they mean there. */
import { mapTypeName } from '../../uapi/index.ts';

export const EPERM = 1;
export const ENOENT = 2;
export const E2BIG = 7;
export const EBADF = 9;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EFAULT = 14;
export const EBUSY = 16;
export const EEXIST = 17;
export const ENODEV = 19;
export const EINVAL = 22;
export const ENOSPC = 28;
export const ERANGE = 34;
export const EOVERFLOW = 75;
export const EOPNOTSUPP = 95;
export const ENOTSUPP = 524;

/** What the common errnos mean for an element of a map. */
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

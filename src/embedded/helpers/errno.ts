/** Errnos that functions for programs give, negative, as programs see them. Facts: include/uapi/asm-generic/errno*.h. */
export const EPERM = -1;
export const ENOENT = -2;
export const E2BIG = -7;
export const EAGAIN = -11;
export const ENOMEM = -12;
export const EACCES = -13;
export const EFAULT = -14;
export const EBUSY = -16;
export const EINVAL = -22;
export const ENOSPC = -28;
export const ERANGE = -34;
export const EDEADLK = -35;
export const ENAMETOOLONG = -36;
export const EOVERFLOW = -75;
export const EOPNOTSUPP = -95;
export const ETIMEDOUT = -110;

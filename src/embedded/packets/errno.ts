/** Errnos that packet functions give beside those of helpers/errno.ts, negative (include/uapi/asm-generic/errno*.h). */
export const ENOENT = -2;
export const E2BIG = -7;
export const ENOMEM = -12;
export const EACCES = -13;
export const EFAULT = -14;
export const EEXIST = -17;
export const ENODEV = -19;
export const EINVAL = -22;
export const ERANGE = -34;
export const EBADMSG = -74;
export const EPROTOTYPE = -91;
export const EPROTONOSUPPORT = -93;
export const EOPNOTSUPP = -95;
export const EAFNOSUPPORT = -97;
export const EALREADY = -114;
/** Not of the uapi; the kernel's own. */
export const ENOTSUPP = -524;

/** Errnos that map operations answer, negative. Results are offsets or one of these: the last page is never used. */

export const ENOENT: i32 = -2;
export const E2BIG: i32 = -7;
export const EAGAIN: i32 = -11;
export const ENOMEM: i32 = -12;
export const EFAULT: i32 = -14;
export const EEXIST: i32 = -17;
export const EINVAL: i32 = -22;
export const ENOSPC: i32 = -28;
export const ERANGE: i32 = -34;
export const EOVERFLOW: i32 = -75;
export const EOPNOTSUPP: i32 = -95;

export const BPF_ANY: u32 = 0;
export const BPF_NOEXIST: u32 = 1;
export const BPF_EXIST: u32 = 2;
export const BPF_F_LOCK: u32 = 4;

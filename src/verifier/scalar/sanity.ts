/**
 * Contradicting ranges: on paths that cannot be taken but that the verifier could not rule out, bounds may come to say
 * that no value is possible. The kernel then says so and forgets the ranges.
 * After reg_bounds_sanity_check() of kernel/bpf/verifier.c (Linux 6.18).
 */
import { BPF_F_TEST_REG_INVARIANTS } from '../../uapi/index.ts';
import type { Env } from '../environment.ts';
import { EFAULT } from '../errno.ts';
import { MASK, S32MAX, S32MIN, SMAX, SMIN, U32MAX, U32MIN, UMAX, UMIN, VALUE } from '../register.ts';
import { equal64, lessS, lessU, uword, word } from './int64.ts';
import { setUnboundedRanges } from './values.ts';

/** What contradicts itself, undefined if nothing does. */
function contradiction(w: Int32Array, r: number): string | undefined {
  if (
    lessU(w, r + UMAX, w, r + UMIN) ||
    lessS(w, r + SMAX, w, r + SMIN) ||
    uword(w, r + U32MIN) > uword(w, r + U32MAX) ||
    word(w, r + S32MIN) > word(w, r + S32MAX)
  )
    return 'range bounds violation';
  if (w[r + MASK] !== 0) return undefined;
  const value = r + VALUE;
  if (
    w[r + MASK + 1] === 0 &&
    !(
      equal64(w, r + UMIN, w, value) &&
      equal64(w, r + UMAX, w, value) &&
      equal64(w, r + SMIN, w, value) &&
      equal64(w, r + SMAX, w, value)
    )
  )
    return 'const tnum out of sync with range bounds';
  const low = w[value];
  return w[r + U32MIN] === low && w[r + U32MAX] === low && w[r + S32MIN] === low && w[r + S32MAX] === low
    ? undefined
    : 'const subreg tnum out of sync with range bounds';
}

/** Forgets ranges that contradict each other. @param where for the log: `alu`, `true_reg1`, ... */
export function checkSanity(env: Env, w: Int32Array, r: number, where: string): void {
  const what = contradiction(w, r);
  if (what === undefined) return;
  env.say('verifier-bug', { what: `REG INVARIANTS VIOLATION (${where}): ${what} ${rangesText(w, r)}` });
  if ((env.program.flags & BPF_F_TEST_REG_INVARIANTS) !== 0) env.rejectAsSaid(EFAULT);
  setUnboundedRanges(w, r);
}

const hex32 = (w: Int32Array, i: number): string => `0x${uword(w, i).toString(16)}`;

function hex64(w: Int32Array, i: number): string {
  if (w[i + 1] === 0) return hex32(w, i);
  return `0x${uword(w, i + 1).toString(16)}${uword(w, i).toString(16).padStart(8, '0')}`;
}

const rangesText = (w: Int32Array, r: number): string =>
  `u64=[${hex64(w, r + UMIN)}, ${hex64(w, r + UMAX)}] s64=[${hex64(w, r + SMIN)}, ${hex64(w, r + SMAX)}] ` +
  `u32=[${hex32(w, r + U32MIN)}, ${hex32(w, r + U32MAX)}] s32=[${hex32(w, r + S32MIN)}, ${hex32(w, r + S32MAX)}] ` +
  `var_off=(${hex64(w, r + VALUE)}, ${hex64(w, r + MASK)})`;

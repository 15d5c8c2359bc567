/** Ranges that a returned number must lie in. */
import type { Env } from '../environment.ts';
import { EINVAL } from '../errno.ts';
import type { ReturnRange } from '../frame.ts';
import { S32MAX, S32MIN, SMAX, SMIN } from '../register.ts';

/** A signed 64-bit value as a number: exact as far as it matters for 32-bit ranges. */
function signed64(w: Int32Array, at: number): number {
  return (w[at + 1] as number) * 0x1_0000_0000 + ((w[at] as number) >>> 0); // within the record
}

/** @param half whether only the low half is returned */
export function withinReturnRange(w: Int32Array, r: number, { min, max }: ReturnRange, half: boolean): boolean {
  return half
    ? min <= (w[r + S32MIN] as number) && (w[r + S32MAX] as number) <= max
    : min <= signed64(w, r + SMIN) && signed64(w, r + SMAX) <= max;
}

function decimal64(w: Int32Array, at: number): string {
  return ((BigInt(w[at + 1] as number) << 32n) | BigInt((w[at] as number) >>> 0)).toString();
}

/** @param place `At program exit` @param name `R0` */
export function sayOutOfRange(
  env: Env,
  w: Int32Array,
  r: number,
  { min, max }: ReturnRange,
  place: string,
  name: string,
): void {
  const isLowest = w[r + SMIN] === 0 && w[r + SMIN + 1] === -0x8000_0000;
  const isHighest = w[r + SMAX] === -1 && w[r + SMAX + 1] === 0x7fff_ffff;
  env.say('return-value-out-of-range', {
    place,
    name,
    min,
    max,
    smin: isLowest ? undefined : decimal64(w, r + SMIN),
    smax: isHighest ? undefined : decimal64(w, r + SMAX),
  });
}

export function rejectRange(
  env: Env,
  w: Int32Array,
  r: number,
  range: ReturnRange,
  place: string,
  name: string,
): never {
  sayOutOfRange(env, w, r, range, place, name);
  env.rejectAsSaid(EINVAL);
}

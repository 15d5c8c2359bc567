/** Registers of known contents for the tests of scalars: made from sets of values, and asked for membership. */
import {
  REG_WORDS,
  S32MAX,
  S32MIN,
  SMAX,
  SMIN,
  TYPE,
  U32MAX,
  U32MIN,
  UMAX,
  UMIN,
  VALUE,
} from '../../../src/verifier/register.ts';
import { SCALAR_VALUE } from '../../../src/verifier/register-types.ts';
import { syncBounds } from '../../../src/verifier/scalar/bounds.ts';

export const M64 = (1n << 64n) - 1n;
export const M32 = (1n << 32n) - 1n;
export const signed = (x: bigint): bigint => BigInt.asIntN(64, x);
export const signed32 = (x: bigint): bigint => BigInt.asIntN(32, x);

export function put64(w: Int32Array, i: number, value: bigint): void {
  w[i] = Number(BigInt.asIntN(32, value));
  w[i + 1] = Number(BigInt.asIntN(32, value >> 32n));
}

export const get64 = (w: Int32Array, i: number): bigint =>
  (BigInt((w[i + 1] ?? 0) >>> 0) << 32n) | BigInt((w[i] ?? 0) >>> 0);

const least = (values: readonly bigint[]): bigint => values.reduce((a, b) => (b < a ? b : a));
const most = (values: readonly bigint[]): bigint => values.reduce((a, b) => (b > a ? b : a));

/** What is least known of a value: one register for all. */
export function unknownRegister(): Int32Array {
  const w = new Int32Array(REG_WORDS);
  w[TYPE] = SCALAR_VALUE;
  put64(w, VALUE, 0n);
  put64(w, VALUE + 2, M64);
  put64(w, SMIN, 1n << 63n);
  put64(w, SMAX, (1n << 63n) - 1n);
  put64(w, UMAX, M64);
  w[S32MIN] = -0x8000_0000;
  w[S32MAX] = 0x7fff_ffff;
  w[U32MAX] = -1;
  return w;
}

/** What the domains can say of a set: the facts that `facts` names, all of them true of each value. */
export function registerOf(values: readonly bigint[], facts: number): Int32Array {
  const w = unknownRegister();
  const first = values[0] ?? 0n;
  if (facts & 1) {
    const mask = values.reduce((bits, value) => bits | (value ^ first), 0n);
    put64(w, VALUE, first & ~mask);
    put64(w, VALUE + 2, mask);
  }
  if (facts & 2) {
    put64(w, UMIN, least(values));
    put64(w, UMAX, most(values));
  }
  if (facts & 4) {
    put64(w, SMIN, least(values.map(signed)));
    put64(w, SMAX, most(values.map(signed)));
  }
  if (facts & 8) {
    w[U32MIN] = Number(least(values.map((x) => x & M32)));
    w[U32MAX] = Number(most(values.map((x) => x & M32)));
  }
  if (facts & 16) {
    w[S32MIN] = Number(least(values.map(signed32)));
    w[S32MAX] = Number(most(values.map(signed32)));
  }
  return w;
}

export function syncedRegisterOf(values: readonly bigint[], facts: number): Int32Array {
  const w = registerOf(values, facts);
  syncBounds(w, 0);
  return w;
}

/** Why a register does not allow a value, undefined if it does. */
export function misses(w: Int32Array, value: bigint): string | undefined {
  const low = value & M32;
  const holds =
    (value & ~get64(w, VALUE + 2) & M64) === get64(w, VALUE) &&
    get64(w, UMIN) <= value &&
    value <= get64(w, UMAX) &&
    signed(get64(w, SMIN)) <= signed(value) &&
    signed(value) <= signed(get64(w, SMAX)) &&
    BigInt((w[U32MIN] ?? 0) >>> 0) <= low &&
    low <= BigInt((w[U32MAX] ?? 0) >>> 0) &&
    BigInt(w[S32MIN] ?? 0) <= signed32(low) &&
    signed32(low) <= BigInt(w[S32MAX] ?? 0);
  return holds ? undefined : `0x${value.toString(16)} is not in ${describe(w)}`;
}

export function describe(w: Int32Array): string {
  const hex = (i: number): string => `0x${get64(w, i).toString(16)}`;
  return (
    `bits(${hex(VALUE)}; ${hex(VALUE + 2)}) u64[${hex(UMIN)}, ${hex(UMAX)}] s64[${hex(SMIN)}, ${hex(SMAX)}] ` +
    `u32[${(w[U32MIN] ?? 0) >>> 0}, ${(w[U32MAX] ?? 0) >>> 0}] s32[${w[S32MIN]}, ${w[S32MAX]}]`
  );
}

/** Numbers that repeat from run to run. */
export class Random {
  #state: bigint;

  constructor(seed: number) {
    this.#state = BigInt(seed) * 0x9e37_79b9_7f4a_7c15n + 1n;
  }

  next64(): bigint {
    this.#state = (this.#state + 0x9e37_79b9_7f4a_7c15n) & M64;
    let z = this.#state;
    z = ((z ^ (z >> 30n)) * 0xbf58_476d_1ce4_e5b9n) & M64;
    z = ((z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn) & M64;
    return z ^ (z >> 31n);
  }

  below(count: number): number {
    return Number(this.next64() % BigInt(count));
  }

  /** Values near where something changes: 0, signs, powers of two; sometimes anywhere. */
  value(): bigint {
    const small = BigInt(this.below(16)) - 8n;
    switch (this.below(6)) {
      case 0:
        return small & M64;
      case 1:
        return ((1n << BigInt(this.below(64))) + small) & M64;
      case 2:
        return ((1n << 31n) + small) & M64;
      case 3:
        return ((1n << 63n) + small) & M64;
      case 4:
        return (((this.next64() & 3n) << 32n) + small) & M64;
      default:
        return this.next64();
    }
  }

  /** A few values, mostly near each other. */
  values(): bigint[] {
    const base = this.value();
    const count = 1 + this.below(6);
    const spread = BigInt(this.below(64));
    return Array.from({ length: count }, () =>
      this.below(8) === 0 ? this.value() : (base + (this.next64() & ((1n << spread) - 1n))) & M64,
    );
  }
}

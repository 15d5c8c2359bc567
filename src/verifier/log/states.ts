/**
 * States as text, in the form of the kernel's log (and of the tools that read it):
 *
 *     R1=ctx() R2=scalar(id=1,umin=1,umax=5,var_off=(0x0; 0x7)) R10=fp0 fp-8=mmmm???? fp-16=iter_num(ref_id=1,...)
 *
 * Form observed in the logs of Linux 6.18; the rules of what is left out are those of kernel/bpf/log.c.
 */

import type { Env } from '../environment.ts';
import { type Frame, MAX_REGISTERS } from '../frame.ts';
import * as reg from '../register.ts';
import * as types from '../register-types.ts';
import type { State } from '../state.ts';
import { dynptrName, iterName, typeName } from './type-names.ts';

/** Values in this range are printed in decimal, others in hexadecimal. */
const DECIMAL_MAX_U = 0xffffn;
const DECIMAL_MAX_S = 0x7fffn;
const DECIMAL_MIN_S = -0x8000n;

const unsigned64 = (w: Int32Array, at: number): bigint =>
  (BigInt(w[at + 1] as number) << 32n) | BigInt((w[at] as number) >>> 0); // fields lie within the record
const asUnsigned = (value: bigint): bigint => BigInt.asUintN(64, value);
const asSigned = (value: bigint): bigint => BigInt.asIntN(64, value);

const hex = (value: bigint): string => (value === 0n ? '0' : `0x${asUnsigned(value).toString(16)}`);

function unsignedText(value: bigint): string {
  const number = asUnsigned(value);
  return number <= DECIMAL_MAX_U ? number.toString() : hex(number);
}

function signedText(value: bigint): string {
  const number = asSigned(value);
  return number >= DECIMAL_MIN_S && number <= DECIMAL_MAX_S ? number.toString() : hex(number);
}

/** `(0x0; 0xff)`, or the number if all bits are known. */
export function tnumText(w: Int32Array, at: number): string {
  const value = unsigned64(w, at);
  const mask = unsigned64(w, at + 2);
  return asUnsigned(mask) === 0n ? unsignedText(value) : `(${sharpHex(value)}; ${sharpHex(mask)})`;
}

/** printf's `%#llx`: zero has no prefix. */
const sharpHex = (value: bigint): string => hex(value).replace(/^0$/, '0x0');

const S64_MIN = -(1n << 63n);
const S64_MAX = (1n << 63n) - 1n;
const U64_MAX = (1n << 64n) - 1n;

interface Bound {
  readonly name: string;
  readonly signed: boolean;
  readonly value: bigint;
  omit: boolean;
}

/** A 32-bit bound that is printed in hexadecimal is not to look sign-extended. */
function signed32(value: number): bigint {
  const number = BigInt(value);
  return number >= DECIMAL_MIN_S && number <= DECIMAL_MAX_S ? number : BigInt(value >>> 0);
}

function boundsOf(w: Int32Array, r: number): Bound[] {
  const field = (offset: number) => w[r + offset] as number; // within the record
  const smin = asSigned(unsigned64(w, r + reg.SMIN));
  const smax = asSigned(unsigned64(w, r + reg.SMAX));
  const umin = asUnsigned(unsigned64(w, r + reg.UMIN));
  const umax = asUnsigned(unsigned64(w, r + reg.UMAX));
  const s32min = field(reg.S32MIN);
  const s32max = field(reg.S32MAX);
  const u32min = field(reg.U32MIN) >>> 0;
  const u32max = field(reg.U32MAX) >>> 0;
  return [
    { name: 'smin', signed: true, value: smin, omit: smin === S64_MIN },
    { name: 'smax', signed: true, value: smax, omit: smax === S64_MAX },
    { name: 'umin', signed: false, value: umin, omit: umin === 0n },
    { name: 'umax', signed: false, value: umax, omit: umax === U64_MAX },
    { name: 'smin32', signed: true, value: signed32(s32min), omit: s32min === -0x80000000 },
    { name: 'smax32', signed: true, value: signed32(s32max), omit: s32max === 0x7fffffff },
    { name: 'umin32', signed: false, value: BigInt(u32min), omit: u32min === 0 },
    { name: 'umax32', signed: false, value: BigInt(u32max), omit: u32max === 0xffffffff },
  ];
}

/** `smin=umin=1,smax=umax=5`: bounds of the same side and value share it. */
function rangeTexts(w: Int32Array, r: number): string[] {
  const bounds = boundsOf(w, r);
  const texts: string[] = [];
  bounds.forEach((bound, index) => {
    if (bound.omit) return;
    const negative = bound.signed && bound.value < 0n;
    let names = `${bound.name}=`;
    // Minima stand at even places, maxima at odd ones.
    for (let other = index + 2; other < bounds.length; other += 2) {
      const candidate = bounds[other];
      if (candidate === undefined || candidate.omit) continue;
      if (asUnsigned(candidate.value) !== asUnsigned(bound.value)) continue;
      if ((candidate.signed && candidate.value < 0n) !== negative) continue;
      candidate.omit = true;
      names += `${candidate.name}=`;
    }
    texts.push(names + (bound.signed ? signedText(bound.value) : unsignedText(bound.value)));
  });
  return texts;
}

const signedDelta = (value: number): string => (value < 0 ? String(value) : `+${value}`);

/** @param frame whose register or stack it is */
export function registerText(env: Env, frame: Frame, w: Int32Array, r: number): string {
  const field = (offset: number) => w[r + offset] as number; // within the record
  const type = field(reg.TYPE);
  const isConst = field(reg.MASK) === 0 && field(reg.MASK + 1) === 0;
  const constant = unsigned64(w, r + reg.VALUE);
  const precise = type === types.SCALAR_VALUE && field(reg.PRECISE) !== 0 ? 'P' : '';
  if (type === types.SCALAR_VALUE && isConst) return precise + signedText(constant);

  let text = precise + typeName(type);
  if (type === types.PTR_TO_ARENA) return text;
  if (type === types.PTR_TO_STACK) {
    if (field(reg.FRAME) !== frame.frameNumber) text += `[${field(reg.FRAME)}]`;
    if (isConst) return text + signedText(constant + BigInt(field(reg.OFF)));
  }
  const base = types.baseType(type);
  if (base === types.PTR_TO_BTF_ID) text += env.btfs[field(reg.BTF)]?.nameOf(field(reg.BTF_ID)) ?? '';
  return `${text}(${attributes(env, w, r, isConst).join(',')})`;
}

function attributes(env: Env, w: Int32Array, r: number, isConst: boolean): string[] {
  const field = (offset: number) => w[r + offset] as number; // within the record
  const type = field(reg.TYPE);
  const base = types.baseType(type);
  const texts: string[] = [];
  const id = field(reg.ID);
  const linked = (id & reg.ADD_CONST) !== 0 ? signedDelta(field(reg.OFF)) : '';
  if (id !== 0) texts.push(`id=${id & ~reg.ADD_CONST}${linked}`);
  if (field(reg.REF_OBJ_ID) !== 0) texts.push(`ref_obj_id=${field(reg.REF_OBJ_ID)}`);
  if ((type & types.NON_OWN_REF) !== 0) texts.push('non_own_ref');
  if (base === types.CONST_PTR_TO_MAP || base === types.PTR_TO_MAP_VALUE || base === types.PTR_TO_MAP_KEY) {
    const map = env.maps[field(reg.MAP)];
    if (map !== undefined && map.name !== '') texts.push(`map=${map.name}`);
    texts.push(`ks=${map?.keySize ?? 0}`, `vs=${map?.valueSize ?? 0}`);
  }
  if (type !== types.SCALAR_VALUE && field(reg.OFF) !== 0) texts.push(`off=${signedText(BigInt(field(reg.OFF)))}`);
  if (base === types.PTR_TO_PACKET || base === types.PTR_TO_PACKET_META) {
    texts.push(`r=${unsignedText(BigInt(field(reg.RANGE)))}`);
  }
  if (base === types.PTR_TO_MEM) texts.push(`sz=${unsignedText(BigInt(field(reg.MEM_SIZE) >>> 0))}`);
  if (type === types.CONST_PTR_TO_DYNPTR) texts.push(`type=${dynptrName(field(reg.DYNPTR_KIND))}`);
  if (isConst) {
    const constant = unsigned64(w, r + reg.VALUE);
    if (constant !== 0n) texts.push(`imm=${signedText(constant)}`);
    return texts;
  }
  texts.push(...rangeTexts(w, r));
  const unknown = field(reg.MASK) === -1 && field(reg.MASK + 1) === -1;
  if (!unknown) texts.push(`var_off=${tnumText(w, r + reg.VALUE)}`);
  return texts;
}

const byteLetters = ['?', 'r', 'm', '0', 'd', 'i', 'f'];

function slotText(env: Env, frame: Frame, slot: number): string | undefined {
  let letters = '';
  // Highest address first.
  for (let byte = 7; byte >= 0; byte--) letters += byteLetters[frame.slotType(slot, byte)] ?? '?';
  if (letters === '????????') return undefined;
  const place = ` fp${(-slot - 1) * 8}`;
  const w = frame.words;
  const r = frame.spilled(slot);
  const field = (offset: number) => w[r + offset] as number; // within the record
  switch (frame.slotType(slot, 0)) {
    case types.STACK_SPILL:
      // Bytes below a spill of less than 8 bytes are shown as they are.
      return `${place}=${letters.slice(0, letters.indexOf('r'))}${registerText(env, frame, w, r)}`;
    case types.STACK_ITER: {
      if (field(reg.REF_OBJ_ID) === 0) return '';
      const btf = env.btfs[field(reg.ITER_BTF)];
      const name = btf === undefined ? '<invalid>' : iterName(btf, field(reg.ITER_BTF_ID));
      const state = field(reg.ITER_STATE) === reg.ITER_STATE_ACTIVE ? 'active' : 'drained';
      return `${place}=iter_${name}(ref_id=${field(reg.REF_OBJ_ID)},state=${state},depth=${field(reg.ITER_DEPTH)})`;
    }
    default:
      return `${place}=${letters}`;
  }
}

function dynptrText(frame: Frame, slot: number): string {
  const field = (offset: number) => frame.words[frame.spilled(slot) + offset] as number; // within the record
  const texts: string[] = [];
  if (field(reg.ID) !== 0) texts.push(`id=${field(reg.ID)}`);
  if (field(reg.REF_OBJ_ID) !== 0) texts.push(`ref_id=${field(reg.REF_OBJ_ID)}`);
  // In the kernel the id of a slice's dynptr lies where it says that this is the first slot.
  if (field(reg.DYNPTR_FIRST) !== 0) texts.push('dynptr_id=1');
  return ` fp${(-slot - 1) * 8}=dynptr_${dynptrName(field(reg.DYNPTR_KIND))}(${texts.join(',')})`;
}

/** One frame of a state, without the newline. @param all everything, or only what changed since the last print */
function stateText(env: Env, state: State, frameNumber: number, all: boolean): string {
  const frame = state.frames[frameNumber] as Frame; // callers name a frame of the state
  let text = frame.frameNumber === 0 ? '' : ` frame${frame.frameNumber}:`;
  for (let register = 0; register < MAX_REGISTERS; register++) {
    const r = frame.register(register);
    if (frame.words[r + reg.TYPE] === types.NOT_INIT) continue;
    if (!all && (env.scratchedRegisters & (1 << register)) === 0) continue;
    text += ` R${register}=${registerText(env, frame, frame.words, r)}`;
  }
  for (let slot = 0; slot < frame.slots; slot++) {
    if (!all && !isSlotScratched(env, slot)) continue;
    if (frame.slotType(slot, 7) === types.STACK_DYNPTR) {
      // A dynptr takes two slots; the second, at the lower address, has its record.
      slot += 1;
      text += dynptrText(frame, slot);
    } else {
      text += slotText(env, frame, slot) ?? '';
    }
  }
  const held = state.references.filter(({ id }) => id !== 0).map(({ id }) => id);
  // Locks of global data have no id; after one of them nothing is printed.
  if (held.length > 0 && state.references[0]?.id !== 0) text += ` refs=${held.join(',')}`;
  if (frame.inCallback) text += ' cb';
  if (frame.inAsyncCallback) text += ' async_cb';
  return text;
}

const isSlotScratched = (env: Env, slot: number): boolean =>
  slot < 32 ? (env.scratchedSlotsLow & (1 << slot)) !== 0 : (env.scratchedSlotsHigh & (1 << (slot - 32))) !== 0;

/** Everything that is known in one frame, as in messages about whole states. */
export const describeState = (env: Env, state: State, frame: number): string => stateText(env, state, frame, true);

/** Writes a frame of a state and a newline; what was printed counts as seen if only changes were asked for. */
export function printState(env: Env, state: State, frame: number, all: boolean): void {
  if (!env.log.enabled) return;
  env.log.write(`${stateText(env, state, frame, all)}\n`);
  if (!all) markPrinted(env);
}

export function markPrinted(env: Env): void {
  env.scratchedRegisters = 0;
  env.scratchedSlotsLow = 0;
  env.scratchedSlotsHigh = 0;
}

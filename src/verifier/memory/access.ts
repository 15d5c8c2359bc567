/**
 * One access to memory through a pointer of any type: whether it is allowed, and what a load gives.
 * After check_mem_access of kernel/bpf/verifier.c; what each type of pointer asks for is in the files beside this one.
 */
import type { Env } from '../environment.ts';
import { EACCES } from '../errno.ts';
import { typeName } from '../log/index.ts';
import { MEM_SIZE, OFF, TYPE } from '../register.ts';
import {
  baseType,
  CONST_PTR_TO_MAP,
  MEM_RDONLY,
  mayBeNull,
  PTR_TO_ARENA,
  PTR_TO_BTF_ID,
  PTR_TO_BUF,
  PTR_TO_CTX,
  PTR_TO_FLOW_KEYS,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_STACK,
  PTR_TO_TP_BUFFER,
  PTR_UNTRUSTED,
  SCALAR_VALUE,
} from '../register-types.ts';
import { hasKnownValue, markKnown, markUnknown, signExtend, truncateTo } from '../scalar/index.ts';
import { checkAlignment } from './alignment.ts';
import { checkBtfPointerAccess, checkMapPointerAccess } from './btf-pointer.ts';
import { checkContextAccess } from './context.ts';
import { checkMapPointerField } from './kptr.ts';
import {
  checkMapAccess,
  checkMapFlags,
  constant,
  constantOffset,
  isConstant,
  mapOf,
  pointerFieldAt,
  readConstant,
} from './map-value.ts';
import { checkBufferAccess, checkFlowKeysAccess, checkPacketAccess, checkRegionAccess } from './region.ts';
import { checkSocketAccess, isSocketPointer } from './sockets.ts';
import { type AccessKind, checkStackBounds } from './stack-range.ts';
import { readStack } from './stack-read.ts';
import { writeStack } from './stack-write.ts';

export interface AccessOptions {
  /** The access must be aligned whatever it goes to: atomics. */
  readonly strictAlign?: boolean;
  /** The load extends the sign. */
  readonly signExtend?: boolean;
}

const NO_OPTIONS: AccessOptions = {};

/**
 * Checks an access of the instruction at env.insn, and does to registers and stack what it does.
 * @param regno register with the pointer
 * @param off of the instruction; the register's own offset comes on top
 * @param size 1, 2, 4 or 8
 * @param valueReg what is loaded into, or stored from; -1: loaded for nothing, or any data stored
 */
export function checkMemoryAccess(
  env: Env,
  regno: number,
  off: number,
  size: number,
  kind: AccessKind,
  valueReg: number,
  options: AccessOptions = NO_OPTIONS,
): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  checkAlignment(env, w, r, off, size, options.strictAlign === true);
  const extendsSign = options.signExtend === true;
  if (kind === 'write') noteStored(env, w, r, valueReg);
  accessThrough(env, w, r, regno, off + (w[r + OFF] as number), size, kind === 'write', valueReg, extendsSign);
  if (kind === 'write' || valueReg < 0 || size === 8) return;
  const value = frame.register(valueReg);
  if (w[value + TYPE] !== SCALAR_VALUE) return;
  if (extendsSign) signExtend(w, value, size);
  else truncateTo(w, value, size);
}

/** What is stored elsewhere than on the stack stays when the call ends. */
function noteStored({ frame, btfs, kept }: Env, w: Int32Array, r: number, valueReg: number): void {
  if (valueReg >= 0 && w[r + TYPE] !== PTR_TO_STACK) kept.note(btfs, w, frame.register(valueReg));
}

function accessThrough(
  env: Env,
  w: Int32Array,
  r: number,
  regno: number,
  off: number,
  size: number,
  write: boolean,
  valueReg: number,
  extendsSign: boolean,
): void {
  const type = w[r + TYPE] as number;
  const loads = !write && valueReg >= 0;
  switch (type) {
    case PTR_TO_STACK:
      checkStackBounds(env, regno, off, size, write ? 'write' : 'read');
      if (write) writeStack(env, regno, off, size, valueReg);
      else readStack(env, regno, off, size, valueReg);
      return;
    case PTR_TO_MAP_VALUE:
      accessMapValue(env, w, r, regno, off, size, write, valueReg, extendsSign);
      return;
    case PTR_TO_CTX:
      checkContextAccess(env, regno, off, size, write, valueReg, extendsSign);
      return;
    case PTR_TO_MAP_KEY:
      if (write) env.reject(EACCES, 'memory/key-write', { reg: regno });
      checkRegionAccess(env, regno, off, size, mapOf(env, w, r).keySize, false);
      break;
    case PTR_TO_PACKET:
    case PTR_TO_PACKET_META:
      if (write && !env.rules.packetWritable) env.reject(EACCES, 'memory/packet-readonly', undefined);
      checkPacketAccess(env, regno, off, size, false);
      break;
    case PTR_TO_FLOW_KEYS:
      checkFlowKeysAccess(env, off, size);
      break;
    case PTR_TO_TP_BUFFER:
      checkBufferAccess(env, regno, off, size, 'tracepoint');
      break;
    case CONST_PTR_TO_MAP:
      checkMapPointerAccess(env, regno, off, size, write, valueReg);
      return;
    case PTR_TO_ARENA:
      break;
    default:
      if (isSocketPointer(type)) {
        if (write) rejectWrite(env, regno, type);
        checkSocketAccess(env, regno, off, size);
      } else if (baseType(type) === PTR_TO_BTF_ID && !mayBeNull(type)) {
        checkBtfPointerAccess(env, regno, off, size, write, valueReg);
        return;
      } else if (baseType(type) === PTR_TO_MEM && !mayBeNull(type)) {
        if (write && isReadOnly(type)) rejectWrite(env, regno, type);
        // Untrusted memory is read with care at run time, so that any address does.
        if ((type & PTR_UNTRUSTED) !== 0 && !(size === 1 && off === 0)) env.kept.noteAny();
        if (!isReadOnly(type) || (type & PTR_UNTRUSTED) === 0)
          checkRegionAccess(env, regno, off, size, (w[r + MEM_SIZE] as number) >>> 0, false);
      } else if (baseType(type) === PTR_TO_BUF && !mayBeNull(type)) {
        if (write && isReadOnly(type)) rejectWrite(env, regno, type);
        checkBufferAccess(env, regno, off, size, isReadOnly(type) ? 'rdonly' : 'rdwr');
      } else env.reject(EACCES, 'memory/invalid-pointer', { reg: regno, type: typeName(type) });
  }
  if (loads) markUnknown(w, env.frame.register(valueReg));
}

const isReadOnly = (type: number): boolean => (type & MEM_RDONLY) !== 0;

function rejectWrite(env: Env, regno: number, type: number): never {
  env.reject(EACCES, 'memory/readonly', { reg: regno, type: typeName(type) });
}

function accessMapValue(
  env: Env,
  w: Int32Array,
  r: number,
  regno: number,
  off: number,
  size: number,
  write: boolean,
  valueReg: number,
  extendsSign: boolean,
): void {
  checkMapFlags(env, regno, off, size, write);
  checkMapAccess(env, regno, off, size, false, false);
  const map = mapOf(env, w, r);
  const fixed = hasKnownValue(w, r);
  const at = constantOffset(w, r, off);
  const field = fixed ? pointerFieldAt(map, at) : undefined;
  if (field !== undefined) {
    checkMapPointerField(env, valueReg, field);
    return;
  }
  if (write || valueReg < 0) return;
  const value = env.frame.register(valueReg);
  if (fixed && isConstant(map)) {
    readConstant(env, map, at, size, extendsSign);
    w[value + TYPE] = SCALAR_VALUE;
    markKnown(w, value, constant.lo, constant.hi);
  } else markUnknown(w, value);
}

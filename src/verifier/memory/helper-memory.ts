/**
 * Memory that helpers, kfuncs and global functions are given: pointers with a constant size, pointers with the size in
 * the next register, pointers to a type. After check_helper_mem_access and check_mem_size_reg of kernel/bpf/verifier.c.
 */
import {
  BPF_PROG_TYPE_CGROUP_DEVICE,
  BPF_PROG_TYPE_CGROUP_SKB,
  BPF_PROG_TYPE_CGROUP_SOCKOPT,
  BPF_PROG_TYPE_FLOW_DISSECTOR,
  BPF_PROG_TYPE_KPROBE,
  BPF_PROG_TYPE_LIRC_MODE2,
  BPF_PROG_TYPE_LSM,
  BPF_PROG_TYPE_LWT_IN,
  BPF_PROG_TYPE_LWT_OUT,
  BPF_PROG_TYPE_LWT_SEG6LOCAL,
  BPF_PROG_TYPE_LWT_XMIT,
  BPF_PROG_TYPE_NETFILTER,
  BPF_PROG_TYPE_RAW_TRACEPOINT,
  BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE,
  BPF_PROG_TYPE_SCHED_ACT,
  BPF_PROG_TYPE_SCHED_CLS,
  BPF_PROG_TYPE_SK_MSG,
  BPF_PROG_TYPE_SK_REUSEPORT,
  BPF_PROG_TYPE_SK_SKB,
  BPF_PROG_TYPE_STRUCT_OPS,
  BPF_PROG_TYPE_SYSCALL,
  BPF_PROG_TYPE_TRACEPOINT,
  BPF_PROG_TYPE_TRACING,
  BPF_PROG_TYPE_XDP,
} from '../../uapi/index.ts';
import type { Env } from '../environment.ts';
import { EACCES } from '../errno.ts';
import { markPrecise } from '../explore/index.ts';
import { typeName } from '../log/index.ts';
import { copyRegister, MEM_SIZE, OFF, REG_WORDS, TYPE, UMAX } from '../register.ts';
import {
  baseType,
  MEM_RDONLY,
  mayBeNull,
  PTR_TO_BTF_ID,
  PTR_TO_BUF,
  PTR_TO_CTX,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_STACK,
} from '../register-types.ts';
import { hasKnownValue, isNull } from '../scalar/index.ts';
import { checkMemoryAccess } from './access.ts';
import { checkBtfPointerAccess } from './btf-pointer.ts';
import { checkMapAccess, checkMapFlags, mapOf } from './map-value.ts';
import { markNotNull } from './not-null.ts';
import { isNegative, MAX_VARIABLE_SIZE, unsignedMax, unsignedMin } from './numbers.ts';
import { checkBufferAccess, checkPacketAccess, checkRegionAccess } from './region.ts';
import { type AccessKind, checkStackRange, type MemoryNotes } from './stack-range.ts';

/** Program types whose packet pointers helpers may be given, if the helper says so. */
const PACKET_TYPES: ReadonlySet<number> = new Set([
  BPF_PROG_TYPE_LWT_IN,
  BPF_PROG_TYPE_LWT_OUT,
  BPF_PROG_TYPE_LWT_SEG6LOCAL,
  BPF_PROG_TYPE_SK_REUSEPORT,
  BPF_PROG_TYPE_FLOW_DISSECTOR,
  BPF_PROG_TYPE_CGROUP_SKB,
  BPF_PROG_TYPE_SCHED_CLS,
  BPF_PROG_TYPE_SCHED_ACT,
  BPF_PROG_TYPE_XDP,
  BPF_PROG_TYPE_LWT_XMIT,
  BPF_PROG_TYPE_SK_SKB,
  BPF_PROG_TYPE_SK_MSG,
]);

/**
 * Program types whose context is what programs see, not a view of another struct: as far as it can be read, helpers may
 * be given it as memory.
 */
const PLAIN_CONTEXTS: ReadonlySet<number> = new Set([
  BPF_PROG_TYPE_KPROBE,
  BPF_PROG_TYPE_TRACEPOINT,
  BPF_PROG_TYPE_CGROUP_DEVICE,
  BPF_PROG_TYPE_RAW_TRACEPOINT,
  BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE,
  BPF_PROG_TYPE_LIRC_MODE2,
  BPF_PROG_TYPE_TRACING,
  BPF_PROG_TYPE_STRUCT_OPS,
  BPF_PROG_TYPE_LSM,
  BPF_PROG_TYPE_SYSCALL,
  BPF_PROG_TYPE_NETFILTER,
]);

/** Whether a helper may be given packet memory. @param packetAccess whether the helper takes it */
export function mayPassPacket(env: Env, packetAccess: boolean): boolean {
  const { type } = env.program;
  return type === BPF_PROG_TYPE_CGROUP_SOCKOPT || (PACKET_TYPES.has(type) && packetAccess);
}

/**
 * Checks that a helper may read or write so many bytes from where a register points.
 * @param notes of the call, undefined where memory must be initialised in any case
 */
export function checkHelperMemory(
  env: Env,
  regno: number,
  size: number,
  kind: AccessKind,
  zeroAllowed: boolean,
  notes: MemoryNotes | undefined,
): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  const type = w[r + TYPE] as number;
  const off = w[r + OFF] as number;
  const write = kind === 'write';
  switch (baseType(type)) {
    case PTR_TO_PACKET:
    case PTR_TO_PACKET_META:
      checkPacketAccess(env, regno, off, size, zeroAllowed);
      return;
    case PTR_TO_MAP_KEY:
      if (write) rejectWrite(env, regno, type);
      checkRegionAccess(env, regno, off, size, mapOf(env, w, r).keySize, false);
      return;
    case PTR_TO_MAP_VALUE:
      checkMapFlags(env, regno, off, size, write);
      checkMapAccess(env, regno, off, size, zeroAllowed, true);
      return;
    case PTR_TO_MEM:
      if (write && (type & MEM_RDONLY) !== 0) rejectWrite(env, regno, type);
      checkRegionAccess(env, regno, off, size, (w[r + MEM_SIZE] as number) >>> 0, zeroAllowed);
      return;
    case PTR_TO_BUF:
      if (write && (type & MEM_RDONLY) !== 0) rejectWrite(env, regno, type);
      checkBufferAccess(env, regno, off, size, (type & MEM_RDONLY) !== 0 ? 'rdonly' : 'rdwr');
      return;
    case PTR_TO_STACK:
      checkStackRange(env, regno, off, size, zeroAllowed, kind, notes);
      return;
    case PTR_TO_BTF_ID:
      checkBtfPointerAccess(env, regno, off, size, false, -1);
      return;
    case PTR_TO_CTX:
      if (PLAIN_CONTEXTS.has(env.program.type)) {
        // The arguments of what is traced are in it, pointers too.
        env.kept.noteAny();
        if (size === 0) {
          if (!zeroAllowed) env.rejectAsSaid(EACCES);
          return;
        }
        checkMemoryAccess(env, regno, size - 1, 1, kind, -1);
        return;
      }
  }
  if (zeroAllowed && size === 0 && isNull(w, r)) return;
  env.reject(EACCES, 'memory/argument-type', { reg: regno, type: typeName(type), expected: typeName(PTR_TO_STACK) });
}

function rejectWrite(env: Env, regno: number, type: number): never {
  env.reject(EACCES, 'memory/readonly', { reg: regno, type: typeName(type) });
}

/**
 * Checks a pointer and the size in the register after it: memory and size of a helper or kfunc.
 * @param sizeRegno register with the size, a scalar; the pointer is in the one before
 */
export function checkMemorySizePair(
  env: Env,
  sizeRegno: number,
  kind: AccessKind,
  zeroAllowed: boolean,
  notes: MemoryNotes,
): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(sizeRegno);
  notes.sizeMaxLo = w[r + UMAX] as number;
  notes.sizeMaxHi = w[r + UMAX + 1] as number;
  if (isNegative(w, r)) env.reject(EACCES, 'memory/size-negative', { reg: sizeRegno });
  const most = unsignedMax(w, r);
  if (unsignedMin(w, r) === 0 && !zeroAllowed)
    env.reject(EACCES, 'memory/size-zero', { reg: sizeRegno, min: '0', max: signedText(w, r + UMAX) });
  if (most >= MAX_VARIABLE_SIZE) env.reject(EACCES, 'memory/size-unbounded', { reg: sizeRegno });
  // Of a size that varies only a part may be filled: then all must be initialised.
  checkHelperMemory(env, sizeRegno - 1, most, kind, zeroAllowed, hasKnownValue(w, r) ? notes : undefined);
  markPrecise(env, sizeRegno);
}

/** A 64-bit value as printf's `%lld`. */
const signedText = (w: Int32Array, i: number): string =>
  ((BigInt(w[i + 1] as number) << 32n) | BigInt((w[i] as number) >>> 0)).toString();

const saved = new Int32Array(REG_WORDS);

/** Does a check of a pointer as if it were not NULL, which it is afterwards as before. */
function asNotNull(env: Env, regno: number, check: () => void): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  if (!mayBeNull(w[r + TYPE] as number)) {
    check();
    return;
  }
  copyRegister(saved, 0, w, r);
  markNotNull(env, w, r);
  check();
  copyRegister(w, r, saved, 0);
}

/** Memory of a constant size that a global function or a kfunc reads and writes; NULL is taken too. */
export function checkMemoryRegister(env: Env, regno: number, size: number): void {
  const { frame } = env;
  if (isNull(frame.words, frame.register(regno))) return;
  asNotNull(env, regno, () => {
    checkHelperMemory(env, regno, size, 'read', true, undefined);
    checkHelperMemory(env, regno, size, 'write', true, undefined);
  });
}

/** Memory and size of a kfunc, which reads and writes it. @param sizeRegno the pointer is in the register before */
export function checkKfuncMemorySize(env: Env, sizeRegno: number): void {
  const notes: MemoryNotes = { rawMode: false, rawRegister: 0, rawSize: 0, sizeMaxLo: 0, sizeMaxHi: 0 };
  asNotNull(env, sizeRegno - 1, () => {
    checkMemorySizePair(env, sizeRegno, 'read', true, notes);
    checkMemorySizePair(env, sizeRegno, 'write', true, notes);
  });
}

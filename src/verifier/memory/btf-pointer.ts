/**
 * Loads and stores through BTF pointers: to structs of the kernel, to what the program allocated, and through pointers
 * to maps, which read as the kernel's structs. What a load gives, and how far that can be trusted.
 * After check_ptr_to_btf_access, check_ptr_to_map_access and mark_btf_ld_reg of kernel/bpf/verifier.c.
 */
import type { Btf } from '../../btf/index.ts';
import {
  BPF_PROG_TYPE_SCHED_ACT,
  BPF_PROG_TYPE_SCHED_CLS,
  BPF_PROG_TYPE_STRUCT_OPS,
  BPF_PROG_TYPE_XDP,
} from '../../uapi/index.ts';
import type { Env } from '../environment.ts';
import { EACCES, EFAULT, EINVAL, ENOTSUPP } from '../errno.ts';
import { isGplCompatible } from '../license.ts';
import { tnumText } from '../log/index.ts';
import { MAP_STRUCTS } from '../profile/linux-6.18/map-structs.ts';
import {
  WRITABLE_IN_STRUCT_OPS,
  WRITABLE_NF_CONN,
  type WritableStruct,
} from '../profile/linux-6.18/writable-fields.ts';
import { BTF, BTF_ID, ID, MEM_SIZE, REF_OBJ_ID, TYPE, VALUE } from '../register.ts';
import {
  MEM_ALLOC,
  MEM_PERCPU,
  MEM_RCU,
  MEM_RDONLY,
  MEM_USER,
  mayBeNull,
  NON_OWN_REF,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_MEM,
  PTR_TRUSTED,
  PTR_UNTRUSTED,
} from '../register-types.ts';
import { markKnownZero, markUnknown } from '../scalar/index.ts';
import { leadsToNoObject } from './kept-pointers.ts';
import { FIELD_NAMES, mapOf } from './map-value.ts';
import { isUnmoved } from './numbers.ts';
import { type Walked, walkStruct } from './struct-walk.ts';
import { inRcuSection, isRcu, isTrusted, TRUSTED_MODIFIERS, trustOfField } from './trust.ts';

/** Index of the kernel's BTF among the verifier's. */
export const KERNEL = 0;
/** And of the program's own. */
export const PROGRAM = 1;

export function btfOf(env: Env, index: number): Btf {
  const btf = env.btfs[index];
  if (btf === undefined) throw new RangeError(`register refers to BTF ${index}, which does not exist`);
  return btf;
}

/** Makes a register a pointer to a type. @param flags of register-types.ts; with PTR_MAYBE_NULL it gets an id */
export function markBtfPointer(env: Env, regno: number, btf: number, btfId: number, flags: number): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  markKnownZero(w, r);
  w[r + TYPE] = PTR_TO_BTF_ID | flags;
  w[r + BTF] = btf;
  w[r + BTF_ID] = btfId;
  if (mayBeNull(flags)) w[r + ID] = env.newId();
}

/** Makes a register what a walk came to. */
function markWalked(env: Env, regno: number, walked: Walked, btf: number, flags: number): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  switch (walked.kind) {
    case 'scalar':
      markUnknown(w, r);
      break;
    case 'pointer':
      markBtfPointer(env, regno, btf, walked.typeId, flags);
      break;
    case 'untrusted':
      markKnownZero(w, r);
      w[r + TYPE] = PTR_TO_MEM | flags;
      w[r + MEM_SIZE] = 0;
      break;
  }
}

/**
 * @param off constant part of the offset, the register's included
 * @param valueReg gets what is loaded, unless it is -1
 */
export function checkBtfPointerAccess(
  env: Env,
  regno: number,
  off: number,
  size: number,
  write: boolean,
  valueReg: number,
): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  const type = w[r + TYPE] as number;
  const btfIndex = w[r + BTF] as number;
  const btfId = w[r + BTF_ID] as number;
  const btf = btfOf(env, btfIndex);
  const isKernel = btfIndex !== PROGRAM;
  if (isKernel && !isGplCompatible(env.program.license))
    env.reject(EINVAL, 'memory/btf-gpl', { struct: btf.nameOf(btfId) });
  if (off < 0) env.reject(EACCES, 'memory/btf-negative', { reg: regno, struct: btf.nameOf(btfId), off });
  if (!isUnmoved(w, r)) {
    const facts = { reg: regno, struct: btf.nameOf(btfId), off };
    env.reject(EACCES, 'memory/btf-variable', { ...facts, tnum: tnumText(w, r + VALUE) });
  }
  if ((type & MEM_USER) !== 0) env.reject(EACCES, 'memory/btf-user', { reg: regno, struct: btf.nameOf(btfId), off });
  if ((type & MEM_PERCPU) !== 0)
    env.reject(EACCES, 'memory/btf-percpu', { reg: regno, struct: btf.nameOf(btfId), off });

  const isAllocated = (type & MEM_ALLOC) !== 0;
  if (write && !isAllocated) {
    checkKernelWrite(env, btf, btfId, off, size);
    return;
  }
  if (isAllocated) {
    const isHeld = w[r + REF_OBJ_ID] !== 0 || (type & (NON_OWN_REF | MEM_RCU)) !== 0;
    if (!isHeld) env.reject(EFAULT, 'verifier-bug', { what: 'ref_obj_id for allocated object must be non-zero' });
    checkAllocatedFields(env, btfId, off, size);
  }
  const walked = walkStruct(env, btf, btfId, off, size);
  if (typeof walked === 'number') env.rejectAsSaid(walked);
  if (write) return;
  if (btfIndex === KERNEL) env.kernelReads.note(btfId, off, size);
  if (!isAllocated) noteKept(env, btf, btfId, off, size, walked, valueReg < 0);
  if (valueReg < 0) return;
  if (walked.kind === 'untrusted') {
    markWalked(env, valueReg, walked, btfIndex, MEM_RDONLY | PTR_UNTRUSTED);
  } else if (walked.kind === 'scalar' || isAllocated) {
    // A pointer in an object of the program's own may be anything.
    markUnknown(w, frame.register(valueReg));
  } else {
    markWalked(env, valueReg, walked, btfIndex, flagsOfLoaded(env, w, r, btf, walked));
  }
}

/**
 * Pointers that are read as numbers, or of which it is not known what they lead to: members of unions, and pointers to
 * void. @param isHandedOn whether a function gets the bytes
 */
function noteKept(
  { kept }: Env,
  btf: Btf,
  btfId: number,
  off: number,
  size: number,
  { kind, flags }: Walked,
  isHandedOn: boolean,
): void {
  if (isHandedOn || kind === 'scalar') kept.noteMembers(btf, btfId, off, off + size);
  else if (kind === 'pointer' ? (flags & PTR_UNTRUSTED) !== 0 : !leadsToNoObject(btf, btfId, off)) kept.noteAny();
}

/** How far a pointer can be trusted that was loaded through another one. */
function flagsOfLoaded(env: Env, w: Int32Array, r: number, btf: Btf, walked: Walked): number {
  const type = w[r + TYPE] as number;
  const { flags } = walked;
  if ((type & PTR_UNTRUSTED) !== 0) return PTR_UNTRUSTED;
  const untagged = flags & ~(TRUSTED_MODIFIERS | MEM_RCU);
  if (!isTrusted(w, r) && !isRcu(w, r)) return untagged;
  const trust = trustOfField(btf, btf.nameOf(w[r + BTF_ID] as number), walked.field, walked.typeId);
  if (trust === 'trusted') return flags | PTR_TRUSTED;
  if (trust === 'trusted_or_null') return flags | PTR_TRUSTED | PTR_MAYBE_NULL;
  // Outside of RCU's protection, or if the pointer may be NULL, nothing is known of what it leads to.
  if (!inRcuSection(env) || mayBeNull(type)) return PTR_UNTRUSTED;
  if (trust === 'rcu') return flags | MEM_RCU;
  if (trust === 'rcu_or_null') return (flags & ~PTR_UNTRUSTED) | MEM_RCU | PTR_MAYBE_NULL;
  if ((flags & MEM_RCU) !== 0) return flags | PTR_MAYBE_NULL;
  if ((flags & (MEM_PERCPU | MEM_USER)) !== 0) return flags;
  return untagged;
}

/** Special fields of allocated objects are for kfuncs only. */
function checkAllocatedFields(env: Env, btfId: number, off: number, size: number): void {
  const fields = env.allocatedTypes.get(btfId)?.fields.fields ?? [];
  for (const field of fields) {
    if (off < field.offset + field.size && field.offset < off + size)
      env.reject(EACCES, 'memory/btf-field', { field: FIELD_NAMES[field.kind] });
  }
}

/** A store into an object of the kernel: few program types may, into few fields. */
function checkKernelWrite(env: Env, btf: Btf, btfId: number, off: number, size: number): void {
  const writable = writableStruct(env);
  if (writable === undefined) env.reject(EACCES, 'memory/btf-readonly', undefined);
  const name = btf.nameOf(btfId);
  if (name !== writable.struct && !writable.alsoFor.includes(name)) {
    if (writable.fields === undefined) env.reject(EACCES, 'memory/write-struct', { struct: writable.struct });
    env.reject(EACCES, 'memory/btf-readonly', undefined);
  }
  if (writable.fields === undefined) {
    if (off + size > btf.sizeOfType(btfId)) env.reject(EACCES, 'memory/write-beyond', { off, size });
    return;
  }
  const end = endOfWritableField(btf, writable, off);
  if (end === undefined) env.reject(EACCES, 'memory/write-field', { struct: writable.struct, off });
  if (off + size > end) env.reject(EACCES, 'memory/write-beyond-field', { struct: writable.struct, off, size, end });
}

function writableStruct(env: Env): WritableStruct | undefined {
  switch (env.program.type) {
    case BPF_PROG_TYPE_SCHED_CLS:
    case BPF_PROG_TYPE_SCHED_ACT:
    case BPF_PROG_TYPE_XDP:
      return WRITABLE_NF_CONN;
    case BPF_PROG_TYPE_STRUCT_OPS: {
      const struct = env.kind.target?.split('.', 1)[0] ?? '';
      const writable = WRITABLE_IN_STRUCT_OPS.get(struct);
      return writable ?? env.unsupported(`writing kernel objects in struct_ops of ${struct}`);
    }
    default:
      return undefined;
  }
}

/** Members that are arrays may be written anywhere, others where they begin. */
function endOfWritableField(btf: Btf, writable: WritableStruct, off: number): number | undefined {
  const struct = btf.find(writable.struct, 'struct');
  if (struct === undefined) return undefined;
  for (const path of writable.fields ?? []) {
    const member = btf.member(struct, path);
    if (member === undefined) continue;
    // A bit field counts with the bytes that it has a part in.
    const begin = member.bitOffset >>> 3;
    const end =
      member.bitSize === undefined
        ? begin + btf.sizeOfType(member.type)
        : Math.ceil((member.bitOffset + member.bitSize) / 8);
    const isArray = btf.type(btf.skipModifiersAndTypedefs(member.type)).kind === 'array';
    if (off === begin || (isArray && off > begin && off < end)) return end;
  }
  return undefined;
}

/** Reads the kernel's struct of a map. */
export function checkMapPointerAccess(
  env: Env,
  regno: number,
  off: number,
  size: number,
  write: boolean,
  valueReg: number,
): void {
  const { frame } = env;
  const map = mapOf(env, frame.words, frame.register(regno));
  const struct = MAP_STRUCTS.get(map.type);
  const btf = btfOf(env, KERNEL);
  const btfId = struct === undefined ? undefined : btf.find(struct, 'struct');
  if (struct === undefined || btfId === undefined) env.reject(ENOTSUPP, 'memory/map-pointer-type', { type: map.type });
  if (off < 0) env.reject(EACCES, 'memory/map-pointer-negative', { reg: regno, struct, off });
  if (write) env.reject(EACCES, 'memory/map-pointer-write', { struct });
  const walked = walkStruct(env, btf, btfId, off, size);
  if (typeof walked === 'number') env.rejectAsSaid(walked);
  if (valueReg < 0) return;
  const flags = walked.kind === 'untrusted' ? MEM_RDONLY | PTR_UNTRUSTED : walked.flags;
  markWalked(env, valueReg, walked, KERNEL, flags);
}

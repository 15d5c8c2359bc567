/**
 * Pointers to kernel and allocated objects in map values (kptrs), and pointers to user memory there (uptrs): loads,
 * stores, and which pointer may be stored where.
 * After check_map_kptr_access and map_kptr_match_type of kernel/bpf/verifier.c.
 */
import { BPF_CLASS, BPF_LDX, BPF_MEM, BPF_MODE, BPF_ST, BPF_STX } from '../../isa/index.ts';
import type { Env } from '../environment.ts';
import { EACCES } from '../errno.ts';
import type { SpecialField } from '../fields.ts';
import { typeName } from '../log/index.ts';
import { RCU_PROTECTED_TYPES } from '../profile/linux-6.18/trusted-fields.ts';
import { BTF, BTF_ID, ID, MEM_SIZE, OFF, TYPE } from '../register.ts';
import {
  baseType,
  MEM_ALLOC,
  MEM_PERCPU,
  MEM_RCU,
  NON_OWN_REF,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_MEM,
  PTR_TRUSTED,
  PTR_UNTRUSTED,
  typeFlags,
} from '../register-types.ts';
import { isNull, markKnownZero } from '../scalar/index.ts';
import { btfOf, markBtfPointer, PROGRAM } from './btf-pointer.ts';
import { checkPointerOffset } from './pointer-offset.ts';
import { structIdsMatch } from './struct-walk.ts';
import { inRcuSection } from './trust.ts';

interface Pointee {
  readonly btf: number;
  readonly typeId: number;
}

function pointeeOf(env: Env, field: SpecialField): Pointee {
  return field.pointee ?? env.unsupported(`a ${field.kind} field without a type`);
}

/**
 * The instruction at env.insn loads or stores such a field; offset and size are right.
 * @param valueReg register that is loaded or stored, -1 for none
 */
export function checkMapPointerField(env: Env, valueReg: number, field: SpecialField): void {
  const code = env.insns.code(env.insn);
  const opcodeClass = BPF_CLASS(code);
  if (BPF_MODE(code) !== BPF_MEM) env.reject(EACCES, 'memory/kptr-mode', undefined);
  if (opcodeClass !== BPF_LDX) {
    if (field.kind === 'kptr_ref' || field.kind === 'kptr_percpu') env.reject(EACCES, 'memory/kptr-store', undefined);
    if (field.kind === 'uptr') env.reject(EACCES, 'memory/uptr-store', undefined);
  }
  switch (opcodeClass) {
    case BPF_LDX:
      if (field.kind === 'uptr') loadUserPointer(env, valueReg, field);
      else {
        const { btf, typeId } = pointeeOf(env, field);
        markBtfPointer(env, valueReg, btf, typeId, flagsOfLoaded(env, field));
      }
      break;
    case BPF_STX: {
      const { frame } = env;
      const r = frame.register(valueReg);
      if (!isNull(frame.words, r)) checkStoredPointer(env, field, frame.words, r, valueReg, EACCES);
      break;
    }
    case BPF_ST:
      if (env.insns.imm(env.insn) !== 0) env.reject(EACCES, 'memory/kptr-imm', { off: field.offset });
      break;
    default:
      env.reject(EACCES, 'memory/kptr-class', undefined);
  }
}

function loadUserPointer(env: Env, regno: number, field: SpecialField): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  const { btf, typeId } = pointeeOf(env, field);
  markKnownZero(w, r);
  w[r + TYPE] = PTR_TO_MEM | PTR_MAYBE_NULL;
  w[r + MEM_SIZE] = btfOf(env, btf).sizeOfType(typeId);
  w[r + ID] = env.newId();
}

/** A reference in a map may be dropped by others at any time: RCU keeps some objects for the reader. */
function flagsOfLoaded(env: Env, field: SpecialField): number {
  const { btf, typeId } = pointeeOf(env, field);
  const isKernel = btf !== PROGRAM;
  const isSafe =
    field.kind === 'kptr_percpu' ||
    (field.kind === 'kptr_ref' && (!isKernel || RCU_PROTECTED_TYPES.has(btfOf(env, btf).nameOf(typeId))));
  if (!isSafe || !inRcuSection(env)) return PTR_MAYBE_NULL | PTR_UNTRUSTED;
  let flags = PTR_MAYBE_NULL | MEM_RCU;
  if (field.kind === 'kptr_percpu') flags |= MEM_PERCPU;
  else if (!isKernel) flags |= MEM_ALLOC;
  const hasNode =
    !isKernel &&
    env.allocatedTypes.get(typeId)?.fields.fields.some(({ kind }) => kind === 'list_node' || kind === 'rb_node');
  return hasNode === true ? flags | NON_OWN_REF : flags;
}

/**
 * Refuses a pointer that the field may not hold. bpf_kptr_xchg asks too.
 * @param errno of the refusal: the store instruction's is EACCES
 */
export function checkStoredPointer(
  env: Env,
  field: SpecialField,
  w: Int32Array,
  r: number,
  regno: number,
  errno: number,
): void {
  const type = w[r + TYPE] as number;
  const { btf: needIndex, typeId: needId } = pointeeOf(env, field);
  const needBtf = btfOf(env, needIndex);
  const isBtfPointer = baseType(type) === PTR_TO_BTF_ID;
  const isKernel = !isBtfPointer || w[r + BTF] !== PROGRAM;
  let allowed = PTR_MAYBE_NULL;
  if (isKernel) {
    allowed |= PTR_TRUSTED | MEM_RCU;
    if (field.kind === 'kptr_unref') allowed |= PTR_UNTRUSTED;
  } else {
    allowed |= MEM_ALLOC;
    if (field.kind === 'kptr_percpu') allowed |= MEM_PERCPU;
  }
  let name = '';
  if (isBtfPointer && (typeFlags(type) & ~allowed) === 0) {
    const btf = btfOf(env, w[r + BTF] as number);
    const btfId = w[r + BTF_ID] as number;
    name = btf.nameOf(btfId);
    checkPointerOffset(env, w, r, regno, true);
    const strict = field.kind !== 'kptr_unref';
    if (structIdsMatch(env, btf, btfId, w[r + OFF] as number, needBtf, needId, strict)) return;
  }
  const needName = needBtf.nameOf(needId);
  env.reject(errno, 'memory/kptr-type', {
    reg: regno,
    type: typeName(type),
    struct: name,
    expected: `${typeName(PTR_TO_BTF_ID)}${needName}`,
    alternative: field.kind === 'kptr_unref' ? `${typeName(PTR_TO_BTF_ID | PTR_UNTRUSTED)}${needName}` : undefined,
  });
}

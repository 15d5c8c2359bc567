/**
 * Loads, stores and atomic operations as whole instructions: operands, the access, and that an instruction always goes
 * through the same kind of pointer. After check_load_mem, check_store_reg and check_atomic of kernel/bpf/verifier.c.
 */
import {
  BPF_ADD,
  BPF_AND,
  BPF_B,
  BPF_CLASS,
  BPF_CMPXCHG,
  BPF_FETCH,
  BPF_H,
  BPF_LOAD_ACQ,
  BPF_MEM,
  BPF_MEMSX,
  BPF_MODE,
  BPF_OR,
  BPF_SIZE,
  BPF_ST,
  BPF_STORE_REL,
  BPF_W,
  BPF_XCHG,
  BPF_XOR,
} from '../../isa/index.ts';
import type { Env } from '../environment.ts';
import { EACCES, EINVAL } from '../errno.ts';
import { typeName } from '../log/index.ts';
import { OFF, TYPE } from '../register.ts';
import {
  baseType,
  MEM_RDONLY,
  NOT_INIT,
  PTR_TO_ARENA,
  PTR_TO_BTF_ID,
  PTR_TO_CTX,
  PTR_TO_FLOW_KEYS,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_STACK,
  PTR_TO_TCP_SOCK,
  PTR_TO_XDP_SOCK,
  PTR_UNTRUSTED,
  SCALAR_VALUE,
} from '../register-types.ts';
import { checkSanity, readOperand, writeOperand, writeOperandKeeping } from '../scalar/index.ts';
import { type AccessOptions, checkMemoryAccess } from './access.ts';
import { isSocketPointer } from './sockets.ts';

const SIGN_EXTENDING: AccessOptions = { signExtend: true };
const ALIGNED: AccessOptions = { strictAlign: true };

/** Bytes of a load or store with this opcode. */
function sizeOf(code: number): number {
  switch (BPF_SIZE(code)) {
    case BPF_B:
      return 1;
    case BPF_H:
      return 2;
    case BPF_W:
      return 4;
    default:
      return 8;
  }
}

const typeOf = (env: Env, regno: number): number => env.frame.words[env.frame.register(regno) + TYPE] as number;

/** BPF_LDX of the instruction at env.insn. */
export function checkLoad(env: Env): void {
  const code = env.insns.code(env.insn);
  load(env, BPF_MODE(code) === BPF_MEMSX ? SIGN_EXTENDING : undefined, 'ldx', true);
}

function load(env: Env, options: AccessOptions | undefined, where: string, trustMayDiffer: boolean): void {
  const { insns, insn } = env;
  const dst = insns.dst(insn);
  const src = insns.src(insn);
  readOperand(env, src);
  writeOperandKeeping(env, dst);
  const pointerType = typeOf(env, src);
  noteTrust(env, src, pointerType);
  checkMemoryAccess(env, src, insns.off(insn), sizeOf(insns.code(insn)), 'read', dst, options);
  notePointerType(env, pointerType, trustMayDiffer);
  const { frame } = env;
  const r = frame.register(dst);
  if (frame.words[r + TYPE] === SCALAR_VALUE) checkSanity(env, frame.words, r, where);
  else if (pointerType === PTR_TO_CTX) env.facts.loadsPointer[insn] = 1;
}

/** BPF_ST, or BPF_STX that is no atomic operation, of the instruction at env.insn. */
export function checkStore(env: Env): void {
  const { insns, insn } = env;
  const code = insns.code(insn);
  const isPlain = BPF_MODE(code) === BPF_MEM;
  if (BPF_CLASS(code) === BPF_ST) {
    if (!isPlain || insns.src(insn) !== 0) env.reject(EINVAL, 'memory/st-reserved', undefined);
    store(env, -1, undefined);
  } else {
    if (!isPlain || insns.imm(insn) !== 0) env.reject(EINVAL, 'memory/stx-reserved', undefined);
    readOperand(env, insns.src(insn));
    store(env, insns.src(insn), undefined);
  }
}

function store(env: Env, value: number, options: AccessOptions | undefined): void {
  const { insns, insn } = env;
  const dst = insns.dst(insn);
  readOperand(env, dst);
  const pointerType = typeOf(env, dst);
  checkMemoryAccess(env, dst, insns.off(insn), sizeOf(insns.code(insn)), 'write', value, options);
  notePointerType(env, pointerType, false);
}

/** BPF_STX | BPF_ATOMIC of the instruction at env.insn. */
export function checkAtomic(env: Env): void {
  const { insns, insn } = env;
  const imm = insns.imm(insn);
  switch (imm) {
    case BPF_ADD:
    case BPF_ADD | BPF_FETCH:
    case BPF_AND:
    case BPF_AND | BPF_FETCH:
    case BPF_OR:
    case BPF_OR | BPF_FETCH:
    case BPF_XOR:
    case BPF_XOR | BPF_FETCH:
    case BPF_XCHG:
    case BPF_CMPXCHG:
      readModifyWrite(env, imm);
      return;
    case BPF_LOAD_ACQ: {
      const src = insns.src(insn);
      load(env, ALIGNED, 'atomic_load', false);
      // The pointer's register may have been loaded into, and is then what was loaded.
      if (!allowsAtomics(typeOf(env, src)))
        env.reject(EACCES, 'memory/atomic-load', { reg: src, type: typeName(typeOf(env, src)) });
      return;
    }
    case BPF_STORE_REL: {
      const dst = insns.dst(insn);
      readOperand(env, insns.src(insn));
      store(env, insns.src(insn), ALIGNED);
      if (!allowsAtomics(typeOf(env, dst)))
        env.reject(EACCES, 'memory/atomic-store', { reg: dst, type: typeName(typeOf(env, dst)) });
      return;
    }
    default:
      env.reject(EINVAL, 'memory/atomic-opcode', { imm });
  }
}

function readModifyWrite(env: Env, imm: number): void {
  const { insns, insn } = env;
  const size = sizeOf(insns.code(insn));
  if (size < 4) env.reject(EINVAL, 'memory/atomic-size', undefined);
  const src = insns.src(insn);
  const dst = insns.dst(insn);
  readOperand(env, src);
  readOperand(env, dst);
  if (imm === BPF_CMPXCHG) readOperand(env, 0);
  const pointerType = typeOf(env, dst);
  if (!allowsAtomics(pointerType)) env.reject(EACCES, 'memory/atomic-store', { reg: dst, type: typeName(pointerType) });
  noteExchanged(env, pointerType, src, imm);
  let loaded = -1;
  if ((imm & BPF_FETCH) !== 0) {
    loaded = imm === BPF_CMPXCHG ? 0 : src;
    writeOperand(env, loaded);
  }
  const off = insns.off(insn);
  // First whether the memory can be read at all, then what reading it gives.
  checkMemoryAccess(env, dst, off, size, 'read', -1, ALIGNED);
  if (loaded >= 0) checkMemoryAccess(env, dst, off, size, 'read', loaded, ALIGNED);
  if (typeOf(env, dst) === PTR_TO_ARENA) notePointerType(env, PTR_TO_ARENA, false);
  checkMemoryAccess(env, dst, off, size, 'write', -1, ALIGNED);
}

/** Of what an atomic operation leaves on the stack the kernel knows nothing: it may be a pointer. */
function noteExchanged({ frame, btfs, kept }: Env, memory: number, src: number, imm: number): void {
  kept.note(btfs, frame.words, frame.register(src));
  if (imm === BPF_CMPXCHG) kept.note(btfs, frame.words, frame.register(0));
  if (memory === PTR_TO_STACK) kept.noteAny();
}

function allowsAtomics(type: number): boolean {
  switch (type) {
    case PTR_TO_CTX:
    case PTR_TO_PACKET:
    case PTR_TO_PACKET_META:
    case PTR_TO_FLOW_KEYS:
      return false;
    default:
      return !isSocketPointer(type);
  }
}

/** Pointers whose accesses are compiled by their type: an instruction cannot serve two of them. */
function isCompiledByType(type: number): boolean {
  switch (baseType(type)) {
    case PTR_TO_CTX:
    case PTR_TO_SOCKET:
    case PTR_TO_SOCK_COMMON:
    case PTR_TO_TCP_SOCK:
    case PTR_TO_XDP_SOCK:
    case PTR_TO_BTF_ID:
    case PTR_TO_ARENA:
      return true;
    default:
      return false;
  }
}

const isMemoryOrBtf = (type: number): boolean => baseType(type) === PTR_TO_MEM || baseType(type) === PTR_TO_BTF_ID;

/** Below it, a field of the structure at NULL is in the page that reads as zeros. */
const ZERO_PAGE = 4096;

/** For the compiler: whether the load at env.insn has to be tested at run time. */
function noteTrust(env: Env, regno: number, type: number): void {
  if (type === PTR_TO_BTF_ID) {
    // Found in another structure: NULL, or good. The instruction may add what was taken off the register before.
    const { frame } = env;
    const off = frame.words[frame.register(regno) + OFF] as number; // within the record
    if (off >= 0 && off + env.insns.off(env.insn) < ZERO_PAGE) return;
  } else if ((type & PTR_UNTRUSTED) === 0) return;
  env.facts.untrusted[env.insn] = 1;
}

/**
 * Notes through which type of pointer the instruction at env.insn goes, and refuses two that do not go together.
 * @param trustMayDiffer loads may go through a trusted and an untrusted pointer: they are then checked at run time
 */
export function notePointerType(env: Env, type: number, trustMayDiffer: boolean): void {
  const { pointerType } = env.facts;
  const before = pointerType[env.insn] as number; // env.insn is in the program
  if (before === NOT_INIT) {
    pointerType[env.insn] = type;
    return;
  }
  if (type === before || !(isCompiledByType(type) || isCompiledByType(before))) return;
  if (!trustMayDiffer || !isMemoryOrBtf(type) || !isMemoryOrBtf(before))
    env.reject(EINVAL, 'memory/different-pointers', undefined);
  const isMemory = baseType(type) === PTR_TO_MEM || baseType(before) === PTR_TO_MEM;
  pointerType[env.insn] = (isMemory ? PTR_TO_MEM : PTR_TO_BTF_ID) | ((type | before) & (PTR_UNTRUSTED | MEM_RDONLY));
}

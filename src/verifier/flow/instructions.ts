/**
 * What the kernel checks of each instruction by itself before it looks at any path: opcodes, the two halves of
 * ld_imm64, and that what those refer to can be referred to. Fields of other instructions are checked when a path
 * reaches them. After resolve_pseudo_ldimm64() in kernel/bpf/verifier.c (Linux 6.18).
 */
import {
  BPF_CLASS,
  BPF_LDX,
  BPF_MEM,
  BPF_MEMSX,
  BPF_MODE,
  BPF_PSEUDO_BTF_ID,
  BPF_PSEUDO_FUNC,
  BPF_PSEUDO_MAP_FD,
  BPF_PSEUDO_MAP_IDX,
  BPF_PSEUDO_MAP_IDX_VALUE,
  BPF_PSEUDO_MAP_VALUE,
  LD_IMM64,
} from '../../isa/index.ts';
import { BPF_MAP_TYPE_ARENA, BPF_MAP_TYPE_ARRAY } from '../../uapi/index.ts';
import type { Env } from '../environment.ts';
import { EBADF, EINVAL, ENOENT, ENOTSUPP, ERANGE } from '../errno.ts';
import type { VerifierMap } from '../program.ts';
import { checkMapUse } from './map-uses.ts';
import { isKnownOpcode } from './opcodes.ts';

export function checkInstructions(env: Env): void {
  const { insns, count } = env;
  const used = new Set<VerifierMap>();
  for (let insn = 0; insn < count; insn++) {
    const code = insns.code(insn);
    if (BPF_CLASS(code) === BPF_LDX) {
      const mode = BPF_MODE(code);
      if ((mode !== BPF_MEM && mode !== BPF_MEMSX) || insns.imm(insn) !== 0)
        env.reject(EINVAL, 'ldx-reserved', undefined);
    }
    if (code === LD_IMM64) {
      checkLoadOfConstant(env, insn, used);
      insn += 1;
    } else if (!isKnownOpcode(code)) env.reject(EINVAL, 'unknown-opcode', { code });
  }
}

function checkLoadOfConstant(env: Env, insn: number, used: Set<VerifierMap>): void {
  const { insns } = env;
  if (
    insn === env.count - 1 ||
    insns.code(insn + 1) !== 0 ||
    insns.dst(insn + 1) !== 0 ||
    insns.src(insn + 1) !== 0 ||
    insns.off(insn + 1) !== 0
  )
    env.reject(EINVAL, 'ld-imm64-invalid', undefined);
  const reference = env.mapReferences.get(insn);
  if (reference !== undefined) {
    const map = env.maps[reference.map];
    if (map === undefined) throw new RangeError(`map ${reference.map} of ${env.maps.length}`);
    checkMapUse(env, map, used);
    if (reference.kind === 'value') checkDirectValue(env, map, reference.offset);
    return;
  }
  switch (insns.src(insn)) {
    case 0:
    case BPF_PSEUDO_FUNC:
      return;
    case BPF_PSEUDO_BTF_ID:
      checkKernelSymbol(env, insn);
      return;
    case BPF_PSEUDO_MAP_FD:
      if (insns.imm(insn + 1) !== 0) env.reject(EINVAL, 'ld-imm64-unrecognized', undefined);
      env.reject(EBADF, 'fd-is-no-map', { fd: insns.imm(insn) });
      break;
    case BPF_PSEUDO_MAP_VALUE:
      env.reject(EBADF, 'fd-is-no-map', { fd: insns.imm(insn) });
      break;
    case BPF_PSEUDO_MAP_IDX:
    case BPF_PSEUDO_MAP_IDX_VALUE:
      env.unsupported('ld_imm64 of a map by its index in fd_array');
      break;
    default:
      env.reject(EINVAL, 'ld-imm64-unrecognized', undefined);
  }
}

/** The address of a byte of a map's value. */
function checkDirectValue(env: Env, map: VerifierMap, offset: number): void {
  const unsigned = offset >>> 0;
  if (unsigned >= BPF_MAX_VAR_OFF) env.reject(EINVAL, 'direct-value-offset', { offset: unsigned });
  const refuse = (errno: number): never =>
    env.reject(errno, 'map-value-pointer-invalid', { valueSize: map.valueSize, offset: unsigned });
  switch (map.type) {
    case BPF_MAP_TYPE_ARRAY:
      if (map.maxEntries !== 1) refuse(ENOTSUPP);
      if (unsigned >= map.valueSize) refuse(EINVAL);
      break;
    case BPF_MAP_TYPE_ARENA:
      if (unsigned >= map.maxEntries * PAGE_SIZE) refuse(ERANGE);
      break;
    default:
      env.reject(EINVAL, 'map-has-no-direct-values', undefined);
  }
}

const PAGE_SIZE = 4096;
/** Larger offsets of pointers are taken for mistakes. */
const BPF_MAX_VAR_OFF = 1 << 29;

/** A variable or function of the kernel, by its BTF. */
function checkKernelSymbol(env: Env, insn: number): void {
  const { insns } = env;
  if (insns.imm(insn + 1) !== 0) env.unsupported("the address of a module's variable");
  const id = insns.imm(insn);
  const { btf } = env.profile;
  if (id < 0 || id >= btf.endId) env.reject(ENOENT, 'ld-imm64-btf-id-invalid', { id });
  const type = btf.type(id);
  if (type.kind !== 'var' && type.kind !== 'func') env.reject(EINVAL, 'ld-imm64-btf-id-kind', { id });
  if (type.kind === 'var' && env.profile.symbols !== 'all')
    env.reject(ENOENT, 'ld-imm64-symbol-not-found', { name: type.name });
}

/**
 * ld_imm64: numbers, maps and their values, variables and functions of the kernel, functions of the program.
 * What they refer to was checked before any path was walked (flow/).
 * After check_ld_imm() and check_pseudo_btf_id() of kernel/bpf/verifier.c.
 */
import { BPF_DW, BPF_PSEUDO_BTF_ID, BPF_PSEUDO_FUNC, BPF_SIZE } from '../../isa/index.ts';
import { BPF_MAP_TYPE_ARENA } from '../../uapi/index.ts';
import type { Env } from '../environment.ts';
import { EINVAL } from '../errno.ts';
import { subprogramAt } from '../flow/index.ts';
import { BTF, BTF_ID, MAP, MEM_SIZE, OFF, SUBPROG, TYPE } from '../register.ts';
import {
  CONST_PTR_TO_MAP,
  MEM_PERCPU,
  MEM_RDONLY,
  PTR_TO_BTF_ID,
  PTR_TO_FUNC,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
} from '../register-types.ts';
import { markKnown, markKnownZero, markUnknown, writeOperand } from '../scalar/index.ts';

const KERNEL = 0;
const PERCPU_SECTION = '.data..percpu';

/** The ld_imm64 at env.insn. */
export function checkLdImm64(env: Env): void {
  const { insns, insn } = env;
  if (BPF_SIZE(insns.code(insn)) !== BPF_DW) env.reject(EINVAL, 'ld-imm64/invalid', undefined);
  if (insns.off(insn) !== 0) env.reject(EINVAL, 'ld-imm64/reserved', undefined);
  const dst = insns.dst(insn);
  writeOperand(env, dst);
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(dst);
  const reference = env.mapReferences.get(insn);
  const source = insns.src(insn);
  if (reference === undefined && source === 0) {
    markKnown(w, r, insns.imm(insn), insns.imm(insn + 1));
    return;
  }
  markKnownZero(w, r);
  if (reference !== undefined) {
    w[r + MAP] = reference.map;
    if (reference.kind === 'map') w[r + TYPE] = CONST_PTR_TO_MAP;
    else if (env.maps[reference.map]?.type === BPF_MAP_TYPE_ARENA) markUnknown(w, r);
    else {
      w[r + TYPE] = PTR_TO_MAP_VALUE;
      w[r + OFF] = reference.offset;
    }
  } else if (source === BPF_PSEUDO_BTF_ID) markKernelSymbol(env, w, r, insns.imm(insn));
  else if (source === BPF_PSEUDO_FUNC) markFunction(env, w, r, insn + insns.imm(insn) + 1);
  else env.unsupported(`ld_imm64 of kind ${source}`);
}

function markFunction(env: Env, w: Int32Array, r: number, target: number): void {
  const subprogram = subprogramAt(env, target);
  if (env.program.functions.length === 0) env.reject(EINVAL, 'ld-imm64/func-info', undefined);
  if (env.subprograms[subprogram]?.isGlobal !== false) env.reject(EINVAL, 'ld-imm64/callback-not-static', undefined);
  w[r + TYPE] = PTR_TO_FUNC;
  w[r + SUBPROG] = subprogram;
}

/** Structs and per-CPU variables are BTF pointers, other variables memory that is only read. */
function markKernelSymbol(env: Env, w: Int32Array, r: number, id: number): void {
  const { btf } = env.profile;
  const symbol = btf.type(id);
  if (symbol.kind === 'func') {
    w[r + TYPE] = PTR_TO_MEM | MEM_RDONLY;
    w[r + MEM_SIZE] = 0;
    return;
  }
  if (symbol.kind !== 'var') env.unsupported(`ld_imm64 of BTF type ${id}, which is no variable,`);
  const isPerCpu = perCpuVariables(env).has(id);
  const typeId = btf.skipModifiers(symbol.type);
  const { kind } = btf.type(typeId);
  if (isPerCpu) w[r + TYPE] = PTR_TO_BTF_ID | MEM_PERCPU;
  else if (kind === 'struct' || kind === 'union') w[r + TYPE] = PTR_TO_BTF_ID;
  else {
    w[r + TYPE] = PTR_TO_MEM | MEM_RDONLY;
    w[r + MEM_SIZE] = btf.sizeOfType(typeId);
    return;
  }
  w[r + BTF] = KERNEL;
  w[r + BTF_ID] = isPerCpu ? symbol.type : typeId;
}

const perCpuOf = new WeakMap<object, ReadonlySet<number>>();

/** Ids of the kernel's per-CPU variables. */
function perCpuVariables({ profile: { btf } }: Env): ReadonlySet<number> {
  let ids = perCpuOf.get(btf);
  if (ids === undefined) {
    const sectionId = btf.find(PERCPU_SECTION, 'datasec');
    const section = sectionId === undefined ? undefined : btf.type(sectionId);
    ids = new Set(section?.kind === 'datasec' ? section.entries.map(({ type }) => type as number) : []);
    perCpuOf.set(btf, ids);
  }
  return ids;
}

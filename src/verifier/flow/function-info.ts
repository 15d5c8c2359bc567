/**
 * Which BTF function each function of the program is, and which source line its instructions come from: what the
 * loader says of it must fit the program. After check_btf_info_early() and check_btf_info() in kernel/bpf/verifier.c
 * (Linux 6.18). Sizes of records are the loader's matter.
 */
import type { Btf, FunctionPrototype, FunctionType } from '../../btf/index.ts';
import { BpfiterError } from '../../errors.ts';
import type { Env, Subprogram } from '../environment.ts';
import { EINVAL } from '../errno.ts';
import type { VerifierLine } from '../program.ts';

/** Before functions are looked for: types are functions, and in order. */
export function checkFunctionRecords(env: Env): void {
  const { btf, functions, lines } = env.program;
  if (functions.length === 0 && lines.length === 0) {
    refuseWithoutBtf(env);
    return;
  }
  if (btf === undefined) throw noBtf();
  for (const [index, { insn, typeId }] of functions.entries()) {
    if (index === 0) {
      if (insn !== 0) env.reject(EINVAL, 'func-info-begins-late', { insn });
    } else {
      const previous = functions[index - 1]?.insn ?? 0;
      if (insn <= previous) env.reject(EINVAL, 'func-info-not-ascending', { insn, previous });
    }
    if (functionOf(btf, typeId) === undefined) env.reject(EINVAL, 'func-info-type-invalid', { typeId });
  }
}

/** After the functions were found: there is one record for each, and one line at least. */
export function checkFunctionInfo(env: Env): void {
  const { btf, functions, lines } = env.program;
  if (functions.length === 0 && lines.length === 0) {
    refuseWithoutBtf(env);
    return;
  }
  if (btf === undefined) throw noBtf();
  if (functions.length === 0) refuseWithoutBtf(env);
  else matchFunctions(env, btf);
  checkLines(env);
}

const noBtf = (): BpfiterError =>
  new BpfiterError('usage', 'functions and lines of a program to verify refer to its BTF: give that too');

/** A function that may be left in the middle needs a known return type, as that gives r0 of its caller. */
function refuseWithoutBtf(env: Env): void {
  for (let index = 1; index < env.subprograms.length; index++) {
    const { hasLdAbs, hasTailCall } = env.subprograms[index] as Subprogram; // below length
    if (hasLdAbs) env.reject(EINVAL, 'ld-abs-without-btf', undefined);
    if (hasTailCall) env.reject(EINVAL, 'tail-call-without-btf', undefined);
  }
}

function matchFunctions(env: Env, btf: Btf): void {
  const { functions } = env.program;
  if (functions.length !== env.subprograms.length) env.reject(EINVAL, 'func-info-count', undefined);
  for (const [index, { insn, typeId }] of functions.entries()) {
    const subprogram = env.subprograms[index] as Subprogram; // as many
    if (subprogram.start !== insn) env.reject(EINVAL, 'func-info-layout', undefined);
    const type = functionOf(btf, typeId);
    if (type === undefined) continue; // refused before
    subprogram.name = type.name;
    subprogram.btfId = typeId;
    subprogram.isGlobal = type.linkage === 'global';
    if (index === 0 || returnsScalar(btf, type)) continue;
    if (subprogram.hasLdAbs) env.reject(EINVAL, 'ld-abs-return-type', undefined);
    if (subprogram.hasTailCall) env.reject(EINVAL, 'tail-call-return-type', undefined);
  }
}

function checkLines(env: Env): void {
  const { lines } = env.program;
  if (lines.length === 0) return;
  let next = 0;
  let previous = 0;
  for (let index = 0; index < lines.length; index++) {
    const { insn, isDamaged } = lines[index] as VerifierLine; // below length
    if ((index > 0 && insn <= previous) || insn >= env.count)
      env.reject(EINVAL, 'line-info-insn', { index, insn, previous, count: env.count });
    if (env.insns.code(insn) === 0) env.reject(EINVAL, 'line-info-code', { index });
    if (isDamaged === true) env.reject(EINVAL, 'line-info-strings', { index });
    const subprogram = env.subprograms[next];
    if (subprogram !== undefined) {
      if (insn === subprogram.start) next += 1;
      else if (subprogram.start < insn) env.reject(EINVAL, 'line-info-missing', { subprogram: next });
    }
    previous = insn;
  }
  if (next !== env.subprograms.length)
    env.reject(EINVAL, 'line-info-missing-rest', { missing: env.subprograms.length - next, subprogram: next });
}

/** @returns undefined unless the type is a function with a prototype */
export function functionOf(btf: Btf, typeId: number): FunctionType | undefined {
  if (typeId <= 0 || typeId >= btf.endId) return undefined;
  const type = btf.type(typeId);
  return type.kind === 'func' ? type : undefined;
}

export function prototypeOf(btf: Btf, { type }: FunctionType): FunctionPrototype | undefined {
  const prototype = btf.type(type);
  return prototype.kind === 'func_proto' ? prototype : undefined;
}

/** An integer of at most 64 bits, or an enumeration. */
function returnsScalar(btf: Btf, type: FunctionType): boolean {
  const prototype = prototypeOf(btf, type);
  if (prototype === undefined) return false;
  const returned = btf.type(btf.skipModifiersAndTypedefs(prototype.returnType));
  return returned.kind === 'enum' || returned.kind === 'enum64' || (returned.kind === 'int' && returned.size <= 8);
}

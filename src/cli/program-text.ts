/**
 * A linked program as text: an instruction a line, as the verifier's log has them, under the names of its functions,
 * with maps, kfuncs and functions by name in place of the numbers that stand for them.
 */
import type { Btf } from '../btf/index.ts';
import {
  BPF_PSEUDO_CALL,
  BPF_PSEUDO_FUNC,
  BPF_PSEUDO_MAP_FD,
  BPF_PSEUDO_MAP_VALUE,
  disassemble,
  InstructionView,
  LD_IMM64,
} from '../isa/index.ts';
import type { LinkedProgram } from '../object/index.ts';

const CALL = 0x85;

export interface ProgramLine {
  /** Number of the instruction's first slot. */
  readonly insn: number;
  readonly text: string;
  /** Name of the function that begins here. */
  readonly function?: string;
}

/**
 * @param types the object's BTF as it was linked, which has the names of the functions
 * @param kernel the BTF in which kfuncs have their ids
 */
export function* programLines(linked: LinkedProgram, types: Btf | undefined, kernel: Btf): Generator<ProgramLine> {
  const view = new InstructionView(linked.insns);
  const functions = functionsOf(linked, view, types);
  const references = new Map(linked.mapReferences.map((reference) => [reference.insn, reference]));
  for (let insn = 0; insn < view.length; insn += view.slots(insn)) {
    const name = functions.get(insn);
    const reference = references.get(insn);
    const text = disassemble(view, insn, {
      subprogramName: (slot) => functions.get(slot),
      // Those of modules have their ids in the module's BTF.
      kfuncName: (id, module) => (module === 0 ? kernel.nameOf(id) : undefined),
      immediate: ({ src, imm }) => {
        if (src === BPF_PSEUDO_FUNC) return functions.get(insn + 1 + imm);
        if (reference === undefined) return undefined;
        if (src === BPF_PSEUDO_MAP_FD) return `map[${reference.map.name}]`;
        return src === BPF_PSEUDO_MAP_VALUE ? `map[${reference.map.name}]+${reference.offset}` : undefined;
      },
    });
    yield { insn, text, ...(name !== undefined && { function: name }) };
  }
}

/** The name of each function by its first slot. */
function functionsOf(
  { program, funcInfo }: LinkedProgram,
  view: InstructionView,
  types: Btf | undefined,
): ReadonlyMap<number, string> {
  const functions = new Map<number, string>();
  for (let insn = 0; insn < view.length; insn += view.slots(insn)) {
    const code = view.code(insn);
    const src = view.src(insn);
    const leads = (code === CALL && src === BPF_PSEUDO_CALL) || (code === LD_IMM64 && src === BPF_PSEUDO_FUNC);
    const to = insn + 1 + view.imm(insn);
    if (leads) functions.set(to, `function_${to}`);
  }
  if (funcInfo !== undefined && types !== undefined) {
    const { bytes, recordSize } = funcInfo;
    const records = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + recordSize <= bytes.length; at += recordSize) {
      const type = types.type(records.getUint32(at + 4, true));
      if (type.kind === 'func') functions.set(records.getUint32(at, true), type.name);
    }
  }
  return functions.set(0, program.name);
}

/** Lines for people; numbers are those that jumps count in. */
export function* programText(lines: Iterable<ProgramLine>): Generator<string> {
  for (const { insn, text, function: name } of lines) {
    if (name !== undefined) yield `${name}:`;
    yield `${String(insn).padStart(5)}: ${text}`;
  }
}

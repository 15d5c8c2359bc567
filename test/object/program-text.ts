/** A linked program as text, for comparing. */
import { disassemble, InstructionView } from '../../src/isa/index.ts';
import { type BpfObject, type LinkedProgram, type LinkTarget, link } from '../../src/object/index.ts';

/** One line an instruction: `2: (85) call pc+6`. */
export function programText({ insns }: LinkedProgram): string[] {
  const view = new InstructionView(insns);
  const lines: string[] = [];
  for (let at = 0; at < view.length; at += view.slots(at)) lines.push(`${at}: ${disassemble(view, at)}`);
  return lines;
}

export function linkOne(object: BpfObject, name: string, target: LinkTarget): LinkedProgram {
  const [program] = link(object, target, { programs: [name] }).programs;
  if (program === undefined) throw new Error(`program ${name} was not linked`);
  return program;
}

/** Instructions as places in the source, where line info says so; else as instructions. */
import { disassemble, InstructionView } from '../../isa/index.ts';
import type { VerifierLine, VerifierProgram } from '../program.ts';

export class Places {
  readonly #lines: readonly VerifierLine[];
  readonly #insns: InstructionView;
  readonly #count: number;

  constructor({ lines, insns }: VerifierProgram) {
    this.#lines = lines.filter(({ file, isDamaged }) => file !== '' && isDamaged !== true);
    this.#insns = new InstructionView(insns);
    this.#count = insns.length / 8;
  }

  /** `tasks.bpf.c:42`, or `instruction 5`. */
  name(insn: number): string {
    const line = this.#lineOf(insn);
    return line === undefined ? `instruction ${insn}` : `${baseName(line.file)}:${line.line}`;
  }

  /** What stands there: the source line, or the instruction; empty if nothing is known. */
  text(insn: number): string {
    const text = this.#lineOf(insn)?.text.trim();
    // Inline assembly is one line to the compiler, however many instructions it has.
    if (text !== undefined && !/^(?:asm|__asm__)\b/.test(text)) return text;
    return insn >= 0 && insn < this.#count ? disassemble(this.#insns, insn, {}).replace(/^\([0-9a-f]+\) /, '') : '';
  }

  /** `tasks.bpf.c:42: value = *key;` */
  whole(insn: number): string {
    const text = this.text(insn);
    return text === '' ? this.name(insn) : `${this.name(insn)}: ${text}`;
  }

  /** The last record at or before an instruction. */
  #lineOf(insn: number): VerifierLine | undefined {
    let found: VerifierLine | undefined;
    for (const line of this.#lines) {
      if (line.insn > insn) break;
      found = line;
    }
    return found;
  }
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

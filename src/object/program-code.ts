/**
 * The instructions of an object's functions for one kernel: copies with CO-RE relocations applied, from which programs
 * are then assembled. Relocating is core's subject; here its records find their functions.
 *
 * Facts: libbpf 1.8, bpf_object__relocate_core() in src/libbpf.c.
 */
import type { BtfExt } from '../btf/index.ts';
import { BpfiterError } from '../errors.ts';
import { BPF_INSN_SIZE, BPF_PSEUDO_FUNC, InstructionView } from '../isa/index.ts';
import type { BtfBlob } from './btf-edits.ts';
import { type CoreRelocation, CoreTargets, POISON_HELPER, relocateProgram } from './core/index.ts';
import type { ElfParts } from './elf-parts.ts';
import { functionAt, type ObjectFunction } from './functions.ts';
import type { PoisonedInstruction } from './linked.ts';
import type { LinkTarget } from './target.ts';

export interface CodeSource {
  readonly parts: ElfParts;
  readonly functions: readonly ObjectFunction[];
  readonly blob: BtfBlob | undefined;
  readonly btfExt: BtfExt | undefined;
}

/** One function's instructions, and those among them that CO-RE could not give a value. */
interface RelocatedFunction {
  readonly insns: Uint8Array;
  readonly poisoned: PoisonedInstruction[];
  /** What its relocations name: `task_struct.pid`. */
  readonly members: Set<string>;
}

/** Functions are copied when they are first asked for, unless a relocation changed them. */
export class ProgramCode {
  readonly #relocated = new Map<ObjectFunction, RelocatedFunction>();

  /**
   * @param isLoaded whether the function is to be relocated; programs that are not loaded may fail to be
   * @throws BpfiterError
   */
  constructor(source: CodeSource, target: LinkTarget, isLoaded: (code: ObjectFunction) => boolean) {
    if (source.btfExt !== undefined && source.blob !== undefined)
      this.#relocate(source, source.blob, source.btfExt, target, isLoaded);
  }

  insnsOf(code: ObjectFunction): Uint8Array {
    return this.#copy(code).insns;
  }

  /** In the function's own count. */
  poisonedOf(code: ObjectFunction): readonly PoisonedInstruction[] {
    return this.#copy(code).poisoned;
  }

  membersOf(code: ObjectFunction): Iterable<string> {
    return this.#copy(code).members;
  }

  #copy(code: ObjectFunction): RelocatedFunction {
    let copy = this.#relocated.get(code);
    if (copy === undefined) {
      const insns = code.insns.slice();
      const view = new InstructionView(insns);
      // So that such loads can be told from others without looking for their relocation.
      for (const { kind, insn } of code.relocations)
        if (kind === 'function-address') view.setSrc(insn, BPF_PSEUDO_FUNC);
      copy = { insns, poisoned: [], members: new Set() };
      this.#relocated.set(code, copy);
    }
    return copy;
  }

  #relocate(
    { parts, functions }: CodeSource,
    { btf }: BtfBlob,
    ext: BtfExt,
    target: LinkTarget,
    isLoaded: (code: ObjectFunction) => boolean,
  ): void {
    const targets = new CoreTargets(target.btf(), () => target.modules());
    for (const { section, records } of ext.coreRelocations) {
      if (section === '')
        throw new BpfiterError('malformed', '.BTF.ext has CO-RE relocations for a section without a name');
      const sectionIndex = parts.elf.section(section)?.index ?? 0;
      const byFunction = new Map<ObjectFunction, CoreRelocation[]>();
      for (const { insnOffset, typeId, accessString, kind } of records) {
        if (insnOffset % BPF_INSN_SIZE !== 0)
          throw new BpfiterError(
            'malformed',
            `section '${section}': a CO-RE relocation is at offset ${insnOffset}, which is no instruction`,
          );
        const insn = insnOffset / BPF_INSN_SIZE;
        const code = functionAt(functions, sectionIndex, insn);
        if (code === undefined || !isLoaded(code)) continue;
        const list = byFunction.get(code) ?? [];
        byFunction.set(code, list);
        list.push({ insn: insn - code.offset, typeId, access: accessString, kind });
      }
      for (const [code, relocations] of byFunction) {
        const { insns, poisoned, members } = this.#copy(code);
        for (const outcome of relocateProgram(insns, code, relocations, btf, targets)) {
          for (const member of outcome.members) members.add(member);
          if (outcome.result !== 'poisoned') continue;
          const reason = `CO-RE relocation of ${outcome.local} failed: ${outcome.message ?? 'the kernel has none'}`;
          poisoned.push({ insn: outcome.insn, marker: POISON_HELPER, reason });
        }
      }
    }
  }
}

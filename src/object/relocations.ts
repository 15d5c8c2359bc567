/**
 * The ELF relocations of code, translated from symbols into what they mean here: a map, a byte of a data section, an
 * extern, a function. Applying them is data-references.ts's and subprograms.ts's subject.
 *
 * Facts: libbpf 1.8, bpf_program__record_reloc() and bpf_object__collect_prog_relos() in src/libbpf.c.
 */
import {
  type ElfRelocationSection,
  type ElfSymbol,
  STB_GLOBAL,
  STB_LOCAL,
  STB_WEAK,
  STT_FUNC,
  STT_SECTION,
} from '../elf/index.ts';
import { BpfiterError } from '../errors.ts';
import { BPF_INSN_SIZE, BPF_PSEUDO_CALL, InstructionView } from '../isa/index.ts';
import type { ElfParts } from './elf-parts.ts';
import { isExternSymbol } from './extern-declarations.ts';
import { functionAt, type ObjectFunction } from './functions.ts';
import { isCall } from './instructions.ts';
import type { ParsedMap } from './maps.ts';
import type { ObjectExtern } from './model.ts';

/** `insn` is an instruction slot, counted from the beginning of the function. */
export type Relocation =
  | { readonly kind: 'map'; readonly insn: number; readonly map: ParsedMap }
  /** The immediate holds a further offset. */
  | { readonly kind: 'data'; readonly insn: number; readonly map: ParsedMap; readonly offset: number }
  | { readonly kind: 'extern'; readonly insn: number; readonly extern: ObjectExtern }
  /** Offset of the symbol in `.text`, bytes; the immediate holds a further offset, in slots less one. */
  | { readonly kind: 'call'; readonly insn: number; readonly offset: number }
  /** As `call`, but the immediate is in bytes. */
  | { readonly kind: 'function-address'; readonly insn: number; readonly offset: number }
  /** A piece of the section `.jumptables`. */
  | { readonly kind: 'jump-table'; readonly insn: number; readonly offset: number; readonly size: number };

export interface RelocationContext {
  readonly parts: ElfParts;
  readonly functions: readonly ObjectFunction[];
  readonly maps: readonly ParsedMap[];
  readonly externs: ReadonlyMap<number, ObjectExtern>;
}

/** Fills the `relocations` of the functions of one code section. @throws BpfiterError */
export function collectCodeRelocations(context: RelocationContext, relocations: ElfRelocationSection): void {
  const { parts, functions } = context;
  const target = parts.elf.sections[relocations.target];
  const collected = new Map<ObjectFunction, Relocation[]>();
  const where = `section '${relocations.section.name}'`;
  relocations.entries.forEach((entry, index) => {
    const symbol = parts.elf.symbols[entry.symbol];
    if (target === undefined || symbol === undefined)
      throw new BpfiterError(
        'malformed',
        `${where}: relocation ${index} refers to symbol ${entry.symbol}, which does not exist`,
      );
    if (symbol.sectionIndex >= parts.elf.sections.length)
      throw new BpfiterError(
        'malformed',
        `${where}: symbol '${symbol.name}' is in no section (0x${symbol.sectionIndex.toString(16)}); is a global variable not initialised?`,
      );
    if (entry.offset % BPF_INSN_SIZE !== 0 || entry.offset >= target.size)
      throw new BpfiterError(
        'malformed',
        `${where}: relocation ${index} is at offset ${entry.offset}, which is no instruction`,
      );
    const insn = entry.offset / BPF_INSN_SIZE;
    // Instructions of a weak function that another definition has replaced belong to nobody.
    const holder = functionAt(functions, target.index, insn);
    if (holder === undefined) return;
    const list = collected.get(holder) ?? [];
    collected.set(holder, list);
    list.push(new Translator(context, holder, insn - holder.offset, symbol).translate());
  });
  for (const [holder, list] of collected) holder.relocations = list.sort((a, b) => a.insn - b.insn);
}

class Translator {
  readonly #context: RelocationContext;
  readonly #holder: ObjectFunction;
  readonly #insn: number;
  readonly #symbol: ElfSymbol;

  constructor(context: RelocationContext, holder: ObjectFunction, insn: number, symbol: ElfSymbol) {
    this.#context = context;
    this.#holder = holder;
    this.#insn = insn;
    this.#symbol = symbol;
  }

  translate(): Relocation {
    const insns = new InstructionView(this.#holder.insns);
    const insn = this.#insn;
    const symbol = this.#symbol;
    const call = isCall(insns, insn);
    if (!call && !insns.isLdImm64(insn))
      throw this.#reject(
        `is for an instruction that is neither a call nor a 64-bit load (code 0x${insns.code(insn).toString(16)})`,
      );
    if (isExternSymbol(symbol)) {
      const extern = this.#context.externs.get(symbol.index);
      if (extern === undefined) throw this.#reject('is for an extern without a name');
      return { kind: 'extern', insn, extern };
    }
    return call ? this.#call(insns) : this.#load(insns);
  }

  #call(insns: InstructionView): Relocation {
    const { textIndex } = this.#context.parts;
    if (insns.src(this.#insn) !== BPF_PSEUDO_CALL) throw this.#reject('is for a call that is not one of a subprogram');
    if (textIndex === 0 || this.#symbol.sectionIndex !== textIndex)
      throw this.#reject(`calls into section '${this.#sectionName()}'; subprograms must be in '.text'`);
    if (this.#symbol.value % BPF_INSN_SIZE !== 0) throw this.#reject(`calls into the middle of an instruction`);
    return { kind: 'call', insn: this.#insn, offset: this.#symbol.value };
  }

  #load(insns: InstructionView): Relocation {
    const insn = this.#insn;
    const { parts, maps } = this.#context;
    const { sectionIndex, value, size } = this.#symbol;
    if (sectionIndex === 0) throw this.#reject('refers to a symbol that is defined nowhere');
    if (this.#isSubprogram()) {
      if (value % BPF_INSN_SIZE !== 0 || insns.imm(insn) % BPF_INSN_SIZE !== 0)
        throw this.#reject('takes the address of the middle of an instruction');
      return { kind: 'function-address', insn, offset: value };
    }
    if (sectionIndex === parts.arena?.index) {
      const map = maps.find(({ origin }) => origin === 'arena');
      if (map === undefined)
        throw this.#reject("refers to a variable of an arena, but no arena map is declared in '.maps'");
      return { kind: 'data', insn, map, offset: value };
    }
    if (sectionIndex === parts.jumpTables?.index) return { kind: 'jump-table', insn, offset: value, size };
    if (parts.data.some(({ section }) => section.index === sectionIndex)) {
      const map = maps.find((candidate) => candidate.origin === 'data' && candidate.sectionIndex === sectionIndex);
      if (map !== undefined) return { kind: 'data', insn, map, offset: value };
    }
    if (sectionIndex !== parts.maps?.index)
      throw this.#reject(`refers to section '${this.#sectionName()}', which has neither maps nor data`);
    const map = maps.find((candidate) => candidate.sectionIndex === sectionIndex && candidate.sectionOffset === value);
    if (map === undefined) throw this.#reject(`refers to offset ${value} of '.maps', where no map begins`);
    return { kind: 'map', insn, map };
  }

  /** Static functions are known by their section, global ones by their own symbols. */
  #isSubprogram(): boolean {
    const { sectionIndex, binding, type } = this.#symbol;
    if (sectionIndex !== this.#context.parts.textIndex) return false;
    if (binding === STB_LOCAL && type === STT_SECTION) return true;
    return (binding === STB_GLOBAL || binding === STB_WEAK) && type === STT_FUNC;
  }

  #sectionName(): string {
    return this.#context.parts.elf.sections[this.#symbol.sectionIndex]?.name ?? '';
  }

  #reject(what: string): BpfiterError {
    const name = this.#symbol.name === '' ? this.#sectionName() : this.#symbol.name;
    return new BpfiterError(
      'malformed',
      `program '${this.#holder.name}': the relocation of instruction ${this.#insn} against '${name}' ${what}`,
    );
  }
}

/**
 * The functions of an object: every function symbol of a section with code, be it an entry program or a subprogram,
 * with its own copy of its instructions. Programs are those outside `.text`; programs.ts makes them.
 *
 * Facts: libbpf 1.8, bpf_object__add_programs() and find_prog_by_sec_insn() in src/libbpf.c.
 */
import { type ElfSection, type ElfSymbol, STB_LOCAL, STT_FUNC, STV_HIDDEN, STV_INTERNAL } from '../elf/index.ts';
import { BpfiterError } from '../errors.ts';
import { BPF_INSN_SIZE, swapByteOrder } from '../isa/index.ts';
import type { ElfParts } from './elf-parts.ts';
import type { Relocation } from './relocations.ts';

export interface ObjectFunction {
  readonly name: string;
  /** Without the `?` that a section may begin with. */
  readonly section: string;
  readonly sectionIndex: number;
  /** First instruction slot, in the section. */
  readonly offset: number;
  readonly insnCount: number;
  /** Little-endian. */
  readonly insns: Uint8Array;
  readonly isSubprogram: boolean;
  readonly isGlobal: boolean;
  /** Global for the linker, but not to be verified on its own: its BTF function becomes static. */
  readonly isHidden: boolean;
  /** The section's name began with `?`. */
  readonly isOptional: boolean;
  /** In the order of their instructions. */
  relocations: readonly Relocation[];
}

/** The functions of all code sections, by section and offset. @throws BpfiterError */
export function readFunctions(parts: ElfParts): ObjectFunction[] {
  const { symbols } = parts.elf;
  const functions = parts.code.flatMap((section) =>
    symbols
      .filter(({ sectionIndex, type }) => sectionIndex === section.index && type === STT_FUNC)
      .map((symbol) => readFunction(parts, section, symbol)),
  );
  return functions.sort((a, b) => a.sectionIndex - b.sectionIndex || a.offset - b.offset);
}

function readFunction(parts: ElfParts, section: ElfSection, symbol: ElfSymbol): ObjectFunction {
  const { name, value, size } = symbol;
  const where = `section '${section.name}': function '${name}'`;
  if (value + size > section.data.length)
    throw new BpfiterError('malformed', `${where} at offset ${value} reaches past the end of the section`);
  const isSubprogram = section.index === parts.textIndex;
  if (!isSubprogram && symbol.binding === STB_LOCAL)
    throw new BpfiterError('unsupported', `${where} is static; a program must be global`);
  if (size === 0 || size % BPF_INSN_SIZE !== 0 || value % BPF_INSN_SIZE !== 0)
    throw new BpfiterError(
      'malformed',
      `${where} has ${size} bytes at offset ${value}; instructions have ${BPF_INSN_SIZE} bytes each`,
    );

  const bytes = section.data.subarray(value, value + size);
  const isOptional = section.name.startsWith('?');
  return {
    name,
    section: isOptional ? section.name.slice(1) : section.name,
    sectionIndex: section.index,
    offset: value / BPF_INSN_SIZE,
    insnCount: size / BPF_INSN_SIZE,
    insns: parts.elf.littleEndian ? bytes.slice() : swapByteOrder(bytes),
    isSubprogram,
    isGlobal: symbol.binding !== STB_LOCAL,
    isHidden: symbol.binding !== STB_LOCAL && (symbol.visibility === STV_HIDDEN || symbol.visibility === STV_INTERNAL),
    isOptional,
    relocations: [],
  };
}

/** The function that holds an instruction of a section; undefined where the linker left unclaimed instructions. */
export function functionAt(
  functions: readonly ObjectFunction[],
  sectionIndex: number,
  insn: number,
): ObjectFunction | undefined {
  let low = 0;
  let high = functions.length - 1;
  while (low < high) {
    const middle = low + Math.ceil((high - low) / 2);
    const candidate = functions[middle];
    if (
      candidate !== undefined &&
      (candidate.sectionIndex < sectionIndex || (candidate.sectionIndex === sectionIndex && candidate.offset <= insn))
    )
      low = middle;
    else high = middle - 1;
  }
  const found = functions[low];
  const holds =
    found !== undefined &&
    found.sectionIndex === sectionIndex &&
    insn >= found.offset &&
    insn < found.offset + found.insnCount;
  return holds ? found : undefined;
}

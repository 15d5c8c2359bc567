/**
 * func_info and line_info of a program: the records of its function and of each subprogram behind it, with
 * instructions counted from the beginning of the program, in the order in which the functions were appended.
 *
 * Facts: libbpf 1.8, adjust_prog_btf_ext_info() and reloc_prog_func_and_line_info() in src/libbpf.c.
 */
import type { BtfExt, BtfExtSection, FuncInfo, LineInfo } from '../btf/index.ts';
import type { ElfFile } from '../elf/index.ts';
import { BpfiterError } from '../errors.ts';
import { BPF_INSN_SIZE } from '../isa/index.ts';
import type { ObjectFunction } from './functions.ts';

/** libbpf's errno for this. */
const ENOENT = 2;

export interface InfoRecords {
  readonly recordSize: number;
  readonly bytes: Uint8Array;
}

/** By the index of the ELF section. */
type SectionMap<Record> = ReadonlyMap<number, BtfExtSection<Record>>;

/** What `.BTF.ext` says of each section, found once for all programs of an object. */
export interface SectionInfo {
  readonly functions: SectionMap<FuncInfo>;
  readonly lines: SectionMap<LineInfo>;
}

/** `.BTF.ext` knows sections by name; of several with the same name it means the first. */
function bySection<Record>(elf: ElfFile, sections: readonly BtfExtSection<Record>[]): SectionMap<Record> {
  const found = new Map<number, BtfExtSection<Record>>();
  for (const section of sections) {
    const index = section.section === '' ? undefined : elf.section(section.section)?.index;
    if (index !== undefined && !found.has(index)) found.set(index, section);
  }
  return found;
}

export const sectionInfo = (elf: ElfFile, ext: BtfExt): SectionInfo => ({
  functions: bySection(elf, ext.funcInfo),
  lines: bySection(elf, ext.lineInfo),
});

/** One sort of record, and how to write what follows the instruction's number. */
interface RecordSort<Record extends FuncInfo | LineInfo> {
  readonly what: string;
  readonly knownBytes: number;
  write(view: DataView, at: number, record: Record): void;
}

const COLUMN_BITS = 10;

const FUNC_INFO: RecordSort<FuncInfo> = {
  what: 'function',
  knownBytes: 8,
  write(view, at, { typeId }) {
    view.setUint32(at + 4, typeId, true);
  },
};

const LINE_INFO: RecordSort<LineInfo> = {
  what: 'line',
  knownBytes: 16,
  write(view, at, { fileNameOffset, lineOffset, line, column }) {
    view.setUint32(at + 4, fileNameOffset, true);
    view.setUint32(at + 8, lineOffset, true);
    view.setUint32(at + 12, (line << COLUMN_BITS) | column, true);
  },
};

/** The records of one program of one sort, as its functions are appended. */
class InfoCollector<Record extends FuncInfo | LineInfo> {
  readonly #sections: SectionMap<Record>;
  readonly #sort: RecordSort<Record>;
  readonly #program: string;
  readonly #records: { readonly record: Record; readonly insn: number }[] = [];
  #recordSize = 0;
  /** None from the beginning: then none of the subprograms' either. */
  #isAbsent = false;

  constructor(sections: SectionMap<Record>, sort: RecordSort<Record>, program: string) {
    this.#sections = sections;
    this.#sort = sort;
    this.#program = program;
  }

  append(code: ObjectFunction, at: number): void {
    if (this.#isAbsent) return;
    const section = this.#sections.get(code.sectionIndex);
    const records = section === undefined ? [] : recordsOf(section.records, code);
    if (section === undefined || records.length === 0) {
      if (this.#records.length > 0)
        throw new BpfiterError(
          'malformed',
          `program '${this.#program}': .BTF.ext has ${this.#sort.what} info of the program, but none of its function '${code.name}'`,
          { errno: ENOENT },
        );
      this.#isAbsent = true;
      return;
    }
    this.#recordSize = section.recordSize;
    for (const record of records)
      this.#records.push({ record, insn: Math.floor(record.insnOffset / BPF_INSN_SIZE) + at - code.offset });
  }

  finish(): InfoRecords | undefined {
    if (this.#records.length === 0) return undefined;
    const recordSize = this.#recordSize;
    const bytes = new Uint8Array(this.#records.length * recordSize);
    const view = new DataView(bytes.buffer);
    this.#records.forEach(({ record, insn }, index) => {
      const at = index * recordSize;
      view.setUint32(at, insn, true);
      this.#sort.write(view, at, record);
      if (record.extra !== undefined) bytes.set(record.extra, at + this.#sort.knownBytes);
    });
    return { recordSize, bytes };
  }
}

/** From the first record within the function up to the last before one beyond it. */
function recordsOf<Record extends FuncInfo | LineInfo>(
  records: readonly Record[],
  code: ObjectFunction,
): readonly Record[] {
  const from = code.offset * BPF_INSN_SIZE;
  const to = from + code.insnCount * BPF_INSN_SIZE;
  let first = -1;
  let last = -1;
  for (const [index, { insnOffset }] of records.entries()) {
    if (insnOffset < from) continue;
    if (insnOffset >= to) break;
    if (first < 0) first = index;
    last = index;
  }
  return first < 0 ? [] : records.slice(first, last + 1);
}

export class ProgramInfo {
  readonly #functions: InfoCollector<FuncInfo>;
  readonly #lines: InfoCollector<LineInfo>;

  constructor({ functions, lines }: SectionInfo, program: string) {
    this.#functions = new InfoCollector(functions, FUNC_INFO, program);
    this.#lines = new InfoCollector(lines, LINE_INFO, program);
  }

  /** @param at the slot of the program at which the function begins @throws BpfiterError `malformed` */
  append(code: ObjectFunction, at: number): void {
    this.#functions.append(code, at);
    this.#lines.append(code, at);
  }

  finish(): { readonly funcInfo: InfoRecords | undefined; readonly lineInfo: InfoRecords | undefined } {
    return { funcInfo: this.#functions.finish(), lineInfo: this.#lines.finish() };
  }
}

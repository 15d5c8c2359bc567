import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as elf from '../../src/elf/index.ts';
import { type ElfFile, type ElfInput, readElf, writeElf } from '../../src/elf/index.ts';
import { BpfiterError } from '../../src/errors.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** A BPF object as clang lays one out: a program that refers to a map, a license, data and bss. */
const object = (littleEndian: boolean): ElfInput => ({
  littleEndian,
  sections: [
    {
      name: 'iter/task',
      type: elf.SHT_PROGBITS,
      flags: elf.SHF_ALLOC | elf.SHF_EXECINSTR,
      alignment: 8,
      data: littleEndian
        ? Uint8Array.from([
            0x18, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0,
          ])
        : Uint8Array.from([
            0x18, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0,
          ]),
    },
    { name: 'license', type: elf.SHT_PROGBITS, flags: elf.SHF_ALLOC | elf.SHF_WRITE, data: text('GPL\0') },
    { name: '.bss', type: elf.SHT_NOBITS, flags: elf.SHF_ALLOC | elf.SHF_WRITE, size: 4096, alignment: 8 },
  ],
  symbols: [
    { name: 'counter', section: 2, binding: elf.STB_GLOBAL, type: elf.STT_OBJECT, value: 8, size: 4 },
    { name: '', section: 1, type: elf.STT_SECTION },
    {
      name: 'dump_task',
      section: 0,
      binding: elf.STB_GLOBAL,
      type: elf.STT_FUNC,
      size: 32,
      visibility: elf.STV_HIDDEN,
    },
    { name: 'bpf_task_from_pid', section: 'undefined', binding: elf.STB_WEAK },
    { name: 'grüße', section: 'absolute', value: 2 ** 53 - 1 },
  ],
  relocations: [
    {
      section: 0,
      entries: [
        { offset: 0, symbol: 0, type: elf.R_BPF_64_64 },
        { offset: 16, symbol: 1, type: elf.R_BPF_64_32 },
      ],
    },
  ],
});

const symbolNamed = (file: ElfFile, name: string) => file.symbols.find((symbol) => symbol.name === name);

describe.each([
  ['little-endian', true],
  ['big-endian', false],
])('a %s object', (_, littleEndian) => {
  const input = object(littleEndian);
  const bytes = writeElf(input);
  const file = readElf(bytes);

  it('says what it is', () => {
    expect(file).toMatchObject({ littleEndian, type: elf.ET_REL, machine: elf.EM_BPF });
  });

  it('has its sections behind a null section, in order', () => {
    expect(file.sections.map((section) => section.name)).toEqual([
      '',
      'iter/task',
      'license',
      '.bss',
      '.reliter/task',
      '.symtab',
      '.strtab',
      '.shstrtab',
    ]);
    file.sections.forEach((section, index) => {
      expect(section.index).toBe(index);
    });
  });

  it('gives section contents as views of the file', () => {
    const license = file.section('license');
    expect(license?.data).toEqual(text('GPL\0'));
    expect(license?.data.buffer).toBe(bytes.buffer);
    expect(file.section('iter/task')).toMatchObject({ index: 1, flags: 6, alignment: 8, size: 32, address: 0n });
    expect(file.section('nothing')).toBeUndefined();
  });

  it('keeps the size of a section without contents', () => {
    expect(file.section('.bss')).toMatchObject({ type: elf.SHT_NOBITS, size: 4096 });
    expect(file.section('.bss')?.data).toHaveLength(0);
  });

  it('has local symbols before the others', () => {
    expect(file.symbols.map((symbol) => symbol.name)).toEqual([
      '',
      '',
      'grüße',
      'counter',
      'dump_task',
      'bpf_task_from_pid',
    ]);
    expect(file.section('.symtab')?.info).toBe(3);
  });

  it('keeps every field of a symbol', () => {
    expect(symbolNamed(file, 'counter')).toMatchObject({
      index: 3,
      name: 'counter',
      value: 8,
      size: 4,
      sectionIndex: 3,
      binding: elf.STB_GLOBAL,
      type: elf.STT_OBJECT,
      visibility: elf.STV_DEFAULT,
    });
    expect(symbolNamed(file, 'dump_task')).toMatchObject({ type: elf.STT_FUNC, visibility: elf.STV_HIDDEN });
    expect(symbolNamed(file, 'bpf_task_from_pid')).toMatchObject({
      sectionIndex: elf.SHN_UNDEF,
      binding: elf.STB_WEAK,
    });
    expect(symbolNamed(file, 'grüße')).toMatchObject({ sectionIndex: elf.SHN_ABS, value: 2 ** 53 - 1 });
  });

  it('has its relocations, renumbered with the symbols', () => {
    expect(file.relocations).toHaveLength(1);
    const [relocations] = file.relocations;
    expect(relocations?.section.name).toBe('.reliter/task');
    expect(relocations?.target).toBe(1);
    expect(relocations?.entries).toEqual([
      { offset: 0, symbol: 3, type: elf.R_BPF_64_64, addend: 0n },
      { offset: 16, symbol: 1, type: elf.R_BPF_64_32, addend: 0n },
    ]);
  });

  it('is read at any place in a larger buffer', () => {
    const larger = new Uint8Array(bytes.length + 30).fill(0xaa);
    larger.set(bytes, 13);
    const inside = readElf(larger.subarray(13, 13 + bytes.length));
    expect(inside.section('license')?.data).toEqual(text('GPL\0'));
    expect(inside.symbols.map((symbol) => symbol.name)).toEqual(file.symbols.map((symbol) => symbol.name));
  });
});

it('relocations with addends make a SHT_RELA section', () => {
  const file = readElf(
    writeElf({
      ...object(true),
      relocations: [{ section: 1, entries: [{ offset: 0, symbol: 0, type: elf.R_BPF_64_ABS32, addend: -8n }] }],
    }),
  );
  expect(file.relocations[0]?.section).toMatchObject({ name: '.relalicense', type: elf.SHT_RELA });
  expect(file.relocations[0]?.entries).toEqual([{ offset: 0, symbol: 3, type: elf.R_BPF_64_ABS32, addend: -8n }]);
});

it('an object may have more sections than 16 bits can count', () => {
  const sections = Array.from({ length: 66_000 }, (_, index) => ({
    name: `s${index}`,
    type: elf.SHT_PROGBITS,
    data: Uint8Array.of(index & 0xff),
  }));
  const file = readElf(
    writeElf({
      sections,
      symbols: [
        { name: 'near', section: 5 },
        { name: 'far', section: 65_999 },
      ],
    }),
  );
  expect(file.sections).toHaveLength(66_001 + 4);
  expect(file.section('s65999')?.data).toEqual(Uint8Array.of(65_999 & 0xff));
  expect(symbolNamed(file, 'near')?.sectionIndex).toBe(6);
  expect(symbolNamed(file, 'far')?.sectionIndex).toBe(66_000);
});

it('an object without sections or symbols is a file too', () => {
  const header = writeElf({ sections: [] }).slice(0, 64);
  header.fill(0, 40, 48);
  header.fill(0, 60, 64);
  const file = readElf(header);
  expect(file.sections).toEqual([]);
  expect(file.symbols).toEqual([]);
  expect(file.relocations).toEqual([]);
});

it('a relocation to a symbol that is not given cannot be written', () => {
  const entries = [{ offset: 0, symbol: 99, type: elf.R_BPF_64_64 }];
  expect(() => writeElf({ ...object(true), relocations: [{ section: 0, entries }] })).toThrow('no symbol 99');
  expect(() => writeElf({ ...object(true), relocations: [{ section: 9, entries: [] }] })).toThrow('section 9');
});

describe('damage that does not matter to libelf is passed over', () => {
  const bytes = writeElf(object(true));
  const view = new DataView(bytes.buffer);

  it('a wrong size of section headers in the ELF header', () => {
    view.setUint16(58, 68, true);
    expect(readElf(bytes).section('license')?.data).toEqual(text('GPL\0'));
  });

  it('a symbol that nobody asks for', () => {
    const symbols = readElf(bytes).section('.symtab')?.offset ?? 0;
    view.setUint32(symbols + 24, 0xffff, true);
    view.setUint16(symbols + 30, 0x1000, true);
    const file = readElf(bytes);
    expect(file.symbols[1]?.sectionIndex).toBe(0x1000);
    expect(() => file.symbols[1]?.name).toThrow('the name of symbol 1 reaches past the end of its string table');
    expect(file.symbols[3]?.name).toBe('counter');
  });
});

describe('a damaged file is refused with a line that says where', () => {
  const whole = writeElf(object(true));
  const sectionTable = Number(new DataView(whole.buffer).getBigUint64(40, true));
  const header = (index: number): number => sectionTable + index * 64;
  const readAll = (bytes: Uint8Array): void => {
    const file = readElf(bytes);
    for (const { name, value, size, sectionIndex } of file.symbols) void [name, value, size, sectionIndex];
    for (const relocation of file.relocations) relocation.entries.length;
  };
  const symbols = readElf(whole).section('.symtab')?.offset ?? 0;
  const relocations = readElf(whole).section('.reliter/task')?.offset ?? 0;

  it.each<[string, (view: DataView) => void, string]>([
    ['magic', (view) => view.setUint8(0, 0x7e), 'not an ELF file'],
    ['class', (view) => view.setUint8(4, 1), 'ELF file is 32-bit; BPF objects are 64-bit'],
    ['unknown class', (view) => view.setUint8(4, 7), 'ELF class is 7; there are only 1 (32-bit) and 2 (64-bit)'],
    ['byte order', (view) => view.setUint8(5, 3), 'ELF byte order is 3; there are only 1 (little) and 2 (big)'],
    ['version', (view) => view.setUint8(6, 9), 'ELF version is 9; there is only 1'],
    [
      'place of section headers',
      (view) => view.setBigUint64(40, 1n << 40n, true),
      `the section headers at offset 1099511627776 are past the end of the file (${whole.length} bytes)`,
    ],
    [
      'huge place of section headers',
      (view) => view.setBigUint64(40, 1n << 63n, true),
      'the offset of the section headers is 0x8000000000000000, which no file can hold',
    ],
    [
      'number of sections',
      (view) => view.setUint16(60, 9, true),
      `the 9 section headers at offset ${sectionTable} reach past the end of the file`,
    ],
    [
      'section of names',
      (view) => view.setUint16(62, 8, true),
      'section names are in section 8, but there are only 8 sections',
    ],
    ['type of names', (view) => view.setUint16(62, 1, true), 'section 1 should hold section names, but has no strings'],
    [
      'name',
      (view) => view.setUint32(header(2), 5000, true),
      'the name of section 2 reaches past the end of its string table',
    ],
    [
      'size',
      (view) => view.setUint32(header(1) + 32, 5000, true),
      'section 1 (iter/task) reaches past the end of the file',
    ],
    [
      'relocation target',
      (view) => view.setUint32(header(4) + 44, 77, true),
      'section 4 (.reliter/task) relocates section 77, but there are only 8 sections',
    ],
    [
      'relocation entry size',
      (view) => view.setUint32(header(4) + 56, 8, true),
      'section 4 (.reliter/task) has entries of 8 bytes; they should have 16',
    ],
    [
      'relocation size',
      (view) => view.setUint32(header(4) + 32, 17, true),
      'section 4 (.reliter/task) has 17 bytes, no multiple of its entry size 16',
    ],
    [
      'relocation symbols',
      (view) => view.setUint32(header(4) + 40, 99, true),
      'section 4 (.reliter/task) refers to symbols of section 99, which does not exist',
    ],
    [
      'relocation symbol',
      (view) => view.setUint32(relocations + 12, 6, true),
      'entry 0 of section 4 (.reliter/task) refers to symbol 6, but there are only 6',
    ],
    [
      'second symbol table',
      (view) => view.setUint32(header(2) + 4, elf.SHT_SYMTAB, true),
      'section 5 (.symtab) is a second symbol table; a file has only one',
    ],
    [
      'symbol names',
      (view) => view.setUint32(header(5) + 40, 1, true),
      'section 5 (.symtab) takes its names from section 1, which has no strings',
    ],
    [
      'symbol name',
      (view) => view.setUint32(symbols + 24, 4000, true),
      'the name of symbol 1 reaches past the end of its string table',
    ],
    [
      'symbol section elsewhere',
      (view) => view.setUint16(symbols + 30, 0xffff, true),
      'symbol 1 has its section index in a table that the file lacks',
    ],
    [
      'symbol value',
      (view) => view.setUint8(symbols + 24 + 15, 0x20),
      'the value of symbol 1 is 0x2000000000000000, which no file can hold',
    ],
  ])('%s', (_, damage, message) => {
    const bytes = whole.slice();
    damage(new DataView(bytes.buffer));
    let error: unknown;
    try {
      readAll(bytes);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(BpfiterError);
    expect(error).toMatchObject({ code: 'malformed', message });
  });

  const outcome = (bytes: Uint8Array): 'read' | 'refused' => {
    try {
      readAll(bytes);
      return 'read';
    } catch (error) {
      if (error instanceof BpfiterError && !error.message.includes('\n')) return 'refused';
      throw error;
    }
  };

  it.each([true, false])('whatever the place at which it is cut off (little-endian: %s)', (littleEndian) => {
    const bytes = writeElf(object(littleEndian));
    for (let length = 0; length < bytes.length; length++) expect(outcome(bytes.subarray(0, length))).toBe('refused');
    expect(outcome(bytes)).toBe('read');
  });

  it.each([true, false])('or is read, whichever byte is wrong (little-endian: %s)', (littleEndian) => {
    const bytes = writeElf(object(littleEndian));
    const outcomes = new Set<string>();
    for (let at = 0; at < bytes.length; at++)
      for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
        const damaged = bytes.slice();
        damaged[at] = value;
        outcomes.add(outcome(damaged));
      }
    expect([...outcomes].sort()).toEqual(['read', 'refused']);
  });
});

const has = (command: string): boolean => spawnSync(command, ['--version']).status === 0;

describe.skipIf(!has('llvm-readelf-22'))('llvm-readelf (skipped where it is not installed)', () => {
  it.each([true, false])(
    'sees the sections, symbols and relocations that were written (little-endian: %s)',
    (littleEndian) => {
      const directory = mkdtempSync(join(tmpdir(), 'bpfiter-elf-'));
      try {
        const path = join(directory, 'object.o');
        writeFileSync(path, writeElf(object(littleEndian)));
        const output = execFileSync('llvm-readelf-22', ['-S', '-s', '-r', path], { encoding: 'utf8' });
        expect(output).toMatch(/\[ 1\] iter\/task +PROGBITS +0{16} [0-9a-f]{6} 000020 00 +AX +0 +0 +8/);
        expect(output).toMatch(/\[ 3\] \.bss +NOBITS +0{16} [0-9a-f]{6} 001000/);
        expect(output).toMatch(/4: 0{16} +32 FUNC +GLOBAL HIDDEN +1 dump_task/);
        expect(output).toMatch(/0{16} +0{7}300000001 R_BPF_64_64 +0{15}8 counter/);
      } finally {
        rmSync(directory, { recursive: true });
      }
    },
  );
});

describe.skipIf(!has('clang-22'))('an object of clang (skipped where it is not installed)', () => {
  it.each(['bpfel', 'bpfeb'])('is read with its maps, programs and relocations (%s)', (target) => {
    const directory = mkdtempSync(join(tmpdir(), 'bpfiter-elf-'));
    try {
      const path = join(directory, 'object.o');
      const source =
        'int seen; char _license[] __attribute__((section("license"))) = "GPL";' +
        '__attribute__((section("iter/task"))) int dump(void *ctx) { return ++seen; }';
      execFileSync('clang-22', ['-g', '-O2', `--target=${target}`, '-c', '-x', 'c', '-', '-o', path], {
        input: source,
      });
      const file = readElf(readFileSync(path));
      expect(file.littleEndian).toBe(target === 'bpfel');
      expect(file.machine).toBe(elf.EM_BPF);
      expect(file.section('license')?.data).toEqual(text('GPL\0'));
      const program = file.section('iter/task');
      const relocations = file.relocations.find((r) => r.target === program?.index);
      const referred = relocations?.entries.map((entry) => [entry.type, file.symbols[entry.symbol]?.name]);
      expect(referred).toEqual([[elf.R_BPF_64_64, 'seen']]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

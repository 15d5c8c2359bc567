import { describe, expect, it } from 'vitest';
import { Btf, BtfBuilder } from '../../src/btf/index.ts';
import {
  SHF_EXECINSTR,
  SHT_NOBITS,
  SHT_PROGBITS,
  STB_GLOBAL,
  STB_LOCAL,
  STT_FUNC,
  STT_NOTYPE,
  STT_OBJECT,
} from '../../src/elf/index.ts';
import type { Instruction } from '../../src/isa/index.ts';
import { link, openObject } from '../../src/object/index.ts';
import {
  buildMaps,
  buildObject,
  dataSection,
  type MapMember,
  type ObjectInput,
  RETURN_0,
  text,
} from './build-object.ts';
import { kernel } from './kernel.ts';

const program = { name: 'p', section: 'socket' };
/** `r1 = 0 ll` */
const load: Instruction = { kind: 'ld_imm64', dst: 1, source: { kind: 'value', value: 0n } };
const call: Instruction = { kind: 'call', target: { kind: 'subprogram', off: -1 } };
const number = (size: number) => new Uint8Array(size);

describe('objects that are refused when they are opened', () => {
  it.each<[string, ObjectInput, string]>([
    ['not for BPF', { machine: 62 }, 'not a BPF object but one for x86-64: compile it with clang --target=bpf'],
    ['for a machine without a name', { machine: 999 }, 'not a BPF object but one for machine 999'],
    [
      'maps of the old form',
      { sections: [dataSection('maps', number(20))] },
      "map definitions in section 'maps' are not supported",
    ],
    ['an empty license', { sections: [dataSection('license', number(0))] }, "section 'license' is empty"],
    ['a version of the wrong size', { sections: [dataSection('version', number(2))] }, "section 'version' has 2 bytes"],
    [
      'a static program',
      { functions: [{ ...program, binding: STB_LOCAL }] },
      "section 'socket': function 'p' is static; a program must be global",
    ],
    [
      'a function beyond its section',
      { functions: [{ ...program, size: 24 }] },
      "section 'socket': function 'p' at offset 0 reaches past the end of the section",
    ],
    [
      'a function of half an instruction',
      { functions: [{ ...program, size: 12 }] },
      "function 'p' has 12 bytes at offset 0",
    ],
    [
      'a function without instructions',
      { functions: [{ ...program, size: 0 }] },
      "function 'p' has 0 bytes at offset 0",
    ],
    [
      'data of more bytes than there can be',
      { sections: [{ name: '.bss', type: SHT_NOBITS, size: 2 ** 40 }] },
      "section '.bss' claims 1099511627776 bytes; no map is that large",
    ],
    ['maps without BTF', { sections: [dataSection('.maps', number(8))] }, "the object has maps in '.maps', but no BTF"],
    [
      'struct_ops without BTF',
      { sections: [dataSection('.struct_ops', number(8))] },
      'the object has struct_ops, but no BTF',
    ],
    [
      'an extern without BTF',
      { symbols: [{ name: 'x', binding: STB_GLOBAL, type: STT_NOTYPE }] },
      "extern 'x' needs BTF, and the object has none that can be used",
    ],
  ])('%s', (_, input, message) => {
    expect(() => openObject(buildObject(input))).toThrow(message);
  });

  it('BTF that refers to a type that does not exist', () => {
    const builder = new BtfBuilder();
    builder.add({ kind: 'ptr', type: 7 });
    const sections = [dataSection('.maps', number(8))];
    expect(() => openObject(buildObject({ sections, btf: builder.bytes() }))).toThrow(
      'BTF type 1 refers to type 7, but ids end at 1',
    );
  });

  it('a relocation of an instruction that has none', () => {
    const input = {
      functions: [program],
      symbols: [{ name: 'v', section: '.data', type: STT_OBJECT }],
      sections: [dataSection('.data', number(4))],
      relocations: [{ section: 'socket', offset: 0, symbol: 'v' }],
    };
    expect(() => openObject(buildObject(input))).toThrow(
      "program 'p': the relocation of instruction 0 against 'v' is for an instruction that is neither a call nor a 64-bit load (code 0xb7)",
    );
  });

  it.each<[string, readonly Instruction[], ObjectInput, string]>([
    [
      'a section without maps and data',
      [load],
      { sections: [dataSection('strange', number(8))], symbols: [{ name: 's', section: 'strange', type: STT_OBJECT }] },
      "against 's' refers to section 'strange', which has neither maps nor data",
    ],
    [
      'a function of another section',
      [call],
      {
        sections: [{ name: 'xdp', type: SHT_PROGBITS, flags: SHF_EXECINSTR, data: number(8) }],
        symbols: [{ name: 's', section: 'xdp', type: STT_FUNC, size: 8, binding: STB_GLOBAL }],
      },
      "against 's' calls into section 'xdp'; subprograms must be in '.text'",
    ],
    [
      'an arena that is not declared',
      [load],
      {
        sections: [dataSection('.addr_space.1', number(8))],
        symbols: [{ name: 's', section: '.addr_space.1', type: STT_OBJECT }],
      },
      "against 's' refers to a variable of an arena, but no arena map is declared in '.maps'",
    ],
  ])('a relocation against %s', (_, insns, input, message) => {
    const object = buildObject({
      ...input,
      functions: [{ ...program, insns: [...insns, ...RETURN_0] }],
      relocations: [{ section: 'socket', offset: 0, symbol: 's' }],
    });
    expect(() => openObject(object)).toThrow(message);
  });
});

describe('map definitions that are refused', () => {
  const array: readonly MapMember[] = [
    ['type', 2],
    ['max_entries', 1],
  ];

  it.each<[string, readonly MapMember[], string]>([
    ['no type', [['max_entries', 1]], "map 'm': has no type"],
    [
      'a member that is not known',
      [...array, ['colour', 1]],
      "map 'm': its definition has a member 'colour' that is not known",
    ],
    ['a number that is none', [['type', 'plain']], "map 'm': 'type' must be a pointer to an array, not int"],
    [
      'two sizes of the key',
      [...array, ['key_size', 4], ['key', { bytes: 8 }]],
      "map 'm': has two sizes of its key: 4 bytes and 8 bytes",
    ],
    [
      'two sizes of the value',
      [...array, ['value', { bytes: 8 }], ['value_size', 4]],
      "map 'm': has two sizes of its value: 8 bytes and 4 bytes",
    ],
    ['a key without a size', [...array, ['key', 'void']], "map 'm': the key is of a type without a size"],
    [
      'an unknown pinning',
      [...array, ['pinning', 2]],
      "map 'm': 'pinning' is 2; it can be 0 (not pinned) or 1 (by name)",
    ],
    [
      'values of an array',
      [...array, ['values', { inner: array }]],
      "map 'm': has 'values', but is neither a map of maps nor",
    ],
    [
      'values before other members',
      [
        ['type', 12],
        ['values', { inner: array }],
        ['max_entries', 1],
      ],
      "map 'm': 'values' must be the last member of its definition",
    ],
    [
      'a map of maps of maps',
      [
        ['type', 12],
        [
          'values',
          {
            inner: [
              ['type', 12],
              ['values', { inner: array }],
            ],
          },
        ],
      ],
      "map 'm.inner': is an inner map with inner maps of its own; one level is supported",
    ],
    [
      'an inner map that is pinned',
      [
        ['type', 12],
        ['values', { inner: [...array, ['pinning', 1]] }],
      ],
      "map 'm.inner': is an inner map; only the outer one can be pinned",
    ],
  ])('%s', (_, members, message) => {
    expect(() => openObject(buildMaps([{ name: 'm', members }]))).toThrow(message);
  });

  it('a map that is not global', () => {
    expect(() => openObject(buildMaps([{ name: 'm', members: array, linkage: 'static' }]))).toThrow(
      "map 'm': is static; a map must be a global variable",
    );
  });

  it('two arenas', () => {
    const members: readonly MapMember[] = [['type', 33]];
    const maps = [
      { name: 'a', members },
      { name: 'b', members },
    ];
    expect(() => openObject(buildMaps(maps))).toThrow("maps 'a' and 'b' are both arenas; an object can have one");
  });

  it('variables of an arena without an arena', () => {
    const rest = { sections: [dataSection('.addr_space.1', number(8))] };
    expect(() => openObject(buildMaps([{ name: 'm', members: array }], rest))).toThrow(
      "section '.addr_space.1' has variables of an arena, but no arena map is declared",
    );
  });

  it.each([
    [
      'a value in a map that can have none',
      'm',
      8,
      "map 'm': its value 'm' is declared in a map that is no map of maps",
    ],
    ['a value outside of all maps', 'm', 800, "against 'm' is at offset 800, in no map"],
  ])('%s', (_, symbol, offset, message) => {
    const object = buildMaps([{ name: 'm', members: array }], { relocations: [{ section: '.maps', offset, symbol }] });
    expect(() => openObject(object)).toThrow(message);
  });
});

describe('programs that are refused when they are linked', () => {
  const linked = (input: ObjectInput) => link(openObject(buildObject(input)), kernel());

  it('a call of what is no function', () => {
    const insns: readonly Instruction[] = [{ kind: 'call', target: { kind: 'subprogram', off: 7 } }, ...RETURN_0];
    expect(() => linked({ functions: [{ ...program, insns }] })).toThrow(
      "program 'p': instruction 0 of 'p' calls slot 8 of '.text', where no function is",
    );
  });

  it('a section that says nothing of the type', () => {
    expect(() => linked({ functions: [{ name: 'p', section: 'nonsense' }] })).toThrow(
      "program 'p' (section 'nonsense'): the section does not say what type of program it is",
    );
  });

  it('a program without anything to attach to', () => {
    expect(() => linked({ functions: [{ name: 'p', section: 'fentry' }] })).toThrow(
      "program 'p' (section 'fentry'): the section does not say what to attach to, and no target was set",
    );
  });
});

describe('odd objects that are taken', () => {
  it('BTF that cannot be read, where nothing needs it', () => {
    const object = openObject(buildObject({ functions: [program], btf: text('no BTF at all, to be sure') }));
    expect(object.btf).toBeUndefined();
    expect(object.programs.map(({ name }) => name)).toEqual(['p']);
  });

  it('a license without its NUL, cut where libbpf cuts it', () => {
    const open = (license: string) =>
      openObject(buildObject({ sections: [dataSection('license', text(license))] })).license;
    expect(open('GPL')).toBe('GPL');
    expect(open('Dual MIT/GPL\0rest')).toBe('Dual MIT/GPL');
    expect(open('x'.repeat(100))).toBe('x'.repeat(63));
  });

  it('no license, which is none', () => {
    expect(openObject(buildObject({})).license).toBe('');
  });

  it('sections that mean nothing', () => {
    const sections = [
      dataSection('.debug_info', number(8)),
      dataSection('whatever', number(8)),
      dataSection('.rodata.empty', number(0)),
    ];
    const object = openObject(buildObject({ sections, functions: [program] }));
    expect(object.maps).toEqual([]);
    expect(object.programs).toHaveLength(1);
  });

  it('functions in .text alone, which are subprograms of nobody', () => {
    expect(openObject(buildObject({ functions: [{ name: 'f', section: '.text' }] })).programs).toEqual([]);
  });

  it('a jump table, which becomes a map of the places in the program', () => {
    const table = new Uint8Array(16);
    new DataView(table.buffer).setBigUint64(8, 16n, true);
    const object = buildObject({
      functions: [{ ...program, insns: [load, ...RETURN_0] }],
      sections: [dataSection('.jumptables', table)],
      symbols: [{ name: 'table', section: '.jumptables', size: 16, type: STT_OBJECT }],
      relocations: [{ section: 'socket', offset: 0, symbol: 'table' }],
    });
    const { maps, programs } = link(openObject(object), kernel());
    expect(maps).toMatchObject([
      { name: '.jumptables', origin: 'jump_table', maxEntries: 2, valueSize: 16, readOnly: true },
    ]);
    const values = new DataView(maps[0]?.initialValue?.buffer ?? new ArrayBuffer(32));
    expect([values.getUint32(0, true), values.getUint32(16, true)]).toEqual([0, 2]);
    expect(programs[0]?.mapReferences).toEqual([{ insn: 0, map: maps[0], kind: 'value', offset: 0 }]);
  });

  it('BTF of the object goes to the kernel as it is', () => {
    const builder = new BtfBuilder();
    builder.add({ kind: 'struct', name: 's', size: 4, members: [] });
    const { btf } = link(openObject(buildObject({ functions: [program], btf: builder.bytes() })), kernel());
    expect(btf && Btf.parse(btf).find('s', 'struct')).toBe(1);
  });
});

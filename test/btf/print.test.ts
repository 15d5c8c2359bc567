import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Btf, BtfBuilder, type NewType, printC, printRaw, typeName } from '../../src/btf/index.ts';
import { sample, sampleBytes } from './sample.ts';

const golden = (name: string) => readFileSync(new URL(`golden/${name}`, import.meta.url), 'utf8');

const build = (...types: readonly NewType[]): Btf => {
  const b = new BtfBuilder();
  for (const type of types) b.add(type);
  return Btf.parse(b.bytes(), { name: 'test' });
};
const integer = (name: string, size: number, signed = false): NewType => ({
  kind: 'int',
  name,
  size,
  signed,
  char: false,
  bool: false,
  bits: size * 8,
  bitOffset: 0,
});
const member = (name: string, type: number, bitOffset: number, bitFieldSize = 0) => ({
  name,
  type,
  bitOffset,
  bitFieldSize,
});
const types = (btf: Btf, ids?: readonly number[]) => printC(btf, { header: false, kfuncs: false, ids });

const clang = ['clang-22', 'clang'].find((name) => spawnSync(name, ['--version']).status === 0);
const bpftool = spawnSync('bpftool', ['version']).status === 0 ? 'bpftool' : undefined;

function withFile<Result>(name: string, content: string | Uint8Array, use: (path: string) => Result): Result {
  const directory = mkdtempSync(join(tmpdir(), 'bpfiter-btf-'));
  try {
    const path = join(directory, name);
    writeFileSync(path, content);
    return use(path);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** What clang says to the text, as errors and warnings. */
const complaints = (text: string): string =>
  withFile(
    'types.c',
    text,
    (path) => spawnSync(clang ?? '', ['-target', 'bpf', '-Wall', '-fsyntax-only', path], { encoding: 'utf8' }).stderr,
  );

describe('raw', () => {
  test('every kind prints as the golden file says', () => {
    expect(printRaw(sample())).toBe(golden('sample.txt'));
  });

  test('single types may be asked for', () => {
    const btf = sample();
    expect(printRaw(btf, { ids: [2, 1] })).toBe(
      "[2] INT 'long unsigned int' size=8 bits_offset=0 nr_bits=64 encoding=(none)\n" +
        "[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED\n",
    );
  });

  test('of a split blob only its own types are printed', () => {
    const base = sample();
    const b = new BtfBuilder({ base });
    b.add({ kind: 'ptr', type: 1 });
    expect(printRaw(Btf.parse(b.bytes(), { base }))).toBe(`[${base.endId}] PTR '(anon)' type_id=1\n`);
  });

  test.skipIf(bpftool === undefined)('the text is that of bpftool (skipped where there is no bpftool)', () => {
    const text = withFile('sample.btf', sampleBytes(), (path) =>
      execFileSync('bpftool', ['btf', 'dump', 'file', path], { encoding: 'utf8' }),
    );
    expect(printRaw(sample())).toBe(text);
  });
});

describe('C', () => {
  test('every kind prints as the golden file says', () => {
    expect(printC(sample())).toBe(golden('sample.h'));
  });

  test('does not depend on the byte order', () => {
    expect(printC(sample({ littleEndian: false }))).toBe(golden('sample.h'));
  });

  test.skipIf(clang === undefined)('clang lays it out as BTF says (skipped where there is no clang)', () => {
    const btf = sample();
    const assertions = ['task', 'node', 'header___v2', 'empty'].flatMap((name) => {
      const type = btf.type(btf.find(name) ?? -1);
      if (type.kind !== 'struct') throw new Error(`${name} is not in the sample`);
      const offsets = type.members
        .filter((field) => field.name !== '' && field.bitFieldSize === 0)
        .map((field) => [`__builtin_offsetof(struct ${name}, ${field.name})`, field.bitOffset / 8]);
      return [[`sizeof(struct ${name})`, type.size], ...offsets];
    });
    const checks = assertions.map(([what, value]) => `_Static_assert(${what} == ${value}, "${what}");\n`).join('');
    expect(assertions.length).toBeGreaterThan(20);
    expect(complaints(`${printC(btf)}${checks}`)).toBe('');
  });

  test('a single type brings along only what it needs', () => {
    const btf = sample();
    expect(types(btf, [btf.find('node') ?? -1])).toBe(
      'struct hidden;\n\n' +
        'struct node {\n\tstruct node *next;\n' +
        '\tstruct hidden __attribute__((btf_type_tag("rcu"))) *owner;\n};\n\n',
    );
  });

  test('functions and variables become declarations', () => {
    const btf = sample();
    expect(types(btf, [btf.find('log_it') ?? -1])).toBe('extern void log_it(const char *format, ...);\n\n');
    expect(types(btf, [btf.find('current_task') ?? -1])).toBe('struct task;\n\nextern struct task *current_task;\n\n');
  });

  test.each<[string, readonly NewType[], string]>([
    [
      'a struct that is only pointed at is declared first',
      [
        { kind: 'struct', name: 'a', size: 8, members: [member('b', 2, 0)] },
        { kind: 'ptr', type: 3 },
        { kind: 'struct', name: 'b', size: 8, members: [member('a', 4, 0)] },
        { kind: 'ptr', type: 1 },
      ],
      'struct b;\n\nstruct a {\n\tstruct b *b;\n};\n\nstruct b {\n\tstruct a *a;\n};\n\n',
    ],
    [
      'a struct that is contained is defined first',
      [
        { kind: 'struct', name: 'outer', size: 4, members: [member('in', 2, 0)] },
        { kind: 'struct', name: 'inner', size: 4, members: [member('x', 3, 0)] },
        integer('int', 4, true),
      ],
      'struct inner {\n\tint x;\n};\n\nstruct outer {\n\tstruct inner in;\n};\n\n',
    ],
    [
      'the elements of an array are defined even behind a pointer',
      [
        { kind: 'struct', name: 'outer', size: 8, members: [member('rows', 2, 0)] },
        { kind: 'ptr', type: 3 },
        { kind: 'array', elementType: 4, indexType: 5, length: 2 },
        { kind: 'struct', name: 'row', size: 4, members: [member('x', 5, 0)] },
        integer('int', 4, true),
      ],
      'struct row {\n\tint x;\n};\n\nstruct outer {\n\tstruct row (*rows)[2];\n};\n\n',
    ],
    [
      'types of one name are told apart',
      [
        { kind: 'struct', name: 'x', size: 4, members: [member('a', 2, 0)] },
        integer('int', 4, true),
        { kind: 'struct', name: 'x', size: 8, members: [member('x', 4, 0)] },
        { kind: 'ptr', type: 3 },
        { kind: 'typedef', name: 'x', type: 3 },
      ],
      'struct x {\n\tint a;\n};\n\nstruct x___2 {\n\tstruct x___2 *x;\n};\n\ntypedef struct x___2 x;\n\n',
    ],
    [
      'tags of structs and enums are one name space',
      [
        { kind: 'enum', name: 'x', size: 4, signed: false, values: [{ name: 'A', value: 0n }] },
        { kind: 'struct', name: 'x', size: 0, members: [] },
        { kind: 'enum', name: 'y', size: 4, signed: false, values: [{ name: 'A', value: 0n }] },
      ],
      'enum x {\n\tA = 0,\n};\n\nstruct x___2 {};\n\nenum y {\n\tA___2 = 0,\n};\n\n',
    ],
    [
      'a forward declaration stands for the struct of its name and kind',
      [
        { kind: 'fwd', name: 'x', target: 'union' },
        { kind: 'struct', name: 'x', size: 8, members: [member('u', 3, 0)] },
        { kind: 'ptr', type: 1 },
      ],
      'union x;\n\nstruct x___2 {\n\tunion x *u;\n};\n\n',
    ],
    [
      'a gap is filled, the alignment of the struct is not',
      [
        integer('unsigned char', 1),
        integer('unsigned int', 4),
        {
          kind: 'struct',
          name: 's',
          size: 64,
          members: [
            member('a', 1, 0),
            member('b', 2, 32),
            member('c', 2, 128),
            member('d', 2, 160, 3),
            member('e', 2, 167, 1),
          ],
        },
      ],
      'struct s {\n\tunsigned char a;\n\tunsigned int b;\n\tlong: 64;\n\tunsigned int c;\n\tunsigned int d: 3;\n' +
        '\tchar: 4;\n\tunsigned int e: 1;\n\tint: 24;\n\tlong: 64;\n\tlong: 64;\n\tlong: 64;\n\tlong: 64;\n\tlong: 64;\n};\n\n',
    ],
    [
      'a large gap is one array',
      [integer('int', 4, true), { kind: 'struct', name: 's', size: 4100, members: [member('a', 1, 4096 * 8)] }],
      'struct s {\n\tchar __padding_2_0[4096];\n\tint a;\n};\n\n',
    ],
    [
      'a union larger than its members is stretched',
      [integer('int', 4, true), { kind: 'union', name: 'u', size: 16, members: [member('a', 1, 0)] }],
      'union u {\n\tint a;\n\tstruct { long: 64; long: 64; };\n};\n\n',
    ],
    [
      'a union that cannot be aligned is packed',
      [
        integer('int', 4, true),
        { kind: 'array', elementType: 3, indexType: 1, length: 5 },
        integer('char', 1, true),
        { kind: 'union', name: 'u', size: 5, members: [member('a', 1, 0), member('b', 2, 0)] },
      ],
      'union u {\n\tint a;\n\tchar b[5];\n} __attribute__((packed));\n\n',
    ],
    [
      'members that overlap are bytes',
      [
        integer('int', 4, true),
        { kind: 'struct', name: 's', size: 8, members: [member('a', 1, 0), member('b', 1, 16)] },
      ],
      'struct s {\n\tchar __opaque[8]; /* members overlap */\n};\n\n',
    ],
    [
      'an unnamed member of a struct with a tag is written out, as only some compilers accept the tag',
      [
        integer('int', 4, true),
        { kind: 'struct', name: 'part', size: 4, members: [member('a', 1, 0)] },
        { kind: 'struct', name: 'whole', size: 8, members: [member('', 2, 0), member('b', 1, 32)] },
      ],
      'struct part {\n\tint a;\n};\n\nstruct whole {\n\tstruct {\n\t\tint a;\n\t};\n\tint b;\n};\n\n',
    ],
    [
      'bit fields of old compilers',
      [
        { ...integer('unsigned int', 4), bits: 3 } as NewType,
        { kind: 'struct', name: 's', size: 4, members: [member('a', 1, 0), member('b', 1, 3)] },
      ],
      'struct s {\n\tunsigned int a: 3;\n\tunsigned int b: 3;\n};\n\n',
    ],
    [
      'integers that C does not know',
      [
        integer('i128', 16, true),
        integer('usize', 8),
        { kind: 'struct', name: 'Option<usize>', size: 8, members: [member('type', 2, 0)] },
        { kind: 'typedef', name: 'int', type: 1 },
      ],
      'typedef unsigned long long usize;\n\nstruct Option_usize_ {\n\tusize type;\n};\n\n' +
        'typedef signed __int128 i128;\n\ntypedef i128 int_;\n\n',
    ],
    [
      'enums of other sizes than int',
      [
        { kind: 'enum', name: 'a', size: 1, signed: false, values: [{ name: 'A', value: 1n }] },
        { kind: 'enum', name: 'b', size: 2, signed: false, values: [{ name: 'B', value: 1n }] },
        { kind: 'enum64', name: 'c', size: 8, signed: true, values: [{ name: 'C', value: 1n }] },
        { kind: 'enum64', name: 'd', size: 8, signed: true, values: [{ name: 'D', value: -(1n << 63n) }] },
        { kind: 'enum', name: 'e', size: 4, signed: false, values: [] },
      ],
      'enum a {\n\tA = 1,\n} __attribute__((mode(byte)));\n\nenum b {\n\tB = 1,\n} __attribute__((mode(HI)));\n\n' +
        'enum c {\n\tC = 1LL,\n} __attribute__((mode(DI)));\n\nenum d {\n\tD = -9223372036854775807LL - 1,\n};\n\nenum e;\n\n',
    ],
    [
      'the list of variable arguments, which the compiler declares itself',
      [
        { kind: 'typedef', name: '__builtin_va_list', type: 2 },
        { kind: 'array', elementType: 4, indexType: 3, length: 1 },
        integer('int', 4, true),
        { kind: 'struct', name: '__va_list_tag', size: 4, members: [member('gp_offset', 3, 0)] },
        { kind: 'typedef', name: 'va_list', type: 1 },
        { kind: 'typedef', name: '__gnuc_va_list', type: 0 },
      ],
      'struct __va_list_tag {\n\tint gp_offset;\n};\n\ntypedef struct __va_list_tag __btf_va_list[1];\n\n' +
        'typedef __btf_va_list va_list;\n\ntypedef __builtin_va_list __gnuc_va_list;\n\n',
    ],
    [
      'a function that takes a struct which is defined later',
      [
        { kind: 'typedef', name: 'fn', type: 2 },
        { kind: 'ptr', type: 3 },
        { kind: 'func_proto', returnType: 4, parameters: [{ name: 'int', type: 4 }] },
        { kind: 'ptr', type: 5 },
        { kind: 'struct', name: 's', size: 8, members: [member('call', 1, 0)] },
      ],
      'struct s;\n\ntypedef struct s *(*fn)(struct s *int_);\n\nstruct s {\n\tfn call;\n};\n\n',
    ],
  ])('%s', (_, list, text) => {
    expect(types(build(...list))).toBe(text);
    if (clang !== undefined) expect(complaints(text)).toBe('');
  });

  test.each<[string, readonly NewType[], RegExp]>([
    ['contains itself', [{ kind: 'struct', name: 's', size: 8, members: [member('s', 1, 0)] }], /contains itself/],
    ['is an unnamed part of itself', [{ kind: 'struct', name: 's', size: 8, members: [member('', 1, 0)] }], /nesting/],
    ['is defined by itself', [{ kind: 'typedef', name: 't', type: 1 }], /defined by itself/],
    [
      'is a pointer to itself',
      [
        { kind: 'typedef', name: 't', type: 2 },
        { kind: 'ptr', type: 2 },
      ],
      /nesting/,
    ],
    [
      'takes itself as a parameter',
      [
        { kind: 'typedef', name: 't', type: 2 },
        { kind: 'func_proto', returnType: 0, parameters: [{ name: 'x', type: 2 }] },
      ],
      /nesting/,
    ],
    [
      'names a function where a type should be',
      [
        { kind: 'typedef', name: 't', type: 2 },
        { kind: 'func', name: 'f', type: 0, linkage: 'static' },
      ],
      /type 2 is a func, not a C type/,
    ],
    ['refers to nowhere', [{ kind: 'typedef', name: 't', type: 9 }], /there is no BTF type 9/],
  ])('a type that %s is refused', (_, list, message) => {
    expect(() => types(build(...list))).toThrow(message);
  });

  test('types that double with every level are refused and not written for ever', () => {
    const b = new BtfBuilder();
    for (let level = 0; level < 60; level++) {
      const next = b.nextId + 1;
      b.add({ kind: 'struct', size: 0, members: [member('a', next, 0), member('b', next, 0)] });
    }
    b.add({ kind: 'struct', size: 0, members: [] });
    b.add({ kind: 'typedef', name: 'top', type: 1 });
    expect(() => types(Btf.parse(b.bytes()))).toThrow(/nesting/);
  });
});

describe('the name of a type', () => {
  const btf = sample();

  test.each([
    ['task', 'struct task'],
    ['state', 'enum state'],
    ['u32', 'u32'],
    ['hidden_union', 'union hidden_union'],
    ['log_it', 'void log_it(const char *, ...)'],
    ['current_task', 'struct task *current_task'],
    ['.data', 'section .data'],
    ['user', 'tag "user"'],
  ])('%s: %s', (name, text) => {
    expect(typeName(btf, btf.find(name) ?? -1)).toBe(text);
  });

  test.each([
    ['comm', 'char [16]'],
    ['grid', 'int [2][3]'],
    ['label', 'const char * restrict'],
    ['compare', 'int (*)(struct node *, struct node *)'],
    ['', 'union <anon>'],
  ])('of the member %j is %s', (name, text) => {
    const task = btf.type(btf.find('task') ?? -1);
    const field = task.kind === 'struct' ? task.members.find((other) => other.name === name) : undefined;
    expect(typeName(btf, field?.type ?? -1)).toBe(text);
  });

  test('void is void', () => {
    expect(typeName(btf, 0)).toBe('void');
  });
});

import { describe, expect, it } from 'vitest';
import { formatJson, type RecordInput, recordLayout, recordTypeScript, TableWriter } from '../../src/records/index.ts';
import { CTypes } from './c-types.ts';

describe('JSON', () => {
  const values: readonly (readonly [unknown, string])[] = [
    [{ pid: 1, comm: 'init' }, '{"pid":1,"comm":"init"}'],
    [18446744073709551615n, '18446744073709551615'],
    [-5n, '-5'],
    [[1n, 2], '[1,2]'],
    [{ a: { b: [true, false] }, c: [] }, '{"a":{"b":[true,false]},"c":[]}'],
    [{}, '{}'],
    ['quote " backslash \\ newline \n escape \u001b', '"quote \\" backslash \\\\ newline \\n escape \\u001b"'],
    ['é\u{1f600}', '"é\u{1f600}"'],
    [{ 'a"b': 1 }, '{"a\\"b":1}'],
    [Number.NaN, 'null'],
    [Number.NEGATIVE_INFINITY, 'null'],
    [-0.5, '-0.5'],
    [1e21, '1e+21'],
    [undefined, 'null'],
  ];
  it.each(values.map(([value, text]) => ({ value, text })))('is $text', ({ value, text }) => {
    expect(formatJson(value)).toBe(text);
  });

  it('says what JSON.stringify says, wherever that can', () => {
    const value = { a: [1, { b: 'x\u2028y', c: [] }, {}], d: null, 'e f': true, g: -1.25e-7 };
    expect(formatJson(value)).toBe(JSON.stringify(value));
    for (const indent of [1, 2, 4]) expect(formatJson(value, indent)).toBe(JSON.stringify(value, null, indent));
  });
});

describe('a table', () => {
  const types = new CTypes();
  const position = types.struct('position', 8, [
    ['x', types.i32, 0],
    ['y', types.i32, 4],
  ]);
  types.struct('event', 56, [
    ['pid', types.u32, 0],
    ['comm', types.array(types.char, 16), 8],
    ['at', position, 24],
    ['raw', types.array(types.u8, 2), 32],
    ['task', types.pointer(types.u32), 40],
    ['state', types.enum('state', 4, false, { ON: 1n }), 48],
  ]);
  const layout = recordLayout(types.btf(), 'event');
  const record = (value: RecordInput) => layout.decode(layout.encode(value));

  it('has the fields as columns, nested ones dotted, numbers at the right', () => {
    const table = new TableWriter(layout);
    const text =
      table.add(record({ pid: 1, comm: 'init', at: { x: -1, y: 2 }, raw: [1, 2], task: 0xffff888000000000n })) +
      table.add(record({ pid: 12345, comm: 'a', state: 'ON' })) +
      table.end();
    expect(text.split('\n')).toEqual([
      '  pid  comm  at.x  at.y  raw                  task  state',
      '    1  init    -1     2  [1,2]  0xffff888000000000  0',
      '12345  a        0     0  [0,0]                 0x0  ON',
      '',
    ]);
  });

  it('prints nothing before the widths are known, and then row by row', () => {
    const table = new TableWriter(layout, { sampleRows: 2 });
    const lines = ['a', 'bb', 'cccccccc', 'd'].map((comm) => table.add(record({ comm })));
    expect(lines.map((text) => text.split('\n').length - 1)).toEqual([0, 3, 1, 1]);
    expect(lines[2]).toMatch(/^ {2}0 {2}cccccccc {5}0 /);
    expect(table.end()).toBe('');
  });

  it('has a head even without rows', () => {
    expect(new TableWriter(layout).end()).toBe('pid  comm  at.x  at.y  raw  task  state\n');
  });

  it('lets no control character through to the terminal', () => {
    const table = new TableWriter(layout);
    table.add(record({ comm: 'a\u001b[2J\n\u009b' }));
    expect(table.end()).toContain('a\\x1b[2J\\x0a\\x9b');
  });

  it('has one column for a record that is no struct', () => {
    const numbers = recordLayout<bigint>(types.btf(), 'unsigned long');
    const table = new TableWriter(numbers);
    table.add(12n);
    expect(table.end()).toBe('value\n   12\n');
  });
});

describe('TypeScript types', () => {
  const types = new CTypes();
  const inner = types.struct('inner', 16, [
    ['when', types.u64, 0],
    ['on', types.bool, 8],
  ]);
  const anonymous = types.union('', 8, [
    ['number', types.u64],
    [
      'parts',
      types.struct('', 8, [
        ['low', types.u32, 0],
        ['high', types.u32, 4],
      ]),
    ],
  ]);
  const state = types.enum('state', 4, false, { ON: 1n, OFF: 0n });
  types.struct('event', 80, [
    ['pid', types.u32, 0],
    ['comm', types.array(types.char, 4), 4],
    ['first', inner, 8],
    ['others', types.array(inner, 2), 24],
    ['', anonymous, 56],
    ['state', state, 64],
    ['history', types.array(state, 2), 68],
    ['ratio', types.float, 76],
  ]);
  types.struct('default', 4, [['new', types.u32, 0]]);
  types.struct('Vec<u8>', 4, [['0', types.u32, 0]]);
  const btf = types.btf();

  it('are interfaces, inner ones first', () => {
    expect(recordTypeScript(btf, 'event')).toBe(`\
export interface inner {
  when: bigint;
  on: boolean;
}

export interface event {
  pid: number;
  comm: string;
  first: inner;
  others: inner[];
  number: bigint;
  parts: {
    low: number;
    high: number;
  };
  state: 'ON' | 'OFF' | number;
  history: ('ON' | 'OFF' | number)[];
  ratio: number;
}
`);
  });

  it.each([
    ['unsigned long', 'export type unsigned_long = bigint;\n'],
    ['default', 'export interface default_ {\n  new: number;\n}\n'],
    ['Vec<u8>', 'export interface Vec_u8_ {\n  "0": number;\n}\n'],
  ])('of %s have a name that TypeScript takes', (name, text) => {
    expect(recordTypeScript(btf, name)).toBe(text);
  });
});

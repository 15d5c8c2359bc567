import { describe, expect, test } from 'vitest';
import { Btf, BtfBuilder, parseBtfExt } from '../../src/btf/index.ts';

const builder = new BtfBuilder();
const section = builder.addString('iter/task');
const other = builder.addString('.text');
const file = builder.addString('/src/task.bpf.c');
const line = builder.addString('  return 0;');
const access = builder.addString('0:1:2');
const prototype = builder.add({ kind: 'func_proto', returnType: 0, parameters: [] });
const func = builder.add({ kind: 'func', name: 'dump_task', type: prototype, linkage: 'global' });
const btf = Btf.parse(builder.bytes(), { name: 'task.o' });

interface Part {
  readonly recordSize: number;
  /** Words of a section: its name, then records. */
  readonly sections: readonly (readonly [name: number, ...records: (readonly number[])[]])[];
}

const words = ({ recordSize, sections }: Part) => [
  recordSize,
  ...sections.flatMap(([name, ...records]) => [name, records.length, ...records.flat()]),
];

function extBytes(parts: readonly Part[], littleEndian = true): Uint8Array {
  const bodies = parts.map(words);
  let offset = 0;
  const header = bodies.flatMap((body) => {
    const place = [offset * 4, body.length * 4];
    offset += body.length;
    return place;
  });
  const all = [8 + header.length * 4, ...header, ...bodies.flat()];
  const bytes = new Uint8Array(4 + all.length * 4);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0xeb9f, littleEndian);
  bytes[2] = 1;
  all.forEach((word, index) => {
    view.setUint32(4 + index * 4, word, littleEndian);
  });
  return bytes;
}

const funcs: Part = {
  recordSize: 8,
  sections: [
    [section, [0, func]],
    [other, [0, func], [64, func]],
  ],
};
const lines: Part = { recordSize: 16, sections: [[section, [8, file, line, (1234 << 10) | 57]]] };
const relocations: Part = { recordSize: 16, sections: [[section, [16, prototype, access, 5]]] };

describe.each([
  ['little-endian', true],
  ['big-endian', false],
])('%s .BTF.ext', (_, littleEndian) => {
  test('groups its records by section', () => {
    const ext = parseBtfExt(extBytes([funcs, lines, relocations], littleEndian), btf);
    expect(ext).toEqual({
      littleEndian,
      funcInfo: [
        { section: 'iter/task', recordSize: 8, records: [{ insnOffset: 0, typeId: func }] },
        {
          section: '.text',
          recordSize: 8,
          records: [
            { insnOffset: 0, typeId: func },
            { insnOffset: 64, typeId: func },
          ],
        },
      ],
      lineInfo: [
        {
          section: 'iter/task',
          recordSize: 16,
          records: [{ insnOffset: 8, fileNameOffset: file, lineOffset: line, line: 1234, column: 57 }],
        },
      ],
      coreRelocations: [
        {
          section: 'iter/task',
          recordSize: 16,
          records: [{ insnOffset: 16, typeId: prototype, accessString: '0:1:2', accessStringOffset: access, kind: 5 }],
        },
      ],
    });
  });
});

test('files of compilers that knew no CO-RE have no relocations', () => {
  expect(parseBtfExt(extBytes([funcs, lines]), btf).coreRelocations).toEqual([]);
});

test('longer records keep what is not known of them', () => {
  const ext = parseBtfExt(extBytes([{ recordSize: 12, sections: [[section, [0, func, 0x04030201]]] }, lines]), btf);
  expect(ext.funcInfo[0]?.records).toEqual([{ insnOffset: 0, typeId: func, extra: new Uint8Array([1, 2, 3, 4]) }]);
});

test('absent parts are empty', () => {
  const bytes = new Uint8Array(32);
  bytes.set([0x9f, 0xeb, 1, 0, 32]);
  expect(parseBtfExt(bytes, btf)).toEqual({ littleEndian: true, funcInfo: [], lineInfo: [], coreRelocations: [] });
});

test.each<[string, Uint8Array, RegExp]>([
  ['no bytes', new Uint8Array(0), /magic number/],
  ['a cut header', extBytes([funcs]).subarray(0, 16), /cut short: 16 bytes/],
  ['another version', extBytes([funcs, lines]).with(2, 7), /version 7 is not supported/],
  ['a header beyond its end', extBytes([funcs, lines]).with(5, 1), /header of 280 bytes/],
  ['a part beyond its end', extBytes([funcs, lines]).with(21, 1), /line_info at byte .* length 284/],
  ['records that are too small', extBytes([{ ...funcs, recordSize: 4 }, lines]), /func_info has records of 4 bytes/],
  ['records that are not words', extBytes([{ ...funcs, recordSize: 9 }, lines]), /records of 9 bytes/],
  ['more records than bytes', extBytes([{ ...funcs, recordSize: 16 }, lines]), /more than there are bytes for/],
  ['a section without records', extBytes([{ recordSize: 8, sections: [[other]] }, lines]), /'\.text' has no records/],
  ['a name beyond the strings', extBytes([{ recordSize: 8, sections: [[9999, [0, 1]]] }, lines]), /string offset 9999/],
])('is refused with %s', (_, bytes, message) => {
  expect(() => parseBtfExt(bytes, btf)).toThrow(message);
  expect(() => parseBtfExt(bytes, btf)).toThrow(/^task\.o: /);
});

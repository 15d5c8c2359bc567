import { expect, test } from 'vitest';
import { decodeName, encodeName } from '../../src/embedded/file-names.ts';

test.each<[what: string, bytes: number[], text: string]>([
  ['ASCII', [0x61, 0x62], 'ab'],
  ['UTF-8', [0xc3, 0xbc, 0xf0, 0x9f, 0x90, 0x9d], 'ü🐝'],
  ['a byte order mark', [0xef, 0xbb, 0xbf, 0x61], '\ufeffa'],
  ['bytes that are no UTF-8', [0xff, 0x61, 0xfe], '\udcffa\udcfe'],
  ['a character that is cut off', [0x61, 0xc3], 'a\udcc3'],
  ['one that is encoded too long', [0xc0, 0xaf], '\udcc0\udcaf'],
  ['a surrogate', [0xed, 0xb3, 0xbf], '\udced\udcb3\udcbf'],
  ['both', [0xc3, 0xbc, 0xff], 'ü\udcff'],
])('%s', (_, bytes, text) => {
  expect(decodeName(Uint8Array.from(bytes))).toBe(text);
  expect([...encodeName(text)]).toEqual(bytes);
});

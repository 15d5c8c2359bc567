import { describe, expect, it } from 'vitest';
import {
  AddressRedactor,
  redactArguments,
  redactEnvironment,
  redactStack,
  redactSymbols,
} from '../../src/procfs-node/index.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (array: Uint8Array) => new TextDecoder().decode(array);

it('command lines keep the name of the program and the lengths of what follows', () => {
  expect(text(redactArguments(bytes('sleep\x001000\0')))).toBe('sleep\0****\0');
});

it('environments keep the names of variables', () => {
  expect(text(redactEnvironment(bytes('SECRET=a=b\0EMPTY=\0')))).toBe('SECRET=***\0EMPTY=\0');
});

it('symbols are where they would be without chance, as far apart as they were', () => {
  const lines = [
    '0000000000001000 A cpu_number',
    'ffffffffa5000000 T _text',
    'ffffffffa5000123 t function',
    'ffffffffc0345678 t function\t[module]',
    'ffffffffc0346678 t bpf_prog_1\t[bpf]',
  ];
  expect(text(redactSymbols(bytes(lines.join('\n')))).split('\n')).toEqual([
    '0000000000001000 A cpu_number',
    'ffffffff81000000 T _text',
    'ffffffff81000123 t function',
    'ffffffffa0000678 t function\t[module]',
    'ffffffffa0001678 t bpf_prog_1\t[bpf]',
  ]);
  const hidden = '0000000000000000 T _text';
  expect(text(redactSymbols(bytes(hidden)))).toBe(hidden);
});

it('stacks keep symbols and lose addresses', () => {
  expect(text(redactStack(bytes('[<0>] do_wait+0x56/0xf0\n[<0>] 0xffffffffc0345678\n')))).toBe(
    '[<0>] do_wait+0x56/0xf0\n[<0>] 0xffffffff80000000\n',
  );
});

describe('addresses', () => {
  const redact = (...lines: readonly string[]) => {
    const redactor = new AddressRedactor();
    return lines.map((line) => text(redactor.redact(bytes(line))));
  };

  it('of connections become others, the same for the same in all tables; ports and counts stay', () => {
    expect(
      redact(
        '   1: 0500A8C0:1F90 08080808:0035 01 00000003:00000007 00:00000000 00000000  1000        0 20734',
        '   2: 08080808:0001 0500A8C0:0002 06',
      ),
    ).toEqual([
      '   1: 010012C6:1F90 020012C6:0035 01 00000003:00000007 00:00000000 00000000  1000        0 20734',
      '   2: 020012C6:0001 010012C6:0002 06',
    ]);
  });

  it('of IPv6 too, whether in words or in bytes', () => {
    expect(
      redact(
        '0: B80D01200000000000000000FF000000:0016 0000000000000000FFFF00000500A8C0:0017 0A',
        '20010db80000000000000000000000ff 80 00000000000000000000000000000000 00 fe80000000000000a8bbccfffeddeeff 00000400 00000001 00000002 00000001     eth0',
      ),
    ).toEqual([
      '0: B80D0120000000000000000001000000:0016 0000000000000000FFFF0000020012C6:0017 0A',
      '20010db8000000000000000000000001 80 00000000000000000000000000000000 00 20010db8000000000000000000000003 00000400 00000001 00000002 00000001     eth0',
    ]);
  });

  it.each([
    ['none', '00000000:0050 00000000000000000000000000000000:0050'],
    ['loopback', '0100007F:0050 3500007F:0035 00000000000000000000000001000000:0050'],
    ['multicast', 'FB0000E0:14E9 000002FF0000000000000000FB000000:14E9'],
    ['the prefix of a link', 'fe800000000000000000000000000000 40'],
    ['numbers that are none', '00000000e0413bdb: 00000003 00000000 00010000 0001 01 3290983 /run/a'],
  ])('stay where they tell nothing: %s', (_, line) => {
    expect(redact(line)).toEqual([line]);
  });
});

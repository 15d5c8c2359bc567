import { describe, expect, test } from 'vitest';
import { typeId } from '../../src/btf/index.ts';
import type { KconfigExtern, KconfigValueType } from '../../src/object/index.ts';
import { fillKconfig, parseKconfig } from '../../src/object/kconfig.ts';
import { kernel } from './kernel.ts';

function extern(
  name: string,
  valueType: KconfigValueType,
  size: number,
  more: Partial<KconfigExtern> = {},
): KconfigExtern {
  const place = { btfId: typeId(1), alignment: 1, offset: 0, signed: false, weak: false };
  return { kind: 'kconfig', name, valueType, size, ...place, ...more };
}

/** Bytes of one extern in a map of 0xff, of which untouched bytes stay. */
function fill(wanted: KconfigExtern, kconfig: Record<string, string> | undefined, overrides?: string): number[] {
  const contents = new Uint8Array(wanted.size).fill(0xff);
  fillKconfig(contents, [wanted], kernel(kconfig === undefined ? {} : { kconfig }), overrides);
  return [...contents];
}

describe('a configured value', () => {
  test.each([
    ['y as a bool', 'y', 'bool', 1, false, [1]],
    ['n as a bool', 'n', 'bool', 1, false, [0]],
    ['y as a tristate', 'y', 'tristate', 4, false, [1, 0, 0, 0]],
    ['m as a tristate', 'm', 'tristate', 4, false, [2, 0, 0, 0]],
    ['n as a tristate', 'n', 'tristate', 4, false, [0, 0, 0, 0]],
    ['m as a char', 'm', 'char', 1, true, [0x6d]],
    ['a number as an int', '1000', 'int', 4, true, [0xe8, 3, 0, 0]],
    ['a number as a char', '200', 'char', 1, false, [200]],
    ['a hexadecimal number', '0xffff0000', 'int', 4, false, [0, 0, 0xff, 0xff]],
    ['an octal number', '017', 'int', 2, false, [15, 0]],
    ['zero', '0', 'int', 2, false, [0, 0]],
    ['a negative number', '-2', 'int', 2, true, [0xfe, 0xff]],
    ['the least signed number', '-32768', 'int', 2, true, [0, 0x80]],
    ['a negative number in 64 bits, whatever the sign', '-1', 'int', 8, false, Array(8).fill(0xff)],
    ['the greatest of 64 bits', '0xffffffffffffffff', 'int', 8, true, Array(8).fill(0xff)],
    ['a string', '"ab"', 'char-array', 4, false, [0x61, 0x62, 0, 0]],
    ['a string that is cut', '"abcdef"', 'char-array', 4, false, [0x61, 0x62, 0x63, 0]],
    ['an empty string', '""', 'char-array', 2, false, [0, 0]],
    ['a string with escapes, as it stands', '"a\\"b"', 'char-array', 6, false, [0x61, 0x5c, 0x22, 0x62, 0, 0]],
    ['a word that begins with y', 'yes', 'bool', 1, false, [1]],
  ] as const)('is written: %s', (_, value, valueType, size, signed, expected) => {
    expect(fill(extern('CONFIG_X', valueType, size, { signed }), { CONFIG_X: value })).toEqual(expected);
  });

  test.each([
    ['m', 'bool', 1, false, "extern 'CONFIG_X' is a bool, but its value m needs a tristate or char"],
    [
      'y',
      'int',
      4,
      false,
      "extern 'CONFIG_X' is an unsigned integer of 4 bytes, but its value y needs a bool, tristate or char",
    ],
    [
      'y',
      'char-array',
      4,
      false,
      "extern 'CONFIG_X' is an array of 4 chars, but its value y needs a bool, tristate or char",
    ],
    ['1', 'bool', 1, false, "extern 'CONFIG_X' is a bool, but its value 1 needs an integer"],
    ['1', 'tristate', 4, false, "extern 'CONFIG_X' is a tristate, but its value 1 needs an integer"],
    [
      '"a"',
      'int',
      4,
      false,
      `extern 'CONFIG_X' is an unsigned integer of 4 bytes, but its value "a" needs an array of char`,
    ],
    ['"a', 'char-array', 4, false, `extern 'CONFIG_X': string "a has no closing quote`],
    ['65536', 'int', 2, false, "extern 'CONFIG_X': 65536 does not fit into an unsigned integer of 2 bytes"],
    ['32768', 'int', 2, true, "extern 'CONFIG_X': 32768 does not fit into a signed integer of 2 bytes"],
    ['-32769', 'int', 2, true, "extern 'CONFIG_X': -32769 does not fit into a signed integer of 2 bytes"],
    ['-1', 'int', 4, false, "extern 'CONFIG_X': 18446744073709551615 does not fit into an unsigned integer of 4 bytes"],
    ['300', 'char', 1, false, "extern 'CONFIG_X': 300 does not fit into a char"],
    ['12ab', 'int', 4, false, "extern 'CONFIG_X': '12ab' is not an integer"],
    ['08', 'int', 4, false, "extern 'CONFIG_X': '08' is not an integer"],
    ['0x10000000000000000', 'int', 8, false, "extern 'CONFIG_X': '0x10000000000000000' does not fit into 64 bits"],
  ] as const)('%s is refused as %s of %d bytes (signed: %s)', (value, valueType, size, signed, message) => {
    expect(() => fill(extern('CONFIG_X', valueType, size, { signed }), { CONFIG_X: value })).toThrow(message);
  });
});

describe('a value that is not configured', () => {
  test('leaves a weak extern as it is', () => {
    expect(fill(extern('CONFIG_X', 'int', 2, { weak: true }), {})).toEqual([0xff, 0xff]);
  });

  test('is an error for an extern that is not weak', () => {
    expect(() => fill(extern('CONFIG_X', 'int', 4), {})).toThrow(
      "extern 'CONFIG_X': the kernel's configuration does not have it",
    );
  });

  test.each([true, false])('is an error if there is no configuration at all (weak: %s)', (weak) => {
    expect(() => fill(extern('CONFIG_X', 'int', 4, { weak }), undefined)).toThrow(
      "extern 'CONFIG_X': the kernel's configuration is not available",
    );
  });
});

describe('overrides', () => {
  test('come before the kernel', () => {
    expect(fill(extern('CONFIG_X', 'int', 2), { CONFIG_X: '1' }, 'CONFIG_X=2\n')).toEqual([2, 0]);
  });

  test('make the configuration unnecessary', () => {
    expect(fill(extern('CONFIG_X', 'int', 2), undefined, 'CONFIG_X=2')).toEqual([2, 0]);
  });

  test('leave what they do not name to the kernel', () => {
    expect(fill(extern('CONFIG_X', 'int', 2), { CONFIG_X: '1' }, 'CONFIG_Y=2')).toEqual([1, 0]);
  });

  test('without a value are refused, with their line', () => {
    expect(() => fill(extern('CONFIG_X', 'int', 2), {}, '# comment\nCONFIG_X\n')).toThrow(
      'kconfig option:2: \'CONFIG_X\' has no value; write CONFIG_X=y, =m, =42 or ="text"',
    );
    expect(() => fill(extern('CONFIG_X', 'int', 2), {}, 'CONFIG_X=')).toThrow(
      "kconfig option:1: 'CONFIG_X' has no value",
    );
  });
});

describe('made-up values', () => {
  test('are the version of the kernel', () => {
    expect(fill(extern('LINUX_KERNEL_VERSION', 'int', 4), undefined)).toEqual([5, 18, 6, 0]);
  });

  test.each([
    ['LINUX_HAS_BPF_COOKIE', 'bpf-cookie'],
    ['LINUX_HAS_SYSCALL_WRAPPER', 'syscall-wrapper'],
  ] as const)('are abilities of the kernel: %s', (name, feature) => {
    const read = (lacks: readonly (typeof feature)[]) => {
      const contents = new Uint8Array(1);
      fillKconfig(contents, [extern(name, 'bool', 1)], kernel({ lacks }));
      return contents[0];
    };
    expect(read([])).toBe(1);
    expect(read([feature])).toBe(0);
  });

  test('are 0 where they are unknown and weak', () => {
    expect(fill(extern('LINUX_HAS_WINGS', 'int', 2, { weak: true }), undefined)).toEqual([0, 0]);
  });

  test.each([
    ['LINUX_HAS_WINGS', false],
    ['OTHER', true],
  ])('are refused where they are unknown: %s (weak: %s)', (name, weak) => {
    expect(() => fill(extern(name, 'int', 4, { weak }), undefined)).toThrow(
      `extern '${name}' is no configuration option; known are CONFIG_* and LINUX_KERNEL_VERSION, LINUX_HAS_BPF_COOKIE, LINUX_HAS_SYSCALL_WRAPPER`,
    );
  });
});

describe('configuration text', () => {
  test('is read line by line, and the first value of a name counts', () => {
    const text = '#\n# Linux\nCONFIG_A=y\nCONFIG_S="x=y"\n# CONFIG_B is not set\nCONFIG_A=n\n\nOTHER\n';
    expect([...parseKconfig(text, 'config')]).toEqual([
      ['CONFIG_A', 'y'],
      ['CONFIG_S', '"x=y"'],
    ]);
  });
});

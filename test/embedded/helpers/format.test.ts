import { expect, test } from 'vitest';
import { addressOf } from '../../../src/embedded/index.ts';
import { FakeRuntime } from './fake-runtime.ts';

const EINVAL = -22;
const ENOSPC = -28;

/** Prints through bpf_snprintf; values that are strings are placed in memory. */
function print(format: string, values: readonly (bigint | string)[] = [], size = 1024) {
  const runtime = new FakeRuntime();
  const words = values.map((value) => (typeof value === 'string' ? addressOf(runtime.place(value)) : value));
  const to = runtime.memory.allocate(2048);
  runtime.memory.u8.fill(0x7e, to, to + 2048);
  const at = runtime.words(...words);
  const result = runtime.function('bpf_snprintf')(to, size, runtime.place(format), at, words.length * 8);
  return { result, text: runtime.memory.text(to, size), after: runtime.memory.u8[to + size] };
}

test.each<[format: string, values: (bigint | string)[], text: string]>([
  ['plain %% text\n', [], 'plain % text\n'],
  ['%d %i %u', [-1n, 5n, -1n], '-1 5 4294967295'],
  ['%x %X', [0xdeadbeefn, 0xdeadbeefn], 'deadbeef DEADBEEF'],
  ['%ld|%lu|%lx', [-1n, -1n, -1n], '-1|18446744073709551615|ffffffffffffffff'],
  ['%lld|%llu', [-(1n << 63n), 1n << 63n], '-9223372036854775808|9223372036854775808'],
  ['%llu %llu', [10n ** 18n, 10n ** 18n - 1n], '1000000000000000000 999999999999999999'],
  ['%llu %llu', [9007199254740993n, 4294967296n], '9007199254740993 4294967296'],
  ['%llu', [12345678901234567890n], '12345678901234567890'],
  ['%5d|%-5d|%05d|%+d|% d', [42n, 42n, -42n, 42n, 42n], '   42|42   |-0042|+42| 42'],
  ['%-05d|%+5d|%08x|%-8x|', [42n, 42n, 0xabn, 0xabn], '42   |  +42|000000ab|ab      |'],
  ['%25llu|%-25lld|', [1n << 63n, -(1n << 62n)], '      9223372036854775808|-4611686018427387904     |'],
  ['%024lld', [-(1n << 62n)], '-00004611686018427387904'],
  ['%c%c%5c|%-3c|', [0x41n, 0x142n, 0x43n, 0x44n], 'AB    C|D  |'],
  ['%s.%10s|%-10s|%2s', ['one', 'two', 'three', 'four'], 'one.       two|three     |four'],
  ['%s|%s|%pks', [0n, 0x1000n, 'kernel'], '||kernel'],
  ['%10pks|%-9pus|', ['ab', 'cd'], 'ab||'],
  ['%p %px %pK', [0n, 0x1234n, 0n], '0000000000000000 0000000000001234 0000000000000000'],
  ['%p', [-22n], 'ffffffffffffffea'],
  ['%20px|%-20px|%4px', [0x12n, 0x12n, 0x12345n], '                  12|12                  |12345'],
  ['%ps %pS %pB', [0xffff888000001234n, 0n, 5n], '0xffff888000001234 0x0 0x5'],
])('prints %j', (format, values, text) => {
  expect(print(format, values)).toMatchObject({ text, result: text.length + 1 });
});

test('hashes pointers: 32 bits of it, the same each time', () => {
  const runtime = new FakeRuntime();
  const to = runtime.memory.allocate(64);
  const values = runtime.words(0xffff888000012340n, 0xffff888000012340n, 0xffff888000012348n);
  runtime.function('bpf_snprintf')(to, 64, runtime.place('%p %p %p'), values, 24);
  const [first, second, third] = runtime.memory.text(to, 64).split(' ');
  expect(first).toMatch(/^0{8}[0-9a-f]{8}$/);
  expect(second).toBe(first);
  expect(third).not.toBe(first);
});

test('prints addresses of the internet through pointers to them', () => {
  const runtime = new FakeRuntime();
  const to = runtime.memory.allocate(256);
  const v4 = addressOf(runtime.place(Uint8Array.of(192, 168, 0, 1)));
  const v6 = addressOf(runtime.place(Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)));
  const values = runtime.words(v4, v4, v6, v6, v6, 1n);
  runtime.function('bpf_snprintf')(to, 256, runtime.place('%pI4 %pi4 %pI6 %pi6 %pI6c %20pI4'), values, 48);
  const whole = '2001:0db8:0000:0000:0000:0000:0000:0001';
  expect(runtime.memory.text(to, 256)).toBe(
    `192.168.0.1 192.168.000.001 ${whole} 20010db8000000000000000000000001 ${whole} 0.0.0.0`,
  );
});

test.each([
  ...['%o', '%f', '%e', '%n', '%hd', '%hhd', '%zd', '%jd', '%td', '%llld', '%#x', '%.3s', '%.2d', '%*d', '%lc', '%ls'],
  ...['%pf', '%pF', '%pI5', '%pM', '%pd', '%', '%l', '%5', '%sx', '%pksx', 'a\x01', 'a\x7f'],
])('refuses %j', (format) => {
  expect(print(format, [0n, 0n]).result).toBe(EINVAL);
});

test('text of bytes above ASCII passes, and a space of Latin-1 ends a conversion', () => {
  expect(print('ä%sü', ['x']).result).toBe(EINVAL);
  expect(print('ä%d ü', [1n]).text).toBe('ä1 ü');
});

test('%ps prints the name of a function that is known, and %pS and %pB, which tell its length, only the address', () => {
  const runtime = new FakeRuntime();
  const { memory } = runtime;
  const at = memory.allocate(32);
  memory.u8.set(new TextEncoder().encode('sock_read_iter'), at + 8);
  memory.runtime.symbol_add(at);
  const address = addressOf(at);
  const values = runtime.words(address, address, address + 1n, address, address);
  const to = memory.allocate(256);
  runtime.function('bpf_snprintf')(to, 256, runtime.place('%ps|%16ps|%ps|%pS|%pB'), values, 40);
  const hex = (value: bigint) => `0x${value.toString(16)}`;
  expect(memory.text(to, 256)).toBe(
    `sock_read_iter|  sock_read_iter|${hex(address + 1n)}|${hex(address)}|${hex(address)}`,
  );
});

test('needs as many values as conversions, and does not mind more', () => {
  expect(print('%d %d', [1n]).result).toBe(EINVAL);
  expect(print('%d', [1n, 2n]).text).toBe('1');
});

test('cuts what does not fit, and returns what it would have taken', () => {
  expect(print('%s-%d', ['abcdef', 1234567n], 10)).toEqual({ result: 15, text: 'abcdef-12', after: 0x7e });
  expect(print('%30d', [1n], 1)).toEqual({ result: 31, text: '', after: 0x7e });
  expect(print('%d', [1234n], 0)).toEqual({ result: 5, text: '', after: 0x7e });
});

test('cuts strings at the 512 bytes that the kernel has for values, and refuses what comes behind them', () => {
  const long = 'x'.repeat(600);
  expect(print('%s', [long]).text).toBe('x'.repeat(511));
  expect(print('%s %s', ['y'.repeat(100), long]).text).toBe(`${'y'.repeat(100)} ${'x'.repeat(410)}`);
  expect(print('%s %s', [long, 'z']).result).toBe(ENOSPC);
  expect(print('%s %d', [long, 1n]).result).toBe(ENOSPC);
  expect(print('%s %d', ['x'.repeat(506), 1n]).text).toBe(`${'x'.repeat(506)} 1`);
  expect(print('%s %ld', ['x'.repeat(504), 1n]).result).toBe(ENOSPC);
});

test('values come in eights, at most twelve, and not from NULL', () => {
  const runtime = new FakeRuntime();
  const format = runtime.place('x');
  const snprintf = runtime.function('bpf_snprintf');
  expect(snprintf(0, 0, format, 0, 8)).toBe(EINVAL);
  expect(snprintf(0, 0, format, format, 4)).toBe(EINVAL);
  expect(snprintf(0, 0, format, format, 104)).toBe(EINVAL);
  expect(snprintf(0, 0, format, 0, 0)).toBe(2);
});

test('a format that changes in its place is printed as it is now', () => {
  const runtime = new FakeRuntime();
  const to = runtime.memory.allocate(64);
  const format = runtime.place('%d a');
  const values = runtime.words(7n);
  const snprintf = runtime.function('bpf_snprintf');
  snprintf(to, 64, format, values, 8);
  runtime.memory.u8.set(new TextEncoder().encode('b %d'), format);
  snprintf(to, 64, format, values, 8);
  expect(runtime.memory.text(to, 64)).toBe('b 7');
});

test('bpf_trace_printk prints three values of registers, cut at a line', () => {
  const runtime = new FakeRuntime();
  const trace = runtime.function('bpf_trace_printk');
  const format = runtime.place('%d %lld %x\n');
  expect(trace(format, 12, 1, 0, -1, -1, 0xff, 0)).toBe(8);
  expect(runtime.lines).toEqual(['1 -1 ff\n']);
  expect(trace(format, 5, 0, 0, 0, 0, 0, 0)).toBe(EINVAL);
  const wide = runtime.place('%2000d');
  expect(trace(wide, 7, 1, 0, 0, 0, 0, 0)).toBe(2000);
  expect(runtime.lines[1]).toHaveLength(1023);
});

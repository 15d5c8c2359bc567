/** Helpers and kfuncs of the embedded kernel and of the running one: the same calls, the same text and results. */
import { expect, test } from 'vitest';
import { HostKernel } from '../../../src/host/index.ts';
import { describeOnHost } from '../../host/permitted.ts';
import { askEmbedded, askHost, type Call } from './oracle.ts';

const flagSets = ['', '-', '0', '+', ' ', '-0', '+ ', '-+', '0+', '+-0 '];
const widths = ['', '1', '7', '25'];
const conversions = ['d', 'i', 'u', 'x', 'X', 'ld', 'lu', 'lx', 'lX', 'lli', 'llu', 'llx', 'c'];
const numbers = [
  ...[0n, 1n, -1n, 7n, 42n, 255n, 99999n, 0x41n, 0x12345678n, 2147483647n, -2147483648n, 4294967295n, 4294967296n],
  ...[999999999n, 1000000000n, 1000000001n, 9007199254740991n, 9007199254740993n, 10n ** 18n - 1n, 10n ** 18n],
  ...[123456789012345678n, 10n ** 19n, (1n << 63n) - 1n, -(1n << 63n), -1234567890123456789n, 0xffff888000000041n],
];

/** Each combination of flags, width and conversion once, with numbers in turn. */
const numberCalls: readonly Call[] = (() => {
  const calls: Call[] = [];
  let next = 0;
  for (const flags of flagSets) {
    for (const width of widths) {
      const formats = conversions.map((conversion) => `%${flags}${width}${conversion}`);
      for (let i = 0; i < formats.length; i += 7) {
        const format = formats.slice(i, i + 7).join('|');
        const words = Array.from({ length: 12 }, () => numbers[next++ % numbers.length] as bigint);
        calls.push({ operation: 'printf', format, words, size: 96 });
      }
    }
  }
  for (const number of numbers) {
    const words = Array.from({ length: 12 }, () => number);
    calls.push({ operation: 'printf', format: '%d %u %x %ld %lu %lX %c', words, size: 96 });
  }
  return calls;
})();

const v4 = Uint8Array.of(192, 168, 0, 1);
const v6 = Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xab, 0xcd, 0, 1);
const one: Pick<Call, 'operation' | 'size' | 'words'> = { operation: 'printf', size: 8, words: [0x41n] };

const textCalls: readonly Call[] = [
  { operation: 'printf', format: 'plain 100%% text\ttab\n' },
  { operation: 'printf', format: '' },
  { operation: 'printf', size: 96, words: ['one', 'two', 'three'], format: '%s.%10s|%-10s|' },
  { operation: 'printf', size: 96, words: ['one', 'two', 'three'], format: '%pks|%10pks|%-10pus|' },
  { operation: 'printf', size: 96, words: [0n, 8n, 0x7fff_0000_0000n], format: '%s|%s|%pks|' },
  { operation: 'printf', size: 96, words: ['zero', 'plus', 'blank'], format: '%05s|%+7s|% 7s|' },
  { operation: 'printf', size: 96, words: ['x'.repeat(600)], format: '%s' },
  { operation: 'printf', size: 96, words: ['y'.repeat(100), 'x'.repeat(600)], format: '%s %s' },
  { operation: 'printf', size: 96, words: ['x'.repeat(600), 'z'], format: '%s %s' },
  { operation: 'printf', size: 96, words: ['x'.repeat(600), 1n], format: '%s %d' },
  { operation: 'printf', size: 96, words: ['x'.repeat(506), 1n], format: '%s %d' },
  { operation: 'printf', size: 96, words: ['x'.repeat(507), 1n], format: '%s %d' },
  { operation: 'printf', size: 96, words: ['x'.repeat(504), 1n], format: '%s %ld' },
  { operation: 'printf', size: 96, words: ['x'.repeat(510), 0x41n], format: '%s %c' },
  { operation: 'printf', size: 96, words: ['x'.repeat(511), 0x41n], format: '%s %c' },
  { operation: 'printf', size: 96, words: [v4, v4, v6, v6, v6], format: '%pI4 %pi4 %pI6 %pi6 %pI6c' },
  { operation: 'printf', size: 96, words: [v4, v4, v6, 1n, 0n], format: '%20pI4|%-20pi4|%50pI6|%pI4|%pi6' },
  { operation: 'printf', size: 96, words: [0n, 0x1234n, 0n, -1n, -4095n], format: '%p %px %pK %p %pK' },
  { operation: 'printf', size: 96, words: [0x12n, 0x12n, 0x12345n, 0n], format: '%20px|%-20px|%4px|%05px|' },
  { operation: 'printf', size: 96, words: [0x12n, 0x12n], format: '%20p|%-20p|'.replaceAll('p', 'px') },
  { operation: 'printf', size: 96, words: [5n, 0n, 0x1234_5678n], format: '%ps %pS %pB' },
  { operation: 'printf', size: 96, words: [5n, 6n, 7n], format: '%20ps|%-20pS|%20pB|' },
  { operation: 'printf', size: 96, words: [1n, v4, 2n], format: '%pxabc %pI4xyz %d' },
  { ...one, format: 'ä%d ü' },
  { ...one, format: '%\u00e4' },
  { ...one, words: ['x'], format: '%sü' },
  { ...one, words: ['x'], format: '%s\u00a0' },
  { ...one, words: [1n], format: '%d %d' },
  { ...one, words: [1n], format: '%%%d%%' },
  { ...one, size: 4, format: 'x' },
  { ...one, size: 96, words: [1n, 2n], format: '%d' },
  ...['%o', '%f', '%e', '%n', '%hd', '%hhd', '%zd', '%jd', '%td', '%llld', '%#x', '%.3s', '%.2d', '%*d', '%lc'].map(
    (format): Call => ({ ...one, format }),
  ),
  ...['%ls', '%pf', '%pF', '%pI5', '%pM', '%pd', '%', '%l', '%5', '%sx', '%pksx', '%psx', 'a\x01', 'a\x7f', '%-'].map(
    (format): Call => ({ ...one, format }),
  ),
  ...['%1000d', '%30000x', '%030000d', '%-30000c'].map((format): Call => ({ ...one, format })),
];

const numberTexts = [
  ...['42 rest', ' \t\n-42', '0x1fg', '0X1F', '1F', '0x', '0xg', '017', '018', '9', 'x', '-', ' ', ' - 1', '+1', '--1'],
  ...['9223372036854775807', '9223372036854775808', '-9223372036854775808', '-9223372036854775809', '-0'],
  ...['-18446744073709551615', '18446744073709551615', '18446744073709551616', '99999999999999999999999', '\xa01'],
  ...[`${'0'.repeat(62)}7`, `${'0'.repeat(63)}7`, 'ffffffffffffffff', 'fffffffffffffffff', '1777777777777777777777'],
];

const parseCalls: readonly Call[] = numberTexts.flatMap((text) =>
  [0n, 8n, 10n, 16n, 2n, 32n].flatMap((flags) =>
    ['strtol', 'strtoul'].map(
      (operation): Call => ({
        operation,
        flags,
        size: text.length,
        words: [Uint8Array.from(text, (c) => c.charCodeAt(0))],
      }),
    ),
  ),
);

const addresses = [
  0n,
  1n,
  0xfffn,
  0x7fff_ffff_f000n,
  0x8000_0000_0000n,
  0x7fff_0000_0000_0000n,
  0xffff_ffff_ff60_0000n,
];
const readCalls: readonly Call[] = [
  ...addresses.flatMap((address) =>
    ['read', 'readString'].flatMap((operation) =>
      [0, 1, 16].map((size): Call => ({ operation, size, words: [address] })),
    ),
  ),
  ...[0, 1, 5, 6, 7, 20].flatMap((size) =>
    ['read', 'readString'].map((operation): Call => ({ operation, size, words: ['texts'] })),
  ),
];

const texts = ['', 'a', 'abc', 'abd', 'ABC', 'hello', 'lo', 'ell', 'h\u00e9llo', 'z'];
const bad = [0n, 0x7fff_0000_0000n, 0x8000_0000_0000_0000n];
const stringCalls: readonly Call[] = [
  ...['strcmp', 'strcasecmp', 'strspn', 'strcspn', 'strstr'].flatMap((operation) =>
    [...texts, ...bad].flatMap((a) =>
      ['', 'abc', 'lo', 'é', ...bad.slice(0, 1)].map((b): Call => ({ operation, words: [a, b] })),
    ),
  ),
  ...['strchr', 'strchrnul', 'strrchr'].flatMap((operation) =>
    ['hello', '', 'h\u00e9llo', 0n].flatMap((a) =>
      [0x6cn, 0n, 0xc3n, 0x16cn, -61n].map((flags): Call => ({ operation, words: [a], flags })),
    ),
  ),
  ...[...texts, ...bad].map((a): Call => ({ operation: 'strlen', words: [a] })),
  ...['strnlen', 'strnchr'].flatMap((operation) =>
    ['hello', '', 0n].flatMap((a) =>
      [0n, 2n, 3n, 5n, 6n, -1n].map((count): Call => ({ operation, words: [a, 0n, count], flags: 0x6cn })),
    ),
  ),
  ...['lo', 'l', '', 'x', 'hello', 'hellos'].flatMap((b) =>
    [0n, 1n, 3n, 4n, 5n, 6n, 100n, -1n].map((count): Call => ({ operation: 'strnstr', words: ['hello', b, count] })),
  ),
];

const filled = (size: number, of: (i: number) => number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, i) => of(i));
const patterns: readonly ((i: number) => number)[] = [
  () => 0,
  () => 0xff,
  (i) => i,
  (i) => (i % 16 === 3 ? 1 : 0),
  (i) => (i < 40 ? 0 : 0x61 + (i % 26)),
  (i) => Math.imul(i + 1, 2654435761) >>> 24,
];
const shownTypes: readonly string[] = [
  ...['list_head', 'btf_ptr', 'tcphdr', 'iphdr', 'bpf_attr', 'bpf_iter_link_info', 'bpf_map_type', 'sockaddr_in6'],
  ...[
    'bpf_prog_info',
    'path',
    'qstr',
    'timespec64',
    'atomic64_t',
    'kuid_t',
    'u8',
    'int',
    'pid_type',
    'bool',
    'utsname',
  ],
  ...['new_utsname', 'sk_buff_list', 'rb_node', 'bpf_insn', 'in6_addr', 'ethhdr', 'rlimit', 'cred', 'bpf_dynptr_kern'],
  ...[
    '__int128',
    'dev_t',
    'kernel_siginfo',
    'siginfo',
    'bpf_sock',
    'xdp_md',
    'bpf_cgroup_iter_order',
    'user_regs_struct',
  ],
  ...[
    'seq_file',
    'kobject',
    'bpf_func_info',
    'task_group',
    'fdtable',
    'pt_regs',
    'ipv6hdr',
    'bpf_link_info',
    'sigaction',
  ],
];

async function compare(calls: readonly Call[], btf?: Parameters<typeof askEmbedded>[0]): Promise<void> {
  for (let i = 0; i < calls.length; i += 512) {
    const batch = calls.slice(i, i + 512);
    const outcomes = await askHost(batch);
    expect(outcomes).toHaveLength(batch.length);
    for (const [at, call] of batch.entries()) {
      expect({ call, ...askEmbedded(btf, call) }).toEqual({ call, ...outcomes[at] });
    }
  }
}

describeOnHost('as the running kernel', () => {
  test('numbers are printed', () => compare(numberCalls));
  test('text, strings, pointers and addresses are printed, and the same formats refused', () => compare(textCalls));
  test('numbers are found in text', () => compare(parseCalls));
  test('addresses are read, or not', () => compare(readCalls));
  test('strings are compared and searched', () => compare(stringCalls));

  test('objects are shown by their types', async () => {
    using kernel = new HostKernel();
    const btf = kernel.btf();
    const calls = shownTypes.flatMap((name): Call[] => {
      const typeId = btf.find(name);
      if (typeId === undefined || btf.sizeOfType(typeId) > 900) return [];
      const size = btf.sizeOfType(typeId);
      return patterns.flatMap((pattern) =>
        [4n, 5n, 6n, 12n, 15n].map(
          (flags): Call => ({ operation: 'printfBtf', typeId, flags, words: [filled(size, pattern)] }),
        ),
      );
    });
    const refused = [0n, 1n, 0x7fff_0000_0000n].map(
      (address): Call => ({ operation: 'printfBtf', typeId: btf.find('list_head', 'struct') ?? 0, words: [address] }),
    );
    const wrong: Call[] = [
      { operation: 'printfBtf', typeId: 0, words: [0n] },
      { operation: 'printfBtf', typeId: 0x7fffffff, words: [0n] },
      { operation: 'printfBtf', typeId: 1, words: [0n], flags: 16n },
    ];
    const cut = [1, 2, 20, 100, 1000].map(
      (size): Call => ({
        operation: 'snprintfBtf',
        typeId: btf.find('iphdr', 'struct') ?? 0,
        words: [filled(20, (i) => i)],
        size,
      }),
    );
    await compare([...calls, ...refused, ...wrong, ...cut], btf);
  });
});

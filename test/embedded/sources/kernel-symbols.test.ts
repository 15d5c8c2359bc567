import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openEmbeddedKernel, procfsSource } from '../../../src/embedded/index.ts';
import { KernelSymbols } from '../../../src/embedded/sources/lists/kernel-symbols.ts';
import { openObject } from '../../../src/object/index.ts';
import { SnapshotReader } from './snapshot.ts';

/** As /proc/kallsyms: `81000000 T _stext`, the upper half of the addresses left out. */
const symbolsOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => {
      const [, digits = '', type = '', name = '', module = ''] = /^ *(\S+) (\S) (\S+)(?: \[(.+)\])?$/.exec(line) ?? [];
      return { low: Number.parseInt(digits, 16), high: 0xffffffff, type, name, module };
    });

const KALLSYMS = `
  81000000 T _stext
  81000000 T first
  81000100 t twin
  81000140 T between
  81000200 t twin
  81000280 T same
  810002c0 t same
  81000300 T _etext
  82000000 T _sinittext
  82000010 t at_start
  82000020 T _einittext
  c0000000 t function [module]
  c0000040 T other [module]
  c0000080 D data [module]
  c0001000 t bpf_prog_1 [bpf]
  c0001100 t bpf_prog_2 [bpf]
`;

const symbols = () => new KernelSymbols(symbolsOf(KALLSYMS));
const at = (low: number) => ({ low, high: 0xffffffff });

describe("the kernel's symbols", () => {
  it.each([
    [0x81000010, '_stext+0x10/0x100', 'of several at one address the first one counts'],
    [0x81000150, 'between+0x10/0xc0', 'they end where the next one begins'],
    [0x82000015, 'at_start+0x5/0x10', 'there are functions that are only needed at start'],
    [0x81000400, undefined, 'behind the last function there is none'],
    [0xc0000010, 'function+0x10/0x40 [module]', 'those of modules name it'],
    [0xc0000050, undefined, 'how long the last function of a module is, is not known'],
    [0xc0001010, undefined, 'nor how long a program is'],
  ])('%i is in %s: %s', (address, text, _) => {
    expect(symbols().textOf(at(address), 'place')).toBe(text);
  });

  it('print a name alone, and addresses to return to by the function that called', () => {
    expect(symbols().textOf(at(0x81000150), 'name')).toBe('between');
    expect(symbols().textOf(at(0xc0000010), 'name')).toBe('function [module]');
    // The call was the last instruction of its function.
    expect(symbols().textOf(at(0x81000200), 'return')).toBe('between+0xc0/0xc0');
    expect(symbols().textOf(at(0x81000200), 'place')).toBe('twin+0x0/0x80');
  });

  it.each([
    ['between+0xc0/0xc0', at(0x81000200)],
    ['twin+0x8/0x40', at(0x81000108)],
    ['twin+0x8/0x80', at(0x81000208)],
    ['same+0x1/0x40', 'ambiguous'],
    ['twin+0x8/0x41', 'unknown'],
    ['first+0x8/0x100', 'unknown'],
    ['function+0x1/0x40 [module]', at(0xc0000001)],
    ['function+0x1/0x40', 'unknown'],
    ['0xffffffffc0002000', at(0xc0002000)],
    ['something else', 'unknown'],
  ])('%s is at %o', (text, address) => {
    expect(symbols().addressOf(text)).toEqual(address);
  });

  it('know how long a program is when the kernel has printed it', () => {
    const known = symbols();
    expect(known.addressOf('bpf_prog_1+0x8/0x20 [bpf]')).toEqual(at(0xc0001008));
    expect(known.textOf(at(0xc0001009), 'place')).toBe('bpf_prog_1+0x9/0x20 [bpf]');
    expect(known.textOf(at(0xc0001020), 'place')).toBeUndefined();
  });

  it('are not told where they are hidden', () => {
    const hidden = symbolsOf(KALLSYMS).map((symbol) => ({ ...symbol, low: 0, high: 0 }));
    expect(new KernelSymbols(hidden).isEmpty).toBe(true);
  });

  it('of data are counted where the kernel has them', () => {
    const all = new KernelSymbols(symbolsOf('81000000 T _stext\n81000300 T _etext\n81000400 D data\n81000500 B _end'));
    expect(all.textOf(at(0x81000410), 'place')).toBe('data+0x10/0x100');
    expect(all.textOf(at(0x81000500), 'place')).toBeUndefined();
  });
});

describe('a stack that is not told', () => {
  const name = 'test/embedded/targets/fixtures/stacks.bpf.o';
  const kallsyms = KALLSYMS.trim().replace(/^ */gm, 'ffffffff').replaceAll(' [', '\t[');

  async function run(files: Record<string, string | null>) {
    const told = new Map<string, number>();
    const reader = new SnapshotReader({
      files: {
        '/proc/7/stat': '7 (sleeper) S 0 0 0 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 0 0 0\n',
        '/proc/7/status': 'Tgid:\t7\nPid:\t7\n',
        ...files,
      },
      links: { '/proc/self': '1' },
      statuses: { '/proc/kallsyms': {} },
    });
    using kernel = openEmbeddedKernel({
      source: procfsSource(reader),
      onUnreadable: (unreadable) => {
        for (const [what, count] of unreadable) told.set(what, count);
      },
    });
    using loaded = await kernel.load(openObject(readFileSync(new URL(`../../../${name}`, import.meta.url)), { name }));
    using link = loaded.program('stacks').attachIter({ task: { pid: 7 } });
    return { text: await link.open().text(), told: [...told.keys()].filter((what) => /stack|kallsyms/.test(what)) };
  }

  it.each([
    ['may not be read', { '/proc/7/stack': null, '/proc/kallsyms': kallsyms }, 'stack'],
    ['is not there', { '/proc/kallsyms': kallsyms }, 'stack'],
    [
      'has addresses that are hidden',
      { '/proc/7/stack': '[<0>] twin+0x1/0x40\n', '/proc/kallsyms': kallsyms.replace(/^.{16}/gm, '0'.repeat(16)) },
      'kallsyms',
    ],
    [
      'has a symbol of which there are two',
      { '/proc/7/stack': '[<0>] same+0x1/0x40\n', '/proc/kallsyms': kallsyms },
      'stack (symbols of one name)',
    ],
    [
      'has a symbol that is gone',
      { '/proc/7/stack': '[<0>] gone+0x1/0x40 [bpf]\n', '/proc/kallsyms': kallsyms },
      'stack (symbols that are not known)',
    ],
    [
      'may be longer than the file shows',
      { '/proc/7/stack': '[<0>] twin+0x1/0x40\n'.repeat(64), '/proc/kallsyms': kallsyms },
      'stack (deeper than it shows)',
    ],
  ])('%s: as if there were none, and counted', async (_, files, what) => {
    const { text, told } = await run(files);
    expect(text).toContain('no stack: -14');
    expect(told).toEqual([what]);
  });

  it('is told where all is known', async () => {
    const stack = '[<0>] twin+0x1/0x40\n[<0>] 0xffffffffc0009999\n[<0>] between+0xc0/0xc0\n';
    const { text, told } = await run({ '/proc/7/stack': stack, '/proc/kallsyms': kallsyms });
    expect(told).toEqual([]);
    expect(text).toContain('24 bytes, flags 2: 8, first ffffffff81000200');
    expect(text.match(/^ffffffff.*/gm)).toEqual([
      'ffffffff81000101 twin+0x1/0x40|',
      'ffffffffc0009999 0xffffffffc0009999|',
      'ffffffff81000200 between+0xc0/0xc0|',
    ]);
    expect(text).toContain('\ntwin+0x0/0x80|twin|');
  });
});

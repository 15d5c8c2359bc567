/** Variables of objects by name, before they are loaded and in both kernels. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { objectsSource, openEmbeddedKernel } from '../src/embedded/index.ts';
import { GlobalVariables } from '../src/global-variables.ts';
import { openHostKernel } from '../src/host/index.ts';
import { bpfPermitted } from '../src/host/privilege.ts';
import type { Kernel } from '../src/kernel.ts';
import { openObject } from '../src/object/index.ts';

const objectOf = (path: string) => openObject(readFileSync(path), { name: path });
const globals = () => objectOf('test/object/fixtures/globals.bpf.o');
const numbers = () => objectOf('programs/numbers.bpf.o');

const permission = bpfPermitted();
const kernels: readonly (readonly [title: string, skipped: boolean, open: () => Kernel])[] = [
  ['embedded', false, () => openEmbeddedKernel({ source: objectsSource({ tasks: [{ pid: 1 }] }) })],
  [`running${permission.ok ? '' : ` (skipped: ${permission.reason})`}`, !permission.ok, openHostKernel],
];

for (const [title, skipped, open] of kernels) {
  describe.skipIf(skipped)(`variables of an object in the ${title} kernel`, () => {
    it('are what was set before, and what programs left there', async () => {
      const object = numbers();
      new GlobalVariables(object).set({ limit: 30 });
      using kernel = open();
      using loaded = await kernel.load(object);
      expect((await loaded.program('longest_way').run()).retval).toBe(0);
      const variables = new GlobalVariables(loaded);
      // Collatz: from 27 it takes 111 steps, and no smaller number than 31 takes as many.
      expect([variables.get('limit'), variables.get('start'), variables.get('steps')]).toEqual([30, 27, 111]);
      variables.set({ start: 5 });
      expect(variables.all()).toMatchObject({ limit: 30, start: 5, steps: 111 });
    });

    it('that are constants cannot be changed any more', async () => {
      using kernel = open();
      using loaded = await kernel.load(numbers());
      const variables = new GlobalVariables(loaded);
      expect(() => variables.set({ start: 5, limit: 31 })).toThrow(
        "variable 'limit' is a constant in '.rodata': it can be set before the object is loaded only",
      );
      expect(variables.get('start')).toBe(0);
    });
  });
}

describe('variables of an object that is not loaded', () => {
  it('are of all sections but the configuration of a kernel that is not known yet', () => {
    const variables = new GlobalVariables(globals());
    expect(variables.names().sort()).toEqual(
      ['counter', 'custom', 'greeting', 'hidden_only', 'limit', 'seen', 'table', 'total'].sort(),
    );
    expect(variables.all()).toMatchObject({
      limit: 10,
      greeting: 'hello',
      counter: 7,
      total: 0n,
      seen: 0,
      custom: 3,
      table: [1, 2],
      hidden_only: 5,
    });
  });

  it('are changed for later loads, of arrays the elements that are given', () => {
    const object = globals();
    new GlobalVariables(object).set({ table: [9], total: 1n << 40n, greeting: 'bye' });
    expect(new GlobalVariables(object).all()).toMatchObject({ table: [9, 2], total: 1n << 40n, greeting: 'bye' });
    expect(object.variable('table').bytes).toEqual(Uint8Array.of(9, 0, 0, 0, 2, 0, 0, 0));
  });

  const refusals: readonly (readonly [values: Parameters<GlobalVariables['set']>[0], message: string | RegExp])[] = [
    [{ counter: 1, limits: 1 }, /^there is no global variable 'limits' in globals \(did you mean 'limit'\?\)$/],
    [{ counter: 1, table: [1, 2, 3] }, /table|3/],
    [{ counter: 1, greeting: 'much too long' }, /greeting|char|8/],
  ];
  it.each(refusals)('are not changed at all if one cannot be: %o', (values, message) => {
    const variables = new GlobalVariables(globals());
    expect(() => variables.set(values)).toThrow(message);
    expect(variables.get('counter')).toBe(7);
  });

  it.each([undefined, {}, globals().map('.bss'), 'globals.bpf.o'])('are not had from %o', (wrong) => {
    // What a user without types may give.
    expect(() => new GlobalVariables(wrong as never)).toThrow(
      'global variables are those of an object that loadObject() or openObject() gave, or of one that kernel.load() gave',
    );
  });
});

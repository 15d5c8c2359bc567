import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openEmbeddedKernel } from '../../../src/embedded/kernel.ts';
import type { UserTarget } from '../../../src/embedded/targets/index.ts';
import { openObject } from '../../../src/object/index.ts';
import { FakeObjects } from '../fake-objects.ts';

const source = {
  name: 'nothing',
  open: (memory: ConstructorParameters<typeof FakeObjects>[0]) => new FakeObjects(memory),
};

const planets: UserTarget = {
  name: 'planet',
  types: `
    struct moon { char name[8]; u64 radius; };
    struct planet { u32 count; char name[16]; struct moon moons[2]; };
  `,
  arguments: [
    { name: 'planet', type: 'struct planet *' },
    { name: 'position', type: 'u32' },
  ],
  *objects() {
    yield [{ name: 'Earth', count: 1, moons: [{ name: 'Moon', radius: 1_737_400n }] }, 3];
    yield [{ name: 'Mars', count: 2, moons: [{ name: 'Phobos', radius: 11_300 }] }, 4];
  },
};

const object = openObject(readFileSync(new URL('fixtures/planet.bpf.o', import.meta.url)), { name: 'planet.bpf.o' });

test('programs of a target that a user gives are relocated, verified and run', async () => {
  using kernel = openEmbeddedKernel({ source, targets: [planets] });
  const loaded = await kernel.load(object);
  using link = loaded.program('dump_planet').attachIter();
  const text = '3 Earth has 1: Moon 1737400\n4 Mars has 2: Phobos 11300\n2 in all\n';
  expect(await link.open().text()).toBe(text);
  expect(await link.open().text()).toBe(text);
  expect(link.info()).toMatchObject({ targetName: 'planet' });
});

test('pointers may be NULL, as after the last object', async () => {
  using kernel = openEmbeddedKernel({ source, targets: [planets] });
  await expect(kernel.load(object, { programs: ['unchecked'] })).rejects.toThrow(
    expect.objectContaining({ code: 'refused', message: expect.stringContaining('trusted_ptr_or_null_') }),
  );
});

test('without the target there is nothing to attach to', async () => {
  using kernel = openEmbeddedKernel({ source });
  await expect(kernel.load(object)).rejects.toThrow(/planet/);
});

describe('a target is refused', () => {
  test.each<[why: string, target: Partial<UserTarget>, message: RegExp]>([
    ['whose types are no C', { types: 'struct planet { u32 count;' }, /iter\/planet: its types cannot be read/],
    [
      'with a pointer to no struct',
      { arguments: [{ name: 'a', type: 'u32 *' }] },
      /'u32 \* a' is no pointer to a struct/,
    ],
    ['whose name is taken', { name: 'task', types: '' }, /task/],
  ])('%s', (_, changes, message) => {
    expect(() => openEmbeddedKernel({ source, targets: [{ ...planets, ...changes }] })).toThrow(message);
  });
});

test('values that do not fit end the read', async () => {
  const wrong = { ...planets, objects: () => [[{ name: 'Earth' }]] };
  using kernel = openEmbeddedKernel({ source, targets: [wrong] });
  const loaded = await kernel.load(object);
  using link = loaded.program('dump_planet').attachIter();
  await expect(link.open().text()).rejects.toThrow('iter/planet takes 2 values for each call, not 1');
  const typo = { ...planets, objects: () => [[{ nmae: 'Earth' }, 1]] };
  using other = openEmbeddedKernel({ source, targets: [typo] });
  using otherLink = (await other.load(object)).program('dump_planet').attachIter();
  await expect(otherLink.open().text()).rejects.toThrow(/nmae/);
});

import { expect, test } from 'vitest';
import { layoutOf } from '../../../src/embedded/model/index.ts';
import { FakeMemory } from '../fake-memory.ts';
import { Fixture } from './fixture.ts';

test.each([
  ['kmem_cache', '11 12 13 0 '],
  // There is no call after the last one.
  ['dmabuf', '11 12 13 '],
])('iter/%s shows its list, in one read or in many', async (target, text) => {
  const fixture = new Fixture(new FakeMemory());
  fixture.objects.listed = [11, 12, 13];
  const link = fixture.iterators.attach(fixture.program(target, ([at]) => `${at} `, { sleepable: true }));
  expect(await link.open().text()).toBe(text);
  const read = fixture.reader(link, 3);
  expect(`${read()}${read()}${read()}${read()}`).toBe(text);
  expect(read()).toBe('');
});

test('iter/ksym shows each symbol in the same struct, and what is left of the last one in the end', async () => {
  const memory = new FakeMemory();
  const fixture = new Fixture(memory);
  const layout = layoutOf('kallsym_iter');
  const struct = memory.allocate(layout.size);
  const at = (path: string) => struct + layout.field(path).offset;
  const put = (path: string, text: string) => memory.u8.set(new TextEncoder().encode(`${text}\0`), at(path));
  put('name', 'last');
  put('module_name', 'a_module_with_a_long_name');
  memory.view.setUint32(at('exported'), 1, true);
  fixture.objects.listed = [struct, struct];
  const program = fixture.program('ksym', ([symbol]) => {
    expect(symbol).toBe(struct);
    return `${memory.text(at('name'), 512)} [${memory.text(at('module_name'), 56)}] ${memory.view.getUint32(at('exported'), true)}\n`;
  });
  using link = fixture.iterators.attach(program);
  expect(await link.open().text()).toBe(
    'last [a_module_with_a_long_name] 1\nlast [a_module_with_a_long_name] 1\nlast [__builtin__kprobes] 0\n',
  );
});

import { expect, test } from 'vitest';
import type { EmbeddedMap } from '../../../src/embedded/maps/embedded-map.ts';
import { layoutOf } from '../../../src/embedded/model/index.ts';
import { FakeMemory } from '../fake-memory.ts';
import { Fixture } from './fixture.ts';

test('maps, programs and links are shown by number, also those that come after the end', () => {
  const fixture = new Fixture(new FakeMemory());
  const map = (address: number) => ({ address }) as EmbeddedMap;
  fixture.maps.add(map(801));
  fixture.maps.add(map(802));
  fixture.maps.remove(1);
  fixture.maps.add(map(803));
  const program = fixture.program('bpf_map', ([address]) => `${address} `);
  const link = fixture.iterators.attach(program);
  const file = fixture.iterators.links.get(link.info().id)?.openFile();
  const buffer = new Uint8Array(100);
  const read = () => new TextDecoder().decode(buffer.subarray(0, file?.read(buffer)));
  expect([read(), read()]).toEqual(['802 803 0 ', '']);
  fixture.maps.add(map(804));
  expect([read(), read()]).toEqual(['804 ', '']);
});

test('a link shows itself and its program, also after another program took its place', async () => {
  const fixture = new Fixture(new FakeMemory());
  const { view } = fixture.memory;
  const layout = layoutOf('bpf_link');
  const show = ([at]: readonly number[]) => {
    if (at === undefined || at === 0) return 'end';
    const field = (path: string) => view.getUint32(at + layout.field(path).offset, true);
    return `${field('id')} ${field('type')} ${field('prog')}\n`;
  };
  const first = fixture.program('bpf_link', show);
  const second = fixture.program('bpf_link', show);
  using link = fixture.iterators.attach(first);
  expect(await link.open().text()).toBe(`1 4 ${first.address}\nend`);
  link.update(second);
  expect(await link.open().text()).toBe(`1 4 ${second.address}\nend`);
});

test('programs are shown by number', async () => {
  const fixture = new Fixture(new FakeMemory());
  const program = fixture.program('bpf_prog', ([at]) => `${at} `);
  const other = fixture.program('task', () => 0);
  using link = fixture.iterators.attach(program);
  expect(await link.open().text()).toBe(`${program.address} ${other.address} 0 `);
});

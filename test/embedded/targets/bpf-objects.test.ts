import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { objectsSource, openEmbeddedKernel } from '../../../src/embedded/index.ts';
import type { EmbeddedMap } from '../../../src/embedded/maps/embedded-map.ts';
import { layoutOf } from '../../../src/embedded/model/index.ts';
import { openObject } from '../../../src/object/index.ts';
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

test('programs read who has a map, how full it is, and what they were compiled to', async () => {
  using kernel = openEmbeddedKernel({ source: objectsSource({ tasks: [{ pid: 1 }] }) });
  const path = new URL('../../../programs/', import.meta.url);
  const open = (name: string) => openObject(readFileSync(new URL(`${name}.bpf.o`, path)), { name });
  using hash = await kernel.load(open('hashmap'));
  const [map] = hash.maps;
  map?.update(new Uint8Array(map.keySize), new Uint8Array(map.valueSize));
  using loaded = await kernel.load(open('bpf_map'));
  using link = loaded.programs[0]?.attachIter();
  const rows = (await link?.open().text())?.split('\n').map((line) => line.trim().split(/\s+/)) ?? [];
  expect(rows.filter(([, type]) => type === '1').map((row) => row.slice(5))).toEqual([['1', String(map?.maxEntries)]]);

  using programs = await kernel.load(open('bpf_prog'));
  using ofPrograms = programs.programs[0]?.attachIter();
  const text = await ofPrograms?.open().text();
  const [, compiled, maps] = /dump_entry\s+\w+\s+\d+\s+(\d+)\s+(\d+)/.exec(text ?? '') ?? [];
  expect([Number(compiled) > 100, Number(maps) > 0]).toEqual([true, true]);
});

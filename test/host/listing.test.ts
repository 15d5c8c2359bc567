import { execFileSync, spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { loadedBtf, loadedLinks, loadedMaps, loadedPrograms } from '../../src/host/listing.ts';
import { HostMap, tryCreateMap } from '../../src/host/maps.ts';
import { BPF_F_RDONLY, BPF_MAP_TYPE_ARRAY, BPF_PROG_TYPE_TRACING } from '../../src/uapi/index.ts';
import { describeOnHost, loadIterator, openDescriptors } from './permitted.ts';

const hasBpftool = spawnSync('bpftool', ['version']).status === 0;

describeOnHost('what is loaded', () => {
  test('is listed with what was loaded here, in the order of ids', () => {
    const before = openDescriptors();
    using program = loadIterator('task');
    using link = program.attachIter();
    using map = new HostMap(
      tryCreateMap({
        map_type: BPF_MAP_TYPE_ARRAY,
        key_size: 4,
        value_size: 8,
        max_entries: 3,
        map_flags: BPF_F_RDONLY,
        map_name: 'listed',
      }),
    );
    const programs = [...loadedPrograms()];
    expect(programs.find(({ id }) => id === program.id)).toMatchObject({
      name: 'by_hand',
      type: BPF_PROG_TYPE_TRACING,
      tag: expect.stringMatching(/^[0-9a-f]{16}$/),
      uid: process.getuid?.(),
      btfId: 0,
    });
    const ids = programs.map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    expect([...loadedMaps()].find(({ id }) => id === map.id)).toEqual(map.info);
    expect([...loadedLinks()]).toContainEqual(link.info());
    expect([...loadedBtf()]).toContainEqual(expect.objectContaining({ name: 'vmlinux', ofKernel: true }));
    for (const held of [program, link, map]) held.close();
    expect(openDescriptors()).toBe(before);
  });

  test.skipIf(!hasBpftool)('is described as bpftool does (skipped where there is no bpftool)', () => {
    using program = loadIterator('task');
    const shown = JSON.parse(
      execFileSync('bpftool', ['-j', 'prog', 'show', 'id', String(program.id)], { encoding: 'utf8' }),
    );
    const ours = [...loadedPrograms()].find(({ id }) => id === program.id);
    expect(ours).toMatchObject({
      name: shown.name,
      tag: shown.tag,
      uid: shown.uid,
      translatedLength: shown.bytes_xlated,
      compiledLength: shown.bytes_jited ?? 0,
    });
  });
});

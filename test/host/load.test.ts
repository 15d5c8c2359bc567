import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { mountBpffs, unpin } from '../../src/host/bpffs.ts';
import { objectIds } from '../../src/host/ids.ts';
import { HostKernel } from '../../src/host/kernel.ts';
import type { LinkedProgram } from '../../src/object/index.ts';
import { type BpfObject, openObject } from '../../src/object/index.ts';
import { describeOnHost, openDescriptors, u32 } from './permitted.ts';

const programs = new URL('../../programs/', import.meta.url);
const objectNames = readdirSync(programs).filter((name) => name.endsWith('.bpf.o'));

const open = (name: string): BpfObject => openObject(readFileSync(new URL(name, programs)), { name });

const kernel = new HostKernel();

/** Ids of the maps or programs that there are. */
const existing = (kind: 'map' | 'prog'): ReadonlySet<number> => new Set(objectIds(kind));

/** Replaces the first instruction by one that no kernel takes. */
const spoil = (program: LinkedProgram): LinkedProgram => {
  const insns = program.insns.slice();
  insns.fill(0xff, 0, 8);
  return { ...program, insns };
};

describeOnHost('loading an object', () => {
  const loadedPrograms: number[] = [];
  const loadedMaps: number[] = [];

  test('the repository has objects to load', () => {
    expect(objectNames.length).toBeGreaterThan(10);
  });

  test.each(objectNames)(
    '%s: all its programs and maps are there, and no descriptor is left when it is closed',
    async (name) => {
      const object = open(name);
      const before = openDescriptors();
      const loaded = await kernel.load(object);
      const programIds = loaded.programs.map((program) => program.id);
      const mapIds = loaded.maps.map((map) => map.id);
      expect(loaded.programs.map((program) => program.name)).toEqual(
        object.programs.filter((program) => program.autoload).map((program) => program.name),
      );
      expect(loaded.maps.map((map) => map.name)).toEqual(
        object.maps.filter((map) => map.autocreate).map((map) => map.name),
      );
      expect(programIds.filter((id) => !existing('prog').has(id))).toEqual([]);
      loaded.close();
      expect(openDescriptors()).toBe(before);
      loadedPrograms.push(...programIds);
      loadedMaps.push(...mapIds);
    },
  );

  test('leaves nothing in the kernel once it is closed', async () => {
    expect(loadedPrograms.length).toBeGreaterThan(10);
    // Programs, and then their maps, go when no CPU can be running them any more.
    await vi.waitFor(
      () => {
        const programsLeft = existing('prog');
        const mapsLeft = existing('map');
        expect(loadedPrograms.filter((id) => programsLeft.has(id))).toEqual([]);
        expect(loadedMaps.filter((id) => mapsLeft.has(id))).toEqual([]);
      },
      { timeout: 30_000, interval: 100 },
    );
  });

  test('finds programs and maps by name, and says what there is otherwise', async () => {
    using loaded = await kernel.load(open('hashmap.bpf.o'));
    const [program] = loaded.programs;
    const [map] = loaded.maps;
    expect(loaded.program(program?.name ?? '')).toBe(program);
    expect(loaded.map(map?.name ?? '')).toBe(map);
    expect(() => loaded.program('none')).toThrow(expect.objectContaining({ code: 'not-found' }));
    expect(() => loaded.map('none')).toThrow(expect.objectContaining({ code: 'not-found' }));
  });

  test('loads the chosen programs only', async () => {
    const object = open('task_and_files.bpf.o');
    const [first, second] = object.programs;
    using loaded = await kernel.load(object, { programs: [second?.name ?? ''] });
    expect(loaded.programs.map((program) => program.name)).toEqual([second?.name]);
    expect(() => loaded.program(first?.name ?? '')).toThrow(/was not loaded/);
  });

  test('keeps the verifier’s log of each program if one is asked for', async () => {
    using loaded = await kernel.load(open('task.bpf.o'), { logLevel: 2 });
    expect(loaded.programs[0]?.log).toMatch(/^processed \d+ insns/m);
  });

  test('shows constants as they were set before, and takes no change of them afterwards', async () => {
    const object = open('task.bpf.o');
    const constants = object.maps.find((map) => map.section === '.rodata');
    constants?.initialValue?.fill(0);
    using loaded = await kernel.load(object);
    const map = loaded.map('.rodata');
    expect(map.lookup(u32(0))).toEqual(constants?.initialValue);
    expect(() => map.update(u32(0), new Uint8Array(map.valueSize))).toThrow(/frozen/);
  });

  test('that fails releases everything and tells the program, the section and the verifier’s reason', async () => {
    const before = openDescriptors();
    await expect(kernel.load(open('hashmap.bpf.o'), { transform: spoil })).rejects.toThrow(
      expect.objectContaining({
        code: 'refused',
        errno: 22,
        message: expect.stringMatching(/^cannot load program '\w+' \(iter\/\w+\): unknown opcode ff \(EINVAL\)$/),
        detail: expect.stringContaining('unknown opcode ff'),
      }),
    );
    expect(openDescriptors()).toBe(before);
  });

  test('does not take a map from a descriptor that is none', async () => {
    const object = open('hashmap.bpf.o');
    const [map] = object.maps;
    if (map !== undefined) map.reuseFd = 0;
    const before = openDescriptors();
    await expect(kernel.load(object)).rejects.toThrow(/information about map/);
    expect(openDescriptors()).toBe(before);
  });
});

describeOnHost('maps that are shared', () => {
  let root: string;
  let undo: () => void;

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'bpfiter-load-'));
    undo = mountBpffs(join(root, 'fs'));
  });
  afterEach(() => {
    for (const name of readdirSync(join(root, 'fs'), { withFileTypes: true })) {
      if (name.isDirectory()) rmSync(join(root, 'fs', name.name), { recursive: true });
      else if (!name.name.endsWith('.debug')) unpin(join(root, 'fs', name.name));
    }
  });
  afterAll(() => {
    undo();
    rmSync(root, { recursive: true });
  });

  /** An object whose first map is to be pinned under its name. */
  function pinning(change: (map: BpfObject['maps'][number]) => void = () => {}): BpfObject {
    const object = open('hashmap.bpf.o');
    const [map] = object.maps;
    if (map === undefined) throw new Error('it has a map');
    map.pinByName = true;
    change(map);
    return object;
  }

  test('by name are pinned by the first object and taken over by the second', async () => {
    const pinRoot = join(root, 'fs', 'made');
    using first = await kernel.load(pinning(), { pinRoot });
    using second = await kernel.load(pinning(), { pinRoot });
    expect(second.maps[0]?.id).toBe(first.maps[0]?.id);
    expect(readdirSync(pinRoot)).toEqual([first.maps[0]?.name]);
  });

  test('are refused where they differ, by what', async () => {
    const pinRoot = join(root, 'fs');
    using first = await kernel.load(pinning(), { pinRoot });
    const entries = first.maps[0]?.maxEntries ?? 0;
    const load = kernel.load(
      pinning((map) => {
        map.maxEntries = entries + 1;
      }),
      { pinRoot },
    );
    await expect(load).rejects.toThrow(`its number of entries is ${entries}, not ${entries + 1}`);
  });

  test('are unpinned again, with the directory that was made, if loading fails later', async () => {
    const pinRoot = join(root, 'fs', 'gone');
    await expect(kernel.load(pinning(), { pinRoot, transform: spoil })).rejects.toThrow(/unknown opcode/);
    expect(existsSync(pinRoot)).toBe(false);
  });

  test('stay pinned if they were so before loading failed', async () => {
    const pinRoot = join(root, 'fs');
    using first = await kernel.load(pinning(), { pinRoot });
    await expect(kernel.load(pinning(), { pinRoot, transform: spoil })).rejects.toThrow(/unknown opcode/);
    expect(existsSync(join(pinRoot, first.maps[0]?.name ?? ''))).toBe(true);
  });

  test('are not pinned outside of a BPF file system', async () => {
    await expect(kernel.load(pinning(), { pinRoot: root })).rejects.toThrow(/is not in a BPF file system/);
    expect(readdirSync(root)).toEqual(['fs']);
  });

  test('by descriptor keep their contents', async () => {
    using first = await kernel.load(open('hashmap.bpf.o'));
    const [map] = first.maps;
    const key = new Uint8Array(map?.keySize ?? 0).fill(7);
    map?.update(key, new Uint8Array(map.transferSize).fill(9));
    const object = pinning((other) => {
      other.pinByName = false;
      other.reuseFd = map?.fd;
    });
    using second = await kernel.load(object);
    expect(second.maps[0]?.lookup(key)?.[0]).toBe(9);
  });
});

import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkPinPath, isOnBpffs, mountBpffs, openPinned, unmountBpffs, unpin } from '../../src/host/bpffs.ts';
import { HostKernel } from '../../src/host/kernel.ts';
import { HostMap, tryCreateMap } from '../../src/host/maps.ts';
import { BPF_MAP_TYPE_ARRAY } from '../../src/uapi/index.ts';
import { asNobody, canBecomeNobody, describeOnHost, loadIterator, u32 } from './permitted.ts';

const kernel = new HostKernel();

describeOnHost('a BPF file system', () => {
  let root: string;
  let undo: () => void;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'bpfiter-bpffs-'));
    undo = mountBpffs(join(root, 'fs'));
  });

  afterEach(() => {
    undo();
    rmSync(root, { recursive: true });
  });

  const createMap = (): HostMap =>
    new HostMap(tryCreateMap({ map_type: BPF_MAP_TYPE_ARRAY, key_size: 4, value_size: 4, max_entries: 1 }));

  test('is mounted on a missing directory, and leaves nothing behind when that is undone', () => {
    const directory = join(root, 'other');
    const undoOther = mountBpffs(directory);
    expect(isOnBpffs(directory)).toBe(true);
    undoOther();
    expect(existsSync(directory)).toBe(false);
  });

  test('is mounted on an empty directory, which stays when that is undone', () => {
    const directory = join(root, 'empty');
    mkdirSync(directory);
    mountBpffs(directory)();
    expect(readdirSync(directory)).toEqual([]);
  });

  test('is not mounted a second time where there is one', () => {
    mountBpffs(join(root, 'fs'))();
    expect(isOnBpffs(join(root, 'fs'))).toBe(true);
  });

  test('has no map, program or link at its directories', () => {
    expect(() => openPinned(join(root, 'fs'), 'link')).toThrow(/^no link is pinned at '.*': it is a directory$/);
  });

  test('never hides what a directory contains', () => {
    const directory = join(root, 'full');
    mkdirSync(directory);
    writeFileSync(join(directory, 'file'), '');
    expect(() => mountBpffs(directory)).toThrow(/it is not empty, and the mount would hide what is in it/);
    expect(() => mountBpffs(join(directory, 'file'))).toThrow(/it is no directory/);
    expect(() => mountBpffs(join(directory, 'no', 'such'))).toThrow(/cannot make the directory '.*': ENOENT/);
    expect(readdirSync(directory)).toEqual(['file']);
  });

  test('keeps a map that nothing else holds', () => {
    const path = join(root, 'fs', 'map');
    const map = createMap();
    map.update(u32(0), u32(42));
    map.pin(path);
    map.close();
    using found = kernel.openMap({ pinned: path });
    expect(found.lookup(u32(0))).toEqual(u32(42));
    unpin(path);
    expect(existsSync(path)).toBe(false);
  });

  test('keeps a link, of which one reads by opening the path', async () => {
    const path = join(root, 'fs', 'link');
    using program = loadIterator('task');
    program.attachIter({ task: { tid: process.pid } }).pin(path);
    using link = kernel.openLink({ pinned: path });
    expect(link.info()).toMatchObject({ type: 'iter', targetName: 'task', tid: process.pid });
    expect(await link.open().text()).toBe('abc\n');
  });

  test('tells what kind of object is pinned where another was looked for', () => {
    const path = join(root, 'fs', 'program');
    using program = loadIterator('task');
    program.pin(path);
    expect(() => kernel.openMap({ pinned: path })).toThrow(`'${path}' is a pinned program, not a map`);
    expect(() => kernel.openLink({ pinned: path })).toThrow(`'${path}' is a pinned program, not a link`);
  });

  test.each([
    ['', 'usage', /it names no file/],
    ['fs/', 'usage', /it names no file/],
    ['fs/a.b', 'usage', /a name in a BPF file system may not contain a dot/],
    ['fs/missing/x', 'not-found', /there is no directory '.*\/fs\/missing'/],
    ['x', 'usage', /is not in a BPF file system/],
    ['fs/taken', 'refused', /it already exists/],
  ])('does not take the path "%s": %s', (path, code, message) => {
    using map = createMap();
    map.pin(join(root, 'fs', 'taken'));
    const full = path === '' ? '' : `${root}/${path}`;
    expect(() => map.pin(full)).toThrow(message);
    expect(() => checkPinPath(full)).toThrow(expect.objectContaining({ code }));
    // Some kernels pin two iterators of their own in every new file system.
    expect(readdirSync(join(root, 'fs')).filter((name) => !name.endsWith('.debug'))).toEqual(['taken']);
  });

  test.skipIf(!canBecomeNobody)('keeps out whom its modes keep out', () => {
    const directory = join(root, 'fs');
    const path = join(directory, 'map');
    using map = createMap();
    map.pin(path);
    const open = () => kernel.openMap({ pinned: path }).close();
    asNobody(() => {
      expect(open).toThrow(expect.objectContaining({ code: 'not-permitted', errno: 13 }));
      expect(() => checkPinPath(join(directory, 'other'))).toThrow(/permission denied/);
    });
    // The directory lets them in now, the pin does not.
    for (const each of [root, directory]) chmodSync(each, 0o755);
    asNobody(() => {
      expect(open).toThrow(/cannot open the map pinned at '.*': Permission denied \(EACCES\)/);
      expect(open).toThrow(expect.objectContaining({ code: 'not-permitted' }));
      expect(() => unpin(path)).toThrow(expect.objectContaining({ code: 'not-permitted' }));
    });
  });

  test('is left alone by unpin outside of it', () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    expect(() => unpin(file)).toThrow(/it is left alone/);
    expect(() => unpin(join(root, 'fs', 'none'))).toThrow(/nothing is pinned/);
    expect(existsSync(file)).toBe(true);
  });

  test('cannot be unmounted where there is none', () => {
    expect(() => unmountBpffs(root)).toThrow(/cannot unmount .*EINVAL/);
  });
});

import { beforeAll, describe, expect, test } from 'vitest';
import { HostKernel } from '../../src/host/kernel.ts';
import { loadObject } from '../../src/index.ts';
import type { Link, LoadedObject } from '../../src/kernel.ts';
import { describeOnHost } from '../host/permitted.ts';
import { bpfiter, bpftool, hasBpftool, privateBpffs, program } from './bpfiter.ts';

describeOnHost('link show', () => {
  const kernel = new HostKernel();
  const held: Disposable[] = [];
  const links: Record<string, { readonly link: Link; readonly rest: string; readonly json: object }> = {};
  let pin: string;

  async function load(name: string): Promise<LoadedObject> {
    const loaded = await kernel.load(await loadObject(program(name)));
    held.push(loaded);
    return loaded;
  }

  beforeAll(async () => {
    const tasks = (await load('task')).program('dump_task');
    const map = await load('hashmap');
    const { id } = map.map('counters');
    const add = (name: string, link: Link, rest: string, json: object) => {
      held.push(link);
      links[name] = { link, rest, json };
    };
    add('task', tasks.attachIter(), '', {});
    add('thread', tasks.attachIter({ task: { tid: process.pid } }), `tid ${process.pid} `, { tid: process.pid });
    add('process', tasks.attachIter({ task: { pid: process.pid } }), `pid ${process.pid} `, { pid: process.pid });
    add('map', map.program('dump_entry').attachIter({ map: { id } }), `map_id ${id}  `, { map_id: id });
    pin = `${privateBpffs()}/link`;
    links.map?.link.pin(pin);
    return () => {
      for (const object of held) object[Symbol.dispose]();
    };
  });

  test('shows a link by its id, as a line and as JSON', async () => {
    for (const { link, rest, json } of Object.values(links)) {
      const { id, programId, targetName } = link.info();
      const line = `${id}: iter  prog ${programId}  target_name ${targetName}  ${rest}\n`;
      expect(await bpfiter(['link', 'show', 'id', `${id}`])).toEqual({ status: 0, stdout: line, stderr: '' });
      const { stdout } = await bpfiter(['link', 'show', 'id', `${id}`, '--json']);
      expect(stdout).toBe(
        `${JSON.stringify({ id, type: 'iter', prog_id: programId, target_name: targetName, ...json })}\n`,
      );
    }
  });

  test('shows a pinned link', async () => {
    const id = links.map?.link.info().id;
    const { stdout } = await bpfiter(['link', 'show', 'pinned', pin]);
    expect(stdout).toBe((await bpfiter(['link', 'show', 'id', `${id}`])).stdout);
  });

  test('lists all links, by either word or none', async () => {
    for (const words of [['show'], ['list'], []]) {
      const { status, stdout } = await bpfiter(['link', ...words]);
      expect(status).toBe(0);
      const ids = stdout.split('\n').map((line) => line.split(':')[0]);
      expect(ids).toEqual(expect.arrayContaining(Object.values(links).map(({ link }) => `${link.info().id}`)));
    }
    const { stdout } = await bpfiter(['link', '-p']);
    expect(JSON.parse(stdout)).toContainEqual(
      expect.objectContaining({ id: links.task?.link.info().id, type: 'iter' }),
    );
  });

  describe.skipIf(!hasBpftool)('beside bpftool (skipped where there is none)', () => {
    test('prints the same line and the same JSON', async () => {
      for (const { link } of Object.values(links)) {
        const words = ['link', 'show', 'id', `${link.info().id}`];
        const [ours, theirs] = [await bpfiter(words), await bpftool(...words)];
        // A bpftool with skeletons goes on with who holds the link.
        expect(ours.stdout).toBe(`${theirs.stdout.split('\n')[0]}\n`);
        const { pids: _, ...json } = JSON.parse((await bpftool('-j', ...words)).stdout);
        expect(JSON.parse((await bpfiter(['-j', ...words])).stdout)).toEqual(json);
      }
    });
  });
});

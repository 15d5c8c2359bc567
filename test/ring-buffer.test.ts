/** Ring buffers of both kernels: the same program, the same records. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { objectsSource, openEmbeddedKernel } from '../src/embedded/index.ts';
import { GlobalVariables } from '../src/global-variables.ts';
import { openHostKernel } from '../src/host/index.ts';
import { bpfPermitted } from '../src/host/privilege.ts';
import type { Kernel, LoadedObject } from '../src/kernel.ts';
import { openObject } from '../src/object/index.ts';
import { isRingBuffer, isUserRingBuffer, type RingBuffer, type UserRingBuffer } from '../src/ring-buffer.ts';
import { openDescriptors } from './host/permitted.ts';

const permission = bpfPermitted();
const kernels: readonly (readonly [title: string, skipped: boolean, open: () => Kernel])[] = [
  ['embedded', false, () => openEmbeddedKernel({ source: objectsSource({ tasks: [{ pid: 1 }] }) })],
  [`running${permission.ok ? '' : ` (skipped: ${permission.reason})`}`, !permission.ok, openHostKernel],
];

const BPF_RB_NO_WAKEUP = 1n;

const load = (kernel: Kernel): Promise<LoadedObject> =>
  kernel.load(openObject(readFileSync('test/fixtures/ring_records.bpf.o'), { name: 'ring_records' }));

function ringOf(loaded: LoadedObject, name = 'events'): RingBuffer {
  const map = loaded.map(name);
  if (!isRingBuffer(map)) throw new Error(`${name} is no ring buffer`);
  return map;
}

function userRingOf(loaded: LoadedObject): UserRingBuffer {
  const map = loaded.map('commands');
  if (!isUserRingBuffer(map)) throw new Error('it is no ring buffer of users');
  return map;
}

/** What the program writes as its record of that number. */
const record = (number: number): Uint8Array =>
  Uint8Array.from({ length: 4 + ((number * 7) % 60) }, (_, at) => (at === 0 ? number : at));
const records = (from: number, count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => record(from + index));

async function write(loaded: LoadedObject, wanted: number, flags = 0n): Promise<void> {
  new GlobalVariables(loaded).set({ wanted, flags });
  expect((await loaded.program('write_records').run()).retval).toBe(0);
}

for (const [title, skipped, open] of kernels) {
  describe.skipIf(skipped)(`ring buffers of the ${title} kernel`, () => {
    it('are told from other maps, and from those of users', async () => {
      using kernel = open();
      using loaded = await load(kernel);
      const [events, commands, variables] = ['events', 'commands', '.bss'].map((name) => loaded.map(name));
      if (events === undefined || commands === undefined || variables === undefined) throw new Error('it has three');
      expect([events, commands, variables].map(isRingBuffer)).toEqual([true, false, false]);
      expect([events, commands, variables].map(isUserRingBuffer)).toEqual([false, true, false]);
    });

    it('give every record once and in order, over their end again and again, but none that was discarded', async () => {
      using kernel = open();
      using loaded = await load(kernel);
      const ring = ringOf(loaded);
      expect([...ring.drain()]).toEqual([]);
      for (let number = 0; number < 800; number += 40) {
        await write(loaded, 40);
        expect([...ring.drain()]).toEqual(records(number, 40));
      }
      expect(new GlobalVariables(loaded).get('failed')).toBe(0);
    });

    it('keep what they have room for until somebody reads', async () => {
      using kernel = open();
      using loaded = await load(kernel);
      await write(loaded, 64);
      await write(loaded, 64);
      const { written, failed } = new GlobalVariables(loaded).all() as { written: number; failed: number };
      expect([failed > 0, written + failed]).toEqual([true, 128]);
      const [first, ...others] = ringOf(loaded).drain();
      expect([first, ...others]).toEqual(records(0, written));
    });

    it('are read by whoever opens the map by its number, where the other reader stopped', async () => {
      using kernel = open();
      using loaded = await load(kernel);
      await write(loaded, 3);
      for (const first of ringOf(loaded).drain()) {
        expect(first).toEqual(record(0));
        break;
      }
      using again = kernel.openMap({ id: loaded.map('events').id });
      if (!isRingBuffer(again)) throw new Error('it was a ring buffer');
      expect([...again.drain()]).toEqual(records(1, 2));
    });

    it('wake their readers, each its own, and stop at the signal', async () => {
      using kernel = open();
      using one = await load(kernel);
      using other = await load(kernel);
      const stop = new AbortController();
      const seen: Uint8Array[][] = [[], []];
      const readers = [one, other].map(async (loaded, index) => {
        for await (const each of ringOf(loaded).records(stop.signal)) seen[index]?.push(each);
      });
      const until = async (isDone: () => boolean) => {
        while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 1));
      };
      await write(other, 5);
      await until(() => seen[1]?.length === 5);
      await write(one, 2);
      await until(() => seen[0]?.length === 2);
      await write(other, 1);
      await until(() => seen[1]?.length === 6);
      stop.abort();
      await Promise.all(readers);
      expect(seen).toEqual([records(0, 2), records(0, 6)]);
    });

    it('give what is there to a signal that was given before', async () => {
      using kernel = open();
      using loaded = await load(kernel);
      await write(loaded, 2, BPF_RB_NO_WAKEUP);
      const seen: Uint8Array[] = [];
      for await (const each of ringOf(loaded).records(AbortSignal.abort())) seen.push(each);
      expect(seen).toEqual(records(0, 2));
    });

    it('have no more records for a reader when they are closed', async () => {
      using kernel = open();
      const loaded = await load(kernel);
      await write(loaded, 2);
      const waiting = ringOf(loaded).records();
      expect([(await waiting.next()).value, (await waiting.next()).value]).toEqual(records(0, 2));
      const last = waiting.next();
      await new Promise((resolve) => setTimeout(resolve, 5));
      loaded.close();
      expect(await last).toEqual({ value: undefined, done: true });
    });

    it('of users give programs what was submitted, and refuse what has no room', async () => {
      using kernel = open();
      using loaded = await load(kernel);
      const ring = userRingOf(loaded);
      const variables = new GlobalVariables(loaded);
      let [count, bytes, sum] = [0, 0, 0];
      for (let round = 0; round < 20; round += 1) {
        for (const each of [...records(round, 5), new Uint8Array(500).fill(round)]) {
          ring.submit(each);
          count += 1;
          bytes += each.length;
          sum += each.reduce((total, byte) => total + byte, 0);
        }
        expect((await loaded.program('read_records').run()).retval).toBe(6);
        expect(variables.all()).toMatchObject({ records: count, bytes, sum });
      }
      expect(() => ring.submit(new Uint8Array(4089))).toThrow(expect.objectContaining({ code: 'refused', errno: 7 }));
      ring.submit(new Uint8Array(4000));
      expect(() => ring.submit(new Uint8Array(100))).toThrow(expect.objectContaining({ code: 'refused', errno: 28 }));
    });
  });
}

it.skipIf(!permission.ok)(
  `a ring buffer of the running kernel that is closed cannot be read, and leaves no descriptor${permission.ok ? '' : ` (skipped: ${permission.reason})`}`,
  async () => {
    using kernel = openHostKernel();
    const before = openDescriptors();
    const loaded = await load(kernel);
    const ring = ringOf(loaded);
    expect([...ring.drain()]).toEqual([]);
    loaded.close();
    expect(() => [...ring.drain()]).toThrow("map 'events' is closed");
    expect(openDescriptors()).toBe(before);
  },
);

it.skipIf(!permission.ok)(
  `a process ends when it wants to, whoever waits for records${permission.ok ? '' : ` (skipped: ${permission.reason})`}`,
  () => {
    const script = `
      const { loadObject, openKernel } = await import('./dist/index.js');
      const loaded = await (await openKernel({ kernel: 'host' })).load(await loadObject('test/fixtures/ring_records.bpf.o'));
      void loaded.map('events').records().next();
      setTimeout(() => process.exit(7), 20);`;
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect({ status, stderr }).toEqual({ status: 7, stderr: '' });
  },
);

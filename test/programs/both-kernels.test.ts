/** The programs in programs/ that are no iterators: they do the same here and in the running kernel. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type Kernel, type LoadedObject, openKernel, type RunOptions } from '../../src/index.ts';
import { openObject } from '../../src/object/index.ts';
import {
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_PROG_TYPE_SCHED_CLS,
  BPF_PROG_TYPE_XDP,
  BPF_TRACE_ITER,
} from '../../src/uapi/index.ts';
import { describeOnHost } from '../host/permitted.ts';

const directory = fileURLToPath(new URL('../../programs/', import.meta.url));
const open = (name: string) => openObject(readFileSync(`${directory}${name}`), { name });

/** What is not the same from one moment to the next: of these programs only what they return is compared. */
const changing: ReadonlyMap<string, string> = new Map([
  ['count_tasks', 'tasks come and go'],
  ['walk_cgroup', 'tasks come and go'],
  ['record_ranges', 'the areas of this process change while it runs'],
  ['count_caches', 'caches come and go with what uses them'],
]);

/** What the embedded kernel has nothing for, by the reason in its message. */
const unsupported: ReadonlyMap<string, string> = new Map([['mark_names', 'there are none of struct dma_buf']]);

/** An Ethernet frame of IPv4 and UDP to this port. */
function datagramTo(port: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint16(12, 0x0800);
  bytes[14] = 0x45;
  view.setUint16(16, length - 14);
  bytes[23] = 17;
  view.setUint16(36, port);
  view.setUint16(38, length - 34);
  return bytes;
}

const packets: readonly (readonly [title: string, options: RunOptions])[] = [
  ['zeros', { data: new Uint8Array(64) }],
  ['a datagram to port 9', { data: datagramTo(9, 100) }],
  ['a datagram to port 53, of 500 bytes', { data: datagramTo(53, 500) }],
  ['a datagram of 1400 bytes, three times', { data: datagramTo(9, 1400), repeat: 3 }],
];

const inputsOf = (type: number) =>
  type === BPF_PROG_TYPE_XDP || type === BPF_PROG_TYPE_SCHED_CLS ? packets : ([['no input', {}]] as const);

const cases = readdirSync(directory)
  .filter((name) => name.endsWith('.bpf.o'))
  .flatMap((name) =>
    open(name)
      .programs.filter(({ expectedAttachType }) => expectedAttachType !== BPF_TRACE_ITER)
      .flatMap(({ name: program, type }) =>
        inputsOf(type).map(([title, options]) => ({ name, program, title, options })),
      ),
  );

const hex = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString('hex');

/** Which processor a program runs on is the kernel's choice: the values of all of them, in order of size. */
const valuesOf = (type: number, value: Uint8Array): string =>
  type === BPF_MAP_TYPE_PERCPU_ARRAY ? (hex(value)?.match(/.{16}/g) ?? []).sort().join(' ') : (hex(value) ?? '');

/** Maps by name, their entries as text. */
function contents({ maps }: LoadedObject): Record<string, readonly string[]> {
  const walkable = maps.filter(({ type }) =>
    [BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_PERCPU_ARRAY].includes(type),
  );
  return Object.fromEntries(
    walkable.map((map) => [
      map.name,
      [...map.entries()].map(([key, value]) => `${hex(key)}: ${valuesOf(map.type, value)}`).sort(),
    ]),
  );
}

async function runOn(kernel: Kernel, { name, program, options }: (typeof cases)[number]) {
  using loaded = await kernel.load(open(name), { programs: [program] });
  const { retval, dataOut } = await loaded.program(program).run(options);
  return {
    retval,
    dataOut: hex(dataOut),
    contents: changing.has(program) ? undefined : contents(loaded),
    maps: loaded.maps.map((map) => map.name),
  };
}

describeOnHost('a fresh load leaves the same on both kernels', () => {
  test.each(cases)('$program with $title', async (given) => {
    using host = await openKernel({ kernel: 'host' });
    using embedded = await openKernel({ kernel: 'embedded' });
    const reason = unsupported.get(given.program);
    if (reason !== undefined) {
      await expect(runOn(embedded, given)).rejects.toThrow(reason);
      return;
    }
    expect(await runOn(embedded, given)).toEqual(await runOn(host, given));
  });
});

test('the exceptions are programs that there are', () => {
  const programs = new Set(cases.map(({ program }) => program));
  expect([...changing.keys(), ...unsupported.keys()].filter((name) => !programs.has(name))).toEqual([]);
});

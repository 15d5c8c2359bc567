/** The same programs on both kernels: the same return values, the same contents of maps afterwards, in the same order. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openEmbeddedKernel } from '../../../src/embedded/index.ts';
import { engineMachine } from '../../../src/embedded/machine.ts';
import { possibleCpus } from '../../../src/host/cpus.ts';
import { openHostKernel } from '../../../src/host/index.ts';
import type { Kernel, KernelMap } from '../../../src/kernel.ts';
import { openObject } from '../../../src/object/index.ts';
import * as uapi from '../../../src/uapi/index.ts';
import { describeOnHost } from '../../host/permitted.ts';
import { emptySource } from '../packets/empty-source.ts';

const bytes = readFileSync(new URL('fixtures/map_calls.bpf.o', import.meta.url));

/** Types whose contents can be listed. */
const listed: ReadonlySet<number> = new Set([
  uapi.BPF_MAP_TYPE_ARRAY,
  uapi.BPF_MAP_TYPE_HASH,
  uapi.BPF_MAP_TYPE_LPM_TRIE,
]);

const contents = (map: KernelMap): readonly string[] =>
  [...map.entries()].map(([key, value]) => `${Buffer.from(key).toString('hex')} ${Buffer.from(value).toString('hex')}`);

async function run(kernel: Kernel, program: string): Promise<unknown> {
  using loaded = await kernel.load(openObject(bytes, { name: 'map_calls.bpf.o' }), { programs: [program] });
  const { retval } = await loaded.program(program).run({ data: new Uint8Array(64) });
  const maps = loaded.maps.filter(({ type }) => listed.has(type));
  return { retval, maps: Object.fromEntries(maps.map((map) => [map.name, contents(map)])) };
}

describeOnHost('programs that use maps', () => {
  it.each(['hashes', 'tries', 'queues', 'walks', 'rings'])(
    '%s leave what they leave under the running kernel',
    async (program) => {
      using host = openHostKernel();
      using embedded = openEmbeddedKernel({ source: emptySource, machine: engineMachine(possibleCpus()) });
      expect(await run(embedded, program)).toEqual(await run(host, program));
    },
  );
});

/** Each program of fixtures/packets.bpf.c on both kernels, with the same input: they must give the same. */
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, expect, it } from 'vitest';
import { openEmbeddedKernel } from '../../../src/embedded/index.ts';
import { BpfiterError } from '../../../src/errors.ts';
import { HostKernel } from '../../../src/host/kernel.ts';
import { loadObject } from '../../../src/index.ts';
import type { Kernel, LoadedObject, RunOptions } from '../../../src/kernel.ts';
import {
  BPF_F_TEST_SKB_CHECKSUM_COMPLETE,
  BPF_PROG_TYPE_FLOW_DISSECTOR,
  BPF_PROG_TYPE_RAW_TRACEPOINT,
  BPF_PROG_TYPE_SK_LOOKUP,
  BPF_PROG_TYPE_SYSCALL,
  BPF_PROG_TYPE_XDP,
} from '../../../src/uapi/index.ts';
import { describeOnHost } from '../../host/permitted.ts';
import { emptySource } from './empty-source.ts';

const path = fileURLToPath(new URL('fixtures/packets.bpf.o', import.meta.url));

/** Bytes that differ from place to place. */
function bytes(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, at) => (at * 37 + (at >> 8) * 11 + 5) & 0xff);
}

function frame(etherType: number, size: number, header: readonly number[] = []): Uint8Array {
  const out = bytes(size);
  out.set([0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 7]);
  out.set([etherType >> 8, etherType & 0xff], 12);
  out.set(header, 14);
  return out;
}

const ipv4 = frame(0x0800, 90, [0x45, 1, 0, 76, 0, 1, 0, 0, 64, 17, 0x12, 0x34, 10, 0, 0, 1, 10, 0, 0, 2]);
const notForUs = ipv4.slice();
notForUs[0] = 6;
const broadcast = ipv4.slice();
broadcast.fill(0xff, 0, 6);

const packets: Readonly<Record<string, Uint8Array>> = {
  ipv4,
  notForUs,
  broadcast,
  ipv6: frame(0x86dd, 110, [0x60, 0x10, 0, 0, 0, 56, 17, 64]),
  arp: frame(0x0806, 64),
  tagged: frame(0x8100, 100, [0x20, 0x05, 0x81, 0x00, 0x00, 0x06, 0x08, 0x00]),
  short: frame(0x88cc, 14),
  frame802: frame(0x0040, 64, [0xff, 0xff]),
  zeros: new Uint8Array(64),
};

function context(size: number, fields: Readonly<Record<number, number>>): Uint8Array {
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  for (const [at, value] of Object.entries(fields)) view.setUint32(Number(at), value, true);
  return out;
}

/** mark, priority, ingress_ifindex, cb, tstamp, wire_len, gso_segs, hwtstamp */
const skBuff = context(192, { 8: 5, 32: 6, 36: 1, 48: 77, 64: 78, 152: 999, 160: 200, 164: 3, 184: 12 });

const packetInputs: Readonly<Record<string, RunOptions>> = {
  ...Object.fromEntries(Object.entries(packets).map(([name, data]) => [name, { data }])),
  'with a context': { data: ipv4, context: skBuff },
  'with segments': { data: ipv4, context: context(192, { 164: 2, 176: 1000 }) },
  'with a checksum': { data: ipv4, flags: BPF_F_TEST_SKB_CHECKSUM_COMPLETE },
  twice: { data: ipv4, repeat: 2 },
  'with a refused context': { data: ipv4, context: context(192, { 0: 1 }) },
  large: { data: bytes(3712) },
  'too large': { data: bytes(3713) },
};

const xdpInputs: Readonly<Record<string, RunOptions>> = {
  ipv4: { data: ipv4 },
  metadata: { data: bytes(100), context: context(24, { 0: 16, 4: 100 }) },
  'most metadata': { data: bytes(400), context: context(24, { 0: 216, 4: 400 }) },
  'too much metadata': { data: bytes(400), context: context(24, { 0: 220, 4: 400 }) },
  'a device': { data: bytes(100), context: context(24, { 4: 100, 12: 1 }) },
  'a queue that is not there': { data: bytes(100), context: context(24, { 4: 100, 12: 1, 16: 3 }) },
  fragments: { data: bytes(9000) },
  'a short first page': { data: bytes(4000), context: context(24, { 4: 100 }) },
  'one page': { data: bytes(3520) },
  'a page and a byte': { data: bytes(3521) },
  'all fragments': { data: bytes(3520 + 17 * 4096) },
  'more than all fragments': { data: bytes(3521 + 17 * 4096) },
};

const lookup = { 8: 2, 12: 6, 16: 0x0100007f, 36: 0x3412, 40: 0x0200007f, 60: 8080 };

const inputsOf: ReadonlyMap<number, Readonly<Record<string, RunOptions>>> = new Map([
  [BPF_PROG_TYPE_XDP, xdpInputs],
  [
    BPF_PROG_TYPE_FLOW_DISSECTOR,
    {
      ipv4: { data: ipv4 },
      'with flags': { data: ipv4, context: context(56, { 48: 3 }) },
      'with other keys': { data: ipv4, context: context(56, { 0: 3 }) },
    },
  ],
  [
    BPF_PROG_TYPE_SK_LOOKUP,
    {
      ipv4: { context: context(72, lookup) },
      ipv6: { context: context(72, { ...lookup, 8: 10, 24: 5, 56: 6 }) },
      'no family': { context: context(72, { 8: 1 }) },
      'a socket': { context: context(72, { ...lookup, 0: 1 }) },
      repeated: { context: context(72, lookup), repeat: 3 },
    },
  ],
  [BPF_PROG_TYPE_SYSCALL, { given: { context: context(16, { 0: 7, 12: 4 }) }, short: { context: new Uint8Array(8) } }],
  [
    BPF_PROG_TYPE_RAW_TRACEPOINT,
    { given: { context: context(16, { 0: 7, 8: 4 }) }, short: { context: new Uint8Array(8) } },
  ],
]);

const host = new HostKernel();
const object = await loadObject(path);

async function outcome(loaded: LoadedObject, program: string, options: RunOptions): Promise<object> {
  try {
    const { retval, dataOut, contextOut } = await loaded.program(program).run(options);
    const [, steps] = [...loaded.map('packets.bss').entries()][0] ?? [];
    return {
      retval,
      dataOut: hex(dataOut),
      contextOut: hex(contextOut),
      steps: steps && [...new Uint32Array(steps.slice().buffer)],
    };
  } catch (error) {
    if (!(error instanceof BpfiterError)) throw error;
    return { code: error.code, errno: error.errno };
  }
}

const hex = (data: Uint8Array | undefined): string | undefined => data && Buffer.from(data).toString('hex');

describeOnHost('programs on packets do on both kernels the same', () => {
  const embedded = openEmbeddedKernel({ source: emptySource });
  const opened: LoadedObject[] = [];
  const load = async (kernel: Kernel, program: string): Promise<LoadedObject> => {
    const loaded = await kernel.load(object, { programs: [program] });
    opened.push(loaded);
    return loaded;
  };
  afterEach(() => {
    for (const loaded of opened.splice(0)) loaded.close();
  });
  afterAll(() => embedded.close());

  for (const { name, type } of object.programs) {
    const inputs = inputsOf.get(type) ?? packetInputs;
    it.each(Object.entries(inputs))(`${name}: %s`, async (_, options) => {
      const there = await outcome(await load(host, name), name, options);
      expect(await outcome(await load(embedded, name), name, options)).toEqual(there);
    });
  }
});

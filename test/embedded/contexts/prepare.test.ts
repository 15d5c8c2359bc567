import { describe, expect, it } from 'vitest';
import type { ProgramToRun } from '../../../src/embedded/contexts/context.ts';
import { pointerFields, prepareRun } from '../../../src/embedded/contexts/prepare.ts';
import { flowKeysFields, skBuffFields, xdpMdFields } from '../../../src/embedded/contexts/uapi-structs.ts';
import type { RunOptions, RunResult } from '../../../src/kernel.ts';
import {
  BPF_F_TEST_SKB_CHECKSUM_COMPLETE,
  BPF_PROG_TYPE_CGROUP_SOCKOPT,
  BPF_PROG_TYPE_FLOW_DISSECTOR,
  BPF_PROG_TYPE_NETFILTER,
  BPF_PROG_TYPE_RAW_TRACEPOINT,
  BPF_PROG_TYPE_SCHED_CLS,
  BPF_PROG_TYPE_SK_LOOKUP,
  BPF_PROG_TYPE_SOCKET_FILTER,
  BPF_PROG_TYPE_SYSCALL,
  BPF_PROG_TYPE_TRACING,
  BPF_PROG_TYPE_XDP,
  BPF_TRACE_ITER,
} from '../../../src/uapi/index.ts';
import { bareRuntime } from './bare-runtime.ts';

const program = (type: number, more: Partial<ProgramToRun> = {}): ProgramToRun => ({
  name: 'p',
  type,
  expectedAttachType: 0,
  maxContextOffset: 0,
  argumentCount: undefined,
  ...more,
});

/** An Ethernet frame with an IPv4 header that says nothing but its addresses. */
function frame(size = 64): Uint8Array {
  const bytes = new Uint8Array(64);
  bytes.set([0x02, 0, 0, 0, 0, 1], 0);
  bytes.set([0x08, 0x00], 12);
  bytes.set([0x45], 14);
  bytes.set([10, 0, 0, 1, 10, 0, 0, 2], 26);
  return bytes.slice(0, size);
}

function context(size: number, fields: Readonly<Record<number, number>>): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  for (const [at, value] of Object.entries(fields)) view.setUint32(Number(at), value, true);
  return bytes;
}

const run = (type: number, options: RunOptions, more?: Partial<ProgramToRun>) => {
  const runtime = bareRuntime();
  const prepared = prepareRun(runtime, program(type, more), options);
  prepared.begin();
  const field = (at: number) => runtime.memory.view.getUint32(prepared.context + at, true);
  return { runtime, prepared, field };
};

const data = ({ dataOut = new Uint8Array() }: Partial<RunResult>): Uint8Array => dataOut;

const viewOf = (bytes: Uint8Array = new Uint8Array()): DataView => new DataView(bytes.buffer);

describe('the context of a run', () => {
  it('shows traffic control the frame from its Ethernet header on, and others what is behind it', () => {
    const tc = run(BPF_PROG_TYPE_SCHED_CLS, { data: frame() });
    expect(tc.field(skBuffFields.len)).toBe(64);
    expect(tc.field(skBuffFields.data_end) - tc.field(skBuffFields.data)).toBe(64);
    expect(tc.field(skBuffFields.protocol)).toBe(0x0008);
    expect(tc.field(skBuffFields.pkt_type)).toBe(3);
    const filter = run(BPF_PROG_TYPE_SOCKET_FILTER, { data: frame() });
    expect(filter.field(skBuffFields.len)).toBe(50);
    expect(filter.field(skBuffFields.data_end)).toBe(0);
    expect([...data(filter.prepared.finish(7)).subarray(0, 14)]).toEqual(Array(14).fill(0));
  });

  it('hands back the given __sk_buff with the fields that a program may have changed', () => {
    const given = context(192, { [skBuffFields.mark]: 5, [skBuffFields.priority]: 6, [skBuffFields.cb]: 7 });
    const { runtime, prepared } = run(BPF_PROG_TYPE_SCHED_CLS, { data: frame(), context: given });
    runtime.memory.view.setUint32(prepared.context + skBuffFields.mark, 50, true);
    const out = prepared.finish(0xffffffff);
    expect(out.retval).toBe(-1);
    const view = viewOf(out.contextOut);
    const get = (at: number) => view.getUint32(at, true);
    expect([get(skBuffFields.mark), get(skBuffFields.priority), get(skBuffFields.cb)]).toEqual([50, 6, 7]);
    expect([get(skBuffFields.ifindex), get(skBuffFields.wire_len), get(skBuffFields.len)]).toEqual([1, 64, 0]);
  });

  it.each([
    ['too little data', BPF_PROG_TYPE_SCHED_CLS, { data: new Uint8Array(13) }, 'usage', undefined],
    ['more data than a page takes', BPF_PROG_TYPE_SCHED_CLS, { data: new Uint8Array(3713) }, 'refused', 22],
    ['a cut IPv4 header', BPF_PROG_TYPE_SCHED_CLS, { data: frame(33) }, 'refused', 22],
    [
      'a field that is the kernel’s',
      BPF_PROG_TYPE_SCHED_CLS,
      { data: frame(), context: context(192, { 0: 1 }) },
      'refused',
      22,
    ],
    ['another device', BPF_PROG_TYPE_SCHED_CLS, { data: frame(), context: context(192, { 40: 9 }) }, 'refused', 19],
    [
      'a longer struct that is not zero',
      BPF_PROG_TYPE_SCHED_CLS,
      { data: frame(), context: context(200, { 192: 1 }) },
      'refused',
      7,
    ],
    ['no number of runs', BPF_PROG_TYPE_SCHED_CLS, { data: frame(), repeat: Number.NaN }, 'usage', undefined],
    ['fewer runs than none', BPF_PROG_TYPE_SCHED_CLS, { data: frame(), repeat: -1 }, 'usage', undefined],
    ['half a run', BPF_PROG_TYPE_SCHED_CLS, { data: frame(), repeat: 1.5 }, 'usage', undefined],
    [
      'a context of more than a page, be it zeros',
      BPF_PROG_TYPE_SCHED_CLS,
      { data: frame(), context: new Uint8Array(4097) },
      'refused',
      7,
    ],
    [
      'XDP metadata of odd size',
      BPF_PROG_TYPE_XDP,
      { data: frame(), context: context(24, { 0: 3, 4: 64 }) },
      'refused',
      22,
    ],
    [
      'XDP data behind its end',
      BPF_PROG_TYPE_XDP,
      { data: frame(), context: context(24, { 0: 8, 4: 4 }) },
      'refused',
      22,
    ],
    ['more fragments than there are', BPF_PROG_TYPE_XDP, { data: new Uint8Array(3520 + 17 * 4096 + 1) }, 'refused', 12],
    [
      'a packet that is not of the family',
      BPF_PROG_TYPE_NETFILTER,
      { data: frame(), context: context(48, { 0: 0x0a00 }) },
      'refused',
      22,
    ],
    ['no context to look up by', BPF_PROG_TYPE_SK_LOOKUP, {}, 'usage', undefined],
    ['a port above all', BPF_PROG_TYPE_SK_LOOKUP, { context: context(72, { 8: 2, 60: 65536 }) }, 'refused', 34],
    ['a repeat count for a syscall', BPF_PROG_TYPE_SYSCALL, { repeat: 2 }, 'usage', undefined],
  ] as const)('is refused with %s', (_, type, options, code, errno) => {
    expect(() => run(type, options)).toThrow(expect.objectContaining({ code, errno }));
  });

  it('counts given XDP metadata from the data’s begin', () => {
    const given = context(24, { [xdpMdFields.data]: 8, [xdpMdFields.data_end]: 40 });
    const { prepared, field } = run(BPF_PROG_TYPE_XDP, { data: frame(), context: given });
    expect(field(xdpMdFields.data) - field(xdpMdFields.data_meta)).toBe(8);
    expect(field(xdpMdFields.data_end) - field(xdpMdFields.data)).toBe(32);
    const { dataOut } = prepared.finish(2);
    expect(dataOut).toEqual(frame());
  });

  it('begins each run of a flow dissector with fresh keys, and keeps offsets within the packet', () => {
    const { runtime, prepared } = run(BPF_PROG_TYPE_FLOW_DISSECTOR, { data: frame() });
    const at = Number(runtime.memory.view.getBigUint64(prepared.context + skBuffFields.flow_keys, true) & 0xffffffffn);
    runtime.memory.view.setUint16(at + flowKeysFields.nhoff, 1, true);
    runtime.memory.view.setUint16(at + flowKeysFields.thoff, 500, true);
    const keys = viewOf(prepared.finish(0).dataOut);
    expect([keys.getUint16(flowKeysFields.nhoff, true), keys.getUint16(flowKeysFields.thoff, true)]).toEqual([14, 64]);
    prepared.begin();
    expect(runtime.memory.view.getUint16(at + flowKeysFields.nhoff, true)).toBe(14);
  });

  it('tells when the checksum of a packet is no longer that of its bytes', () => {
    const { runtime, prepared, field } = run(BPF_PROG_TYPE_SCHED_CLS, {
      data: frame(),
      flags: BPF_F_TEST_SKB_CHECKSUM_COMPLETE,
    });
    expect(prepared.finish(0).retval).toBe(0);
    runtime.memory.u8[field(skBuffFields.data) + 20] = 1;
    expect(() => prepared.finish(0)).toThrow(expect.objectContaining({ errno: 74 }));
  });

  it('gives tracing programs the words that are given, and the number of arguments before them', () => {
    const words = new Uint8Array(new BigUint64Array([1n, 2n, 9n]).buffer);
    const { runtime, prepared, field } = run(BPF_PROG_TYPE_TRACING, { context: words }, { argumentCount: 2 });
    expect([field(0), field(8), field(16)]).toEqual([1, 2, 9]);
    expect(runtime.memory.view.getUint32(prepared.context - 8, true)).toBe(2);
  });

  it('is refused where the program reads more of it than is given', () => {
    const more = { maxContextOffset: 16 };
    expect(() => run(BPF_PROG_TYPE_RAW_TRACEPOINT, { context: new Uint8Array(8) }, more)).toThrow('reads 16 bytes');
    expect(() => run(BPF_PROG_TYPE_SYSCALL, {}, more)).toThrow('uses 16 bytes');
  });

  it('points a socket option at the data, and takes the pointers out again', () => {
    const value = Uint8Array.of(1, 2, 3, 4);
    const { runtime, prepared, field } = run(BPF_PROG_TYPE_CGROUP_SOCKOPT, {
      context: new Uint8Array(40),
      data: value,
    });
    expect(field(16) - field(8)).toBe(4);
    runtime.memory.u8[field(8)] = 9;
    const out = prepared.finish(1);
    expect([...data(out)]).toEqual([9, 2, 3, 4]);
    expect(out.contextOut?.every((byte) => byte === 0)).toBe(true);
  });

  it('does not exist for iterators', () => {
    expect(() => run(BPF_PROG_TYPE_TRACING, {}, { expectedAttachType: BPF_TRACE_ITER })).toThrow('is an iterator');
  });

  it('has 32-bit pointers in packets’ contexts only', () => {
    expect([...pointerFields(BPF_PROG_TYPE_SCHED_CLS)]).toEqual([76, 80, 140]);
    expect([...pointerFields(BPF_PROG_TYPE_SK_LOOKUP)]).toEqual([]);
  });
});

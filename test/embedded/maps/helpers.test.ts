/** Helpers on maps, called as compiled programs call them: with words. */
import { describe, expect, it } from 'vitest';
import { findFunction } from '../../../src/embedded/functions.ts';
import { PerfEventArrayMap } from '../../../src/embedded/maps/perf-event-array.ts';
import { RingBufferMap, UserRingBufferMap } from '../../../src/embedded/maps/ring-buffer.ts';
import { KERNEL_BASE } from '../../../src/embedded/memory/address.ts';
import type { Runtime } from '../../../src/embedded/runtime.ts';
import { ARGUMENT_BLOCK } from '../../../src/jit/index.ts';
import * as uapi from '../../../src/uapi/index.ts';
import { type TestKernel, testKernel, u32 } from './kernel.ts';

interface Calls extends TestKernel {
  call(name: string, ...words: (number | bigint)[]): number;
  /** What a callback was given, and what it is to answer. */
  readonly calls: bigint[][];
  answers: number[];
}

function calls(possibleCpus?: number): Calls {
  const kernel = testKernel(possibleCpus);
  const made: bigint[][] = [];
  const result: Calls = {
    ...kernel,
    calls: made,
    answers: [],
    call(name, ...words) {
      const definition = findFunction(name);
      if (definition === undefined) throw new Error(`no function ${name}`);
      return definition.make(runtime)(...words);
    },
  };
  const runtime = {
    memory: kernel.memory,
    mapAt: (address: number) => kernel.registry.at(address),
    invocation: { programType: 1, expectedAttachType: 0, programName: 'test', context: 0, subject: undefined },
    invoke: () => {
      const word = (index: number) => kernel.memory.view.getBigUint64(ARGUMENT_BLOCK + 8 * index, true);
      made.push([0, 1, 2, 3].map(word));
      return result.answers.shift() ?? 0;
    },
    // What else a runtime has, none of these functions asks for.
  } as unknown as Runtime;
  return result;
}

const place = ({ memory }: TestKernel, bytes: Uint8Array): number => {
  const at = memory.allocate(bytes.length);
  memory.u8.set(bytes, at);
  return at;
};

describe('bpf_for_each_map_elem', () => {
  it('gives the callback map, key, value and context, until it answers something else than 0', () => {
    const kernel = calls();
    const map = kernel.create({ type: uapi.BPF_MAP_TYPE_ARRAY, keySize: 4, valueSize: 8, maxEntries: 5 });
    kernel.answers = [0, 0, 1];
    expect(kernel.call('bpf_for_each_map_elem', map.address, 7, 0x1234, 0x5678, 0, 0)).toBe(3);
    expect(kernel.calls.map(([first, , value, context]) => [first, value, context])).toEqual(
      [0n, 8n, 16n].map((offset) => [
        KERNEL_BASE + BigInt(map.address),
        kernel.calls[0]?.[2] === undefined ? 0n : kernel.calls[0][2] + offset,
        0x567800001234n,
      ]),
    );
    expect(kernel.call('bpf_for_each_map_elem', map.address, 7, 0, 0, 1, 0)).toBe(-22);
  });

  it('meets each element of a hash once, also if the callback deletes it', () => {
    const kernel = calls();
    const map = kernel.create({ type: uapi.BPF_MAP_TYPE_HASH, keySize: 4, valueSize: 4, maxEntries: 50 });
    for (let key = 0; key < 50; key += 1) map.update(u32(key), u32(key));
    const met: number[] = [];
    const elements = map.elements();
    if (elements === undefined) throw new Error('a hash has elements');
    for (const [key] of elements) {
      met.push(kernel.memory.view.getUint32(key, true));
      map.deleteElement(key);
    }
    expect(met.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, key) => key));
    expect(kernel.call('bpf_map_sum_elem_count', map.address)).toBe(0);
  });
});

describe('ring buffers', () => {
  const create = (kernel: TestKernel): RingBufferMap => {
    const map = kernel.create({ type: uapi.BPF_MAP_TYPE_RINGBUF, maxEntries: 4096 });
    if (!(map instanceof RingBufferMap)) throw new Error('no ring buffer');
    return map;
  };
  const text = (records: Iterable<Uint8Array>) => [...records].map((record) => Buffer.from(record).toString());

  it('give records in the order in which they were reserved, without those that were discarded', () => {
    const kernel = calls();
    const map = create(kernel);
    const samples = ['a', 'bb', 'ccc'].map((letters) => {
      const sample = kernel.call('bpf_ringbuf_reserve', map.address, letters.length, 0, 0, 0);
      kernel.memory.u8.set(Buffer.from(letters), sample);
      return sample;
    });
    kernel.call('bpf_ringbuf_submit', samples[2] ?? 0, 0);
    expect(text(map.drain())).toEqual([]);
    kernel.call('bpf_ringbuf_discard', samples[1] ?? 0, 0);
    kernel.call('bpf_ringbuf_submit', samples[0] ?? 0, 0);
    expect(kernel.call('bpf_ringbuf_query', map.address, 0n)).toBe(48n);
    expect(text(map.drain())).toEqual(['a', 'ccc']);
    expect([0n, 1n, 2n, 3n, 4n].map((what) => kernel.call('bpf_ringbuf_query', map.address, what))).toEqual([
      0n,
      4096n,
      48n,
      48n,
      0n,
    ]);
  });

  it('refuse what does not fit, and take records over their end for ever', () => {
    const kernel = calls();
    const map = create(kernel);
    expect(kernel.call('bpf_ringbuf_reserve', map.address, 4089, 0, 0, 0)).toBe(0);
    expect(kernel.call('bpf_ringbuf_reserve', map.address, 8, 0, 1, 0)).toBe(0);
    for (let round = 0; round < 200; round += 1) {
      const bytes = new Uint8Array(1050 + round).fill(round);
      const from = place(kernel, bytes);
      for (let i = 0; i < 3; i += 1) {
        expect(kernel.call('bpf_ringbuf_output', map.address, from, bytes.length, 0, 0)).toBe(0);
      }
      expect(kernel.call('bpf_ringbuf_output', map.address, from, bytes.length, 0, 0)).toBe(-11);
      expect(kernel.call('bpf_ringbuf_output', map.address, from, bytes.length, 4, 0)).toBe(-22);
      expect([...map.drain()]).toEqual([bytes, bytes, bytes]);
      kernel.memory.free(from);
    }
  });

  it('wake who waits for records, and stop when told to', async () => {
    const kernel = calls();
    const map = create(kernel);
    const stop = new AbortController();
    const seen: string[] = [];
    const reader = (async () => {
      for await (const record of map.records(stop.signal)) seen.push(Buffer.from(record).toString());
    })();
    await Promise.resolve();
    const from = place(kernel, Buffer.from('hello'));
    kernel.call('bpf_ringbuf_output', map.address, from, 5, 0, 0);
    while (seen.length < 1) await new Promise((resolve) => setTimeout(resolve, 1));
    // Not to be woken: it stays where it is until somebody is.
    kernel.call('bpf_ringbuf_output', map.address, from, 2, 1, 0);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(seen).toEqual(['hello']);
    kernel.call('bpf_ringbuf_output', map.address, from, 3, 2, 0);
    stop.abort();
    await reader;
    expect(seen).toEqual(['hello', 'he', 'hel']);
  });

  it('reserve through dynptrs', () => {
    const kernel = calls();
    const map = create(kernel);
    const dynptr = place(kernel, new Uint8Array(16));
    expect(kernel.call('bpf_ringbuf_reserve_dynptr', map.address, 3, 0, 0, dynptr)).toBe(0);
    const sample = kernel.memory.view.getUint32(dynptr, true);
    kernel.memory.u8.set([1, 2, 3], sample);
    kernel.call('bpf_ringbuf_submit_dynptr', dynptr, 0);
    expect([...map.drain()]).toEqual([Uint8Array.of(1, 2, 3)]);
    expect(kernel.call('bpf_ringbuf_reserve_dynptr', map.address, 5000, 0, 0, dynptr)).toBe(-22);
    expect(kernel.call('bpf_ringbuf_reserve_dynptr', map.address, 1 << 24, 0, 0, dynptr)).toBe(-7);
    kernel.call('bpf_ringbuf_discard_dynptr', dynptr, 0);
  });

  it('of users: programs get what was submitted, until they have enough', () => {
    const kernel = calls();
    const map = kernel.create({ type: uapi.BPF_MAP_TYPE_USER_RINGBUF, maxEntries: 4096 });
    if (!(map instanceof UserRingBufferMap)) throw new Error('no ring buffer');
    for (let round = 0; round < 30; round += 1) {
      map.submit(new Uint8Array(1000));
      map.submit(new Uint8Array(3));
      map.submit(new Uint8Array(500));
      expect(() => map.submit(new Uint8Array(3000))).toThrow('has no room');
      kernel.answers = [0, 1];
      expect(kernel.call('bpf_user_ringbuf_drain', map.address, 5, 1, 0, 0, 0)).toBe(2);
      expect(kernel.call('bpf_user_ringbuf_drain', map.address, 5, 1, 0, 0, 0)).toBe(1);
      expect(kernel.call('bpf_user_ringbuf_drain', map.address, 5, 1, 0, 0, 0)).toBe(0);
    }
    expect(kernel.call('bpf_user_ringbuf_drain', map.address, 5, 1, 0, 4, 0)).toBe(-22);
    expect(kernel.calls.length).toBe(90);
  });
});

it('perf events reach whoever has opened the buffer of that processor', async () => {
  const kernel = calls(2);
  const map = kernel.create({ type: uapi.BPF_MAP_TYPE_PERF_EVENT_ARRAY, keySize: 4, valueSize: 4, maxEntries: 2 });
  if (!(map instanceof PerfEventArrayMap)) throw new Error('no perf event array');
  const data = place(kernel, Uint8Array.of(1, 2, 3));
  const output = (index: number, high = 0) =>
    kernel.call('bpf_perf_event_output', 0, map.address, index, high, data, 3);
  expect(output(-1)).toBe(-2);
  const buffer = map.open(0, 7);
  map.open(1);
  expect([output(-1), output(0), output(1), output(2), output(0, 1), output(0)]).toEqual([0, 0, -95, -7, -22, -28]);
  expect(buffer.lost).toBe(1);
  expect(buffer.drain()).toEqual([Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 3)]);
  output(0);
  buffer.close();
  const rest: Uint8Array[] = [];
  for await (const record of buffer) rest.push(record);
  expect(rest).toEqual([Uint8Array.of(1, 2, 3)]);
});

describe('storage', () => {
  it('is one value for each object, made on demand', () => {
    const kernel = calls();
    const map = kernel.create({
      type: uapi.BPF_MAP_TYPE_TASK_STORAGE,
      keySize: 4,
      valueSize: 8,
      flags: uapi.BPF_F_NO_PREALLOC,
      btfKeyTypeId: 1,
      btfValueTypeId: 2,
    });
    const get = (owner: number, value: number, flags: number) =>
      kernel.call('bpf_task_storage_get', map.address, owner, value, flags, 0) >>> 0;
    const initial = place(kernel, u32(7, 8));
    expect(get(0x600000, 0, 0)).toBe(0);
    const first = get(0x600000, initial, 1);
    expect(kernel.memory.u8.slice(first, first + 8)).toEqual(u32(7, 8));
    expect(get(0x600000, 0, 1)).toBe(first);
    const second = get(0x602000, 0, 1);
    expect(kernel.memory.u8.slice(second, second + 8)).toEqual(u32(0, 0));
    expect(get(0, 0, 1)).toBe(0);
    expect(get(0x600000, 0, 2)).toBe(0);
    expect(kernel.call('bpf_task_storage_delete', map.address, 0x600000)).toBe(0);
    expect(kernel.call('bpf_task_storage_delete', map.address, 0x600000)).toBe(-2);
    expect(kernel.call('bpf_task_storage_delete', map.address, 0)).toBe(-22);
    expect(get(0x600000, 0, 0)).toBe(0);
    map.close();
    expect(kernel.registry.at(map.address)).toBeUndefined();
  });
});

it('queues, stacks and filters answer programs as they do users', () => {
  const kernel = calls();
  const into = kernel.memory.allocate(8);
  const [queue, stack, filter] = [uapi.BPF_MAP_TYPE_QUEUE, uapi.BPF_MAP_TYPE_STACK, uapi.BPF_MAP_TYPE_BLOOM_FILTER].map(
    (type) => kernel.create({ type, valueSize: 4, maxEntries: 3 }),
  );
  for (const map of [queue, stack]) {
    const address = map?.address ?? 0;
    for (let n = 1; n <= 4; n += 1) {
      const value = place(kernel, u32(n));
      expect(kernel.call('bpf_map_push_elem', address, value, 0, 0)).toBe(n === 4 ? -7 : 0);
      if (n === 4) expect(kernel.call('bpf_map_push_elem', address, value, 2, 0)).toBe(0);
    }
    const popped: number[] = [];
    expect(kernel.call('bpf_map_peek_elem', address, into)).toBe(0);
    while (kernel.call('bpf_map_pop_elem', address, into) === 0) popped.push(kernel.memory.view.getUint32(into, true));
    expect(popped).toEqual(map === queue ? [2, 3, 4] : [4, 3, 2]);
  }
  const address = filter?.address ?? 0;
  expect(kernel.call('bpf_map_peek_elem', address, into)).toBe(-2);
  expect(kernel.call('bpf_map_push_elem', address, into, 0, 0)).toBe(0);
  expect(kernel.call('bpf_map_peek_elem', address, into)).toBe(0);
  expect(kernel.call('bpf_map_push_elem', address, into, 1, 0)).toBe(-22);
});

/**
 * Helpers through which programs send records to users and get them from there.
 * Facts: kernel/bpf/ringbuf.c, kernel/trace/bpf_trace.c and net/core/filter.c, Linux 6.18.
 */
import { PerfEventArrayMap } from '../maps/perf-event-array.ts';
import { UserRingBufferMap } from '../maps/ring-buffer.ts';
import { Packet } from '../packets/packet.ts';
import type { Runtime } from '../runtime.ts';
import { passNumber, passPointer } from './callbacks.ts';
import { type FunctionDefinition, signature } from './definition.ts';
import {
  clearDynptr,
  DYNPTR_LOCAL,
  DYNPTR_RINGBUF,
  DYNPTR_SIZE,
  dynptrData,
  initDynptr,
  MAX_DYNPTR_SIZE,
} from './dynptr-struct.ts';
import { E2BIG, EFAULT, EINVAL } from './errno.ts';
import { inWasm } from './in-wasm.ts';
import { mapOf } from './maps.ts';

/** How many bytes of the packet go behind the record: bits 32 to 51 of the flags. */
const PACKET_BYTES_MASK = 0xfffff;

/** bpf_perf_event_output() of programs that run on packets may append the first bytes of theirs. */
function perfEventOutput(
  runtime: Runtime,
  address: number,
  flags: number,
  flagsHigh: number,
  data: number,
  size: number,
): number {
  const map = mapOf(runtime, address);
  if (!(map instanceof PerfEventArrayMap)) return EINVAL;
  const { memory, invocation } = runtime;
  const { subject } = invocation;
  const length = size >>> 0;
  if (!(subject instanceof Packet)) return map.output(flags >>> 0, flagsHigh, memory.u8.slice(data, data + length));
  if ((flagsHigh & ~PACKET_BYTES_MASK) !== 0) return EINVAL;
  if (flagsHigh > subject.length) return EFAULT;
  const room = memory.allocate(length + flagsHigh);
  try {
    memory.u8.copyWithin(room, data, data + length);
    subject.load(0, room + length, flagsHigh);
    return map.output(flags >>> 0, 0, memory.u8.slice(room, room + length + flagsHigh));
  } finally {
    memory.free(room);
  }
}

/** Programs get a dynptr over each record of users. */
function drainUserRing(
  runtime: Runtime,
  address: number,
  callback: number,
  contextLow: number,
  contextHigh: number,
  flags: number,
  flagsHigh: number,
): number {
  const map = mapOf(runtime, address);
  if (!(map instanceof UserRingBufferMap) || flagsHigh !== 0) return EINVAL;
  const { memory } = runtime;
  const dynptr = memory.allocate(DYNPTR_SIZE);
  try {
    return map.drain((sample, size) => {
      initDynptr(memory, dynptr, sample, DYNPTR_LOCAL, size);
      passPointer(runtime, 0, dynptr);
      passNumber(runtime, 1, contextLow, contextHigh);
      return runtime.invoke(callback);
    }, flags);
  } finally {
    memory.free(dynptr);
  }
}

function reserveDynptr(
  runtime: Runtime,
  map: number,
  size: number,
  flags: number,
  flagsHigh: number,
  dynptr: number,
): number {
  const { memory } = runtime;
  clearDynptr(memory, dynptr);
  if ((flags | flagsHigh) !== 0) return EINVAL;
  if (size >>> 0 > MAX_DYNPTR_SIZE) return E2BIG;
  const sample = runtime.memory.runtime.ringbuf_reserve(map, size, 0, 0, 0) >>> 0;
  if (sample === 0) return EINVAL;
  initDynptr(memory, dynptr, sample, DYNPTR_RINGBUF, size);
  return 0;
}

/** A record that was reserved through a dynptr is complete, or given up. */
const commitDynptr = (name: string, commit: 'ringbuf_submit' | 'ringbuf_discard'): FunctionDefinition => ({
  name,
  signature: signature('p i -> v'),
  make: (runtime) => {
    const wasm = runtime.memory.runtime;
    return (dynptr: number, flags: number) => {
      const sample = dynptrData(runtime.memory, dynptr);
      if (sample === 0) return;
      wasm[commit](sample, flags);
      clearDynptr(runtime.memory, dynptr);
    };
  },
});

export const ringBufferHelpers: readonly FunctionDefinition[] = [
  inWasm('bpf_ringbuf_reserve', 'p q q -> p', (wasm) => wasm.ringbuf_reserve),
  inWasm('bpf_ringbuf_submit', 'p i -> v', (wasm) => wasm.ringbuf_submit),
  inWasm('bpf_ringbuf_discard', 'p i -> v', (wasm) => wasm.ringbuf_discard),
  inWasm('bpf_ringbuf_output', 'p p i q -> s', (wasm) => wasm.ringbuf_output),
  inWasm('bpf_ringbuf_query', 'p L -> L', (wasm) => wasm.ringbuf_query),
  {
    name: 'bpf_ringbuf_reserve_dynptr',
    signature: signature('p i q p -> s'),
    make: (runtime) => (map: number, size: number, flags: number, flagsHigh: number, dynptr: number) =>
      reserveDynptr(runtime, map, size, flags, flagsHigh, dynptr),
  },
  commitDynptr('bpf_ringbuf_submit_dynptr', 'ringbuf_submit'),
  commitDynptr('bpf_ringbuf_discard_dynptr', 'ringbuf_discard'),
  {
    name: 'bpf_user_ringbuf_drain',
    signature: signature('p i q q -> s'),
    make: (runtime) => (map: number, callback: number, low: number, high: number, flags: number, flagsHigh: number) =>
      drainUserRing(runtime, map, callback, low, high, flags, flagsHigh),
  },
  {
    name: 'bpf_perf_event_output',
    signature: signature('p p q p i -> s'),
    make: (runtime) => (_context: number, map: number, flags: number, flagsHigh: number, data: number, size: number) =>
      perfEventOutput(runtime, map, flags, flagsHigh, data, size),
  },
];

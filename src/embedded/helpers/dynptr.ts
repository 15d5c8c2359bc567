/**
 * Helpers and kfuncs over dynptrs. The struct is dynptr-struct.ts's; how the bytes of each kind are reached,
 * dynptr-types.ts's. Those that make dynptrs of ring buffers and packets stand with these.
 *
 * Facts: kernel/bpf/helpers.c of Linux 6.12, and 6.18 for bpf_dynptr_copy and bpf_dynptr_memset.
 */
import type { KernelMemory } from '../memory/kernel-memory.ts';
import type { Runtime } from '../runtime.ts';
import { type FunctionDefinition, signature } from './definition.ts';
import {
  clearDynptr,
  DYNPTR_LOCAL,
  DYNPTR_RINGBUF,
  DYNPTR_SIZE,
  type DynptrType,
  dynptrData,
  dynptrOffset,
  dynptrSize,
  dynptrTypeNumber,
  initDynptr,
  isInDynptr,
  isReadOnlyDynptr,
  MAX_DYNPTR_SIZE,
  narrowDynptr,
} from './dynptr-struct.ts';
import { dynptrTypes } from './dynptr-types.ts';
import { E2BIG, EFAULT, EINVAL, ERANGE } from './errno.ts';

function typeOf(memory: KernelMemory, at: number): DynptrType | undefined {
  return dynptrTypes.get(dynptrTypeNumber(memory, at));
}

export function readDynptr(runtime: Runtime, at: number, offset: number, to: number, size: number): number {
  const { memory } = runtime;
  const data = dynptrData(memory, at);
  if (data === 0) return EINVAL;
  if (!isInDynptr(memory, at, offset, size)) return E2BIG;
  const type = typeOf(memory, at);
  return type === undefined ? EFAULT : type.read(runtime, data, dynptrOffset(memory, at) + offset, to, size);
}

export function writeDynptr(
  runtime: Runtime,
  at: number,
  offset: number,
  from: number,
  size: number,
  flags: number,
): number {
  const { memory } = runtime;
  const data = dynptrData(memory, at);
  if (data === 0 || isReadOnlyDynptr(memory, at)) return EINVAL;
  if (!isInDynptr(memory, at, offset, size)) return E2BIG;
  const type = typeOf(memory, at);
  return type === undefined ? EFAULT : type.write(runtime, data, dynptrOffset(memory, at) + offset, from, size, flags);
}

/** Where its bytes are in memory, or a copy of them in the buffer; 0 if they are not to be had. */
export function sliceDynptr(runtime: Runtime, at: number, offset: number, size: number, buffer: number): number {
  const { memory } = runtime;
  const data = dynptrData(memory, at);
  if (data === 0 || !isInDynptr(memory, at, offset, size)) return 0;
  return typeOf(memory, at)?.slice(runtime, data, dynptrOffset(memory, at) + offset, size, buffer) ?? 0;
}

/** As sliceDynptr(), for bytes that are to be written. */
export const sliceForWriting = (runtime: Runtime, at: number, offset: number, size: number, buffer: number): number =>
  isReadOnlyDynptr(runtime.memory, at) ? 0 : sliceDynptr(runtime, at, offset, size, buffer);

/** Whether a whole 64-bit word of flags is 0. */
const noFlags = (low: number, high: number): boolean => (low | high) === 0;

export const dynptrHelpers: readonly FunctionDefinition[] = [
  {
    name: 'bpf_dynptr_from_mem',
    signature: signature('p i q p -> s'),
    make:
      ({ memory }) =>
      (data: number, size: number, flags: number, flagsHigh: number, at: number) => {
        const errno = size >>> 0 > MAX_DYNPTR_SIZE ? E2BIG : noFlags(flags, flagsHigh) ? 0 : EINVAL;
        if (errno === 0) initDynptr(memory, at, data, DYNPTR_LOCAL, size);
        else clearDynptr(memory, at);
        return errno;
      },
  },
  {
    name: 'bpf_dynptr_read',
    signature: signature('p i p i q -> s'),
    make: (runtime) => (to: number, size: number, at: number, offset: number, flags: number, flagsHigh: number) =>
      noFlags(flags, flagsHigh) ? readDynptr(runtime, at, offset, to, size) : EINVAL,
  },
  {
    name: 'bpf_dynptr_write',
    signature: signature('p i p i q -> s'),
    make: (runtime) => (at: number, offset: number, from: number, size: number, flags: number, flagsHigh: number) =>
      // No type has flags in the upper word; each refuses what it does not know.
      writeDynptr(runtime, at, offset, from, size, flagsHigh === 0 ? flags : -1),
  },
  {
    name: 'bpf_dynptr_data',
    signature: signature('p i i -> p'),
    make: (runtime) => (at: number, offset: number, size: number) => {
      const { memory } = runtime;
      // Of packets only slices are to be had.
      if (isReadOnlyDynptr(memory, at) || !isMemory(memory, at)) return 0;
      return sliceDynptr(runtime, at, offset, size, 0);
    },
  },
];

function isMemory(memory: KernelMemory, at: number): boolean {
  const type = dynptrTypeNumber(memory, at);
  return type === DYNPTR_LOCAL || type === DYNPTR_RINGBUF;
}

export const dynptrKfuncs: readonly FunctionDefinition[] = [
  {
    name: 'bpf_dynptr_slice',
    signature: signature('p i p i -> p'),
    make: (runtime) => (at: number, offset: number, buffer: number, size: number) =>
      sliceDynptr(runtime, at, offset, size, buffer),
  },
  {
    name: 'bpf_dynptr_slice_rdwr',
    signature: signature('p i p i -> p'),
    make: (runtime) => (at: number, offset: number, buffer: number, size: number) =>
      sliceForWriting(runtime, at, offset, size, buffer),
  },
  {
    name: 'bpf_dynptr_adjust',
    signature: signature('p i i -> s'),
    make:
      ({ memory }) =>
      (at: number, start: number, end: number) => {
        if (dynptrData(memory, at) === 0 || start >>> 0 > end >>> 0) return EINVAL;
        if (end >>> 0 > dynptrSize(memory, at)) return ERANGE;
        narrowDynptr(memory, at, start, end);
        return 0;
      },
  },
  {
    name: 'bpf_dynptr_is_null',
    signature: signature('p -> u'),
    make:
      ({ memory }) =>
      (at: number) =>
        dynptrData(memory, at) === 0 ? 1 : 0,
  },
  {
    name: 'bpf_dynptr_is_rdonly',
    signature: signature('p -> u'),
    make:
      ({ memory }) =>
      (at: number) =>
        dynptrData(memory, at) !== 0 && isReadOnlyDynptr(memory, at) ? 1 : 0,
  },
  {
    name: 'bpf_dynptr_size',
    signature: signature('p -> u'),
    make:
      ({ memory }) =>
      (at: number) =>
        dynptrData(memory, at) === 0 ? EINVAL : dynptrSize(memory, at),
  },
  {
    name: 'bpf_dynptr_clone',
    signature: signature('p p -> s'),
    make:
      ({ memory }) =>
      (at: number, clone: number) => {
        if (dynptrData(memory, at) === 0) {
          clearDynptr(memory, clone);
          return EINVAL;
        }
        memory.u8.copyWithin(clone, at, at + DYNPTR_SIZE);
        return 0;
      },
  },
  {
    name: 'bpf_dynptr_copy',
    signature: signature('p i p i i -> s'),
    make: (runtime) => (to: number, toOffset: number, from: number, fromOffset: number, size: number) => {
      const { memory } = runtime;
      const source = sliceDynptr(runtime, from, fromOffset, size, 0);
      const target = sliceForWriting(runtime, to, toOffset, size, 0);
      if (source !== 0 && target !== 0) {
        memory.u8.copyWithin(target, source, source + size);
        return 0;
      }
      if (source !== 0) return writeDynptr(runtime, to, toOffset, source, size, 0);
      if (target !== 0) return readDynptr(runtime, from, fromOffset, target, size);
      if (!isInDynptr(memory, to, toOffset, size) || !isInDynptr(memory, from, fromOffset, size)) return E2BIG;
      return inChunks(memory, size, (buffer, done, length) => {
        const errno = readDynptr(runtime, from, fromOffset + done, buffer, length);
        return errno === 0 ? writeDynptr(runtime, to, toOffset + done, buffer, length, 0) : errno;
      });
    },
  },
  {
    name: 'bpf_dynptr_memset',
    signature: signature('p i i i -> s'),
    make: (runtime) => (at: number, offset: number, size: number, value: number) => {
      const { memory } = runtime;
      const slice = sliceForWriting(runtime, at, offset, size, 0);
      if (slice !== 0) {
        memory.u8.fill(value, slice, slice + size);
        return 0;
      }
      if (isReadOnlyDynptr(memory, at)) return EINVAL;
      if (!isInDynptr(memory, at, offset, size)) return E2BIG;
      return inChunks(memory, size, (buffer, done, length) => {
        memory.u8.fill(value, buffer, buffer + length);
        return writeDynptr(runtime, at, offset + done, buffer, length, 0);
      });
    },
  },
];

const CHUNK = 256;

/** For what does not lie in one piece. @param step gives 0 to go on */
function inChunks(
  memory: KernelMemory,
  size: number,
  step: (buffer: number, done: number, length: number) => number,
): number {
  const buffer = memory.allocate(CHUNK);
  try {
    for (let done = 0; done < size; done += CHUNK) {
      const errno = step(buffer, done, Math.min(CHUNK, size - done));
      if (errno !== 0) return errno;
    }
    return 0;
  } finally {
    memory.free(buffer);
  }
}

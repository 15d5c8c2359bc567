/**
 * The kinds of dynptrs, by their number in struct bpf_dynptr_kern: enum bpf_dynptr_type of include/linux/bpf.h.
 */
import { DYNPTR_LOCAL, DYNPTR_RINGBUF, type DynptrType } from './dynptr-struct.ts';
import { EINVAL } from './errno.ts';
import { packetDynptrTypes } from './packet-dynptr.ts';

/** Plain memory: of maps, and records of ring buffers. */
const memoryDynptr: DynptrType = {
  // Source and destination may overlap.
  read({ memory }, data, offset, to, size) {
    memory.u8.copyWithin(to, data + offset, data + offset + size);
    return 0;
  },
  write({ memory }, data, offset, from, size, flags) {
    if (flags !== 0) return EINVAL;
    memory.u8.copyWithin(data + offset, from, from + size);
    return 0;
  },
  slice: (_runtime, data, offset) => data + offset,
};

export const dynptrTypes: ReadonlyMap<number, DynptrType> = new Map<number, DynptrType>([
  [DYNPTR_LOCAL, memoryDynptr],
  [DYNPTR_RINGBUF, memoryDynptr],
  ...packetDynptrTypes,
]);

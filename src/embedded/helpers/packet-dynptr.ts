/**
 * Dynptrs over packets: how their bytes are reached, and the kfuncs that make them. Facts: net/core/filter.c and
 * kernel/bpf/helpers.c of Linux 6.12; metadata of an sk_buff as 6.18 has it (a run's packet has none).
 */
import {
  BPF_PROG_TYPE_LWT_XMIT,
  BPF_PROG_TYPE_SCHED_ACT,
  BPF_PROG_TYPE_SCHED_CLS,
  BPF_PROG_TYPE_SK_SKB,
} from '../../uapi/index.ts';
import { packetOf } from '../packets/packet.ts';
import { SkBuff, skBuffOf } from '../packets/sk-buff.ts';
import { xdpBuffOf } from '../packets/xdp-buff.ts';
import type { Runtime } from '../runtime.ts';
import { type FunctionDefinition, signature } from './definition.ts';
import { clearDynptr, type DynptrType, initDynptr } from './dynptr-struct.ts';
import { EINVAL } from './errno.ts';

export const DYNPTR_SKB = 3;
export const DYNPTR_XDP = 4;
export const DYNPTR_SKB_META = 5;

/** They may write packets directly; to the others a dynptr over one is read-only. */
const writers: ReadonlySet<number> = new Set([
  BPF_PROG_TYPE_SCHED_CLS,
  BPF_PROG_TYPE_SCHED_ACT,
  BPF_PROG_TYPE_LWT_XMIT,
  BPF_PROG_TYPE_SK_SKB,
]);

/** The packet is found by the run, `data` is only there so that the dynptr leads somewhere. */
const packetDynptr: DynptrType = {
  read: (runtime, _data, offset, to, size) => packetOf(runtime).load(offset, to, size),
  write: (runtime, _data, offset, from, size, flags) => packetOf(runtime).store(offset, from, size, flags),
  slice(runtime, _data, offset, size, buffer) {
    const packet = packetOf(runtime);
    const whole = packet.pointer(offset, size);
    if (whole !== 0 || buffer === 0) return whole;
    return packet.load(offset, buffer, size) === 0 ? buffer : 0;
  },
};

/** Of no bytes. */
const emptyDynptr: DynptrType = { read: () => 0, write: () => 0, slice: () => 0 };

export const packetDynptrTypes: readonly (readonly [number, DynptrType])[] = [
  [DYNPTR_SKB, packetDynptr],
  [DYNPTR_XDP, packetDynptr],
  [DYNPTR_SKB_META, emptyDynptr],
];

function make(type: number, lengthOf: (runtime: Runtime) => number, isReadOnly: (runtime: Runtime) => boolean) {
  return (runtime: Runtime) =>
    (context: number, flags: number, high: number, at: number): number => {
      const { memory } = runtime;
      if (flags !== 0 || high !== 0) {
        clearDynptr(memory, at);
        return EINVAL;
      }
      initDynptr(memory, at, context, type, lengthOf(runtime), isReadOnly(runtime));
      return 0;
    };
}

const mayNotWrite = ({ invocation }: Runtime): boolean =>
  !writers.has(invocation.programType) || !(invocation.subject instanceof SkBuff);

export const packetDynptrKfuncs: readonly FunctionDefinition[] = [
  {
    name: 'bpf_dynptr_from_skb',
    signature: signature('p q p -> s'),
    make: make(DYNPTR_SKB, (runtime) => skBuffOf(runtime).length, mayNotWrite),
  },
  {
    name: 'bpf_dynptr_from_skb_meta',
    signature: signature('p q p -> s'),
    make: make(DYNPTR_SKB_META, () => 0, mayNotWrite),
  },
  {
    name: 'bpf_dynptr_from_xdp',
    signature: signature('p q p -> s'),
    make: make(
      DYNPTR_XDP,
      (runtime) => xdpBuffOf(runtime).length,
      () => false,
    ),
  },
];

/**
 * LD_ABS and LD_IND: bytes of the packet in network order, for the compiler. Offsets below 0 count from a header:
 * SKF_NET_OFF from the network header, SKF_LL_OFF from the Ethernet header (include/uapi/linux/filter.h).
 */
import { RESULT_HIGH } from '../../jit/index.ts';
import type { Runtime } from '../runtime.ts';
import { SkBuff } from './sk-buff.ts';

const SKF_NET_OFF = -0x100000;
const SKF_LL_OFF = -0x200000;

/** @returns the function of CompileInput.packetLoad: the value, with 1 at RESULT_HIGH if there is no such place */
export function packetLoad(runtime: Runtime): (context: number, offset: number, size: number) => number {
  const { memory } = runtime;
  return (_context, offset, size) => {
    const { subject } = runtime.invocation;
    const at = subject instanceof SkBuff ? placeOf(subject, offset, size) : 0;
    memory.i32[RESULT_HIGH >> 2] = at === 0 ? 1 : 0;
    if (at === 0) return 0;
    if (size === 1) return memory.u8[at] as number;
    return size === 2 ? memory.view.getUint16(at) : memory.view.getInt32(at);
  };
}

/** Offset into linear memory, or 0. */
function placeOf(packet: SkBuff, offset: number, size: number): number {
  let from: number;
  if (offset >= 0) from = packet.data + offset;
  else if (offset >= SKF_NET_OFF) from = packet.head + packet.networkHeader + (offset - SKF_NET_OFF);
  else if (offset >= SKF_LL_OFF && packet.macHeader !== undefined) {
    from = packet.head + packet.macHeader + (offset - SKF_LL_OFF);
  } else return 0;
  return from >= packet.head && from + size <= packet.tail ? from : 0;
}

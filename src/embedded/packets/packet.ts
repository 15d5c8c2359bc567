/**
 * What every packet is to the helpers that do not mind which kind it is (dynptrs): bytes counted from its first one,
 * wherever they lie. It stands behind the context of the running program, as Invocation.subject.
 */
import type { Runtime } from '../runtime.ts';

export abstract class Packet {
  readonly runtime: Runtime;
  /** Offset of the context that the program sees it through: __sk_buff or xdp_md; 0 if it has none. */
  abstract readonly context: number;

  constructor(runtime: Runtime) {
    this.runtime = runtime;
  }

  /** All bytes, fragments too. */
  abstract get length(): number;
  /** Offset in linear memory of these bytes, or 0 if they do not lie in one piece or reach beyond the packet. */
  abstract pointer(offset: number, length: number): number;
  /** Copies from the packet into memory. @returns 0 or a negative errno */
  abstract load(offset: number, to: number, length: number): number;
  /** Copies from memory into the packet. @returns 0 or a negative errno */
  abstract store(offset: number, from: number, length: number, flags: number): number;
}

/** The packet behind the running program's context. */
export function packetOf(runtime: Runtime): Packet {
  const { subject } = runtime.invocation;
  if (subject instanceof Packet) return subject;
  throw new Error(`program '${runtime.invocation.programName}' has no packet behind its context`);
}

/**
 * The linear memory of one embedded kernel, as the rest of embedded/ sees it.
 *
 *   0x0000  a page of zeros, never handed out: what a NULL or small-offset read gives
 *   0x1000  cells that compiled code and JavaScript share (see jit/plan.ts), then what the allocator needs
 *   ...     the stack of programs, growing down from STACK_TOP
 *   ...     the heap
 *
 * Growing replaces the buffer: always go through the getters, never keep a view over a call that may allocate.
 */
import type { WasmMemory } from '../../jit/index.ts';
import type { RuntimeExports } from '../runtime-wasm/runtime-wasm.ts';

export interface KernelMemory {
  readonly wasm: WasmMemory;
  /** The runtime's module, which works on this memory. */
  readonly runtime: RuntimeExports;
  /** Views of the whole memory, little-endian as the machine is. */
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
  readonly view: DataView;
  /** Offset of that many zeroed bytes, aligned to 8 (to 4096 from a page on). @throws BpfiterError `refused`, ENOMEM */
  allocate(size: number): number;
  free(offset: number): void;
  /** Text up to a NUL or that many bytes. */
  text(offset: number, limit: number): string;
}

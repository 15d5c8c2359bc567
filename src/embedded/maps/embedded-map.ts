/**
 * What a map of the embedded kernel is to the rest of it. Users see the KernelMap half; programs reach the map by the
 * address of its struct bpf_map, and call its operations with offsets into linear memory.
 */
import type { CallPlan } from '../../jit/index.ts';
import type { KernelMap } from '../../kernel.ts';
import type { SpecialField } from '../../verifier/index.ts';

export interface EmbeddedMap extends KernelMap {
  readonly flags: number;
  /** Offset of its struct bpf_map in linear memory. */
  readonly address: number;
  /** Offset of byte 0 of the value of a one-element array (global data) or of an arena; undefined elsewhere. */
  readonly valueAddress: number | undefined;
  /** Of PROG_ARRAYs: offset of its slots for CallPlan `tail-call`; undefined elsewhere. */
  readonly slotsAddress: number | undefined;
  /**
   * How a helper or kfunc that was always given this map is called, if this map does it in a better way than the
   * general one: arrays look up inline. @param name with the `bpf_` prefix
   */
  plan(name: string): CallPlan | undefined;

  /** Fields of the value that are more than bytes: locks, timers, pointers. */
  readonly specialFields: readonly SpecialField[];
  /**
   * Of the types whose elements can be walked: offsets of keys and values, of per-CPU types those of the processor that
   * runs; storage maps have the offset of the owner for a key. Undefined elsewhere.
   */
  elements(): Iterable<readonly [key: number, value: number]> | undefined;

  /** Keeps it; counts. */
  hold(): void;
  release(): void;

  // As programs call them: keys and values are offsets, results offsets (0: NULL) or negative errnos.
  lookupElement(key: number): number;
  updateElement(key: number, value: number, flags: number): number;
  deleteElement(key: number): number;
}

/**
 * What one embedded kernel shares between its parts while programs run: memory, maps, time, and what is running. The
 * functions that programs call are made for a Runtime (helpers/definition.ts).
 */
import type { Btf } from '../btf/index.ts';
import type { EmbeddedMap } from './maps/embedded-map.ts';
import type { KernelMemory } from './memory/kernel-memory.ts';
import type { KernelObjects, ObjectSession } from './sources/source.ts';

/** Time, chance and processors, as the embedder gives them. */
export interface Machine {
  /** Nanoseconds of CLOCK_MONOTONIC, as [low, high] words of a 64-bit number written into `into`. */
  monotonic(into: Uint32Array): void;
  /** Difference of CLOCK_BOOTTIME to CLOCK_MONOTONIC in nanoseconds. */
  readonly bootOffset: bigint;
  /** Difference of CLOCK_TAI to CLOCK_MONOTONIC in nanoseconds; absent: this machine has no such clock. */
  readonly taiOffset?: bigint;
  /** 32 random bits. */
  random(): number;
  readonly possibleCpus: number;
}

/** The program that runs now; helpers that depend on it read it here. Nested: a callback runs in its caller's. */
export interface Invocation {
  readonly programType: number;
  readonly expectedAttachType: number;
  readonly programName: string;
  /** Offset of the context. */
  readonly context: number;
  /** What stands behind the context, if more than memory does: a packet, an iterator session; the rooms that make it know. */
  readonly subject: object | undefined;
  /** Where the kernel's objects stand that the program walks over: of its iterator's session, or of this run. */
  readonly objects?: ObjectSession | undefined;
}

export interface Runtime {
  readonly memory: KernelMemory;
  /** The kernel's types: where the fields of the structs in memory lie. */
  readonly btf: Btf;
  readonly machine: Machine;
  /** By the offset of the struct bpf_map; undefined for what is no map. */
  mapAt(address: number): EmbeddedMap | undefined;
  /** An object that lived as long as a run is given back: with it go its values in storage maps. */
  objectEnds(object: number): void;
  /** The running program. @throws Error outside of one */
  readonly invocation: Invocation;
  /** The tasks, cgroups and files of this kernel; undefined if it was given none. */
  readonly objects?: KernelObjects | undefined;
  /** Offset of the task_struct of the task that runs programs (`current`). */
  readonly currentTask: number;
  /**
   * Calls a function of a program (a callback) by its index in the function table, with arguments already in
   * ARGUMENT_BLOCK; @returns the low word of r0
   */
  invoke(tableIndex: number): number;
  /** A line for the trace pipe, as bpf_trace_printk writes it. */
  trace(text: string): void;
  /** Runs later on the host's event loop, or when somebody drains it: timers and workqueues. @returns to cancel it */
  schedule(delayNs: number, action: () => void): () => void;
}

/**
 * An object after linking against a kernel: what is left to do needs that kernel (create maps, patch their
 * references into the instructions, load).
 */
import type { ObjectMap, ObjectProgram } from './model.ts';

/** A `ld_imm64` that must receive a map: its descriptor (or address) or the address of a byte of its value. */
export interface MapReference {
  /** Index of the first of the two instruction slots. */
  readonly insn: number;
  readonly map: ObjectMap;
  readonly kind: 'map' | 'value';
  /** Offset into the value for kind `value`, else 0. */
  readonly offset: number;
}

export interface LinkedProgram {
  readonly program: ObjectProgram;
  /** Little-endian instruction slots of 8 bytes; entry program first, its subprograms after it. */
  readonly insns: Uint8Array;
  readonly mapReferences: readonly MapReference[];
  /** BPF_PROG_TYPE_*. */
  readonly type: number;
  /** BPF_* attach type, 0 where the type has none. */
  readonly expectedAttachType: number;
  /** BPF_F_SLEEPABLE and friends (prog_flags of BPF_PROG_LOAD). */
  readonly flags: number;
  /** BTF id of the attach target, 0 where there is none. */
  readonly attachBtfId: number;
  /** Module whose BTF `attachBtfId` belongs to; absent for the kernel proper. */
  readonly attachModule?: string;
  /** Descriptor of the program this one extends or traces (BPF_PROG_TYPE_EXT, fentry of a program). */
  readonly attachProgFd?: number;
  /** Modules whose kfuncs are called; `off` of such a call is 1 + the index here. */
  readonly kfuncModules: readonly string[];
  /** Records as the kernel takes them (native layout, little-endian), or absent. */
  readonly funcInfo?: { readonly recordSize: number; readonly bytes: Uint8Array };
  readonly lineInfo?: { readonly recordSize: number; readonly bytes: Uint8Array };
}

export interface LinkedObject {
  /** BTF to load beside the programs, made palatable for the target; absent if the object or the target has none. */
  readonly btf?: Uint8Array;
  /** Whether loading fails when that BTF is refused (an object whose maps depend on it), or goes on without. */
  readonly btfRequired: boolean;
  readonly license: string;
  readonly kernelVersion: number;
  readonly maps: readonly ObjectMap[];
  readonly programs: readonly LinkedProgram[];
}

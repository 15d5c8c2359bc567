/**
 * An object after linking against a kernel: what is left to do needs that kernel (create maps, patch their
 * references into the instructions, load).
 */
import type { ObjectMap, ObjectProgram } from './model.ts';

/** What a struct_ops map holds, in the kernel's own layout. */
export interface LinkedStructOps {
  /** The struct `bpf_struct_ops_<name>` in the kernel's BTF, or in the module's. */
  readonly valueTypeId: number;
  /** Module whose BTF that is; absent for the kernel proper. */
  readonly module?: string;
  /** The map's value, but for the programs. */
  readonly value: Uint8Array;
  /** Where descriptors of programs go, as 8-byte numbers. */
  readonly programs: readonly { readonly offset: number; readonly program: ObjectProgram }[];
}

/**
 * A map as it is to be created: sizes, flags and contents are final for the kernel that was linked against.
 * Maps of a LinkedObject refer to each other, and programs refer to them, by identity.
 */
export interface LinkedMap extends ObjectMap {
  /** The map of the object, or undefined for one that linking made (a jump table). */
  readonly source: ObjectMap | undefined;
  readonly inner: LinkedMap | undefined;
  readonly slots: readonly ({ readonly map: LinkedMap } | { readonly program: ObjectProgram } | undefined)[];
  /** One value for each of `maxEntries` keys 0, 1, ..., or an arena's bytes at `initialOffset`. */
  readonly initialValue: Uint8Array | undefined;
  /** Where an arena's initial bytes begin; 0 for other maps. */
  readonly initialOffset: number;
  readonly linkedStructOps: LinkedStructOps | undefined;
}

/** A `ld_imm64` that must receive a map: its descriptor (or address) or the address of a byte of its value. */
export interface MapReference {
  /** Index of the first of the two instruction slots. */
  readonly insn: number;
  readonly map: LinkedMap;
  readonly kind: 'map' | 'value';
  /** Offset into the value for kind `value`, else 0. */
  readonly offset: number;
}

/** A `ld_imm64` of the address of a module's variable: its second half must receive that module's BTF descriptor. */
export interface ModuleReference {
  readonly insn: number;
  readonly module: string;
}

/** An instruction made invalid on purpose, because what it needs is not there: only a program that reaches it is refused. */
export interface PoisonedInstruction {
  readonly insn: number;
  /** The number in `call unknown#<number>`. */
  readonly marker: number;
  /** What was not found, in one clause: `the CO-RE relocation of task_struct.x failed: ...`. */
  readonly reason: string;
}

export interface LinkedProgram {
  readonly program: ObjectProgram;
  /** Little-endian instruction slots of 8 bytes; entry program first, its subprograms after it. */
  readonly insns: Uint8Array;
  readonly mapReferences: readonly MapReference[];
  readonly moduleReferences: readonly ModuleReference[];
  readonly poisoned: readonly PoisonedInstruction[];
  /**
   * Members of the kernel's structs that its CO-RE relocations name, whether the kernel has them or not:
   * `task_struct.pid`; structs of which it may read all: `path`.
   */
  readonly members: readonly string[];
  /** BPF_PROG_TYPE_*. */
  readonly type: number;
  /** BPF_* attach type, 0 where the type has none. */
  readonly expectedAttachType: number;
  /** BPF_F_SLEEPABLE and friends (prog_flags of BPF_PROG_LOAD). */
  readonly flags: number;
  readonly ifindex: number;
  /** BTF id of the attach target, 0 where there is none. */
  readonly attachBtfId: number;
  /** Module whose BTF `attachBtfId` belongs to; absent for the kernel proper. */
  readonly attachModule?: string;
  /** Descriptor of the program this one extends or traces (BPF_PROG_TYPE_EXT, fentry of a program). */
  readonly attachProgFd?: number;
  /** Modules whose kfuncs are called; `off` of such a call is 1 + the index here. */
  readonly kfuncModules: readonly string[];
  /** Records as the kernel takes them (native layout, little-endian), or absent. To be left out if the BTF was not loaded. */
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
  /** In libbpf's order; jump tables last. Those with `autocreate` false are not created. */
  readonly maps: readonly LinkedMap[];
  readonly programs: readonly LinkedProgram[];
}

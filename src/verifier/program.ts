/** What is verified: a program as the object room links it, with the maps and types that it refers to. */
import type { Btf } from '../btf/index.ts';
import type { MapFields } from './fields.ts';

export interface VerifierMap {
  readonly name: string;
  /** BPF_MAP_TYPE_*. */
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  readonly extra: bigint;
  /** Whether user space can no longer change it, so that its contents are known (`value`). */
  readonly frozen: boolean;
  /** Contents of a frozen one-element array (`.rodata`), else undefined. */
  readonly value: Uint8Array | undefined;
  /** Special fields of its value (locks, timers, kptrs, list heads, ...), undefined if there are none. */
  readonly fields: MapFields | undefined;
  /** Of its value in the program's BTF, 0 if none. */
  readonly btfValueTypeId: number;
  readonly btfKeyTypeId: number;
  /** Maps of maps: what is in them. */
  readonly inner: VerifierMap | undefined;
}

/** A `ld_imm64` that refers to a map. */
export interface VerifierMapReference {
  readonly insn: number;
  readonly map: VerifierMap;
  readonly kind: 'map' | 'value';
  readonly offset: number;
}

export interface VerifierProgram {
  readonly name: string;
  readonly section: string;
  /** Little-endian slots. */
  readonly insns: Uint8Array;
  readonly maps: readonly VerifierMapReference[];
  readonly type: number;
  readonly expectedAttachType: number;
  /** BPF_F_SLEEPABLE, BPF_F_TEST_STATE_FREQ, BPF_F_STRICT_ALIGNMENT, ... */
  readonly flags: number;
  readonly license: string;
  /** In the kernel's BTF, or the module's. */
  readonly attachBtfId: number;
  readonly attachModule: string | undefined;
  /** Whether another program is the attach target (freplace, fentry of a program). */
  readonly attachesToProgram: boolean;
  /** The program's own BTF, as it would be loaded. */
  readonly btf: Btf | undefined;
  /** func_info: subprograms in order, `typeId` in `btf`. */
  readonly functions: readonly { readonly insn: number; readonly typeId: number }[];
  /** line_info, ascending. */
  readonly lines: readonly VerifierLine[];
  /** Modules that kfunc calls refer to by index - 1. */
  readonly kfuncModules: readonly string[];
}

export interface VerifierLine {
  readonly insn: number;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly text: string;
  /** Its record names strings that the BTF does not have. */
  readonly isDamaged?: true;
}

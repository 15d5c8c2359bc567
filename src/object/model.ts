/**
 * A BPF object as parsed: what a user may look at and change between opening and loading it.
 * Sizes are bytes; numbers named `type`, `flags` etc. are the uapi's (src/uapi).
 */
import type { Btf, TypeId } from '../btf/index.ts';
import type { SectionDefinition } from './sections.ts';

/** Where a program is to be attached, by name, as its section says it (`iter/task`, `fentry/vfs_read`). */
export interface AttachTarget {
  readonly name: string;
  /** `iter/module:target` restricts the search to one module; `vmlinux` to the kernel proper. */
  readonly module?: string;
}

export interface ObjectProgram {
  readonly name: string;
  /** Without the `?` that a section may begin with. */
  readonly section: string;
  /** The entry of the SEC() table that matched, or undefined for a name that libbpf does not know. */
  readonly definition: SectionDefinition | undefined;
  /** Number of instruction slots of the program itself, without subprograms. */
  readonly insnCount: number;
  /** Whether load() loads it: false for `?` sections until set. */
  autoload: boolean;
  /** Setting another type makes the section's definition void: its flags and attach target no longer apply. */
  type: number;
  expectedAttachType: number;
  flags: number;
  ifindex: number;
  attachTarget: AttachTarget | undefined;
  /** Program that is extended or traced. */
  attachProgFd: number | undefined;
  /** BTF of that program, in which `attachTarget` is looked up. */
  attachProgBtf: Btf | undefined;
}

/** What a struct_ops map is filled with. */
export interface StructOpsContent {
  /** The struct in the object's BTF. */
  readonly typeId: TypeId;
  /** The struct as compiled; pointers to functions are zero. May be changed in place until loading. */
  readonly data: Uint8Array;
  /** Program of each member, by the member's index; may be changed until loading. */
  readonly programs: (ObjectProgram | undefined)[];
  /** The same as compiled: a program that was replaced is not loaded, unless another map uses it. */
  readonly declared: readonly (ObjectProgram | undefined)[];
}

export type MapOrigin =
  /** Declared in `.maps`. */
  | 'user'
  /** Made for a data section. */
  | 'data'
  /** Made for the `.kconfig` externs. */
  | 'kconfig'
  | 'struct_ops'
  /** Declared in `.maps`, of type BPF_MAP_TYPE_ARENA. */
  | 'arena'
  /** Made while linking, for a jump table of one program (BPF_MAP_TYPE_INSN_ARRAY). */
  | 'jump_table';

export interface ObjectMap {
  /** As users know it: the declared name; `<object>.rodata`; the section's own name for `.rodata.x` and `.data.x`. */
  readonly name: string;
  /** As the kernel is to know it, at most 15 bytes. */
  readonly kernelName: string;
  readonly origin: MapOrigin;
  /** ELF section it stands for or was declared in. */
  readonly section: string;
  autocreate: boolean;
  type: number;
  keySize: number;
  valueSize: number;
  maxEntries: number;
  flags: number;
  extra: bigint;
  numaNode: number;
  ifindex: number;
  /** Type ids in the object's BTF, 0 if none. */
  readonly btfKeyTypeId: number;
  readonly btfValueTypeId: number;
  /** LIBBPF_PIN_BY_NAME. */
  pinByName: boolean;
  pinPath: string | undefined;
  /** An existing map to use in place of a new one. */
  reuseFd: number | undefined;
  /** For maps of maps: the definition of the inner map. */
  readonly inner: ObjectMap | undefined;
  /** Declared contents of a map of maps or program array: slot -> map or program. */
  readonly slots: readonly ({ readonly map: ObjectMap } | { readonly program: ObjectProgram } | undefined)[];
  /** Data sections and arenas: contents before load; may be changed in place until then. */
  readonly initialValue: Uint8Array | undefined;
  /** Data sections that programs may not write (BPF_F_RDONLY_PROG; frozen after filling). */
  readonly readOnly: boolean;
  readonly structOps: StructOpsContent | undefined;
}

/** How the value of a `.kconfig` extern is stored. */
export type KconfigValueType = 'char' | 'bool' | 'int' | 'tristate' | 'char-array';

/** `extern ... __kconfig`: a value of the kernel's configuration, or one of the built-in `LINUX_*`. */
export interface KconfigExtern {
  readonly kind: 'kconfig';
  readonly name: string;
  readonly weak: boolean;
  /** The BTF variable. */
  readonly btfId: TypeId;
  readonly valueType: KconfigValueType;
  /** Whether an `int` is signed. */
  readonly signed: boolean;
  readonly size: number;
  readonly alignment: number;
  /** Of its value in the `.kconfig` map. */
  readonly offset: number;
}

/** `extern ... __ksym`: a variable or a function of the kernel. */
export interface KsymExtern {
  readonly kind: 'variable' | 'function';
  readonly name: string;
  readonly weak: boolean;
  /** The BTF variable or function. */
  readonly btfId: TypeId;
  /** Its type without modifiers and typedefs, as declared; void (0) for a variable that is only an address. */
  readonly typeId: TypeId;
}

export type ObjectExtern = KconfigExtern | KsymExtern;

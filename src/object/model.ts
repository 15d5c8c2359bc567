/**
 * A BPF object as parsed: what a user may look at and change between opening and loading it.
 * Sizes are bytes; numbers named `type`, `flags` etc. are the uapi's (src/uapi).
 */
import type { SectionDefinition } from './sections.ts';

/** Where a program is to be attached, by name, as its section says it (`iter/task`, `fentry/vfs_read`). */
export interface AttachTarget {
  readonly name: string;
  /** `iter/module:target` restricts the search to one module; `vmlinux` to the kernel proper. */
  readonly module?: string;
}

export interface ObjectProgram {
  readonly name: string;
  readonly section: string;
  /** The entry of the SEC() table that matched, or undefined for a name that libbpf does not know. */
  readonly definition: SectionDefinition | undefined;
  /** Number of instruction slots of the program itself, without subprograms. */
  readonly insnCount: number;
  /** Whether load() loads it: false for `?` sections until set. */
  autoload: boolean;
  type: number;
  expectedAttachType: number;
  flags: number;
  attachTarget: AttachTarget | undefined;
  /** Program that is extended or traced. */
  attachProgFd: number | undefined;
}

export interface ObjectMap {
  readonly name: string;
  /** `data`: made for a data section; `kconfig`; `struct_ops`; `arena`; else `user`. */
  readonly origin: 'user' | 'data' | 'kconfig' | 'struct_ops' | 'arena';
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
  /** Data sections: contents before load; may be changed in place until then. */
  readonly initialValue: Uint8Array | undefined;
  /** Data sections that programs may not write (BPF_F_RDONLY_PROG; frozen after filling). */
  readonly readOnly: boolean;
}

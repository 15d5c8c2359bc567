/**
 * What the verifier is told about a kernel. A profile is data: tables that a reader can compare with the kernel, and
 * the kernel's BTF. Linux 6.18 is the reference (linux-6.18/); other kernels are its tables with differences.
 *
 * Names are the kernel's: register types as its log prints them (`trusted_ptr_`, `pkt_end`, `map_value`), argument
 * types as `enum bpf_arg_type` without the prefix in lower case, kfunc flags without `KF_`.
 */
import type { Btf } from '../../btf/index.ts';

/** `enum bpf_arg_type` of helpers. */
export type HelperArgumentBase =
  | 'anything'
  | 'const_map_ptr'
  | 'ptr_to_map_key'
  | 'ptr_to_map_value'
  | 'ptr_to_mem'
  | 'ptr_to_arena'
  | 'const_size'
  | 'const_size_or_zero'
  | 'ptr_to_ctx'
  | 'ptr_to_spin_lock'
  | 'ptr_to_sock_common'
  | 'ptr_to_socket'
  | 'ptr_to_btf_id'
  | 'ptr_to_ringbuf_mem'
  | 'const_alloc_size_or_zero'
  | 'ptr_to_btf_id_sock_common'
  | 'ptr_to_percpu_btf_id'
  | 'ptr_to_func'
  | 'ptr_to_stack'
  | 'ptr_to_const_str'
  | 'ptr_to_timer'
  | 'kptr_xchg_dest'
  | 'ptr_to_dynptr';

export type ArgumentFlag =
  | 'maybe_null'
  | 'rdonly'
  | 'write'
  | 'uninit'
  | 'fixed_size'
  | 'aligned'
  | 'ringbuf'
  | 'obj_release'
  | 'dynptr_local'
  | 'dynptr_ringbuf';

export interface HelperArgument {
  readonly base: HelperArgumentBase;
  readonly flags: readonly ArgumentFlag[];
  /** For `ptr_to_btf_id`: name of the kernel's struct. */
  readonly btf?: string;
  /** For `ptr_to_mem` with `fixed_size`: bytes. */
  readonly size?: number;
}

/** `enum bpf_return_type` of helpers. */
export type HelperReturnBase =
  | 'integer'
  | 'void'
  | 'ptr_to_map_value'
  | 'ptr_to_socket'
  | 'ptr_to_tcp_sock'
  | 'ptr_to_sock_common'
  | 'ptr_to_mem'
  | 'ptr_to_mem_or_btf_id'
  | 'ptr_to_btf_id';

export interface HelperPrototype {
  readonly id: number;
  /** With the `bpf_` prefix. */
  readonly name: string;
  readonly returns: HelperReturnBase;
  readonly returnFlags: readonly ('maybe_null' | 'ringbuf' | 'trusted' | 'rdonly')[];
  /** For `ptr_to_btf_id`. */
  readonly returnBtf?: string;
  readonly arguments: readonly HelperArgument[];
  readonly gplOnly: boolean;
  /** Packet pointers may be passed as memory. */
  readonly packetAccess: boolean;
  readonly mightSleep: boolean;
  /** bpf_fastcall: the caller's registers r1-r5 that it does not use survive. */
  readonly fastcall: boolean;
  /** Which of the programs that have the helper may call it, by what they are attached to; absent: all. */
  readonly allowedAt?: (kind: ProgramKind) => boolean;
}

/** Program type, attach type and, for iterators, target: what availability depends on. Numbers of the uapi. */
export interface ProgramKind {
  readonly type: number;
  readonly expectedAttachType: number;
  readonly sleepable: boolean;
  /**
   * What BTF says that the program is attached to, as targetOf() gives it: `task` for iter/task, the tracepoint for
   * tp_btf, the function for fentry, fexit and fmod_ret, the hook for LSM (`file_open`), struct and member for
   * struct_ops (`tcp_congestion_ops.ssthresh`); undefined elsewhere.
   */
  readonly target: string | undefined;
}

export type KfuncFlag =
  | 'acquire'
  | 'release'
  | 'ret_null'
  | 'trusted_args'
  | 'sleepable'
  | 'destructive'
  | 'rcu'
  | 'iter_new'
  | 'iter_next'
  | 'iter_destroy'
  | 'rcu_protected'
  | 'fastcall'
  | 'arena_ret'
  | 'arena_arg1'
  | 'arena_arg2';

export interface KfuncEntry {
  readonly name: string;
  readonly flags: readonly KfuncFlag[];
}

/** What a load from, or a store to, a context gives. */
export interface ContextAccess {
  /** The kernel's name of the register type that a load gives: `scalar`, `pkt`, `pkt_end`, `sock_or_null`, ... */
  readonly register: string;
  /** For BTF pointers: the struct by name, which may be empty, and by id where it comes from the kernel's BTF. */
  readonly btf?: string;
  readonly btfId?: number;
  /** For scalars of which more is known: the values that they can have. */
  readonly range?: { readonly min: number; readonly max: number };
  /** For `mem`-like registers (e.g. sockopt's optval): none; for narrow loads of a wider field: the field's size. */
  readonly fieldSize?: number;
}

/** What the kernel knows of one program type (with an attach type). */
export interface ProgramTypeRules {
  /** Name of the context struct that users see (`__sk_buff`), for kfuncs and global functions. */
  readonly contextStruct: string | undefined;
  /** @returns undefined where the kernel answers `invalid bpf_context access` */
  access(offset: number, size: number, write: boolean): ContextAccess | undefined;
  /** Range that r0 must be in at exit; undefined: anything. */
  readonly returns: { readonly min: number; readonly max: number } | undefined;
  /** Whether packet pointers of the context may be written through. */
  readonly packetWritable: boolean;
  /** Whether programs may, or must, be loaded with BPF_F_SLEEPABLE. */
  readonly sleepable: 'never' | 'may' | 'must';
  /** Whether programs must be GPL-compatible whatever they call. */
  readonly gplOnly: boolean;
  /** Whether LD_ABS and LD_IND are taken. */
  readonly loadAbsolute: boolean;
  /** Whether each function has a stack of its own, so that the limit is not for all that call each other. */
  readonly privateStack: boolean;
  /** Whether the helpers of all maps may change sockmaps and sockhashes. */
  readonly sockmap: { readonly update: boolean; readonly delete: boolean };
}

/** Why a program is refused for what it is attached to. */
export interface AttachRefusal {
  /** Positive. */
  readonly errno: number;
  /** The kernel's, empty where it says nothing. */
  readonly message: string;
}

export interface KernelProfile {
  /** `linux-6.18`. */
  readonly name: string;
  readonly btf: Btf;
  /** Whose addresses the kernel can look up by name: those of its variables only with CONFIG_KALLSYMS_ALL. */
  readonly symbols?: 'functions' | 'all';
  /** How many CPUs it can have (nr_cpu_ids); absent: any number. */
  readonly possibleCpus?: number | undefined;
  /** The prototype as programs of this kind see it, whether they may call it or not. */
  helper(id: number, kind: ProgramKind): HelperPrototype | undefined;
  /** Whether programs of this kind may call the helper. */
  helperAllowed(id: number, kind: ProgramKind): boolean;
  kfunc(name: string): KfuncEntry | undefined;
  /** Whether programs of this kind may call the kfunc. */
  kfuncAllowed(name: string, kind: ProgramKind): boolean;
  /** Whether the kernel loads programs of this type with this attach type at all; where not: EINVAL without a log. */
  loads(kind: ProgramKind): boolean;
  /**
   * Why the kernel refuses programs of this kind for what they are attached to, before it looks at what they do.
   * @param attachBtfId as in bpf(2), in the kernel's BTF; programs that are attached to programs are not asked about
   */
  attachRefusal(kind: ProgramKind, attachBtfId: number, gplCompatible: boolean): AttachRefusal | undefined;
  /** @returns undefined for a program type or target that the profile does not model */
  programType(kind: ProgramKind): ProgramTypeRules | undefined;
  /** Whether a helper and a type of maps go together; true for a helper that takes no map. */
  helperTakesMap(id: number, mapType: number): boolean;
  /**
   * The kernel's message if programs of this kind may not refer to a map.
   * @param fields kinds of the special fields in its value
   */
  mapRefusal(mapType: number, fields: readonly string[], kind: ProgramKind): string | undefined;
}

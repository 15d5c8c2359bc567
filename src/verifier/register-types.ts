/**
 * What a register can hold, as one number: a base type in the low 8 bits, flags above. The split is the kernel's
 * (enum bpf_reg_type, enum bpf_type_flag in include/linux/bpf.h), the numbers are ours.
 */

export const BASE_TYPE_MASK = 0xff;

export const NOT_INIT = 0;
export const SCALAR_VALUE = 1;
export const PTR_TO_CTX = 2;
export const CONST_PTR_TO_MAP = 3;
export const PTR_TO_MAP_VALUE = 4;
export const PTR_TO_MAP_KEY = 5;
export const PTR_TO_STACK = 6;
export const PTR_TO_PACKET_META = 7;
export const PTR_TO_PACKET = 8;
export const PTR_TO_PACKET_END = 9;
export const PTR_TO_FLOW_KEYS = 10;
export const PTR_TO_SOCKET = 11;
export const PTR_TO_SOCK_COMMON = 12;
export const PTR_TO_TCP_SOCK = 13;
export const PTR_TO_TP_BUFFER = 14;
export const PTR_TO_XDP_SOCK = 15;
export const PTR_TO_BTF_ID = 16;
export const PTR_TO_MEM = 17;
export const PTR_TO_ARENA = 18;
export const PTR_TO_BUF = 19;
export const PTR_TO_FUNC = 20;
export const CONST_PTR_TO_DYNPTR = 21;
/** Address of an instruction, from a jump table (gotox; Linux 7.0). */
export const PTR_TO_INSN = 22;

/** NULL or what the rest says; a comparison with 0 decides. */
export const PTR_MAYBE_NULL = 1 << 8;
export const MEM_RDONLY = 1 << 9;
/** Reserved in a ring buffer. */
export const MEM_RINGBUF = 1 << 10;
/** Points into user space: only probe reads. */
export const MEM_USER = 1 << 11;
/** Per-CPU: an offset to be turned into a pointer. */
export const MEM_PERCPU = 1 << 12;
/** May be freed at any time: loads are checked at run time, and it may not be passed on. */
export const PTR_UNTRUSTED = 1 << 13;
/** Allocated by the program (bpf_obj_new). */
export const MEM_ALLOC = 1 << 14;
/** Valid as long as the program runs, or the reference is held. */
export const PTR_TRUSTED = 1 << 15;
/** Valid until the RCU read section ends. */
export const MEM_RCU = 1 << 16;
/** A node of a list or tree that owns it: valid until the lock is released. */
export const NON_OWN_REF = 1 << 17;
/** Kinds of dynptr, on CONST_PTR_TO_DYNPTR and stack slots. */
export const DYNPTR_TYPE_LOCAL = 1 << 18;
export const DYNPTR_TYPE_RINGBUF = 1 << 19;
export const DYNPTR_TYPE_SKB = 1 << 20;
export const DYNPTR_TYPE_XDP = 1 << 21;
export const DYNPTR_TYPE_SKB_META = 1 << 22;
export const DYNPTR_TYPE_FILE = 1 << 23;
export const DYNPTR_TYPE_MASK =
  DYNPTR_TYPE_LOCAL | DYNPTR_TYPE_RINGBUF | DYNPTR_TYPE_SKB | DYNPTR_TYPE_XDP | DYNPTR_TYPE_SKB_META | DYNPTR_TYPE_FILE;

export const baseType = (type: number): number => type & BASE_TYPE_MASK;
export const typeFlags = (type: number): number => type & ~BASE_TYPE_MASK;
export const mayBeNull = (type: number): boolean => (type & PTR_MAYBE_NULL) !== 0;

/** What a byte of the stack holds (enum bpf_stack_slot_type). */
export const STACK_INVALID = 0;
export const STACK_SPILL = 1;
export const STACK_MISC = 2;
export const STACK_ZERO = 3;
export const STACK_DYNPTR = 4;
export const STACK_ITER = 5;
export const STACK_IRQ_FLAG = 6;

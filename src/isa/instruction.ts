/**
 * An instruction as decode() hands it out: a union by `kind`, in which each field means one thing. For readers and
 * for tests; code that goes over many instructions uses InstructionView.
 *
 * Registers are 0 to 10. `off` counts bytes in memory accesses, and slots from the end of the instruction in jumps.
 * Facts: RFC 9669; load_acquire/store_release, may_goto, gotox and addr_space_cast: the kernel's verifier.
 */

/** The second operand: a register, or a signed 32-bit number that is sign-extended. */
export type Operand = { readonly register: number } | { readonly immediate: number };

export type AluOperation =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'sdiv'
  | 'or'
  | 'and'
  | 'lsh'
  | 'rsh'
  | 'mod'
  | 'smod'
  | 'xor'
  | 'mov'
  | 'arsh';

/** Conditions compare unsigned but for those with an `s`; `set` tests for a common bit. */
export type JumpCondition = 'eq' | 'gt' | 'ge' | 'set' | 'ne' | 'sgt' | 'sge' | 'lt' | 'le' | 'slt' | 'sle';

export type AtomicOperation =
  | 'add'
  | 'or'
  | 'and'
  | 'xor'
  | 'fetch_add'
  | 'fetch_or'
  | 'fetch_and'
  | 'fetch_xor'
  | 'xchg'
  /** Compares with r0, and leaves the old value there. */
  | 'cmpxchg';

/** Bits that an operation works on; with 32 the upper half of dst becomes 0. */
export type Width = 32 | 64;
/** Bytes of a memory access. */
export type AccessSize = 1 | 2 | 4 | 8;

/** dst = dst op source; for `mov` dst = source. */
export interface AluInstruction {
  readonly kind: 'alu';
  readonly width: Width;
  readonly op: AluOperation;
  readonly dst: number;
  readonly source: Operand;
}
export interface NegInstruction {
  readonly kind: 'neg';
  readonly width: Width;
  readonly dst: number;
}
/** dst = the lowest `from` bits of src, sign-extended to `width`. */
export interface MovsxInstruction {
  readonly kind: 'movsx';
  readonly width: Width;
  readonly from: 8 | 16 | 32;
  readonly dst: number;
  readonly src: number;
}
/** dst = the pointer src of address space `fromSpace`, as one of `toSpace`. 0 is the kernel's, 1 the arena's. */
export interface AddrSpaceCastInstruction {
  readonly kind: 'addr_space_cast';
  readonly dst: number;
  readonly src: number;
  readonly toSpace: number;
  readonly fromSpace: number;
}
/** Byte order of the lowest `bits` of dst: to little or big endian from the machine's, or swapped in any case. */
export interface EndianInstruction {
  readonly kind: 'endian';
  readonly order: 'le' | 'be' | 'swap';
  readonly bits: 16 | 32 | 64;
  readonly dst: number;
}
export interface LoadInstruction {
  readonly kind: 'load';
  readonly size: AccessSize;
  /** Whether the value is sign-extended; only for sizes below 8. */
  readonly signed: boolean;
  readonly dst: number;
  readonly base: number;
  readonly off: number;
}
export interface StoreInstruction {
  readonly kind: 'store';
  readonly size: AccessSize;
  readonly base: number;
  readonly off: number;
  readonly source: Operand;
}
export interface AtomicInstruction {
  readonly kind: 'atomic';
  readonly op: AtomicOperation;
  readonly size: 4 | 8;
  readonly base: number;
  readonly off: number;
  readonly src: number;
}
export interface LoadAcquireInstruction {
  readonly kind: 'load_acquire';
  readonly size: AccessSize;
  readonly dst: number;
  readonly base: number;
  readonly off: number;
}
export interface StoreReleaseInstruction {
  readonly kind: 'store_release';
  readonly size: AccessSize;
  readonly base: number;
  readonly off: number;
  readonly src: number;
}
export interface JumpInstruction {
  readonly kind: 'jump';
  readonly width: Width;
  readonly condition: JumpCondition;
  readonly dst: number;
  readonly source: Operand;
  readonly off: number;
}
/** `goto` reaches 16 bits far, `gotol` 32; `may_goto` jumps once the kernel has had enough of the loop. */
export interface GotoInstruction {
  readonly kind: 'goto' | 'gotol' | 'may_goto';
  readonly off: number;
}
/** `gotox` jumps to the instruction whose address the register has, `callx` calls it. No kernel takes callx. */
export interface IndirectInstruction {
  readonly kind: 'gotox' | 'callx';
  readonly register: number;
}
export interface CallInstruction {
  readonly kind: 'call';
  readonly target:
    | { readonly kind: 'helper'; readonly id: number }
    /** Slots from the end of the call, to the beginning of the subprogram. */
    | { readonly kind: 'subprogram'; readonly off: number }
    /** `module` is 0 for the kernel proper, else an index into the descriptors given at load. */
    | { readonly kind: 'kfunc'; readonly btfId: number; readonly module: number };
}
export interface ExitInstruction {
  readonly kind: 'exit';
}
export interface LdImm64Instruction {
  readonly kind: 'ld_imm64';
  readonly dst: number;
  readonly source: /** As an unsigned number. */
    | { readonly kind: 'value'; readonly value: bigint }
    | { readonly kind: 'map_fd'; readonly fd: number }
    | { readonly kind: 'map_value'; readonly fd: number; readonly off: number }
    | { readonly kind: 'map_idx'; readonly index: number }
    | { readonly kind: 'map_idx_value'; readonly index: number; readonly off: number }
    /** Address of a kernel variable; `moduleFd` is the descriptor of a module's BTF, 0 for the kernel proper. */
    | { readonly kind: 'btf_id'; readonly id: number; readonly moduleFd: number }
    /** Address of a subprogram; slots from the end of the *first* slot. */
    | { readonly kind: 'func'; readonly off: number };
}
/** Classic packet loads into r0, from the packet's byte imm, or register src + imm. */
export interface LdAbsInstruction {
  readonly kind: 'ld_abs';
  readonly size: 1 | 2 | 4;
  readonly imm: number;
}
export interface LdIndInstruction {
  readonly kind: 'ld_ind';
  readonly size: 1 | 2 | 4;
  readonly src: number;
  readonly imm: number;
}

export type Instruction =
  | AluInstruction
  | NegInstruction
  | MovsxInstruction
  | AddrSpaceCastInstruction
  | EndianInstruction
  | LoadInstruction
  | StoreInstruction
  | AtomicInstruction
  | LoadAcquireInstruction
  | StoreReleaseInstruction
  | JumpInstruction
  | GotoInstruction
  | IndirectInstruction
  | CallInstruction
  | ExitInstruction
  | LdImm64Instruction
  | LdAbsInstruction
  | LdIndInstruction;

/** Bytes that are no instruction, with the reason as a phrase: `opcode 0xff is not defined`. */
export interface InvalidInstruction {
  readonly kind: 'invalid';
  readonly reason: string;
}

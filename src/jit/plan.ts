/**
 * What the compiler is told about the world outside the program: where things lie in linear memory and what each call
 * becomes. The compiler knows no helper, no map and no context; whoever compiles (embedded/) turns those into plans.
 */

/** Kernel addresses are KERNEL_BASE + offset into linear memory: the upper half of each is this word. */
export const KERNEL_BASE_HIGH = 0xffff8880 | 0;

/** Where a callee leaves the upper word of a result of kind `pair`. */
export const RESULT_HIGH = 0x1000;
/** Five 64-bit words: arguments of calls that JavaScript makes into wasm through the runtime's `invoke`. */
export const ARGUMENT_BLOCK = 0x1008;

/** How many tail calls the running program has made since it was entered: an i32. */
export const TAIL_CALL_COUNT = 0x1030;
export const MAX_TAIL_CALLS = 33;

/** Where the value of one of r1-r5 goes. No 64-bit value crosses between wasm and JavaScript: BigInts cost too much. */
export type ParameterKind =
  /** The low word: sizes, flags, and pointers, which become offsets into linear memory (NULL becomes 0). */
  | 'i32'
  /** Two i32 parameters, low word first. */
  | 'pair'
  /** The whole register; for callees that are wasm. */
  | 'i64';

/** What becomes r0. */
export type ResultKind =
  /** The callee returns nothing; r0 is 0. */
  | 'void'
  /** An i32 that is sign-extended: 0 or a negative errno. */
  | 's32'
  /** An i32 that is zero-extended. */
  | 'u32'
  /** An offset that becomes an address; 0 stays NULL. */
  | 'pointer'
  /** The low word is returned, the upper one left at RESULT_HIGH. */
  | 'pair'
  /** For callees that are wasm. */
  | 'i64';

/** How a helper or kfunc is called. Registers beyond `parameters` are not passed. */
export interface Signature {
  readonly parameters: readonly ParameterKind[];
  readonly result: ResultKind;
}

/** A function that compiled code imports; a wasm function's parameters must be as the signature says. */
// biome-ignore lint/suspicious/noExplicitAny: of any arity, and result: the signature beside it says which
export type Callee = (...words: any[]) => any;

export type NumberIteratorPart = 'new' | 'next' | 'destroy';

/** What a call instruction becomes. */
export type CallPlan =
  | {
      readonly kind: 'import';
      /** For dumps, and one import for all calls with the same callee. */
      readonly name: string;
      readonly signature: Signature;
      readonly callee: Callee;
      /** Instead of r1-r5 at these places, an i32 constant is passed: the map that a call was always given. */
      readonly constants?: ReadonlyMap<number, number>;
    }
  /** bpf_map_lookup_elem on an array: `key` is a u32 in memory; NULL from `count` on. */
  | {
      readonly kind: 'array-lookup';
      /** Offset of element 0 in linear memory. */
      readonly base: number;
      readonly stride: number;
      readonly count: number;
    }
  /** r0 becomes a constant. */
  | { readonly kind: 'constant'; readonly value: bigint }
  /** r0 becomes one of the arguments as it is (bpf_rdonly_cast, bpf_cast_to_kern_ctx where a context is its own). */
  | { readonly kind: 'argument'; readonly register: 1 | 2 | 3 | 4 | 5 }
  /** r0 becomes the integer of that many bytes at a fixed place. */
  | { readonly kind: 'load'; readonly address: number; readonly size: 4 | 8 }
  /** bpf_loop() with flags 0 and a callback that is known, by its subprogram: a loop that calls it directly. */
  | { readonly kind: 'loop'; readonly callback: number }
  /** bpf_iter_num_{new,next,destroy}: a few instructions in place. */
  | { readonly kind: 'number-iterator'; readonly part: NumberIteratorPart }
  /** bpf_tail_call(): r3 is the index into the table of entries at `slots` (i32 each, index into the function table, 0: empty). */
  | { readonly kind: 'tail-call'; readonly slots: number; readonly count: number }
  /** The same with a map that r2 tells: where its slots are and how many stand in i32s so far from where r2 points. */
  | { readonly kind: 'tail-call-by-map'; readonly slotsAt: number; readonly countAt: number }
  /** bpf_throw(): unwinds to the entry of the program with r1 as cookie. */
  | { readonly kind: 'throw' };

/** What a `ld_imm64` of kind map, map value, BTF variable, ... stands for, as the program sees it. */
export interface ConstantPlan {
  readonly value: bigint;
}

/** How a load or store of the context is done, where it is not plain memory. */
export type AccessPlan =
  /** Memory as it is. */
  | { readonly kind: 'plain' }
  /** A 32-bit field that holds an offset, and gives an address (`data` of __sk_buff and xdp_md). */
  | { readonly kind: 'pointer32' }
  /** Through a pointer that nothing vouches for: 0 if it leads out of linear memory. */
  | { readonly kind: 'untrusted' }
  /**
   * In an arena: the low 32 bits of the register, less `start`, count from the arena's first byte; `limit` bytes are
   * mapped at `base`, and a byte at `pages` says of each 4 KiB of them whether they are allocated (1) or not (0). Loads
   * of what is not there give 0, stores are lost, and atomic operations change nothing.
   */
  | {
      readonly kind: 'arena';
      readonly base: number;
      readonly limit: number;
      readonly start: number;
      readonly pages: number;
    };

/** What compiling needs to know of each instruction; the verifier's InsnFacts have it. */
export interface CompileFacts {
  /** 0: dead code. */
  readonly seen: Uint8Array;
  /** 1: arithmetic of 64 bits that is to be done in 32. */
  readonly arenaArithmetic: Uint8Array;
}

/** A function of the program; the verifier's Subprogram has it. */
export interface CompiledFunction {
  readonly start: number;
  /** First instruction after it. */
  readonly end: number;
  readonly name: string;
  readonly isCallback: boolean;
  readonly isExceptionCallback: boolean;
  /** Bytes that it uses below its frame pointer, callees not included. */
  readonly stackDepth: number;
}

export interface CompileInput {
  /** Of the program, for messages. */
  readonly name: string;
  /** Little-endian slots, as they were verified. */
  readonly insns: Uint8Array;
  readonly facts: CompileFacts;
  /** The first is the main one. */
  readonly subprograms: readonly CompiledFunction[];
  /** Asked once for each call of a helper or kfunc that is not dead code. */
  call(insn: number): CallPlan;
  /** Asked for each ld_imm64 that is no plain number and no function. */
  constant(insn: number): ConstantPlan;
  /** Asked for each access that does not go to the function's own stack frame. */
  access(insn: number): AccessPlan;
  /**
   * LD_ABS and LD_IND: (context, offset in the packet, size) gives the value in the machine's order, and leaves 1 at
   * RESULT_HIGH if there is no such place in the packet (0 if there is). Undefined: not supported.
   */
  readonly packetLoad: Callee | undefined;
  /**
   * callx, which no verifier takes: (number of a helper), with r1 to r5 in ARGUMENT_BLOCK, gives the low word of r0, and
   * leaves the upper one at RESULT_HIGH. Absent: not supported.
   */
  readonly callByRegister?: Callee;
  /** Lowest offset that stacks may grow down to. */
  readonly stackLimit: number;
  /** Upper word of the addresses that user space has for the arena's bytes. */
  readonly arenaUserHigh: number | undefined;
}

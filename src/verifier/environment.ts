/**
 * Everything that the verification of one program shares: the input, the tables about its instructions, the state of
 * the current path, and how to say that something is wrong.
 * After struct bpf_verifier_env; privileges are those of root (pointer leaks allowed, no speculative paths).
 */
import type { Btf } from '../btf/index.ts';
import { InstructionView } from '../isa/index.ts';
import type { Walk } from './explore/walk-data.ts';
import type { AllocatedType } from './fields.ts';
import type { FlowData } from './flow/flow-data.ts';
import type { Frame } from './frame.ts';
import { VerifierLog } from './log/log.ts';
import { KeptPointers } from './memory/kept-pointers.ts';
import { KernelReads } from './memory/kernel-reads.ts';
import { type Diagnostic, type MessageCode, type MessageFacts, messages } from './messages/index.ts';
import type { KernelProfile, ProgramKind, ProgramTypeRules } from './profile/types.ts';
import type { VerifierMap, VerifierProgram } from './program.ts';
import { NotModelled, Rejection } from './rejection.ts';
import type { State } from './state.ts';
import { TableBuffer } from './table-buffer.ts';

export const MAX_INSNS_PROCESSED = 1_000_000;
export const MAX_PENDING_JUMPS = 8_192;

/** Tables over instructions, an entry each; after struct bpf_insn_aux_data. Facts for the JIT are read from here. */
export class InsnFacts {
  /** Checked at least once; the others are dead code. */
  readonly seen: Uint8Array;
  /** Register type of the pointer that a load or store goes through, as first seen (0: none). */
  readonly pointerType: Int32Array;
  /**
   * A load that goes, on any path, through a pointer that nothing vouches for, so that it has to be tested at run time:
   * PTR_UNTRUSTED, or one found in memory (it may be NULL) that leads beyond the first page if it is.
   */
  readonly untrusted: Uint8Array;
  /** A load of the context that gives a pointer. */
  readonly loadsPointer: Uint8Array;
  /** Size of the context field that a narrow load is part of, or 0. */
  readonly contextFieldSize: Uint8Array;
  readonly jumpPoint: Uint8Array;
  /** A state may be compared and saved before this instruction. */
  readonly prunePoint: Uint8Array;
  /** A state must be saved before this instruction. */
  readonly forceCheckpoint: Uint8Array;
  readonly callsCallback: Uint8Array;
  readonly isIterNext: Uint8Array;
  /** Strongly connected component of the control flow, 0 for an instruction in no loop. */
  readonly component: Int32Array;
  /** Bit n: register n may be read before it is written, from here on. */
  readonly liveRegisters: Uint16Array;
  /** Part of a spill or fill around a bpf_fastcall. */
  readonly fastcallPattern: Uint8Array;
  readonly fastcallSpills: Uint8Array;
  /** Writes the low half of a register whose upper half is read later: a JIT has to make that 0. */
  readonly needsZeroExtension: Uint8Array;
  /** Arithmetic of 64 bits on an arena pointer: to be done in 32. */
  readonly arenaArithmetic: Uint8Array;
  /** Map index + 1 that a lookup or tail call was always given; -1 if several. */
  readonly mapIndex: Int32Array;
  /** Calls: constant key of a map access + 1; -1 if it varies. */
  readonly mapKey: Float64Array;
  /** Calls of bpf_loop: the function that it was always given, with flags 0, + 1; -1 if it varies. */
  readonly loopCallback: Int32Array;
  /** Calls that put an object into a list or tree: bytes from its start to the node. */
  readonly nodeOffset: Int32Array;

  constructor(count: number) {
    const tables = new TableBuffer(count * (1 * 8 + 5 * 4 + 1 * 2 + 13 * 1));
    this.mapKey = tables.float64(count);
    this.pointerType = tables.int32(count);
    this.component = tables.int32(count);
    this.mapIndex = tables.int32(count);
    this.loopCallback = tables.int32(count);
    this.nodeOffset = tables.int32(count);
    this.liveRegisters = tables.uint16(count);
    this.seen = tables.uint8(count);
    this.untrusted = tables.uint8(count);
    this.loadsPointer = tables.uint8(count);
    this.contextFieldSize = tables.uint8(count);
    this.jumpPoint = tables.uint8(count);
    this.prunePoint = tables.uint8(count);
    this.forceCheckpoint = tables.uint8(count);
    this.callsCallback = tables.uint8(count);
    this.isIterNext = tables.uint8(count);
    this.fastcallPattern = tables.uint8(count);
    this.fastcallSpills = tables.uint8(count);
    this.needsZeroExtension = tables.uint8(count);
    this.arenaArithmetic = tables.uint8(count);
  }
}

/** What a global function's argument is, by its BTF and tags. */
export interface SubprogramArgument {
  readonly kind: 'scalar' | 'ctx' | 'mem' | 'mem_or_null' | 'dynptr' | 'btf_id' | 'arena';
  /** `mem`: bytes. */
  readonly size: number;
  /** `btf_id`: type in the kernel's BTF. */
  readonly btfId: number;
  /** Flags of register-types.ts that the register gets (PTR_TRUSTED, PTR_UNTRUSTED, PTR_MAYBE_NULL, MEM_RDONLY). */
  readonly flags: number;
}

/** A function of the program; the first is the main one. After struct bpf_subprog_info. */
export interface Subprogram {
  readonly start: number;
  /** First instruction after it. */
  end: number;
  name: string;
  /** Type of its BTF function in the program's BTF, 0 if it has none. */
  btfId: number;
  /** Verified on its own, by its arguments' types. */
  isGlobal: boolean;
  isCallback: boolean;
  isAsyncCallback: boolean;
  isExceptionCallback: boolean;
  /** Called from verified code, so that it has to be verified itself. */
  called: boolean;
  /** Bytes. */
  stackDepth: number;
  fastcallStackOffset: number;
  keepFastcallStack: boolean;
  hasTailCall: boolean;
  tailCallReachable: boolean;
  hasLdAbs: boolean;
  changesPacket: boolean;
  mightSleep: boolean;
  /** Undefined until prepared. */
  arguments: readonly SubprogramArgument[] | undefined;
}

/**
 * Where the last byte ends that the program reads or writes: of the context, and of buffers whose size only whoever
 * attaches the program knows (max_ctx_offset, max_rdonly_access, max_rdwr_access, max_tp_access of bpf_prog_aux).
 */
export interface FurthestAccess {
  context: number;
  rdonly: number;
  rdwr: number;
  tracepoint: number;
}

export interface Statistics {
  insnsProcessed: number;
  jumpsProcessed: number;
  totalStates: number;
  peakStates: number;
  maxStatesPerInsn: number;
  longestMarkReadWalk: number;
}

export class Env {
  readonly program: VerifierProgram;
  readonly profile: KernelProfile;
  readonly kind: ProgramKind;
  readonly rules: ProgramTypeRules;
  readonly insns: InstructionView;
  readonly count: number;
  /** 0: the kernel's; 1: the program's own (or the kernel's again, if it has none); then modules. */
  readonly btfs: readonly Btf[];
  /** What registers' MAP indexes. */
  readonly maps: VerifierMap[];
  /** Map and offset of each ld_imm64 that refers to one. */
  readonly mapReferences: ReadonlyMap<
    number,
    { readonly map: number; readonly kind: 'map' | 'value'; readonly offset: number }
  >;
  /** Types of the program's BTF that bpf_obj_new may allocate or that have special fields, by type id. */
  readonly allocatedTypes: ReadonlyMap<number, AllocatedType>;
  readonly log: VerifierLog;
  readonly facts: InsnFacts;
  readonly statistics: Statistics = {
    insnsProcessed: 0,
    jumpsProcessed: 0,
    totalStates: 0,
    peakStates: 0,
    maxStatesPerInsn: 0,
    longestMarkReadWalk: 0,
  };
  readonly kernelReads = new KernelReads();
  readonly kept = new KeptPointers();
  readonly furthest: FurthestAccess = { context: 0, rdonly: 0, rdwr: 0, tracepoint: 0 };
  readonly signal: AbortSignal | undefined;
  readonly sleepable: boolean;
  readonly strictAlignment: boolean;
  readonly testStateFrequency: boolean;
  subprograms: Subprogram[] = [];
  /** Of the exception callback, 0 if there is none. */
  exceptionCallback = 0;
  /** What flow/ finds out before the first path is walked. */
  flow!: FlowData; // set by prepareProgram()
  /** What explore/ keeps while it walks. */
  walk!: Walk; // set before the first instruction is checked
  /** The state of the path being walked. */
  state!: State; // set before the first instruction is checked
  insn = 0;
  previousInsn = 0;
  /** Registers and slots of the current frame that changed since the last print (bits). */
  scratchedRegisters = 0;
  scratchedSlotsLow = 0;
  scratchedSlotsHigh = 0;
  diagnostic: Diagnostic | undefined;
  #ids = 0;

  constructor(input: {
    readonly program: VerifierProgram;
    readonly profile: KernelProfile;
    readonly kind: ProgramKind;
    readonly rules: ProgramTypeRules;
    readonly btfs: readonly Btf[];
    readonly allocatedTypes: ReadonlyMap<number, AllocatedType>;
    readonly logLevel: number;
    readonly signal: AbortSignal | undefined;
    readonly strictAlignment: boolean;
    readonly testStateFrequency: boolean;
  }) {
    const { program } = input;
    this.program = program;
    this.profile = input.profile;
    this.kind = input.kind;
    this.rules = input.rules;
    this.btfs = input.btfs;
    this.allocatedTypes = input.allocatedTypes;
    this.signal = input.signal;
    this.sleepable = input.kind.sleepable;
    this.strictAlignment = input.strictAlignment;
    this.testStateFrequency = input.testStateFrequency;
    this.insns = new InstructionView(program.insns);
    this.count = program.insns.length / 8;
    this.facts = new InsnFacts(this.count);
    this.log = new VerifierLog(input.logLevel);
    this.maps = [...new Set(program.maps.map(({ map }) => map))];
    this.mapReferences = new Map(
      program.maps.map(({ insn, map, kind, offset }) => [insn, { map: this.maps.indexOf(map), kind, offset }]),
    );
  }

  /** The executing frame of the current path. */
  get frame(): Frame {
    return this.state.frame;
  }

  /** An id that no register of any state has. */
  newId(): number {
    this.#ids += 1;
    return this.#ids;
  }

  /** Adds a line to the log. */
  say<C extends MessageCode>(code: C, facts: MessageFacts<C>): string {
    // The table's functions take what MessageFacts says of them; a union of functions cannot express that.
    const text = (messages[code] as (facts: MessageFacts<C>) => string)(facts);
    this.diagnostic = { code, facts, insn: this.insn, text };
    this.log.message(text);
    return text;
  }

  /** Refuses the program. @param errno positive */
  reject<C extends MessageCode>(errno: number, code: C, facts: MessageFacts<C>): never {
    throw new Rejection(errno, code, this.say(code, facts));
  }

  /** Refuses the program for the reason that was said last. */
  rejectAsSaid(errno: number): never {
    throw new Rejection(errno, this.diagnostic?.code ?? '', this.log.last);
  }

  /** @param subject what is not modelled, as a noun phrase: `kfunc bpf_x`, `map type 35` */
  unsupported(subject: string): never {
    throw new NotModelled(subject);
  }

  markRegisterScratched(register: number): void {
    this.scratchedRegisters |= 1 << register;
  }

  markSlotScratched(slot: number): void {
    if (slot < 32) this.scratchedSlotsLow |= 1 << slot;
    else this.scratchedSlotsHigh |= 1 << (slot - 32);
  }
}

/**
 * Makes a whole program of an entry function: behind it goes each subprogram that it calls or takes the address of,
 * directly or through others, once and in the order of their first use, depth first. Calls and addresses are
 * written anew for the places that the functions have got.
 *
 * Facts: libbpf 1.8, bpf_object__reloc_code() and its comment in src/libbpf.c. The kernel sees a different program
 * if the order differs, so it must not.
 */
import { BpfiterError } from '../errors.ts';
import { BPF_INSN_SIZE, InstructionView } from '../isa/index.ts';
import type { ProgramInfo } from './func-line-info.ts';
import { functionAt, type ObjectFunction } from './functions.ts';
import { isFunctionAddress, isSubprogramCall } from './instructions.ts';
import type { Relocation } from './relocations.ts';

/** A function at its place in a program. */
export interface PlacedFunction {
  readonly code: ObjectFunction;
  /** First slot. */
  readonly at: number;
}

export interface AssembledProgram {
  readonly insns: InstructionView;
  /** The entry function first. */
  readonly functions: readonly PlacedFunction[];
}

export interface AssemblyContext {
  /** All functions of the object, by section and offset. */
  readonly functions: readonly ObjectFunction[];
  readonly textIndex: number;
  /** Instructions of a function with its CO-RE relocations applied and its function addresses marked. */
  insnsOf(code: ObjectFunction): Uint8Array;
}

interface Frame extends PlacedFunction {
  /** The next slot to look at, in the function. */
  next: number;
  readonly relocations: ReadonlyMap<number, Relocation>;
}

export class ProgramAssembler {
  readonly #context: AssemblyContext;
  readonly #info: ProgramInfo | undefined;
  readonly #program: string;
  readonly #placed = new Map<ObjectFunction, number>();
  #bytes = new Uint8Array(0);
  #length = 0;

  /** @param info collects the records of what is placed */
  constructor(context: AssemblyContext, program: string, info: ProgramInfo | undefined) {
    this.#context = context;
    this.#program = program;
    this.#info = info;
  }

  /** Places a function with all that it needs, unless it has a place. @throws BpfiterError `malformed` */
  place(code: ObjectFunction): void {
    if (this.#placed.has(code)) return;
    const stack = [this.#append(code)];
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      const called = this.#advance(frame);
      if (called === undefined) stack.pop();
      else stack.push(called);
    }
  }

  finish(): AssembledProgram {
    const functions = [...this.#placed].map(([code, at]) => ({ code, at }));
    return { insns: new InstructionView(this.#bytes.slice(0, this.#length * BPF_INSN_SIZE)), functions };
  }

  #append(code: ObjectFunction): Frame {
    const insns = this.#context.insnsOf(code);
    const at = this.#length;
    const end = (at + code.insnCount) * BPF_INSN_SIZE;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(insns, at * BPF_INSN_SIZE);
    this.#length = at + code.insnCount;
    this.#placed.set(code, at);
    this.#info?.append(code, at);
    const relocations = new Map(code.relocations.map((relocation) => [relocation.insn, relocation]));
    return { code, at, next: 0, relocations };
  }

  /** Goes on through a function until it calls one that has no place yet, which is returned. */
  #advance(frame: Frame): Frame | undefined {
    const { code, at } = frame;
    // Made anew, since appending may have moved the bytes.
    const insns = new InstructionView(this.#bytes);
    while (frame.next < code.insnCount) {
      const insn = frame.next++;
      const isAddress = isFunctionAddress(insns, at + insn);
      if (!isAddress && !isSubprogramCall(insns, at + insn)) continue;
      const relocation = frame.relocations.get(insn);
      // Functions of the kernel are filled in later.
      if (relocation?.kind === 'extern') continue;
      const callee = this.#callee(code, insn, insns.imm(at + insn), isAddress, relocation);
      const known = this.#placed.get(callee);
      insns.setImm(at + insn, (known ?? this.#length) - (at + insn) - 1);
      if (known === undefined) return this.#append(callee);
    }
    return undefined;
  }

  #callee(
    code: ObjectFunction,
    insn: number,
    immediate: number,
    isAddress: boolean,
    relocation: Relocation | undefined,
  ): ObjectFunction {
    const reject = (what: string) =>
      new BpfiterError('malformed', `program '${this.#program}': instruction ${insn} of '${code.name}' ${what}`);
    let slot: number;
    if (relocation?.kind === 'call') slot = relocation.offset / BPF_INSN_SIZE + immediate + 1;
    else if (relocation?.kind === 'function-address')
      slot = Math.floor((relocation.offset + immediate) / BPF_INSN_SIZE);
    else if (relocation !== undefined)
      throw reject(`calls a function, but its relocation is one for a ${relocation.kind}`);
    else if (isAddress) throw reject('takes the address of a function, but has no relocation that says of which');
    else slot = code.offset + insn + immediate + 1;

    const { functions, textIndex } = this.#context;
    const callee = textIndex === 0 ? undefined : functionAt(functions, textIndex, slot);
    if (callee === undefined) throw reject(`calls slot ${slot} of '.text', where no function is`);
    return callee;
  }
}

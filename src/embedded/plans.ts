/**
 * Plans for the compiler: what each call, constant and memory access of one accepted program becomes in this kernel.
 * What the kernel cannot supply is unsupported, by name, when the program is loaded.
 */
import { BTF_KIND_FUNC, type Btf } from '../btf/index.ts';
import { BpfiterError } from '../errors.ts';
import {
  BPF_PSEUDO_BTF_ID,
  BPF_PSEUDO_KFUNC_CALL,
  BPF_PSEUDO_MAP_FD,
  BPF_PSEUDO_MAP_VALUE,
  BPF_SIZE,
  BPF_W,
  InstructionView,
} from '../isa/index.ts';
import type { AccessPlan, Callee, CallPlan, ConstantPlan } from '../jit/index.ts';
import type { LinkedMap, LinkedProgram, MapReference } from '../object/index.ts';
import { helperName } from '../uapi/index.ts';
import { type AcceptedProgram, baseType, PTR_TO_ARENA, PTR_TO_CTX, type VerifierMap } from '../verifier/index.ts';
import type { CallSite, FunctionDefinition, ProgramTypes } from './helpers/definition.ts';
import { ArenaMap } from './maps/arena.ts';
import type { EmbeddedMap } from './maps/embedded-map.ts';
import { addressOf } from './memory/address.ts';
import type { Runtime } from './runtime.ts';
import * as header from './runtime-wasm/map-header.ts';
import { whyUnsupported } from './unsupported.ts';

/** What the plans of all programs of a kernel share. */
export interface ProgramFunctions {
  readonly runtime: Runtime;
  /** The kernel's, in which kfuncs have their ids. */
  readonly btf: Btf;
  definition(name: string): FunctionDefinition | undefined;
  /** Offset of a variable of the kernel. */
  variable(name: string): number | undefined;
  /** The function that programs call, made once. */
  callee(definition: FunctionDefinition): Callee;
}

const { MAP_HEADER } = header;
/** Above where Linux on x86-64 has its functions and modules: nothing is there to be read, and no symbol of a machine. */
const KERNEL_TEXT = 0xffffffffff000000n;

const PLAIN: AccessPlan = { kind: 'plain' };
const UNTRUSTED: AccessPlan = { kind: 'untrusted' };
const POINTER32: AccessPlan = { kind: 'pointer32' };

export class ProgramPlans {
  /** Members of the kernel's structs that the functions read which it calls. */
  readonly reads = new Set<string>();
  readonly #linked: LinkedProgram;
  readonly #accepted: AcceptedProgram;
  readonly #table: ProgramFunctions;
  readonly #types: ProgramTypes | undefined;
  readonly #insns: InstructionView;
  readonly #references: ReadonlyMap<number, MapReference>;
  readonly #mapOf: (map: LinkedMap) => EmbeddedMap;
  /** The verifier's view of a map -> the map; inner maps, of which it sees only what they are like, have none. */
  readonly #maps: ReadonlyMap<VerifierMap, EmbeddedMap>;
  /** A program has at most one. */
  readonly #arena: ArenaMap | undefined;

  constructor(
    linked: LinkedProgram,
    accepted: AcceptedProgram,
    table: ProgramFunctions,
    types: ProgramTypes | undefined,
    mapOf: (map: LinkedMap) => EmbeddedMap,
  ) {
    this.#linked = linked;
    this.#accepted = accepted;
    this.#table = table;
    this.#types = types;
    this.#insns = new InstructionView(accepted.program.insns);
    this.#references = new Map(linked.mapReferences.map((reference) => [reference.insn, reference]));
    this.#mapOf = mapOf;
    const seen = new Map<VerifierMap, EmbeddedMap>();
    linked.mapReferences.forEach(({ map }, index) => {
      const view = accepted.program.maps[index];
      if (view !== undefined) seen.set(view.map, mapOf(map));
    });
    this.#maps = seen;
    this.#arena = [...seen.values()].find((map) => map instanceof ArenaMap);
  }

  /** For CompileInput. */
  get arenaUserHigh(): number | undefined {
    return this.#arena && Number(BigInt.asIntN(32, this.#arena.start >> 32n));
  }

  call(insn: number): CallPlan {
    const isKfunc = this.#insns.src(insn) === BPF_PSEUDO_KFUNC_CALL;
    const name = isKfunc ? this.#kfuncName(insn) : this.#helperName(insn);
    const { facts } = this.#accepted.result;
    const callback = facts?.loopCallback[insn] ?? 0;
    if (name === 'bpf_loop' && callback > 0) return { kind: 'loop', callback: callback - 1 };
    if (name === 'bpf_throw') return { kind: 'throw' };
    const map = this.#mapOfCall(insn);
    if (name === 'bpf_tail_call') return this.#tailCall(map);
    const planned = map?.plan(name);
    if (planned !== undefined) return planned;
    return this.#functionCall(insn, name, isKfunc ? 'kfunc' : 'helper', map);
  }

  constant(insn: number): ConstantPlan {
    const kind = this.#insns.src(insn);
    if (kind === BPF_PSEUDO_MAP_FD || kind === BPF_PSEUDO_MAP_VALUE) {
      const reference = this.#references.get(insn);
      if (reference !== undefined) return { value: this.#mapConstant(reference) };
    }
    if (kind === BPF_PSEUDO_BTF_ID) return { value: this.#variable(insn) };
    throw this.#unsupported(`the constant of instruction ${insn}`);
  }

  access(insn: number): AccessPlan {
    const { facts } = this.#accepted.result;
    if (facts === undefined) return PLAIN;
    const base = baseType(facts.pointerType[insn] ?? 0);
    if (base === PTR_TO_ARENA) return this.#arenaAccess();
    if (facts.untrusted[insn] === 1) return UNTRUSTED;
    const isPointer32 =
      base === PTR_TO_CTX && facts.loadsPointer[insn] === 1 && BPF_SIZE(this.#insns.code(insn)) === BPF_W;
    return isPointer32 ? POINTER32 : PLAIN;
  }

  #arenaAccess(): AccessPlan {
    const arena = this.#arena;
    if (arena === undefined) throw this.#unsupported('access to an unknown arena');
    const { base, size, startLow, pages } = arena;
    return { kind: 'arena', base, limit: size, start: startLow, pages };
  }

  #helperName(insn: number): string {
    const id = this.#insns.imm(insn);
    const name = helperName(id);
    if (name === undefined) throw this.#unsupported(`helper #${id}`);
    return name;
  }

  #kfuncName(insn: number): string {
    if (this.#insns.off(insn) !== 0) throw this.#unsupported('kfuncs of modules');
    return this.#table.btf.nameOf(this.#insns.imm(insn));
  }

  #mapOfCall(insn: number): EmbeddedMap | undefined {
    const { facts, maps } = this.#accepted.result;
    const index = facts?.mapIndex[insn] ?? 0;
    const view = index > 0 ? maps[index - 1] : undefined;
    return view && this.#maps.get(view);
  }

  #tailCall(map: EmbeddedMap | undefined): CallPlan {
    if (map?.slotsAddress !== undefined) return { kind: 'tail-call', slots: map.slotsAddress, count: map.maxEntries };
    return { kind: 'tail-call-by-map', slotsAt: header.BASE - MAP_HEADER, countAt: header.MAX_ENTRIES - MAP_HEADER };
  }

  #functionCall(insn: number, name: string, noun: string, map: EmbeddedMap | undefined): CallPlan {
    const { runtime } = this.#table;
    const definition = this.#table.definition(name);
    if (definition === undefined) throw this.#unsupported(`${noun} ${name}`, whyUnsupported(name));
    for (const member of definition.reads ?? []) this.reads.add(member);
    const site: CallSite = {
      insn,
      programType: this.#linked.type,
      map: map?.address,
      nodeOffset: this.#accepted.result.facts?.nodeOffset[insn] ?? 0,
      types: this.#types,
    };
    return this.#explained(definition, noun, () => {
      const planned = definition.plan?.(runtime, site);
      if (planned !== undefined) return planned;
      return { kind: 'import', name, signature: definition.signature, callee: this.#table.callee(definition) };
    });
  }

  /** Functions that need what this kernel's structs, clocks or objects lack say so when they are planned or made. */
  #explained(definition: FunctionDefinition, noun: string, plan: () => CallPlan): CallPlan {
    try {
      return plan();
    } catch (error) {
      if (error instanceof BpfiterError && error.code === 'unsupported') {
        throw this.#unsupported(`${noun} ${definition.name}`, error.message);
      }
      throw error;
    }
  }

  #mapConstant({ map, kind, offset }: MapReference): bigint {
    const made = this.#mapOf(map);
    if (kind === 'map') return addressOf(made.address);
    if (made instanceof ArenaMap) return made.start + BigInt(offset);
    if (made.valueAddress === undefined) throw this.#unsupported(`the address of a value of map '${made.name}'`);
    return addressOf(made.valueAddress + offset);
  }

  #variable(insn: number): bigint {
    const id = this.#insns.imm(insn);
    const name = this.#table.btf.nameOf(id);
    if (this.#table.btf.kindOf(id) === BTF_KIND_FUNC) {
      // Programs can only ask whether there is one.
      if (this.#table.definition(name) === undefined) throw this.#unsupported(`kfunc ${name}`);
      return KERNEL_TEXT + BigInt(id);
    }
    const offset = this.#table.variable(name);
    if (offset === undefined) throw this.#unsupported(`kernel variable ${name}`);
    return addressOf(offset);
  }

  #unsupported(what: string, reason?: string): BpfiterError {
    const { name } = this.#linked.program;
    const why = reason === undefined ? '' : ` (${reason})`;
    return new BpfiterError(
      'unsupported',
      `program '${name}': the embedded kernel has no ${what}${why}; use --kernel host`,
    );
  }
}

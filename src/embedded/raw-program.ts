/**
 * One program of raw instructions, without object, maps and types, in a kernel of its own: verified, compiled and run
 * once on given input. For the conformance suite and small tools; objects go through the kernel.
 */
import { BpfiterError } from '../errors.ts';
import { BPF_PSEUDO_KFUNC_CALL, BPF_SIZE, BPF_W, InstructionView } from '../isa/index.ts';
import {
  type AccessPlan,
  type CallPlan,
  type CompileInput,
  compileProgram,
  instantiate,
  makeInvoke,
  RESULT_HIGH,
  webAssembly,
} from '../jit/index.ts';
import type { RunOptions } from '../kernel.ts';
import { helperName } from '../uapi/index.ts';
import { baseType, PTR_TO_CTX, type VerifierProgram, type VerifierResult, verify } from '../verifier/index.ts';
import { prepareRun } from './contexts/prepare.ts';
import { findFunction } from './functions.ts';
import { KernelRuntime } from './kernel-runtime.ts';
import { engineMachine } from './machine.ts';
import { MapRegistry, mapImports } from './maps/map-registry.ts';
import { LinearMemory } from './memory/linear-memory.ts';
import { STACK_BOTTOM, STACK_TOP } from './memory/places.ts';
import { embeddedProfile, model } from './model/index.ts';
import { packetLoad } from './packets/packet-load.ts';
import type { Runtime } from './runtime.ts';

export interface RawProgram {
  readonly name: string;
  /** Little-endian slots. */
  readonly insns: Uint8Array;
  /** BPF_PROG_TYPE_*. */
  readonly type: number;
  readonly expectedAttachType: number;
}

/**
 * @returns all of r0
 * @throws BpfiterError `refused` by the verifier, with its log as detail; `unsupported` for a call that is not here
 */
export function runRaw(raw: RawProgram, options: RunOptions): bigint {
  const program = bare(raw);
  const result = verify(program, embeddedProfile(model), { logLevel: 1 });
  if (result.verdict !== 'accept') {
    const code = result.verdict === 'reject' ? 'refused' : 'unsupported';
    throw new BpfiterError(code, `program '${raw.name}': ${result.message}`, {
      ...(code === 'refused' && { errno: result.errno }),
      detail: result.log,
    });
  }
  const runtime = bareKernel();
  const instance = instantiate(compileProgram(plan(raw, result, runtime)), {
    memory: runtime.memory.wasm,
    table: runtime.table,
    stackPointer: runtime.stackPointer,
  });
  const kind = { name: raw.name, type: raw.type, expectedAttachType: raw.expectedAttachType };
  const run = prepareRun(runtime, { ...kind, maxContextOffset: 0, argumentCount: undefined }, options);
  run.begin();
  const { context, subject } = run;
  const invocation = { programName: raw.name, programType: raw.type, expectedAttachType: raw.expectedAttachType };
  const low = runtime.enter({ ...invocation, context, subject }, () => instance.entry(context));
  const high = runtime.memory.u32[RESULT_HIGH >> 2] as number;
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
}

const bare = ({ name, insns, type, expectedAttachType }: RawProgram): VerifierProgram => ({
  name,
  section: '',
  insns,
  maps: [],
  type,
  expectedAttachType,
  flags: 0,
  license: 'GPL',
  attachBtfId: 0,
  attachModule: undefined,
  attachesToProgram: false,
  btf: undefined,
  functions: [],
  lines: [],
  kfuncModules: [],
});

const noMaps = (): never => {
  throw new Error('a raw program has no maps');
};

function bareKernel(): KernelRuntime {
  const machine = engineMachine();
  const memory: LinearMemory = new LinearMemory(mapImports(() => maps));
  const maps = new MapRegistry({
    memory,
    possibleCpus: machine.possibleCpus,
    layout: model.layoutOf('bpf_map'),
    services: { releaseField: noMaps, program: noMaps, object: noMaps, describeObject: noMaps, pin: noMaps },
    random: () => machine.random(),
  });
  const table = new webAssembly.Table({ element: 'anyfunc', initial: 0 });
  return new KernelRuntime({
    memory,
    btf: model.btf,
    maps,
    table,
    stackPointer: new webAssembly.Global({ value: 'i32', mutable: true }, STACK_TOP),
    machine,
    invoke: makeInvoke({ memory: memory.wasm, table }),
    trace: () => {},
  });
}

function plan(raw: RawProgram, { facts, subprograms }: VerifierResult, runtime: Runtime): CompileInput {
  if (facts === undefined) throw new Error('an accepted program has facts');
  const insns = new InstructionView(raw.insns);
  const unsupported = (what: string) => new BpfiterError('unsupported', `program '${raw.name}' has ${what}`);
  const call = (insn: number): CallPlan => {
    const name = insns.src(insn) === BPF_PSEUDO_KFUNC_CALL ? undefined : helperName(insns.imm(insn));
    const definition = name === undefined ? undefined : findFunction(name);
    if (definition === undefined) throw unsupported(`a call of ${name ?? `kfunc #${insns.imm(insn)}`}`);
    const site = { insn, programType: raw.type, map: undefined, nodeOffset: 0, types: undefined };
    const better = definition.plan?.(runtime, site);
    if (better !== undefined) return better;
    const { signature } = definition;
    return { kind: 'import', name: definition.name, signature, callee: definition.make(runtime) };
  };
  const access = (insn: number): AccessPlan => {
    if (facts.untrusted[insn] === 1) return { kind: 'untrusted' };
    const pointer = baseType(facts.pointerType[insn] ?? 0) === PTR_TO_CTX && facts.loadsPointer[insn] === 1;
    return { kind: pointer && BPF_SIZE(insns.code(insn)) === BPF_W ? 'pointer32' : 'plain' };
  };
  return {
    name: raw.name,
    insns: raw.insns,
    facts,
    subprograms,
    call,
    access,
    constant: (insn) => {
      throw unsupported(`a constant (instruction ${insn}) that is no number`);
    },
    packetLoad: packetLoad(runtime),
    stackLimit: STACK_BOTTOM,
    arenaUserHigh: undefined,
  };
}

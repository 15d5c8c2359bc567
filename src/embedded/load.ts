/**
 * Loading an object into the embedded kernel: linked against its types, its maps made, its programs verified, compiled
 * and instantiated. Whatever was made is released again if a later step fails.
 */
import { BTF_KIND_FUNC, type Btf } from '../btf/index.ts';
import { BpfiterError } from '../errors.ts';
import { type CompiledProgram, compileProgram, instantiate, type RunningProgram } from '../jit/index.ts';
import type { LoadOptions } from '../kernel.ts';
import { KernelObject } from '../loaded-object.ts';
import { type BpfObject, type LinkedMap, type LinkedObject, type LinkedProgram, link } from '../object/index.ts';
import { programSlots } from '../program-slots.ts';
import { BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, errnoName } from '../uapi/index.ts';
import { type AcceptedProgram, accept, VerifierInput } from '../verifier/index.ts';
import { MapCreator, setSlot } from './create-maps.ts';
import type { EmbeddedKernel } from './kernel.ts';
import { LoadedTypes } from './loaded-types.ts';
import type { MapBase } from './maps/map-base.ts';
import { STACK_BOTTOM } from './memory/places.ts';
import { packetLoad } from './packets/packet-load.ts';
import { ProgramPlans } from './plans.ts';
import { type EmbeddedProgram, targetOf } from './program.ts';
import { programTag } from './program-tag.ts';

export async function loadObject(
  kernel: EmbeddedKernel,
  object: BpfObject,
  options: LoadOptions,
): Promise<KernelObject<EmbeddedProgram, MapBase>> {
  const linked = link(object, kernel.target, options);
  const input = new VerifierInput(linked, object.name, kernel.profile);
  const maps = new MapCreator({
    registry: kernel.maps,
    input,
    pinned: (path) => kernel.pinnedMap(path),
    pinRoot: options.pinRoot ?? '/sys/fs/bpf',
  });
  const types = linked.btf && input.btf && new LoadedTypes(kernel.runtime.memory, kernel.model, linked.btf);
  const programs = new Map<LinkedProgram['program'], EmbeddedProgram>();
  try {
    for (const map of linked.maps) if (map.autocreate) maps.create(map);
    for (const program of linked.programs) {
      const transformed = options.transform?.(program) ?? program;
      programs.set(program.program, await loadProgram(kernel, transformed, input, maps, options, types));
    }
    for (const map of linked.maps) {
      const made = maps.get(map);
      if (made === undefined) continue;
      for (const [index, program] of programSlots(map, programs, options)) setSlot(made, index, program.id);
    }
  } catch (error) {
    for (const program of programs.values()) program.close();
    maps.close();
    throw error;
  }
  const made = mapsOf(linked, maps, ({ source }) => source !== undefined);
  // The programs hold them; they have no names for users.
  for (const map of mapsOf(linked, maps, ({ source }) => source === undefined)) map.close();
  return new KernelObject(object, [...programs.values()], made);
}

const mapsOf = (linked: LinkedObject, maps: MapCreator, wanted: (map: LinkedMap) => boolean): MapBase[] =>
  linked.maps.filter(wanted).flatMap((map) => maps.get(map) ?? []);

async function loadProgram(
  kernel: EmbeddedKernel,
  linked: LinkedProgram,
  input: VerifierInput,
  maps: MapCreator,
  { logLevel = 0 }: LoadOptions,
  types: LoadedTypes | undefined,
): Promise<EmbeddedProgram> {
  const { name, section } = linked.program;
  const what = `load program '${name}' (${section})`;
  if (linked.type === BPF_PROG_TYPE_TRACING && linked.expectedAttachType === BPF_TRACE_ITER) {
    kernel.requireTarget(targetOf(linked), what);
  }
  const accepted = await naming(`cannot ${what}`, () =>
    withAdvice(linked, () => accept(linked, input, kernel.profile, { logLevel })),
  );
  const { compiled, instance, reads } = compile(kernel, linked, accepted, input, maps);
  const { result } = accepted;
  return kernel.takeIn({
    linked,
    log: result.log,
    compiled,
    instance,
    reads: [...linked.members, ...result.kernelMembers, ...reads],
    maps: [...new Set(linked.mapReferences.flatMap(({ map }) => maps.get(map) ?? []))],
    argumentCount: argumentCount(kernel.btf(), linked.attachBtfId),
    furthest: result.furthest,
    keptPointers: result.keptPointers,
    verifiedInsns: result.statistics.insnsProcessed,
    tag: await programTag(linked.insns),
    types,
  });
}

function compile(
  kernel: EmbeddedKernel,
  linked: LinkedProgram,
  accepted: AcceptedProgram,
  input: VerifierInput,
  maps: MapCreator,
): { compiled: CompiledProgram; instance: RunningProgram; reads: Iterable<string> } {
  const { facts, subprograms } = accepted.result;
  if (facts === undefined) throw new Error('an accepted program has facts');
  const types = input.btf && { btf: input.btf, allocated: input.allocatedTypes() };
  const plans = new ProgramPlans(linked, accepted, kernel.functions, types, (map) => {
    const made = maps.get(map);
    if (made !== undefined) return made;
    throw new BpfiterError('usage', `program '${linked.program.name}': map '${map.name}' is not created`);
  });
  const { runtime } = kernel;
  const compiled = compileProgram({
    name: linked.program.name,
    insns: linked.insns,
    facts,
    subprograms,
    call: (insn) => plans.call(insn),
    constant: (insn) => plans.constant(insn),
    access: (insn) => plans.access(insn),
    packetLoad: packetLoad(runtime),
    stackLimit: STACK_BOTTOM,
    arenaUserHigh: plans.arenaUserHigh,
  });
  const { table, stackPointer, memory } = runtime;
  const instance = instantiate(compiled, { memory: memory.wasm, table, stackPointer });
  return { compiled, instance, reads: plans.reads };
}

/** What this kernel's types lack the running kernel has: says so where a program was refused for that. */
async function withAdvice<T>({ poisoned }: LinkedProgram, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof BpfiterError) || !poisoned.some(({ reason }) => reason === error.message)) throw error;
    const { code, message, errno, detail } = error;
    throw new BpfiterError(code, `${message}; use --kernel host`, {
      cause: error,
      explanation: 'The embedded kernel has the types and fields of docs/model.md and no others.',
      ...(errno !== undefined && { errno }),
      ...(detail !== undefined && { detail }),
    });
  }
}

/** Puts the subject before the reason of a refusal, and the errno behind it, as the host kernel's half does. */
async function naming<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof BpfiterError)) throw error;
    const { code, message, errno, detail, explanation } = error;
    const said = code === 'refused' && errno !== undefined ? `${message} (${errnoName(errno)})` : message;
    throw new BpfiterError(code, `${what}: ${said}`, {
      cause: error,
      ...(errno !== undefined && { errno }),
      ...(detail !== undefined && { detail }),
      ...(explanation !== undefined && { explanation }),
    });
  }
}

/** How many arguments the function has that a program is attached to. */
function argumentCount(btf: Btf, attachBtfId: number): number | undefined {
  if (attachBtfId === 0 || btf.kindOf(attachBtfId) !== BTF_KIND_FUNC) return undefined;
  const func = btf.type(attachBtfId);
  const prototype = func.kind === 'func' ? btf.type(func.type) : undefined;
  return prototype?.kind === 'func_proto' ? prototype.parameters.length : undefined;
}

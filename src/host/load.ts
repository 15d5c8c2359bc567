/**
 * Loading an object: its BTF, its maps, its programs with references to both, in libbpf's order. Whatever was made is
 * released again if a later step fails: nothing stays pinned or loaded.
 * Facts: libbpf 1.8, bpf_object_load() and bpf_object_load_prog() in src/libbpf.c.
 */
import { BpfiterError } from '../errors.ts';
import type { LoadOptions, MapSelector } from '../kernel.ts';
import { decisiveLine } from '../kernel-log.ts';
import { KernelObject } from '../loaded-object.ts';
import { type BpfObject, type LinkedObject, type LinkedProgram, link } from '../object/index.ts';
import { programSlots } from '../program-slots.ts';
import { BPF_PROG_BIND_MAP } from '../uapi/index.ts';
import { bindMapAttributes } from './attributes.ts';
import { loadBtf } from './btf-load.ts';
import { MapCreator, setSlot } from './create-maps.ts';
import { closeDescriptor } from './descriptor.ts';
import { failure } from './failure.ts';
import type { HostMap } from './maps.ts';
import { loadProgram } from './program-load.ts';
import { HostProgram } from './programs.ts';
import { withReferences } from './references.ts';
import { programRefusal } from './refusal.ts';
import { Releases } from './releases.ts';
import { tryBpf } from './syscall.ts';
import type { HostTarget } from './target.ts';

/** @param openMap finds the maps that parameters of the programs will name */
export function loadObject(
  object: BpfObject,
  target: HostTarget,
  options: LoadOptions,
  openMap: (selector: MapSelector) => HostMap,
): KernelObject<HostProgram, HostMap> {
  const linked = link(object, target, options);
  const releases = new Releases();
  /** Held only while loading: the maps and programs hold it themselves afterwards. */
  let btfFd: number | undefined;
  try {
    btfFd = loadObjectBtf(linked, object.name);
    const maps = new MapCreator({
      btfFd,
      named: target.supports('prog-name'),
      pinRoot: options.pinRoot,
      moduleFd: (module) => moduleFd(target, module),
      releases,
    });
    for (const map of linked.maps) if (map.autocreate) maps.create(map);

    const job: Job = { linked, target, options, btfFd, maps, openMap };
    const programs = new Map<LinkedProgram['program'], HostProgram>();
    for (const program of linked.programs) {
      const loaded = loadOne(program, job);
      releases.add(() => loaded.close());
      programs.set(program.program, loaded);
    }
    for (const map of linked.maps) {
      const made = maps.get(map);
      if (made === undefined) continue;
      for (const [index, program] of programSlots(map, programs, options)) setSlot(made, index, program.fd);
    }

    const made = linked.maps.flatMap((map) => (map.source === undefined ? [] : (maps.get(map) ?? [])));
    const hidden = linked.maps.flatMap((map) => (map.source === undefined ? (maps.get(map) ?? []) : []));
    // The programs hold them; they have no names for users.
    for (const map of hidden) map.close();
    releases.forget();
    return new KernelObject(object, [...programs.values()], made);
  } catch (error) {
    releases.release();
    throw error;
  } finally {
    if (btfFd !== undefined) closeDescriptor(btfFd);
  }
}

/** What loading each program needs. */
interface Job {
  readonly linked: LinkedObject;
  readonly target: HostTarget;
  readonly options: LoadOptions;
  readonly btfFd: number | undefined;
  readonly maps: MapCreator;
  readonly openMap: (selector: MapSelector) => HostMap;
}

/** @returns undefined if there is none, or if the kernel refuses it and the object can do without */
function loadObjectBtf({ btf, btfRequired }: LinkedObject, name: string): number | undefined {
  if (btf === undefined) return undefined;
  const { result, log } = loadBtf(btf);
  if (result >= 0) return result;
  if (!btfRequired) return undefined;
  const because = decisiveLine(log);
  throw failure(-result, `load the BTF of ${name}`, { need: 'load', because, detail: log });
}

function moduleFd(target: HostTarget, name: string): number {
  const fd = target.modules().find((module) => module.name === name)?.fd;
  if (fd === undefined) throw new BpfiterError('not-found', `the BTF of module '${name}' cannot be opened`);
  return fd;
}

function loadOne(linkedProgram: LinkedProgram, { linked, target, options, btfFd, maps, openMap }: Job): HostProgram {
  const program = options.transform?.(linkedProgram) ?? linkedProgram;
  const { name, section, attachTarget } = program.program;
  const typed = btfFd !== undefined && target.supports('btf-func');
  const { result, log } = loadProgram(
    {
      name: target.supports('prog-name') ? name : undefined,
      type: program.type,
      insns: withReferences(
        program,
        (map) => maps.get(map)?.fd,
        (module) => moduleFd(target, module),
      ),
      license: linked.license,
      kernelVersion: linked.kernelVersion,
      flags: program.flags,
      ifindex: program.ifindex,
      expectedAttachType: program.expectedAttachType,
      attachBtfId: program.attachBtfId,
      attachFd:
        program.attachProgFd ??
        (program.attachModule === undefined ? undefined : moduleFd(target, program.attachModule)),
      btfFd: typed ? btfFd : undefined,
      funcInfo: typed ? program.funcInfo : undefined,
      lineInfo: typed ? program.lineInfo : undefined,
      // Index 0 stands for the kernel proper.
      fdArray:
        program.kfuncModules.length === 0 ? [] : [0, ...program.kfuncModules.map((module) => moduleFd(target, module))],
    },
    options.logLevel,
  );
  if (result < 0) throw programRefusal(-result, program, log);
  const loaded = new HostProgram(
    result,
    {
      name,
      section,
      type: program.type,
      expectedAttachType: program.expectedAttachType,
      targetName: attachTarget?.name,
      log,
    },
    openMap,
  );
  if (target.supports('prog-bind-map')) bindConstants(loaded.fd, linked, maps);
  return loaded;
}

/**
 * Ties the constants of the object to the life of the program even if it does not use them, so that tools can read
 * them (bpftool shows what a program says of itself there). A refusal does no harm.
 */
function bindConstants(prog_fd: number, { maps }: LinkedObject, creator: MapCreator): void {
  for (const map of maps) {
    const map_fd = map.origin === 'data' && map.readOnly ? creator.get(map)?.fd : undefined;
    if (map_fd !== undefined) tryBpf(BPF_PROG_BIND_MAP, bindMapAttributes.create({ prog_fd, map_fd }));
  }
}

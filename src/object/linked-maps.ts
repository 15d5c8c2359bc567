/**
 * Maps as one kernel is to create them: sizes that depend on pages and CPUs, and no flags or types that the kernel or
 * the type of map does not take.
 *
 * Facts: libbpf 1.8, adjust_ringbuf_sz(), map_set_def_max_entries() and bpf_object__create_map() in src/libbpf.c.
 */
import { BpfiterError } from '../errors.ts';
import {
  BPF_MAP_TYPE_ARENA,
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_CGROUP_ARRAY,
  BPF_MAP_TYPE_CPUMAP,
  BPF_MAP_TYPE_DEVMAP,
  BPF_MAP_TYPE_DEVMAP_HASH,
  BPF_MAP_TYPE_HASH_OF_MAPS,
  BPF_MAP_TYPE_PERF_EVENT_ARRAY,
  BPF_MAP_TYPE_QUEUE,
  BPF_MAP_TYPE_RINGBUF,
  BPF_MAP_TYPE_SOCKHASH,
  BPF_MAP_TYPE_SOCKMAP,
  BPF_MAP_TYPE_STACK,
  BPF_MAP_TYPE_STACK_TRACE,
  BPF_MAP_TYPE_STRUCT_OPS,
  BPF_MAP_TYPE_USER_RINGBUF,
  BPF_MAP_TYPE_XSKMAP,
} from '../uapi/index.ts';
import type { LinkedMap, LinkedStructOps } from './linked.ts';
import type { MapSlot, ParsedMap } from './maps.ts';
import type { ObjectMap } from './model.ts';
import { finalAutocreate, finalMapFlags } from './sanitise.ts';
import type { Feature, LinkTarget } from './target.ts';

/** Map types for which the kernel takes no types of key and value. */
const WITHOUT_BTF: ReadonlySet<number> = new Set([
  BPF_MAP_TYPE_PERF_EVENT_ARRAY,
  BPF_MAP_TYPE_CGROUP_ARRAY,
  BPF_MAP_TYPE_STACK_TRACE,
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_HASH_OF_MAPS,
  BPF_MAP_TYPE_DEVMAP,
  BPF_MAP_TYPE_DEVMAP_HASH,
  BPF_MAP_TYPE_CPUMAP,
  BPF_MAP_TYPE_XSKMAP,
  BPF_MAP_TYPE_SOCKMAP,
  BPF_MAP_TYPE_SOCKHASH,
  BPF_MAP_TYPE_QUEUE,
  BPF_MAP_TYPE_STACK,
  BPF_MAP_TYPE_ARENA,
  // Its value is a type of the kernel.
  BPF_MAP_TYPE_STRUCT_OPS,
]);

const LARGEST_SIZE = 0xffff_ffff;

/** What linking found out about maps beyond their declarations. */
export interface MapFindings {
  /** Contents of the `.kconfig` map. */
  readonly kconfig: Uint8Array | undefined;
  readonly structOps: ReadonlyMap<ObjectMap, LinkedStructOps>;
}

/** All maps of an object, in their order. */
export function linkMaps(
  maps: readonly ParsedMap[],
  target: LinkTarget,
  { kconfig, structOps }: MapFindings,
): ReadonlyMap<ParsedMap, LinkedMap> {
  const linked = new Map(
    maps.map((map) => {
      const initialValue = map.origin === 'kconfig' ? kconfig : map.initialValue;
      const linkedStructOps = structOps.get(map);
      const valueSize = linkedStructOps?.value.length ?? map.valueSize;
      return [map, { ...linkMap(map, target), valueSize, initialValue, linkedStructOps }];
    }),
  );
  for (const [map, { slots }] of linked)
    for (const slot of map.slots) {
      const inner = slot !== undefined && 'map' in slot ? maps.find((candidate) => candidate === slot.map) : undefined;
      const content = inner && linked.get(inner);
      slots.push(content === undefined ? onlyProgram(slot) : { map: content });
    }
  return linked;
}

const onlyProgram = (slot: MapSlot) => (slot !== undefined && 'program' in slot ? slot : undefined);

/** A map by itself: its slots stay empty, since maps that they refer to may not be linked yet. */
export function linkMap(
  map: ObjectMap,
  target: LinkTarget,
): LinkedMap & { readonly slots: LinkedMap['slots'][number][] } {
  const supports = (feature: Feature) => target.supports(feature);
  const typed = !WITHOUT_BTF.has(map.type);
  return {
    source: map,
    name: map.name,
    kernelName: map.kernelName,
    origin: map.origin,
    section: map.section,
    autocreate: finalAutocreate(map, supports),
    type: map.type,
    keySize: map.keySize,
    valueSize: map.valueSize,
    maxEntries: entryCount(map, target),
    flags: finalMapFlags(map, supports),
    extra: map.extra,
    numaNode: map.numaNode,
    ifindex: map.ifindex,
    btfKeyTypeId: typed ? map.btfKeyTypeId : 0,
    btfValueTypeId: typed ? map.btfValueTypeId : 0,
    pinByName: map.pinByName,
    pinPath: map.pinPath,
    reuseFd: map.reuseFd,
    inner: map.inner && linkMap(map.inner, target),
    slots: [],
    initialValue: map.initialValue,
    initialOffset: map.origin === 'arena' ? arenaOffset(map, target) : 0,
    readOnly: map.readOnly,
    structOps: map.structOps,
    linkedStructOps: undefined,
  };
}

/** Globals go to the end of the arena where programs can refer to it, so that a NULL pointer is none of them. */
function arenaOffset({ name, maxEntries, initialValue }: ObjectMap, target: LinkTarget): number {
  const { pageSize } = target;
  const size = initialValue?.length ?? 0;
  const used = Math.ceil(size / pageSize) * pageSize;
  const room = maxEntries * pageSize;
  if (used > room)
    throw new BpfiterError(
      'malformed',
      `map '${name}': an arena of ${maxEntries} pages is too small for the object's ${size} bytes of arena variables`,
    );
  return target.supports('ldimm64-full-range-offset') ? room - used : 0;
}

function entryCount({ type, maxEntries }: ObjectMap, target: LinkTarget): number {
  if (type === BPF_MAP_TYPE_RINGBUF || type === BPF_MAP_TYPE_USER_RINGBUF)
    return ringBufferSize(maxEntries, target.pageSize);
  if (type === BPF_MAP_TYPE_PERF_EVENT_ARRAY && maxEntries === 0) return target.possibleCpus();
  return maxEntries;
}

/**
 * The kernel wants a page times a power of two. What is too large for that goes through, to be refused there; so
 * does 0, which is a size that was forgotten.
 */
export function ringBufferSize(size: number, pageSize: number): number {
  if (size === 0) return 0;
  let rounded = pageSize;
  while (rounded < size) rounded *= 2;
  return rounded <= LARGEST_SIZE ? rounded : size;
}

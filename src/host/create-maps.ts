/**
 * The maps of an object, created in the kernel: in the object's order, each with its contents, reused where it is
 * pinned already or a descriptor was given, and pinned where it asks for it.
 * Facts: what libbpf 1.8 does (bpf_object__create_maps() and what it calls in src/libbpf.c); unlike there, a map that
 * a map of maps holds is made before it wherever it stands.
 */
import { mkdirSync, rmdirSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { BpfiterError } from '../errors.ts';
import type { LinkedMap } from '../object/index.ts';
import {
  BPF_F_RDONLY_PROG,
  BPF_F_VTYPE_BTF_OBJ_FD,
  BPF_MAP_TYPE_ARENA,
  BPF_MAP_TYPE_DEVMAP,
  BPF_MAP_TYPE_DEVMAP_HASH,
  BPF_MAP_TYPE_PROG_ARRAY,
  mapTypeName,
  mapTypes,
} from '../uapi/index.ts';
import { DEFAULT_BPFFS, exists, isOnBpffs, openPinned, unpin } from './bpffs.ts';
import { closeDescriptor, duplicate } from './descriptor.ts';
import { failure } from './failure.ts';
import { holdArena, holdMap } from './hold-map.ts';
import { isOlderThan } from './kernel-version.ts';
import { type HostMap, type MapInfo, mapInfoOf, tryCreateMap } from './maps.ts';
import type { Releases } from './releases.ts';
import { words32 } from './structs.ts';

export interface MapCreation {
  /** The object's BTF in the kernel. */
  readonly btfFd: number | undefined;
  /** Whether maps may have names. */
  readonly named: boolean;
  readonly pinRoot: string | undefined;
  /** Descriptor of a module's BTF. */
  moduleFd(module: string): number;
  /** Takes note of what has to be undone if loading fails later. */
  readonly releases: Releases;
}

export class MapCreator {
  readonly #creation: MapCreation;
  readonly #made = new Map<LinkedMap, HostMap>();
  readonly #underWay = new Set<LinkedMap>();

  constructor(creation: MapCreation) {
    this.#creation = creation;
  }

  /** The map that was made, or undefined for one that is not to be created. */
  get(map: LinkedMap): HostMap | undefined {
    return this.#made.get(map);
  }

  /** @throws BpfiterError `refused`, `not-permitted`, `usage` (pins), with the map's name */
  create(map: LinkedMap): HostMap {
    const existing = this.#made.get(map);
    if (existing !== undefined) return existing;
    // A map of maps that holds itself, by whatever way, is none that the kernel could be given.
    if (this.#underWay.has(map)) throw new BpfiterError('usage', `map '${map.name}' contains itself`);
    this.#underWay.add(map);
    const pinPath = pinPathOf(map, this.#creation.pinRoot);
    const reused = this.#reuse(map, pinPath);
    const made = reused ?? this.#createNew(map);
    this.#made.set(map, made);
    if (reused === undefined) {
      fill(made, map);
      if (map.type !== BPF_MAP_TYPE_PROG_ARRAY) this.#fillSlots(made, map);
      if (pinPath !== undefined) this.#pin(made, pinPath);
    }
    return made;
  }

  /** Takes over a map that exists: given by descriptor, or pinned where this one is to be. */
  #reuse(map: LinkedMap, pinPath: string | undefined): HostMap | undefined {
    let fd: number;
    if (pinPath !== undefined && exists(pinPath)) {
      fd = openPinned(pinPath, 'map');
      const difference = differenceOf(map, mapInfoOf(fd, `the map pinned at '${pinPath}'`));
      if (difference !== undefined) {
        closeDescriptor(fd);
        throw new BpfiterError('refused', `map '${map.name}' cannot be the one pinned at '${pinPath}': ${difference}`, {
          errno: constants.errno.EINVAL,
        });
      }
    } else if (map.reuseFd !== undefined) {
      fd = duplicate(map.reuseFd, `map '${map.name}'`);
    } else {
      return undefined;
    }
    return this.#hold(fd, map);
  }

  #createNew(map: LinkedMap): HostMap {
    const inner = map.inner === undefined ? undefined : this.#createRaw(map.inner, undefined);
    try {
      return this.#hold(this.#createRaw(map, inner), map);
    } finally {
      // It was a pattern: the kernel copies what it needs of it.
      if (inner !== undefined) closeDescriptor(inner);
    }
  }

  /** @returns the descriptor of a new map, empty as yet */
  #createRaw(map: LinkedMap, innerFd: number | undefined): number {
    const { btfFd, named, moduleFd } = this.#creation;
    const module = map.linkedStructOps?.module;
    const values = {
      map_type: map.type,
      key_size: map.keySize,
      // A struct_ops map holds the kernel's own struct.
      value_size: map.linkedStructOps?.value.length ?? map.valueSize,
      max_entries: map.maxEntries,
      map_flags: map.flags | (module === undefined ? 0 : BPF_F_VTYPE_BTF_OBJ_FD),
      inner_map_fd: innerFd,
      numa_node: map.numaNode,
      map_name: named ? map.kernelName : undefined,
      map_ifindex: map.ifindex,
      map_extra: map.extra,
      btf_vmlinux_value_type_id: map.linkedStructOps?.valueTypeId,
      value_type_btf_obj_fd: module === undefined ? undefined : moduleFd(module),
    };
    const typed = btfFd !== undefined && (map.btfKeyTypeId !== 0 || map.btfValueTypeId !== 0);
    let fd = tryCreateMap({
      ...values,
      ...((typed || map.linkedStructOps !== undefined) && { btf_fd: btfFd }),
      ...(typed && { btf_key_type_id: map.btfKeyTypeId, btf_value_type_id: map.btfValueTypeId }),
    });
    // Types of keys and values are for readers; a kernel that minds them still takes the map.
    if (fd < 0 && typed) fd = tryCreateMap(values);
    if (fd < 0) throw failure(-fd, `create map '${map.name}'`, { need: 'load', because: reasonOf(-fd, map) });
    return fd;
  }

  /** Makes an owner of the descriptor, which is closed if that fails. */
  #hold(fd: number, map: LinkedMap): HostMap {
    const { initialValue: bytes, initialOffset: offset } = map;
    const held =
      map.type === BPF_MAP_TYPE_ARENA ? holdArena(fd, map.name, bytes && { bytes, offset }) : holdMap(fd, map.name);
    this.#creation.releases.add(() => held.close());
    return held;
  }

  #fillSlots(made: HostMap, map: LinkedMap): void {
    map.slots.forEach((slot, index) => {
      if (slot === undefined || !('map' in slot)) return;
      if (!slot.map.autocreate) {
        throw new BpfiterError('usage', `slot ${index} of map '${map.name}': map '${slot.map.name}' is not created`);
      }
      setSlot(made, index, this.create(slot.map).fd);
    });
  }

  #pin(made: HostMap, path: string): void {
    const { releases } = this.#creation;
    const directory = dirname(path);
    if (!exists(directory) && isOnBpffs(dirname(directory))) {
      mkdirSync(directory, { mode: 0o700 });
      releases.add(() => rmdirSync(directory));
    }
    made.pin(path);
    releases.add(() => unpin(path));
  }
}

/** Puts a descriptor of a map or program into a slot. */
export function setSlot(map: HostMap, index: number, fd: number): void {
  const key = new Uint8Array(map.keySize);
  key.set(words32([index]).subarray(0, key.length));
  map.update(key, words32([fd]));
}

/** Where a map is to be pinned, or undefined. */
function pinPathOf({ name, pinByName, pinPath }: LinkedMap, root = DEFAULT_BPFFS): string | undefined {
  return pinPath ?? (pinByName ? join(root, name) : undefined);
}

function fill(made: HostMap, map: LinkedMap): void {
  const { initialValue, valueSize } = map;
  // An arena was filled when it was mapped.
  if (initialValue === undefined || map.type === BPF_MAP_TYPE_ARENA) return;
  for (let index = 0; index < map.maxEntries; index += 1) {
    const value = initialValue.subarray(index * valueSize, (index + 1) * valueSize);
    made.update(words32([index]), value);
  }
  if (map.readOnly) made.freeze();
}

/** In what an existing map differs from the one that is wanted, as a clause. */
function differenceOf(map: LinkedMap, info: MapInfo): string | undefined {
  // The kernel sets this flag of these types by itself.
  const isDevmap = map.type === BPF_MAP_TYPE_DEVMAP || map.type === BPF_MAP_TYPE_DEVMAP_HASH;
  const flags = isDevmap ? info.flags & ~BPF_F_RDONLY_PROG : info.flags;
  const rows: readonly [what: string, found: number | bigint, wanted: number | bigint][] = [
    ['type', info.type, map.type],
    ['key size', info.keySize, map.keySize],
    ['value size', info.valueSize, map.valueSize],
    ['number of entries', info.maxEntries, map.maxEntries],
    ['flags', flags, map.flags],
    ['map_extra', info.extra, map.extra],
  ];
  const differing = rows.filter(([, found, wanted]) => found !== wanted);
  if (differing.length === 0) return undefined;
  return differing.map(([what, found, wanted]) => `its ${what} is ${found}, not ${wanted}`).join(', ');
}

/** Why the kernel may have refused to create a map. */
function reasonOf(errno: number, { type }: LinkedMap): string | undefined {
  if (errno !== constants.errno.EINVAL) return undefined;
  const since = mapTypes.find(({ id }) => id === type)?.since;
  if (since === undefined || !isOlderThan(since)) return undefined;
  return `maps of type ${mapTypeName(type) ?? type} came with Linux ${since}, and this kernel is older`;
}

/**
 * The maps of one embedded kernel: their ids and addresses, and what maps need of the kernel around them.
 */
import type { FieldKind } from '../../verifier/index.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { CURRENT_CPU } from '../memory/places.ts';
import type { RuntimeImports } from '../runtime-wasm/runtime-wasm.ts';
import { EINVAL } from './errnos.ts';
import type { MapBase } from './map-base.ts';

/** A field of a kernel struct. */
export interface FieldPlace {
  readonly offset: number;
  readonly size: number;
}

/** How struct bpf_map lies, as far as the kernel's types have it. */
export interface StructLayout {
  readonly size: number;
  readonly fields: { readonly [name: string]: FieldPlace | undefined };
}

/** A program as a PROG_ARRAY takes it. */
export interface ProgramSlot {
  readonly id: number;
  /** Index into the kernel's function table. */
  readonly tableIndex: number;
}

/** What the rest of the kernel does for maps. Descriptors are the ids of what they stand for. */
export interface MapServices {
  /** Lets go of what a special field of a value holds; the field is to be all zero afterwards. */
  releaseField(kind: FieldKind, offset: number, map: MapBase, field: number): void;
  /** The program to put into a slot of that map, or a negative errno. */
  program(descriptor: number, map: MapBase): ProgramSlot | number;
  /** The struct (task, socket, inode, cgroup, ...) that keys of a storage or an object map name; or a negative errno. */
  object(descriptor: number, map: MapBase): number;
  pin(path: string, map: MapBase): void;
}

export class MapRegistry {
  readonly memory: LinearMemory;
  readonly possibleCpus: number;
  readonly layout: StructLayout;
  readonly services: MapServices;
  /** Between 0 and 1; seeds of hash tables. */
  readonly random: () => number;
  readonly #byAddress = new Map<number, MapBase>();
  readonly #byId = new Map<number, MapBase>();
  #lastId = 0;

  constructor(options: {
    readonly memory: LinearMemory;
    readonly possibleCpus: number;
    readonly layout: StructLayout;
    readonly services: MapServices;
    readonly random: () => number;
  }) {
    this.memory = options.memory;
    this.possibleCpus = options.possibleCpus;
    this.layout = options.layout;
    this.services = options.services;
    this.random = options.random;
  }

  /** The processor that programs run on. */
  get currentCpu(): number {
    return this.memory.view.getUint32(CURRENT_CPU, true);
  }

  /** Takes a map in. @returns its id */
  add(map: MapBase, address: number): number {
    this.#lastId += 1;
    this.#byAddress.set(address, map);
    this.#byId.set(this.#lastId, map);
    return this.#lastId;
  }

  remove(map: MapBase): void {
    this.#byAddress.delete(map.address);
    this.#byId.delete(map.id);
  }

  /** @param address may be negative, as wasm passes it */
  at(address: number): MapBase | undefined {
    return this.#byAddress.get(address >>> 0);
  }

  byId(id: number): MapBase | undefined {
    return this.#byId.get(id);
  }

  /** The map that was taken in last, if it is one. */
  get newest(): MapBase | undefined {
    return this.#byId.get(this.#lastId);
  }

  all(): Iterable<MapBase> {
    return this.#byId.values();
  }
}

/**
 * What the runtime's module calls, by way of the registry, which needs that module's memory first.
 * @param registry called only once maps exist
 */
export function mapImports(registry: () => MapRegistry): RuntimeImports {
  return {
    release_fields: (map, value) =>
      registry()
        .at(map)
        ?.releaseFields(value >>> 0),
    lookup: (map, key) =>
      registry()
        .at(map)
        ?.lookupElement(key >>> 0) ?? 0,
    update: (map, key, value, flags) =>
      registry()
        .at(map)
        ?.updateElement(key >>> 0, value >>> 0, flags >>> 0) ?? -EINVAL,
    remove: (map, key) =>
      registry()
        .at(map)
        ?.deleteElement(key >>> 0) ?? -EINVAL,
  };
}

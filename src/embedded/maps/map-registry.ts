/**
 * The maps of one embedded kernel: their ids and addresses, and what maps need of the kernel around them.
 */
import type { SpecialField } from '../../verifier/index.ts';
import { IdTable } from '../id-table.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { CURRENT_CPU } from '../memory/places.ts';
import type { StructLayout } from '../model/model.ts';
import type { RuntimeImports } from '../runtime-wasm/runtime-wasm.ts';
import { EINVAL } from './errnos.ts';
import type { MapBase } from './map-base.ts';

/** A program as a PROG_ARRAY takes it. */
export interface ProgramSlot {
  readonly id: number;
  /** Index into the kernel's function table. */
  readonly tableIndex: number;
  /** The slot holds the program until it is emptied. */
  hold(): void;
  release(): void;
}

/** What the rest of the kernel does for maps. Descriptors are the ids of what they stand for. */
export interface MapServices {
  /** Lets go of what a special field of a value holds; the field is to be all zero afterwards. @param at where it is */
  releaseField(field: SpecialField, at: number): void;
  /** The program to put into a slot of that map, or a negative errno. */
  program(descriptor: number, map: MapBase): ProgramSlot | number;
  /**
   * The struct in memory (task, socket, inode, cgroup, ...) that a descriptor names, as a storage takes for a key and a
   * map of objects for a value; or a negative errno.
   */
  object(descriptor: number, map: MapBase): number;
  /** What users see of such an object: the cookie of a socket, the id of a program, ...; of as many bytes as a value has. */
  describeObject(object: number, map: MapBase): bigint;
  pin(path: string, map: MapBase): void;
}

export class MapRegistry {
  readonly memory: LinearMemory;
  readonly possibleCpus: number;
  /** Of struct bpf_map. */
  readonly layout: StructLayout;
  readonly services: MapServices;
  /** 32 random bits, for the seeds of hash tables. */
  readonly random: () => number;
  readonly #byAddress = new Map<number, MapBase>();
  readonly #byId = new IdTable<MapBase>();
  readonly #waiting = new Map<number, () => void>();
  #newest: MapBase | undefined;

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
    this.#byAddress.set(address, map);
    this.#newest = map;
    return this.#byId.add(map);
  }

  remove(map: MapBase): void {
    this.#byAddress.delete(map.address);
    this.#byId.remove(map.id);
    if (this.#newest === map) this.#newest = undefined;
  }

  /** @param address may be negative, as wasm passes it */
  at(address: number): MapBase | undefined {
    return this.#byAddress.get(address >>> 0);
  }

  byId(id: number): MapBase | undefined {
    return this.#byId.get(id);
  }

  /** The map that was taken in last, if it is one still. */
  get newest(): MapBase | undefined {
    return this.#newest;
  }

  /** The map with that id, or else with the next higher one. */
  from(id: number): MapBase | undefined {
    return this.#byId.from(id)?.object;
  }

  /** Calls back each time records are complete in the ring buffer with that BASE and whoever wrote them wakes readers. */
  onWake(ring: number, action: (() => void) | undefined): void {
    if (action === undefined) this.#waiting.delete(ring);
    else this.#waiting.set(ring, action);
  }

  wake(ring: number): void {
    this.#waiting.get(ring)?.();
  }

  all(): Iterable<MapBase> {
    return this.#byId.values();
  }
}

/**
 * What the runtime's module calls, by way of the registry, which needs that module's memory first.
 * @param registry called only once maps exist
 */
export function mapImports(registry: () => MapRegistry): Omit<RuntimeImports, 'parse_format' | 'symbol_text'> {
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
    wake: (ring) => registry().wake(ring >>> 0),
    remove: (map, key) =>
      registry()
        .at(map)
        ?.deleteElement(key >>> 0) ?? -EINVAL,
  };
}

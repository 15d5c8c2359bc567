/**
 * The maps of an object in the embedded kernel: made as linking left them, filled with what they begin with. After
 * src/host/create-maps.ts, which does the same through bpf(2).
 */
import { BpfiterError } from '../errors.ts';
import type { LinkedMap } from '../object/index.ts';
import { BPF_MAP_TYPE_PROG_ARRAY, BPF_MAP_TYPE_STRUCT_OPS } from '../uapi/index.ts';
import type { VerifierInput } from '../verifier/index.ts';
import { ArenaMap } from './maps/arena.ts';
import { mapAttributes } from './maps/attributes.ts';
import { createMap } from './maps/create-map.ts';
import type { MapBase } from './maps/map-base.ts';
import type { MapRegistry } from './maps/map-registry.ts';

export interface MapCreation {
  readonly registry: MapRegistry;
  /** Knows the special fields of values. */
  readonly input: VerifierInput;
  /** The map pinned at a path, if there is one. */
  pinned(path: string): MapBase | undefined;
  /** Where maps that ask to be pinned by name go. */
  readonly pinRoot: string;
}

export class MapCreator {
  readonly #creation: MapCreation;
  readonly #made = new Map<LinkedMap, MapBase>();
  readonly #underWay = new Set<LinkedMap>();

  constructor(creation: MapCreation) {
    this.#creation = creation;
  }

  get(map: LinkedMap): MapBase | undefined {
    return this.#made.get(map);
  }

  /** Closes what was made, after a failure. */
  close(): void {
    for (const map of this.#made.values()) map.close();
  }

  create(map: LinkedMap): MapBase {
    const existing = this.#made.get(map);
    if (existing !== undefined) return existing;
    // A map of maps that holds itself, by whatever way, is none that the kernel could be given.
    if (this.#underWay.has(map)) throw new BpfiterError('usage', `map '${map.name}' contains itself`);
    this.#underWay.add(map);
    const pinPath = map.pinPath ?? (map.pinByName ? `${this.#creation.pinRoot}/${map.name}` : undefined);
    const reused = pinPath === undefined ? undefined : this.#creation.pinned(pinPath);
    if (reused !== undefined) {
      requireAlike(map, reused, pinPath);
      this.#made.set(map, reused.reopen());
      return reused;
    }
    const made = this.#createNew(map);
    this.#made.set(map, made);
    fill(made, map);
    if (map.type !== BPF_MAP_TYPE_PROG_ARRAY) this.#fillSlots(made, map);
    if (pinPath !== undefined) made.pin(pinPath);
    return made;
  }

  #createNew(map: LinkedMap): MapBase {
    const { registry, input } = this.#creation;
    const { name, type, keySize, maxEntries, flags, extra, numaNode, btfKeyTypeId, btfValueTypeId } = map;
    const inner = map.inner && this.#createNew(map.inner);
    try {
      return createMap(
        registry,
        mapAttributes({
          name,
          kernelName: map.kernelName,
          type,
          keySize,
          valueSize: map.linkedStructOps?.value.length ?? map.valueSize,
          maxEntries,
          flags,
          extra,
          numaNode,
          fields: input.mapFields(map),
          ...(type === BPF_MAP_TYPE_STRUCT_OPS
            ? { btfVmlinuxValueTypeId: map.linkedStructOps?.valueTypeId ?? 0 }
            : { btfKeyTypeId, btfValueTypeId }),
          ...(inner !== undefined && { inner }),
        }),
      );
    } finally {
      // It was a pattern.
      inner?.close();
    }
  }

  #fillSlots(made: MapBase, map: LinkedMap): void {
    map.slots.forEach((slot, index) => {
      if (slot === undefined || !('map' in slot)) return;
      if (!slot.map.autocreate) {
        throw new BpfiterError('usage', `slot ${index} of map '${map.name}': map '${slot.map.name}' is not created`);
      }
      setSlot(made, index, this.create(slot.map).id);
    });
  }
}

/** Puts a map or program, by its id, into a slot. */
export function setSlot(map: MapBase, index: number, id: number): void {
  const key = new Uint8Array(map.keySize);
  key.set(words32([index]).subarray(0, key.length));
  map.update(key, words32([id]));
}

function fill(made: MapBase, map: LinkedMap): void {
  const { initialValue, initialOffset, valueSize } = map;
  if (initialValue === undefined) return;
  if (made instanceof ArenaMap) {
    made.fill(initialValue, initialOffset);
    return;
  }
  for (let index = 0; index < map.maxEntries; index += 1) {
    made.update(words32([index]), initialValue.subarray(index * valueSize, (index + 1) * valueSize));
  }
  if (map.readOnly) made.freeze();
}

function requireAlike(map: LinkedMap, found: MapBase, path: string | undefined): void {
  const rows: readonly [what: string, found: number, wanted: number][] = [
    ['type', found.type, map.type],
    ['key size', found.keySize, map.keySize],
    ['value size', found.valueSize, map.valueSize],
    ['number of entries', found.maxEntries, map.maxEntries],
    ['flags', found.flags, map.flags],
  ];
  const differing = rows.filter(([, has, wanted]) => has !== wanted);
  if (differing.length === 0) return;
  const said = differing.map(([what, has, wanted]) => `its ${what} is ${has}, not ${wanted}`).join(', ');
  throw new BpfiterError('refused', `map '${map.name}' cannot be the one pinned at '${path}': ${said}`, { errno: 22 });
}

const words32 = (words: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(words).buffer);

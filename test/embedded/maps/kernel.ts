/** A registry of maps with a kernel around it that has nothing else. */

import { type MapAttributes, mapAttributes } from '../../../src/embedded/maps/attributes.ts';
import { tryCreateMap } from '../../../src/embedded/maps/create-map.ts';
import type { MapBase } from '../../../src/embedded/maps/map-base.ts';
import { MapRegistry, type MapServices, mapImports } from '../../../src/embedded/maps/map-registry.ts';
import { LinearMemory } from '../../../src/embedded/memory/linear-memory.ts';

export interface TestKernel {
  readonly registry: MapRegistry;
  readonly memory: LinearMemory;
  create(attributes: Partial<MapAttributes> & { readonly type: number }): MapBase;
}

/** Names of the struct bpf_map that the tests look at. */
const layout = {
  size: 96,
  fields: {
    map_type: { offset: 24, size: 4 },
    key_size: { offset: 28, size: 4 },
    value_size: { offset: 32, size: 4 },
    max_entries: { offset: 36, size: 4 },
    map_extra: { offset: 40, size: 8 },
    map_flags: { offset: 48, size: 4 },
    id: { offset: 52, size: 4 },
    name: { offset: 64, size: 16 },
  },
};

export function testKernel(possibleCpus = 2, services: Partial<MapServices> = {}): TestKernel {
  const memory: LinearMemory = new LinearMemory(mapImports(() => registry));
  const registry: MapRegistry = new MapRegistry({
    memory,
    possibleCpus,
    layout,
    services: {
      releaseField: () => {},
      program: () => -9,
      object: () => -9,
      pin: () => {},
      ...services,
    },
    random: () => 0.5,
  });
  return {
    registry,
    memory,
    create(attributes) {
      const made = tryCreateMap(registry, mapAttributes(attributes));
      if (typeof made === 'number') throw new Error(`the map cannot be created: ${made}`);
      return made;
    },
  };
}

export const u32 = (...words: number[]): Uint8Array => new Uint8Array(Uint32Array.from(words).buffer);

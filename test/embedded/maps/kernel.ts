/** A registry of maps with a kernel around it that has nothing else. */

import { type MapAttributes, mapAttributes } from '../../../src/embedded/maps/attributes.ts';
import { tryCreateMap } from '../../../src/embedded/maps/create-map.ts';
import type { MapBase } from '../../../src/embedded/maps/map-base.ts';
import { MapRegistry, type MapServices, mapImports } from '../../../src/embedded/maps/map-registry.ts';
import { LinearMemory } from '../../../src/embedded/memory/linear-memory.ts';
import { layoutOf } from '../../../src/embedded/model/index.ts';

export interface TestKernel {
  readonly registry: MapRegistry;
  readonly memory: LinearMemory;
  create(attributes: Partial<MapAttributes> & { readonly type: number }): MapBase;
}

export function testKernel(possibleCpus = 2, services: Partial<MapServices> = {}): TestKernel {
  const memory: LinearMemory = new LinearMemory(mapImports(() => registry));
  const registry: MapRegistry = new MapRegistry({
    memory,
    possibleCpus,
    layout: layoutOf('bpf_map'),
    services: {
      releaseField: () => {},
      program: () => -9,
      object: () => -9,
      describeObject: BigInt,
      pin: () => {},
      ...services,
    },
    random: () => 0x12345678,
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

/**
 * iter/bpf_map_elem: the elements of a hash or an array. Values are those in the map, and what a program writes to them
 * stays there, also in maps that users or programs may not write to; of per-CPU maps a copy is shown, a value for each
 * processor. Between two reads the walk stands at the element that is left; if that is deleted meanwhile, it is shown
 * as it last was. Source: kernel/bpf/{hashtab,arraymap,map_iter}.c of Linux 6.18; facts/iterators.md 1.2, 1.5.
 */
import {
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH,
} from '../../uapi/index.ts';
import type { ContextSlots } from '../iter/context.ts';
import { SequenceWalk } from '../iter/sequence-walk.ts';
import type { IterTargetDefinition, Walk } from '../iter/target.ts';
import type { EmbeddedMap } from '../maps/embedded-map.ts';
import { CURRENT_CPU } from '../memory/places.ts';
import type { TargetEnvironment } from './environment.ts';
import { mapTarget } from './map-parameter.ts';

const KEY = 1;
const VALUE = 2;

const plainTypes = [BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_ARRAY];
const perCpuTypes = new Set([BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_MAP_TYPE_PERCPU_ARRAY]);

/** Bytes from one processor's value to the next. */
const strideOf = ({ valueSize }: EmbeddedMap): number => Math.ceil(valueSize / 8) * 8;

export function bpfMapElemTarget(env: TargetEnvironment): IterTargetDefinition {
  return mapTarget(env, {
    name: 'bpf_map_elem',
    arguments: [
      { name: 'key', type: 'void *' },
      { name: 'value', type: 'void *' },
    ],
    types: new Set([...plainTypes, ...perCpuTypes]),
    sizes: (map) => ({
      key: map.keySize,
      value: perCpuTypes.has(map.type) ? strideOf(map) * env.possibleCpus : map.valueSize,
    }),
    open: (map, slots) => (perCpuTypes.has(map.type) ? new PerCpuWalk(env, map, slots) : elementsOf(map, slots)),
  });
}

const elementsOf = (map: EmbeddedMap, slots: ContextSlots): Walk =>
  new SequenceWalk(map.elements() ?? [], slots, ([key, value]) => {
    slots.pointer(KEY, key);
    slots.pointer(VALUE, value);
  });

class PerCpuWalk extends SequenceWalk<readonly [key: number, value: number]> {
  readonly #free: () => void;

  constructor({ memory, possibleCpus }: TargetEnvironment, map: EmbeddedMap, slots: ContextSlots) {
    const stride = strideOf(map);
    const size = stride * possibleCpus;
    const copy = memory.allocate(size);
    super(map.elements() ?? [], slots, ([key, value]) => {
      // An element is shown by the value of the processor that runs; the others stand around it.
      const first = value - stride * (memory.u32[CURRENT_CPU >>> 2] ?? 0);
      memory.u8.copyWithin(copy, first, first + size);
      for (const { offset, size: bytes } of map.specialFields) {
        for (let at = copy + offset; at < copy + size; at += stride) memory.u8.fill(0, at, at + bytes);
      }
      slots.pointer(KEY, key);
      slots.pointer(VALUE, copy);
    });
    this.#free = () => memory.free(copy);
  }

  override release(): void {
    super.release();
    this.#free();
  }
}

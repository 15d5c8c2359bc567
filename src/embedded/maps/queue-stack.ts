/**
 * QUEUE and STACK: values without keys. Users push by updating and peek by looking up, with an empty key.
 * Source: kernel/bpf/queue_stack_maps.c, Linux 6.18.
 */
import { BPF_F_NUMA_NODE } from '../../uapi/index.ts';
import * as header from '../runtime-wasm/map-header.ts';
import { ACCESS_FLAGS, accessIsClear, LARGEST_ALLOCATION, type MapAttributes } from './attributes.ts';
import { E2BIG, EINVAL } from './errnos.ts';
import { MapBase } from './map-base.ts';
import type { MapRegistry } from './map-registry.ts';

export function checkQueueStack(attributes: MapAttributes): number {
  const { keySize, valueSize, maxEntries, flags } = attributes;
  if (maxEntries === 0 || keySize !== 0 || valueSize === 0) return -EINVAL;
  if ((flags & ~(BPF_F_NUMA_NODE | ACCESS_FLAGS)) !== 0 || !accessIsClear(attributes)) return -EINVAL;
  if (valueSize > LARGEST_ALLOCATION || maxEntries >= Math.floor(0xffffffff / valueSize)) return -E2BIG;
  return 0;
}

export class QueueStackMap extends MapBase {
  constructor(registry: MapRegistry, attributes: MapAttributes) {
    super(registry, attributes);
    this.put(header.KIND, this.type);
    this.put(header.BASE, this.memory.allocate((this.maxEntries + 1) * this.valueSize));
  }

  override updateElement(): number {
    return -EINVAL;
  }
  override deleteElement(): number {
    return -EINVAL;
  }

  protected override readValue(): Uint8Array | number {
    return this.throughRoom((room) => this.memory.runtime.map_peek_elem(this.address, room));
  }
  protected override takeValue(_key: number, flags: number): Uint8Array | number {
    if (flags !== 0) return -EINVAL;
    return this.throughRoom((room) => this.memory.runtime.map_pop_elem(this.address, room));
  }
  protected override writeValue(_key: number, value: number, flags: number): number {
    return this.memory.runtime.map_push_elem(this.address, value, flags, 0);
  }
  protected override keyAfter(): number {
    return -EINVAL;
  }

  protected override destroy(): void {
    this.memory.free(this.get(header.BASE));
  }
}

/**
 * STRUCT_OPS: one value, a kernel struct whose function pointers are programs. This kernel has nothing that calls
 * such programs by itself, so registering one only marks it; its programs can be run like any other.
 * Source: kernel/bpf/bpf_struct_ops.c, Linux 6.18.
 */
import { BPF_ANY, BPF_F_LINK, BPF_F_VTYPE_BTF_OBJ_FD } from '../../uapi/index.ts';
import { has, type MapAttributes } from './attributes.ts';
import { E2BIG, EBUSY, EINVAL, ENOENT, EOPNOTSUPP } from './errnos.ts';
import { MapBase } from './map-base.ts';
import type { MapRegistry } from './map-registry.ts';

export function checkStructOps({ keySize, maxEntries, flags, btfVmlinuxValueTypeId }: MapAttributes): number {
  if (keySize !== 4 || maxEntries !== 1 || (flags & ~(BPF_F_LINK | BPF_F_VTYPE_BTF_OBJ_FD)) !== 0) return -EINVAL;
  return btfVmlinuxValueTypeId === 0 ? -EINVAL : 0;
}

// enum bpf_struct_ops_state, and where struct bpf_struct_ops_common_value has it.
const STATE_INIT = 0;
const STATE_IN_USE = 1;
const STATE_READY = 3;
const STATE_AT = 4;

export class StructOpsMap extends MapBase {
  readonly #value: number;
  #state = STATE_INIT;

  constructor(registry: MapRegistry, attributes: MapAttributes) {
    super(registry, attributes);
    this.#value = this.memory.allocate(this.valueSize);
  }

  #isKey(key: number): boolean {
    return this.memory.view.getUint32(key, true) === 0;
  }

  protected override readValue(key: number): Uint8Array | number {
    if (!this.#isKey(key)) return -ENOENT;
    if (this.#state === STATE_INIT) return new Uint8Array(this.valueSize);
    const bytes = this.copyOut(this.#value);
    new DataView(bytes.buffer).setUint32(STATE_AT, this.#state, true);
    return bytes;
  }

  override updateElement(key: number, value: number, flags: number): number {
    if (flags !== BPF_ANY) return -EINVAL;
    if (!this.#isKey(key)) return -E2BIG;
    if (this.#state !== STATE_INIT) return -EBUSY;
    // Reference count and state are the kernel's.
    if (this.memory.view.getBigUint64(value, true) !== 0n) return -EINVAL;
    this.memory.runtime.memcpy(this.#value, value, this.valueSize);
    this.#state = has(this.attributes, BPF_F_LINK) ? STATE_READY : STATE_IN_USE;
    return 0;
  }

  override deleteElement(key: number): number {
    if (has(this.attributes, BPF_F_LINK)) return -EOPNOTSUPP;
    if (!this.#isKey(key) || this.#state !== STATE_IN_USE) return -ENOENT;
    this.#state = STATE_INIT;
    return 0;
  }

  protected override keyAfter(key: number, into: number): number {
    if (key !== 0 && this.#isKey(key)) return -ENOENT;
    this.memory.view.setUint32(into, 0, true);
    return into;
  }

  protected override destroy(): void {
    this.memory.free(this.#value);
  }
}

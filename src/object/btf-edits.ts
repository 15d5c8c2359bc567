/**
 * Changes to an object's BTF, collected and then applied in one go. Types are replaced in place or added behind the
 * last, and the strings stay where they are: func_info, line_info, CO-RE records and maps hold ids and offsets.
 */
import { Btf, BtfBuilder, type BtfType, type NewType, type TypeId, typeId } from '../btf/index.ts';
import { BpfiterError } from '../errors.ts';

/** BTF beside the blob that it was read from. */
export interface BtfBlob {
  readonly btf: Btf;
  readonly bytes: Uint8Array;
}

export class BtfEdits {
  readonly #blob: BtfBlob;
  readonly #replaced = new Map<TypeId, NewType>();
  readonly #added: NewType[] = [];

  /** @param blob BTF without a base */
  constructor(blob: BtfBlob) {
    this.#blob = blob;
  }

  /** The type as it will be, for changing it further. @throws BpfiterError `malformed` if it is of another kind */
  current<Kind extends BtfType['kind']>(id: TypeId, kind: Kind): NewType & { readonly kind: Kind } {
    const { btf } = this.#blob;
    const type = this.#replaced.get(id) ?? this.#added[id - btf.endId] ?? btf.type(id);
    if (type.kind !== kind)
      throw new BpfiterError('malformed', `${btf.name}: BTF type ${id} is a ${type.kind} where a ${kind} is expected`);
    // The comparison above is what the type says.
    return type as NewType & { readonly kind: Kind };
  }

  replace(id: TypeId, type: NewType): void {
    const index = id - this.#blob.btf.endId;
    if (index >= 0) this.#added[index] = type;
    else this.#replaced.set(id, type);
  }

  add(type: NewType): TypeId {
    this.#added.push(type);
    return typeId(this.#blob.btf.endId + this.#added.length - 1);
  }

  /** The edited BTF, little-endian; the original itself if nothing is to change. */
  apply(): BtfBlob {
    const { btf } = this.#blob;
    if (btf.littleEndian && this.#replaced.size === 0 && this.#added.length === 0) return this.#blob;
    const builder = new BtfBuilder({ keepStringsOf: btf });
    for (let id = btf.firstId; id < btf.endId; id++) builder.addCopy(btf, id, (to) => to);
    for (const [id, type] of this.#replaced) builder.define(id, type);
    for (const type of this.#added) builder.add(type);
    const bytes = builder.bytes();
    return { btf: Btf.parse(bytes, { name: btf.name }), bytes };
  }
}

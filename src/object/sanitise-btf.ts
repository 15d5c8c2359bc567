/**
 * Rewrites an object's BTF for kernels that do not know all of it yet. Kinds that a kernel lacks become others that
 * take as much room in memory, so that ids, sizes and offsets stay what they are:
 *
 *   func_proto -> enum, func -> typedef        variable, declaration tag -> int of one byte
 *   global func -> static func                 data section -> struct
 *   float -> anonymous struct                  type tag -> const
 *   enum64 -> union                            signed enum -> unsigned enum
 *
 * Facts: libbpf 1.8, bpf_object__sanitize_btf() in src/libbpf.c.
 */
import { type Btf, BtfBuilder, type BtfType, type NewType, type TypeId, typeId } from '../btf/index.ts';
import type { Feature } from './target.ts';

type Supports = (feature: Feature) => boolean;

/** Features without which some BTF has to be rewritten. */
const BTF_FEATURES: readonly Feature[] = [
  'btf-func',
  'btf-func-global',
  'btf-datasec',
  'btf-datasec-qmark',
  'btf-float',
  'btf-decl-tag',
  'btf-type-tag',
  'btf-enum64',
];

/**
 * @param btf without a base
 * @param bytes what it was parsed from
 * @returns the same bytes if the kernel takes them as they are
 */
export function sanitiseBtf(btf: Btf, bytes: Uint8Array, supports: Supports): Uint8Array {
  const complete = BTF_FEATURES.every(supports);
  if (complete && (supports('btf-layout') || !hasLayout(bytes, btf.littleEndian))) return bytes;
  return new Sanitiser(btf, supports).run();
}

/** Offset and length of the layout table, in headers that are long enough. */
function hasLayout(bytes: Uint8Array, littleEndian: boolean): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint32(4, littleEndian) >= 32 && view.getBigUint64(24, littleEndian) !== 0n;
}

class Sanitiser {
  readonly #btf: Btf;
  readonly #supports: Supports;
  readonly #builder: BtfBuilder;
  /** What members of unions that stand for enums are made of; void until one is needed. */
  #placeholder: TypeId = typeId(0);

  constructor(btf: Btf, supports: Supports) {
    this.#btf = btf;
    this.#supports = supports;
    // Line info refers to strings by their offset. The builder writes no layout table.
    this.#builder = new BtfBuilder({ keepStringsOf: btf });
  }

  run(): Uint8Array {
    const btf = this.#btf;
    for (let id = btf.firstId; id < btf.endId; id++) {
      const replacement = this.#replacement(btf.type(id));
      if (replacement === undefined) this.#builder.addCopy(btf, id, (to) => to);
      else this.#builder.add(replacement);
    }
    if (this.#placeholder !== 0) {
      this.#builder.add({ kind: 'int', name: 'enum64_placeholder', ...oneByte });
    }
    return this.#builder.bytes();
  }

  /** What the type becomes, or undefined if it stays. */
  #replacement(type: BtfType): NewType | undefined {
    const lacks = (feature: Feature) => !this.#supports(feature);
    const { name } = type;
    switch (type.kind) {
      case 'var':
        return lacks('btf-datasec') ? { kind: 'int', name, ...oneByte } : undefined;
      case 'decl_tag':
        return lacks('btf-decl-tag') ? { kind: 'int', name, ...oneByte } : undefined;
      case 'datasec': {
        if (lacks('btf-datasec')) return this.#structOf(type);
        const rename = lacks('btf-datasec-qmark') && name.startsWith('?');
        return rename ? { ...type, name: `_${name.slice(1)}` } : undefined;
      }
      case 'func_proto': {
        if (!lacks('btf-func')) return undefined;
        const values = type.parameters.map((parameter) => ({ name: parameter.name, value: BigInt(parameter.type) }));
        return { kind: 'enum', name, size: 4, signed: false, values };
      }
      case 'func':
        if (lacks('btf-func')) return { kind: 'typedef', name, type: type.type };
        return lacks('btf-func-global') ? { ...type, linkage: 'static' } : undefined;
      case 'float':
        // A compiler would not take `float` as a struct's name, so it has none.
        return lacks('btf-float') ? { kind: 'struct', size: type.size, members: [] } : undefined;
      case 'type_tag':
        return lacks('btf-type-tag') ? { kind: 'const', type: type.type } : undefined;
      case 'enum': {
        if (!lacks('btf-enum64') || !type.signed) return undefined;
        const values = type.values.map((entry) => ({ name: entry.name, value: BigInt.asUintN(32, entry.value) }));
        return { kind: 'enum', name, size: type.size, signed: false, values };
      }
      case 'enum64': {
        if (!lacks('btf-enum64')) return undefined;
        this.#placeholder = this.#btf.endId as TypeId;
        const members = type.values.map((entry) => ({
          name: entry.name,
          type: this.#placeholder,
          bitOffset: 0,
          bitFieldSize: 0,
        }));
        return { kind: 'union', name, size: type.size, members };
      }
      default:
        return undefined;
    }
  }

  /** Its members are the variables, under their names. */
  #structOf({ name, size, entries }: Extract<BtfType, { kind: 'datasec' }>): NewType {
    const members = entries.map(({ type, offset }) => ({
      name: this.#btf.nameOf(type),
      type,
      bitOffset: offset * 8,
      bitFieldSize: 0,
    }));
    return { kind: 'struct', name: name.replaceAll(/[.?]/g, '_'), size, members };
  }
}

/** One byte: never larger than what it stands for. */
const oneByte = { size: 1, bits: 8, bitOffset: 0, signed: false, char: false, bool: false } as const;

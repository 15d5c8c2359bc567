/**
 * Sizes and places: lays structs out as a C compiler for a 64-bit machine does (System V ABI for x86-64, bit fields
 * packed into units of their type).
 */
import { integerNamed } from './base-types.ts';
import type { CMember, CType } from './c-types.ts';

export interface Extent {
  readonly size: number;
  readonly alignment: number;
}

export interface PlacedMember {
  readonly member: CMember;
  /** From the beginning of the struct. */
  readonly bitOffset: number;
}

export interface Layout extends Extent {
  readonly members: readonly PlacedMember[];
}

/** Finds what names stand for. */
export interface Names {
  typedefOf(name: string): CType | undefined;
  /** @returns undefined for one that is only declared */
  membersOf(tag: 'struct' | 'union', name: string): readonly CMember[] | undefined;
}

const POINTER: Extent = { size: 8, alignment: 8 };
const ENUM: Extent = { size: 4, alignment: 4 };

export class Layouts {
  readonly #names: Names;
  readonly #structs = new Map<string, Layout>();

  constructor(names: Names) {
    this.#names = names;
  }

  /** @throws RangeError for what has no size */
  extentOf(type: CType): Extent {
    switch (type.kind) {
      case 'named':
        return this.#named(type.name);
      case 'tagged': {
        if (type.tag === 'enum') return ENUM;
        const layout = this.structLayout(type.tag, type.name);
        if (layout === undefined) throw new RangeError(`${type.tag} ${type.name} is declared and not defined`);
        return layout;
      }
      case 'inline':
        return this.layoutOf(type.composite.tag, type.composite.members);
      case 'pointer':
        return POINTER;
      case 'array': {
        const { size, alignment } = this.extentOf(type.of);
        return { size: size * type.length, alignment };
      }
      case 'const':
      case 'volatile':
        return this.extentOf(type.of);
      case 'void':
      case 'prototype':
        throw new RangeError(`a ${type.kind} has no size`);
    }
  }

  /** @returns undefined for one that is only declared */
  structLayout(tag: 'struct' | 'union', name: string): Layout | undefined {
    const key = `${tag} ${name}`;
    const known = this.#structs.get(key);
    if (known !== undefined) return known;
    const members = this.#names.membersOf(tag, name);
    if (members === undefined) return undefined;
    const layout = this.layoutOf(tag, members);
    this.#structs.set(key, layout);
    return layout;
  }

  layoutOf(tag: 'struct' | 'union', members: readonly CMember[]): Layout {
    let bit = 0;
    let bits = 0;
    let alignment = 1;
    const placed: PlacedMember[] = [];
    for (const member of members) {
      const extent = this.#memberExtent(member);
      const unit = extent.size * 8;
      if (tag === 'union') bit = 0;
      // A bit field begins a new unit where it would reach over the end of one; other members begin at their alignment.
      if (member.bits === 0) bit = roundUp(bit, extent.alignment * 8);
      else if (Math.floor(bit / unit) !== Math.floor((bit + member.bits - 1) / unit)) bit = roundUp(bit, unit);
      placed.push({ member, bitOffset: bit });
      bit += member.bits === 0 ? unit : member.bits;
      bits = Math.max(bits, bit);
      alignment = Math.max(alignment, extent.alignment);
    }
    return { size: roundUp(Math.ceil(bits / 8), alignment), alignment, members: placed };
  }

  #memberExtent({ type, alignment = 0 }: CMember): Extent {
    const extent = this.extentOf(type);
    return { size: extent.size, alignment: Math.max(extent.alignment, alignment) };
  }

  #named(name: string): Extent {
    const integer = integerNamed(name);
    if (integer !== undefined) return { size: integer.size, alignment: integer.size };
    const type = this.#names.typedefOf(name);
    if (type === undefined) throw new RangeError(`no type is called '${name}'`);
    return this.extentOf(type);
  }
}

const roundUp = (value: number, step: number): number => Math.ceil(value / step) * step;

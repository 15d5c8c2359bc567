/**
 * Builds BTF: types are added one by one, as the objects of types.ts without their ids, and get the next id each.
 * Types that refer to each other in a circle take an id first (`reserve`) and say later what it is (`define`).
 * Nothing is deduplicated but strings. Facts about records: https://docs.kernel.org/bpf/btf.html, section 2.2.
 */
import { BpfiterError } from '../errors.ts';
import type { Btf } from './btf.ts';
import { MAGIC, VERSION } from './header.ts';
import { HEAD_WORDS, KINDS, kindNumber } from './kinds.ts';
import { BTF_KIND_UNKN, type BtfType, type TypeId, typeId } from './types.ts';

/** The same shape with plain numbers where ids stand. */
type Unbranded<T> = T extends TypeId
  ? number
  : T extends readonly (infer Element)[]
    ? readonly Unbranded<Element>[]
    : T extends object
      ? { readonly [Key in keyof T]: Unbranded<T[Key]> }
      : T;

type WithoutId<T> = T extends BtfType ? Omit<Unbranded<T>, 'id' | 'name'> & { readonly name?: string } : never;

/** A type to add. Any BtfType fits. */
export type NewType = WithoutId<Exclude<BtfType, { kind: 'void' }>>;

export interface BtfBuilderOptions {
  /** What the blob is to be split on. */
  readonly base?: Btf | undefined;
  readonly littleEndian?: boolean | undefined;
  /**
   * Begin with all strings of this blob, at the same offsets: what else points to them (line info) stays right.
   * It must have the same base.
   */
  readonly keepStringsOf?: Btf | undefined;
}

const HEADER_LENGTH = 24;
const LINKAGES = ['static', 'global', 'extern'];
const MAX_VLEN = 0xffffff;
const KIND_FLAG = 0x8000_0000;
const encoder = new TextEncoder();
/** One character a byte, which characters does not matter. */
const bytewise = new TextDecoder('latin1');

export class BtfBuilder {
  readonly base: Btf | undefined;
  readonly littleEndian: boolean;
  /** Id of the first type of this blob itself. */
  readonly firstId: number;
  /** Records in id order; undefined for those that are reserved. */
  readonly #records: (readonly number[] | undefined)[] = [];
  readonly #offsets = new Map<string, number>();
  readonly #strings: Uint8Array[] = [];
  readonly #stringStart: number;
  #stringEnd: number;
  readonly #copied = new Map<Btf, Map<number, TypeId>>();
  readonly #kept: Btf | undefined;
  /** Its strings, each between two NULs. */
  #keptText: string | undefined;

  constructor({ base, littleEndian = true, keepStringsOf }: BtfBuilderOptions = {}) {
    if (keepStringsOf !== undefined && keepStringsOf.base !== base) {
      throw new BpfiterError('usage', `strings of ${keepStringsOf.name} cannot be kept: it has another base`);
    }
    this.base = base;
    this.littleEndian = littleEndian;
    this.firstId = base?.endId ?? 1;
    this.#stringStart = base?.stringEnd ?? 0;
    this.#stringEnd = this.#stringStart;
    this.#kept = keepStringsOf;
    if (keepStringsOf !== undefined) {
      this.#strings.push(keepStringsOf.stringBytes);
      this.#stringEnd += keepStringsOf.stringBytes.length;
    } else if (base === undefined) this.#appendString('');
  }

  /** The id that the next type gets. */
  get nextId(): TypeId {
    return typeId(this.firstId + this.#records.length);
  }

  /** Offset of the string, which is added unless this blob has it. */
  addString(text: string): number {
    if (text === '') return 0;
    return this.#offsets.get(text) ?? this.#findKept(text) ?? this.#appendString(text);
  }

  /** @throws BpfiterError `usage` for what a record cannot hold */
  add(type: NewType): TypeId {
    const id = this.reserve();
    this.define(id, type);
    return id;
  }

  /** Takes the next id for a type that `define` will give. */
  reserve(): TypeId {
    const id = this.nextId;
    this.#records.push(undefined);
    return id;
  }

  /** Says what a reserved id is, or replaces the type that it was. */
  define(id: TypeId, type: NewType): void {
    if (id < this.firstId || id >= this.nextId) {
      throw new BpfiterError('usage', `BTF type ${id} is not one of this builder's`);
    }
    this.#records[id - this.firstId] = new Encoder((text) => this.addString(text)).encode(type);
  }

  /**
   * Copies a type of another blob and whatever it refers to, each once however often it is asked for.
   * Types of a base that the two share keep their ids.
   */
  addFrom(source: Btf, id: number): TypeId {
    const copied = this.#copied.get(source) ?? new Map<number, TypeId>();
    this.#copied.set(source, copied);
    // Ids first, then records: a type may refer back to one whose copying led to it.
    const found: { readonly from: number; readonly to: TypeId }[] = [];
    const target = (from: number): TypeId => {
      if (from === 0 || this.#shares(source, from)) return typeId(from);
      let to = copied.get(from);
      if (to === undefined) {
        // Before an id is taken: a reference to nowhere must not leave one reserved.
        source.rawWord(from, 0);
        to = this.reserve();
        copied.set(from, to);
        found.push({ from, to });
      }
      return to;
    };
    const result = target(id);
    for (const { from, to } of found) this.#records[to - this.firstId] = this.#copyRecord(source, from, target);
    return result;
  }

  /**
   * Copies one type as it is, under the next id, with its references changed by `target`. For whole blobs whose
   * ids keep their order; `addFrom` for single types with what they need.
   */
  addCopy(source: Btf, id: number, target: (id: number) => number): TypeId {
    const record = this.#copyRecord(source, id, target);
    const copy = this.nextId;
    this.#records.push(record);
    return copy;
  }

  /** The blob. @throws BpfiterError `usage` while a reserved id is undefined */
  bytes(): Uint8Array {
    let typeLength = 0;
    this.#records.forEach((record, index) => {
      if (record === undefined) throw new BpfiterError('usage', `BTF type ${this.firstId + index} was never defined`);
      typeLength += record.length * 4;
    });
    const stringLength = this.#stringEnd - this.#stringStart;
    const bytes = new Uint8Array(HEADER_LENGTH + typeLength + stringLength);
    const view = new DataView(bytes.buffer);
    let at = 0;
    const word = (value: number) => {
      view.setUint32(at, value, this.littleEndian);
      at += 4;
    };
    view.setUint16(0, MAGIC, this.littleEndian);
    view.setUint8(2, VERSION);
    at = 4;
    for (const value of [HEADER_LENGTH, 0, typeLength, typeLength, stringLength]) word(value);
    for (const record of this.#records) if (record !== undefined) for (const value of record) word(value);
    for (const piece of this.#strings) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  #copyRecord(source: Btf, id: number, target: (id: number) => number): readonly number[] {
    const kind = source.kindOf(id);
    const entry = KINDS[kind];
    if (entry === undefined || kind === BTF_KIND_UNKN) {
      throw new BpfiterError('unsupported', `${source.name}: BTF type ${id} has kind ${kind}, which cannot be copied`);
    }
    const entries = HEAD_WORDS + entry.words;
    const end = entries + (entry.entryWords === 0 ? 0 : entry.entryWords * source.vlenOf(id));
    const record: number[] = [];
    for (let index = 0; index < end; index++) record.push(source.rawWord(id, index));
    const copyString = (index: number) => {
      if (source !== this.#kept) record[index] = this.addString(source.string(record[index] ?? 0));
    };
    const copyType = (index: number) => {
      record[index] = target(record[index] ?? 0);
    };
    copyString(0);
    entry.typeWords.forEach(copyType);
    for (let at = entries; at < end; at += entry.entryWords) {
      if (entry.namedEntries) copyString(at);
      if (entry.entryTypeWord !== undefined) copyType(at + entry.entryTypeWord);
    }
    return record;
  }

  /** Whether the type belongs to a blob that this one is split on. */
  #shares(source: Btf, id: number): boolean {
    let owner: Btf | undefined = source;
    while (owner !== undefined && id < owner.firstId) owner = owner.base;
    for (let base = this.base; base !== undefined; base = base.base) if (base === owner) return true;
    return false;
  }

  #appendString(text: string): number {
    if (text.includes('\0')) throw new BpfiterError('usage', `BTF string ${JSON.stringify(text)} contains a NUL`);
    const offset = this.#stringEnd;
    const bytes = encoder.encode(`${text}\0`);
    this.#strings.push(bytes);
    this.#stringEnd += bytes.length;
    this.#offsets.set(text, offset);
    return offset;
  }

  #findKept(text: string): number | undefined {
    if (this.#kept === undefined || text.includes('\0')) return undefined;
    this.#keptText ??= `\0${bytewise.decode(this.#kept.stringBytes)}`;
    const at = this.#keptText.indexOf(`\0${bytewise.decode(encoder.encode(text))}\0`);
    return at < 0 ? undefined : this.#stringStart + at;
  }
}

/** Makes the words of one record. */
class Encoder {
  readonly #addString: (text: string) => number;
  readonly #words: number[] = [];
  #what = '';

  constructor(addString: (text: string) => number) {
    this.#addString = addString;
  }

  encode(type: NewType): readonly number[] {
    const { name = '' } = type;
    this.#what = `BTF ${type.kind}${name === '' ? '' : ` '${name}'`}`;
    switch (type.kind) {
      case 'int':
        this.#head(type, 0, false, type.size);
        this.#word(
          'encoding',
          ((type.signed ? 1 : 0) | (type.char ? 2 : 0) | (type.bool ? 4 : 0)) * 2 ** 24 +
            this.#byte('bit offset', type.bitOffset) * 2 ** 16 +
            this.#byte('number of bits', type.bits),
        );
        break;
      case 'ptr':
      case 'typedef':
      case 'volatile':
      case 'const':
      case 'restrict':
        this.#head(type, 0, false, type.type);
        break;
      case 'type_tag':
        this.#head(type, 0, type.attribute === true, type.type);
        break;
      case 'array':
        this.#head(type, 0, false, 0);
        this.#word('element type', type.elementType);
        this.#word('index type', type.indexType);
        this.#word('length', type.length);
        break;
      case 'struct':
      case 'union': {
        const flagged = type.members.some((member) => member.bitFieldSize !== 0);
        this.#head(type, type.members.length, flagged, type.size);
        for (const member of type.members) {
          this.#word('name', this.#addString(member.name));
          this.#word('type of a member', member.type);
          if (flagged && member.bitOffset > 0xffffff) throw this.#unfit('offset of a member', member.bitOffset);
          this.#word('offset of a member', this.#byte('bit field', member.bitFieldSize) * 2 ** 24 + member.bitOffset);
        }
        break;
      }
      case 'enum':
      case 'enum64': {
        const bits = type.kind === 'enum' ? 32 : 64;
        this.#head(type, type.values.length, type.signed, type.size);
        for (const { name: valueName, value } of type.values) {
          if ((type.signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)) !== value) {
            throw this.#unfit(`value '${valueName}'`, value);
          }
          this.#word('name', this.#addString(valueName));
          this.#word('value', Number(BigInt.asUintN(32, value)));
          if (bits === 64) this.#word('value', Number(BigInt.asUintN(32, value >> 32n)));
        }
        break;
      }
      case 'fwd':
        this.#head(type, 0, type.target === 'union', 0);
        break;
      case 'func':
        this.#head(type, LINKAGES.indexOf(type.linkage), false, type.type);
        break;
      case 'func_proto':
        this.#head(type, type.parameters.length, false, type.returnType);
        for (const parameter of type.parameters) {
          this.#word('name', this.#addString(parameter.name));
          this.#word('type of a parameter', parameter.type);
        }
        break;
      case 'var':
        this.#head(type, 0, false, type.type);
        this.#word('linkage', LINKAGES.indexOf(type.linkage));
        break;
      case 'datasec':
        this.#head(type, type.entries.length, false, type.size);
        for (const entry of type.entries) {
          this.#word('type of a variable', entry.type);
          this.#word('offset of a variable', entry.offset);
          this.#word('size of a variable', entry.size);
        }
        break;
      case 'float':
        this.#head(type, 0, false, type.size);
        break;
      case 'decl_tag':
        this.#head(type, 0, type.attribute === true, type.type);
        this.#word('component index', type.componentIndex >>> 0);
        break;
    }
    return this.#words;
  }

  #head({ kind, name = '' }: NewType, vlen: number, flag: boolean, sizeOrType: number): void {
    if (vlen > MAX_VLEN) throw this.#unfit('number of entries', vlen);
    this.#word('name', this.#addString(name));
    this.#word('info', (flag ? KIND_FLAG : 0) + kindNumber(kind) * 2 ** 24 + vlen);
    this.#word('size or type', sizeOrType);
  }

  #word(what: string, value: number): void {
    if (value >>> 0 !== value) throw this.#unfit(what, value);
    this.#words.push(value);
  }

  #byte(what: string, value: number): number {
    if ((value & 0xff) !== value) throw this.#unfit(what, value);
    return value;
  }

  #unfit(what: string, value: number | bigint): BpfiterError {
    return new BpfiterError('usage', `${this.#what}: ${what} ${value} does not fit the format`);
  }
}

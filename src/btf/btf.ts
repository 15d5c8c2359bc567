/**
 * A BTF blob: the types of a kernel, a module or an object file.
 *
 * Opening one costs a pass over its records and no objects: the type section stays what it is, an array of 32-bit
 * words, beside a table of where each record begins. Everything else is read on demand. Inner loops use the numeric
 * accessors (`kindOf`, `rawWord`, ...), which allocate nothing; `type()` gives the objects of types.ts.
 *
 * Split BTF (a module's, on the kernel's) is a blob whose ids and string offsets continue those of its base; a Btf
 * answers for its base's ids too.
 *
 * Facts: https://docs.kernel.org/bpf/btf.html. Reading a record: decode.ts; sizes: layout.ts; names: name-index.ts.
 */
import { checkBytes } from '../arguments.ts';
import { BpfiterError } from '../errors.ts';
import { decodeType } from './decode.ts';
import { readHeader, toWords } from './header.ts';
import { kindNumber } from './kinds.ts';
import {
  Alignments,
  findMember,
  type MemberLocation,
  sizeOfType,
  skipModifiers,
  skipModifiersAndTypedefs,
} from './layout.ts';
import { NameIndex } from './name-index.ts';
import { StringTable } from './strings.ts';
import { buildTypeTable, flagOfInfo, kindOfInfo, vlenOfInfo } from './type-table.ts';
import { BTF_KIND_FUNC, BTF_KIND_INT, BTF_KIND_UNKN, type BtfType, type Kind, type TypeId, typeId } from './types.ts';

export interface BtfOptions {
  /** What the blob is split on. */
  readonly base?: Btf | undefined;
  /** For messages: `vmlinux`, a module or a file. */
  readonly name?: string | undefined;
  /** Bytes of a pointer where neither the blob nor its base has a type `long` to tell it; 8 if absent. */
  readonly pointerSize?: 4 | 8 | undefined;
}

export class Btf {
  readonly base: Btf | undefined;
  readonly name: string;
  readonly littleEndian: boolean;
  /** Id of the first type of this blob itself: 1, or where the base ends. */
  readonly firstId: number;
  /** Ids are less than this. */
  readonly endId: number;
  readonly #words: Uint32Array;
  readonly #starts: Uint32Array;
  readonly #strings: StringTable;
  readonly #functionNames: NameIndex;
  readonly #typeNames: NameIndex;
  readonly #types = new Map<number, BtfType>();
  readonly #alignments = new Alignments(this);
  readonly #defaultPointerSize: 4 | 8;
  #pointerSize: 4 | 8 | undefined;

  /**
   * @param bytes contents of a `.BTF` section or a file of /sys/kernel/btf; kept, so not to be changed afterwards
   * @throws BpfiterError `malformed`; `unsupported` for another version, or kinds of which not even the size is known
   */
  static parse(bytes: Uint8Array, options: BtfOptions = {}): Btf {
    checkBytes('Btf.parse()', 'the bytes of a BTF blob', bytes);
    return new Btf(bytes, options);
  }

  private constructor(bytes: Uint8Array, { base, name = 'BTF', pointerSize = 8 }: BtfOptions) {
    const sections = readHeader(bytes, name);
    this.base = base;
    this.name = name;
    this.littleEndian = sections.littleEndian;
    this.#defaultPointerSize = pointerSize;
    this.#strings = new StringTable(sections.strings, base === undefined ? undefined : base.#strings, name);
    this.#words = toWords(sections.types, sections.littleEndian);
    this.firstId = base?.endId ?? 1;
    this.#starts = buildTypeTable(this.#words, sections.layout, this.#strings.end, this.firstId, name);
    this.endId = this.firstId + this.#starts.length;
    this.#functionNames = new NameIndex(this.#words, this.#starts, this.#strings, true);
    this.#typeNames = new NameIndex(this.#words, this.#starts, this.#strings, false);
  }

  /** As a type `long` or `unsigned long` says it. */
  get pointerSize(): 4 | 8 {
    this.#pointerSize ??= this.base?.pointerSize ?? this.#findPointerSize() ?? this.#defaultPointerSize;
    return this.#pointerSize;
  }

  /** Where the strings end, base's included: offset of the first string of a blob split on this one. */
  get stringEnd(): number {
    return this.#strings.end;
  }

  /** The string section of this blob itself. */
  get stringBytes(): Uint8Array {
    return this.#strings.bytes;
  }

  /** The records of this blob itself as words, and at which word each begins, from `firstId` on; not to be changed. */
  get records(): { readonly words: Uint32Array; readonly starts: Uint32Array } {
    return { words: this.#words, starts: this.#starts };
  }

  /**
   * Word of a type's record: 0 is the name's offset, 1 the info word, 2 the size or type, then what the kind has.
   * @throws BpfiterError `malformed` for an id that does not exist
   */
  rawWord(id: number, index: number): number {
    if (id < this.firstId) {
      if (this.base !== undefined) return this.base.rawWord(id, index);
      // void has no record; it reads as one of zeros.
      if (id === 0) return 0;
    }
    const start = this.#starts[id - this.firstId];
    if (start === undefined) throw this.#noSuchType(id);
    const word = this.#words[start + index];
    if (word === undefined) throw new BpfiterError('usage', `${this.name}: BTF type ${id} has no word ${index}`);
    return word;
  }

  /** BTF_KIND_*; 0 for void. */
  kindOf(id: number): number {
    return kindOfInfo(this.rawWord(id, 1));
  }

  nameOffsetOf(id: number): number {
    return this.rawWord(id, 0);
  }

  /** Number of members, values, parameters or variables; linkage of a function. */
  vlenOf(id: number): number {
    return vlenOfInfo(this.rawWord(id, 1));
  }

  kindFlagOf(id: number): boolean {
    return flagOfInfo(this.rawWord(id, 1));
  }

  /** The size as the record says it; only for kinds that have one (else see sizeOfType). */
  sizeOf(id: number): number {
    return this.rawWord(id, 2);
  }

  /** The type that the record refers to; only for kinds that do. */
  referencedType(id: number): TypeId {
    return typeId(this.rawWord(id, 2));
  }

  /** Empty for anonymous types and void. */
  nameOf(id: number): string {
    return this.#strings.at(this.rawWord(id, 0));
  }

  /** @throws BpfiterError `malformed` for an offset beyond the section */
  string(offset: number): string {
    return this.#strings.at(offset);
  }

  /** The same object each time. @throws BpfiterError `malformed` for an id that does not exist */
  type(id: number): BtfType {
    let type = this.#types.get(id);
    if (type === undefined) {
      type = id < this.firstId && this.base !== undefined ? this.base.type(id) : decodeType(this, id);
      this.#types.set(id, type);
    }
    return type;
  }

  /** The first type of that name in id order, base first; `void` is 0. */
  find(name: string, kind?: Kind | number): TypeId | undefined {
    const wanted = typeof kind === 'string' ? kindNumber(kind) : kind;
    if (name === 'void' && (wanted === undefined || wanted === BTF_KIND_UNKN)) return typeId(0);
    const inBase = this.base?.find(name, wanted);
    if (inBase !== undefined) return inBase;
    const ofKind = (names: NameIndex) => {
      for (const index of names.exact(name)) {
        const id = this.firstId + index;
        if (wanted === undefined || this.kindOf(id) === wanted) return id;
      }
      return Number.POSITIVE_INFINITY;
    };
    const first = Math.min(
      wanted === BTF_KIND_FUNC ? Number.POSITIVE_INFINITY : ofKind(this.#typeNames),
      wanted === undefined || wanted === BTF_KIND_FUNC ? ofKind(this.#functionNames) : Number.POSITIVE_INFINITY,
    );
    return Number.isFinite(first) ? typeId(first) : undefined;
  }

  /** All types and functions of that name in id order, base first. */
  findAll(name: string): readonly TypeId[] {
    const own = [...this.#typeNames.exact(name), ...this.#functionNames.exact(name)].sort((a, b) => a - b);
    return [...(this.base?.findAll(name) ?? []), ...own.map((index) => typeId(this.firstId + index))];
  }

  /** All types, without functions, of the same name before a `___flavour`, in id order: candidates of CO-RE. */
  findEssential(name: string): readonly TypeId[] {
    const own = Array.from(this.#typeNames.essential(name), (index) => typeId(this.firstId + index));
    return this.base === undefined ? own : [...this.base.findEssential(name), ...own];
  }

  /**
   * Bytes of a type, through typedefs, qualifiers, arrays and variables.
   * @throws BpfiterError `usage` for types without a size: void, functions, forward declarations, tags
   */
  sizeOfType(id: number): number {
    return sizeOfType(this, id);
  }

  /** Bytes. BTF does not say it: natural alignment, but 1 for structs whose layout shows that they are packed. */
  alignmentOf(id: number): number {
    return this.#alignments.of(id);
  }

  /** Looks through const, volatile, restrict and type tags. */
  skipModifiers(id: number): TypeId {
    return skipModifiers(this, id);
  }

  skipModifiersAndTypedefs(id: number): TypeId {
    return skipModifiersAndTypedefs(this, id);
  }

  /**
   * Where a member lies, by a path like `se.vruntime` or `['se', 'vruntime']`; looks through anonymous structs.
   * @returns undefined if there is no such member
   */
  member(id: number, path: string | readonly string[]): MemberLocation | undefined {
    return findMember(this, id, path);
  }

  #findPointerSize(): 4 | 8 | undefined {
    for (let id = this.firstId; id < this.endId; id++) {
      if (this.kindOf(id) !== BTF_KIND_INT) continue;
      const size = this.sizeOf(id);
      if ((size === 4 || size === 8) && isLong(this.nameOf(id))) return size;
    }
    return undefined;
  }

  #noSuchType(id: number): BpfiterError {
    return new BpfiterError('malformed', `${this.name}: there is no BTF type ${id}: ids end at ${this.endId - 1}`);
  }
}

/** Compilers spell it `long`, `long int`, `long unsigned int`, ...: one `long`, in any order. */
function isLong(name: string): boolean {
  const words = name.split(' ').filter((word) => word !== 'int' && word !== 'unsigned');
  return words.length === 1 && words[0] === 'long';
}

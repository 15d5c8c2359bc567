/**
 * A C header with the types of a BTF blob, as `bpftool btf dump file X format c` makes `vmlinux.h`: BPF programs
 * include it and clang records their accesses for CO-RE.
 *
 * C wants a type declared before it is named, and defined before it is contained. Both are had by going depth first:
 * before a definition is written, whatever it contains is defined (`#define`), and whatever it only points at is
 * declared (`#mention`), with a forward declaration for a struct. Anonymous types stand inside whatever uses them.
 *
 * Layout: c-layout.ts; names: c-names.ts; the syntax of declarations: declaration.ts.
 */
import { checkBtf } from '../arguments.ts';
import { BpfiterError } from '../errors.ts';
import type { Btf } from './btf.ts';
import { type CLayout, layoutForC, type Padding } from './c-layout.ts';
import { CNames, identifier, type TagKind } from './c-names.ts';
import { Declarator, notAType } from './declaration.ts';
import { HEAD_WORDS } from './kinds.ts';
import { Alignments, isComposite, isModifier, memberAt } from './layout.ts';
import { printable } from './strings.ts';
import {
  BTF_KIND_ARRAY,
  BTF_KIND_DECL_TAG,
  BTF_KIND_ENUM,
  BTF_KIND_ENUM64,
  BTF_KIND_FLOAT,
  BTF_KIND_FUNC,
  BTF_KIND_FUNC_PROTO,
  BTF_KIND_FWD,
  BTF_KIND_INT,
  BTF_KIND_PTR,
  BTF_KIND_STRUCT,
  BTF_KIND_TYPEDEF,
  BTF_KIND_UNION,
  BTF_KIND_UNKN,
  BTF_KIND_VAR,
} from './types.ts';

export interface PrintCOptions {
  /** These and whatever they need; everything if absent. Functions and variables give declarations. */
  readonly ids?: Iterable<number> | undefined;
  /**
   * Whether to wrap the types into the guard and pragmas of `vmlinux.h`; true if absent.
   * @see https://clang.llvm.org/docs/AttributeReference.html#preserve-access-index
   */
  readonly header?: boolean | undefined;
  /** Whether to declare the kernel functions that BPF may call (those tagged `bpf_kfunc`); true if absent, without `ids`. */
  readonly kfuncs?: boolean | undefined;
}

const GUARD_BEGIN = `#ifndef __VMLINUX_H__
#define __VMLINUX_H__

`;

const GUARD_END = `#endif /* __VMLINUX_H__ */
`;

const ACCESS_INDEX_BEGIN = `#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
#endif

`;

const ACCESS_INDEX_END = `#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif

`;

const KFUNC_MACROS = `#ifndef __ksym
#define __ksym __attribute__((section(".ksyms")))
#endif

#ifndef __weak
#define __weak __attribute__((weak))
#endif

#ifndef __bpf_fastcall
#if __has_attribute(bpf_fastcall)
#define __bpf_fastcall __attribute__((bpf_fastcall))
#else
#define __bpf_fastcall
#endif
#endif

`;

/** A header, or without `header` only its types. @throws BpfiterError `malformed` for types that are no C */
export function printC(btf: Btf, { ids, header = true, kfuncs = ids === undefined }: PrintCOptions = {}): string {
  checkBtf('printC()', btf);
  const printer = new CPrinter(btf);
  if (ids === undefined) printer.addAll();
  else for (const id of ids) printer.add(id);
  if (kfuncs) printer.addKfuncs();
  const text = printer.text();
  if (!header) return text;
  // Compilers warn of a pragma that nothing was there for.
  const types = printer.hasRecords ? `${ACCESS_INDEX_BEGIN}${text}${ACCESS_INDEX_END}` : text;
  return `${GUARD_BEGIN}${types}${GUARD_END}`;
}

/** Words that C builds the names of its own types of. */
const C_TYPE_WORDS: ReadonlySet<string> = new Set(
  'char short int long signed unsigned float double _Bool _Complex __int128 _Float16'.split(' '),
);
/**
 * The compiler declares this one itself, as fits the machine that is compiled for; the type of the machine whose
 * BTF this is goes under another name.
 */
const BUILTIN_TYPEDEF = '__builtin_va_list';
const RENAMED_BUILTIN = '__btf_va_list';
/** The same for programs; old compilers describe the two as void. */
const GNU_TYPEDEF = '__gnuc_va_list';
const DEEPEST_NESTING = 500;

type State = 'defining' | 'done';

class CPrinter {
  readonly #btf: Btf;
  readonly #alignments: Alignments;
  readonly #declarator: Declarator;
  readonly #names = new CNames();
  readonly #text: string[] = [];
  readonly #states = new Map<number, State>();
  /** Tags that were declared ahead of their definition, e.g. `struct file`. */
  readonly #forwarded = new Set<string>();
  readonly #spelledEnums = new Set<number>();
  #hasRecords = false;
  /** The struct whose members are being looked at: it may point at itself without more ado. */
  #container = 0;
  #depth = 0;
  #visits = 0;
  readonly #mostVisits: number;
  /** Tabs before a member at the place that is being written. */
  #indent = 0;

  constructor(btf: Btf) {
    this.#btf = btf;
    this.#mostVisits = 100_000 + 50 * btf.endId;
    this.#alignments = new Alignments(btf);
    this.#declarator = new Declarator(
      btf,
      (id) => this.#spell(id),
      (name) => (name === '' ? '' : identifier(name)),
    );
  }

  /** Whether any struct or union was defined. */
  get hasRecords(): boolean {
    return this.#hasRecords;
  }

  text(): string {
    return this.#text.join('');
  }

  addAll(): void {
    const { firstId, endId } = this.#btf;
    for (let id = firstId; id < endId; id++) {
      if (this.#isDefinition(id)) this.add(id);
    }
    // Constants that nothing but the preprocessor once used.
    for (let id = firstId; id < endId; id++) {
      if (this.#isEnum(id) && this.#btf.nameOffsetOf(id) === 0 && !this.#spelledEnums.has(id)) this.add(id);
    }
  }

  /** Writes a type with whatever it needs. */
  add(id: number): void {
    const btf = this.#btf;
    switch (btf.kindOf(id)) {
      case BTF_KIND_FUNC:
      case BTF_KIND_VAR: {
        const type = btf.referencedType(id);
        this.#define(type);
        this.#text.push(`extern ${this.#declarator.declare(type, this.#names.ordinary(id, btf.nameOf(id)))};\n\n`);
        break;
      }
      default:
        this.#define(id);
        // Others are done, or stand in what uses them; this one is asked for by itself.
        if (btf.nameOffsetOf(id) === 0 && (isComposite(btf.kindOf(id)) || this.#isEnum(id))) {
          this.#text.push(`${this.#spell(id)};\n\n`);
        }
    }
  }

  addKfuncs(): void {
    const btf = this.#btf;
    const kfuncs = new Map<string, number>();
    const fastcalls = new Set<number>();
    for (let id = btf.firstId; id < btf.endId; id++) {
      if (btf.kindOf(id) !== BTF_KIND_DECL_TAG || (btf.rawWord(id, HEAD_WORDS) | 0) !== -1) continue;
      const target = btf.referencedType(id);
      const tag = btf.nameOf(id);
      if (tag === 'bpf_kfunc' && btf.kindOf(target) === BTF_KIND_FUNC) kfuncs.set(btf.nameOf(target), target);
      if (tag === 'bpf_fastcall') fastcalls.add(target);
    }
    if (kfuncs.size === 0) return;
    const prototypes: string[] = [];
    for (const name of [...kfuncs.keys()].sort()) {
      const id = kfuncs.get(name);
      // Calls are resolved by name, so one that would have to be renamed is of no use.
      if (id === undefined || this.#names.isTaken(name)) continue;
      const prototype = btf.referencedType(id);
      this.#define(prototype);
      const declaration = this.#declarator.declare(prototype, this.#names.ordinary(id, name));
      prototypes.push(`extern ${declaration} __weak __ksym${fastcalls.has(id) ? ' __bpf_fastcall' : ''};\n`);
    }
    this.#text.push(`#ifndef BPF_NO_KFUNC_PROTOTYPES\n${KFUNC_MACROS}${prototypes.join('')}#endif\n\n`);
  }

  #isDefinition(id: number): boolean {
    const kind = this.#btf.kindOf(id);
    if (kind === BTF_KIND_TYPEDEF || kind === BTF_KIND_FWD) return true;
    return (isComposite(kind) || this.#isEnum(id)) && this.#btf.nameOffsetOf(id) !== 0;
  }

  #isEnum(id: number): boolean {
    const kind = this.#btf.kindOf(id);
    return kind === BTF_KIND_ENUM || kind === BTF_KIND_ENUM64;
  }

  /** Sees to it that the type may be contained in what is written next. */
  #define(id: number): void {
    this.#require(id, true);
  }

  /** Sees to it that the type may be pointed at in what is written next. */
  #mention(id: number): void {
    this.#require(id, false);
  }

  #require(id: number, complete: boolean): void {
    this.#descend(id, () => this.#requireKind(id, complete));
  }

  /** Every step downwards counts: only corrupt BTF has so many of them, or so many below one another. */
  #descend(id: number, action: () => void): void {
    if (++this.#visits > this.#mostVisits || this.#depth > DEEPEST_NESTING) {
      throw new BpfiterError('malformed', `${this.#btf.name}: BTF type ${id} is part of endless or immense nesting`);
    }
    this.#depth++;
    action();
    this.#depth--;
  }

  #requireKind(id: number, complete: boolean): void {
    const btf = this.#btf;
    const kind = btf.kindOf(id);
    if (isModifier(kind)) {
      this.#require(btf.referencedType(id), complete);
      return;
    }
    switch (kind) {
      case BTF_KIND_UNKN:
        break;
      case BTF_KIND_INT:
      case BTF_KIND_FLOAT:
        this.#writeAlias(id);
        break;
      case BTF_KIND_PTR:
        this.#mention(btf.referencedType(id));
        break;
      case BTF_KIND_ARRAY:
        // Even a pointer to an array needs to know how large its elements are.
        this.#define(btf.rawWord(id, HEAD_WORDS));
        break;
      case BTF_KIND_FUNC_PROTO:
        this.#mention(btf.referencedType(id));
        for (let index = 0; index < btf.vlenOf(id); index++) this.#mention(btf.rawWord(id, HEAD_WORDS + index * 2 + 1));
        break;
      case BTF_KIND_ENUM:
      case BTF_KIND_ENUM64:
        if (btf.nameOffsetOf(id) !== 0) this.#writeOnce(id, () => this.#enumeration(id));
        break;
      case BTF_KIND_FWD:
        this.#forward(id);
        break;
      case BTF_KIND_TYPEDEF:
        this.#requireTypedef(id);
        if (complete) this.#define(btf.referencedType(id));
        break;
      case BTF_KIND_STRUCT:
      case BTF_KIND_UNION:
        if (btf.nameOffsetOf(id) === 0) this.#defineMembers(id);
        else if (complete) this.#defineComposite(id);
        else if (id !== this.#container && this.#states.get(id) !== 'done') this.#forward(id);
        break;
      default:
        throw notAType(btf, id);
    }
  }

  #defineMembers(id: number): void {
    for (let index = 0; index < this.#btf.vlenOf(id); index++) {
      const { nameOffset, type } = memberAt(this.#btf, id, index);
      const inlined = nameOffset === 0 ? this.#compositeOf(type) : undefined;
      if (inlined === undefined) this.#define(type);
      else this.#descend(inlined, () => this.#defineMembers(inlined));
    }
  }

  #defineComposite(id: number): void {
    const state = this.#states.get(id);
    if (state === 'done') return;
    if (state === 'defining') {
      throw new BpfiterError('malformed', `${this.#btf.name}: BTF type ${id} contains itself`);
    }
    this.#states.set(id, 'defining');
    this.#within(id, () => this.#defineMembers(id));
    this.#text.push(`${this.#composite(id, true)};\n\n`);
    this.#states.set(id, 'done');
  }

  #requireTypedef(id: number): void {
    const btf = this.#btf;
    const state = this.#states.get(id);
    const name = btf.nameOf(id);
    if (state === 'done') return;
    if (state === 'defining') {
      throw new BpfiterError(
        'malformed',
        `${btf.name}: BTF type ${id} (typedef ${printable(name)}) is defined by itself`,
      );
    }
    this.#states.set(id, 'defining');
    const type = btf.referencedType(id);
    this.#within(0, () => this.#mention(type));
    const text = this.#typedefName(id);
    const isVoidList = type === 0 && (name === BUILTIN_TYPEDEF || name === GNU_TYPEDEF);
    this.#text.push(`typedef ${isVoidList ? `${BUILTIN_TYPEDEF} ${text}` : this.#declarator.declare(type, text)};\n\n`);
    this.#states.set(id, 'done');
  }

  #within(container: number, action: () => void): void {
    const outer = this.#container;
    this.#container = container;
    action();
    this.#container = outer;
  }

  #writeOnce(id: number, text: () => string): void {
    if (this.#states.has(id)) return;
    this.#states.set(id, 'done');
    this.#text.push(`${text()};\n\n`);
  }

  #forward(id: number): void {
    const tag = this.#spell(id);
    if (this.#forwarded.has(tag)) return;
    this.#forwarded.add(tag);
    this.#text.push(`${tag};\n\n`);
  }

  /** Integer types that C has no word for: those of other languages and of vector units. */
  #writeAlias(id: number): void {
    const btf = this.#btf;
    const name = btf.nameOf(id);
    if (this.#states.has(id) || isCTypeName(name)) return;
    this.#states.set(id, 'done');
    const text = this.#names.ordinary(id, name);
    const type = btf.kindOf(id) === BTF_KIND_FLOAT ? floatOfSize(btf.sizeOf(id)) : this.#integerLike(id);
    this.#text.push(`typedef ${type} ${text};\n\n`);
  }

  #integerLike(id: number): string {
    const encoding = this.#btf.rawWord(id, HEAD_WORDS) >>> 24;
    if ((encoding & 4) !== 0) return '_Bool';
    const type = INTEGERS.get(this.#btf.sizeOf(id));
    if (type === undefined) throw notAType(this.#btf, id);
    return `${(encoding & 1) !== 0 ? 'signed' : 'unsigned'} ${type}`;
  }

  /** The struct or union that an unnamed member is of. Where it has a tag, that is an extension of compilers. */
  #compositeOf(type: number): number | undefined {
    const id = this.#btf.skipModifiersAndTypedefs(type);
    return isComposite(this.#btf.kindOf(id)) ? id : undefined;
  }

  #spell(id: number): string {
    const btf = this.#btf;
    const kind = btf.kindOf(id);
    const name = btf.nameOf(id);
    switch (kind) {
      case BTF_KIND_UNKN:
        return 'void';
      case BTF_KIND_INT:
      case BTF_KIND_FLOAT:
        return isCTypeName(name) ? name : this.#names.ordinary(id, name);
      case BTF_KIND_TYPEDEF:
        return this.#typedefName(id);
      case BTF_KIND_STRUCT:
      case BTF_KIND_UNION:
        return name === '' ? this.#composite(id, false) : this.#tag(id, kind === BTF_KIND_UNION ? 'union' : 'struct');
      case BTF_KIND_ENUM:
      case BTF_KIND_ENUM64:
        return name === '' ? this.#enumeration(id) : this.#tag(id, 'enum');
      case BTF_KIND_FWD:
        return this.#tag(id, btf.kindFlagOf(id) ? 'union' : 'struct');
      default:
        throw notAType(btf, id);
    }
  }

  #typedefName(id: number): string {
    const name = this.#btf.nameOf(id);
    return this.#names.ordinary(id, name === BUILTIN_TYPEDEF ? RENAMED_BUILTIN : name);
  }

  #tag(id: number, kind: TagKind): string {
    const isDefinition = this.#btf.kindOf(id) !== BTF_KIND_FWD && !(kind === 'enum' && this.#btf.vlenOf(id) === 0);
    return `${kind} ${this.#names.tag(id, this.#btf.nameOf(id), kind, isDefinition)}`;
  }

  #composite(id: number, tagged: boolean): string {
    const btf = this.#btf;
    const keyword = btf.kindOf(id) === BTF_KIND_UNION ? 'union' : 'struct';
    const layout = layoutForC(btf, id, this.#alignments);
    this.#hasRecords = true;
    this.#indent++;
    const lines = this.#members(id, layout);
    this.#indent--;
    const body =
      lines.length === 0 ? '{}' : `{\n${lines.map((line) => `${this.#tabs(1)}${line}\n`).join('')}${this.#tabs(0)}}`;
    return `${tagged ? this.#tag(id, keyword) : keyword} ${body}${layout.packed ? ' __attribute__((packed))' : ''}`;
  }

  #tabs(deeper: number): string {
    return '\t'.repeat(this.#indent + deeper);
  }

  #members(id: number, { members, after }: CLayout): string[] {
    const btf = this.#btf;
    if (members === undefined) return [`char __opaque[${btf.sizeOf(id)}]; /* members overlap */`];
    const lines: string[] = [];
    for (const { before, member } of members) {
      lines.push(...before.map((piece) => paddingText(id, piece)));
      const { nameOffset, type, bitSize } = member;
      const inlined = nameOffset === 0 ? this.#compositeOf(type) : undefined;
      if (inlined !== undefined) lines.push(`${this.#composite(inlined, false)};`);
      else {
        const name = nameOffset === 0 ? '' : identifier(btf.string(nameOffset));
        lines.push(`${this.#declarator.declare(type, name)}${bitSize === 0 ? '' : `: ${bitSize}`};`);
      }
    }
    if (after.length === 0) return lines;
    // In a union, what makes it larger must be one thing.
    if (btf.kindOf(id) === BTF_KIND_UNION)
      lines.push(`struct { ${after.map((piece) => paddingText(id, piece)).join(' ')} };`);
    else lines.push(...after.map((piece) => paddingText(id, piece)));
    return lines;
  }

  #enumeration(id: number): string {
    const btf = this.#btf;
    this.#spelledEnums.add(id);
    const tag = btf.nameOffsetOf(id) === 0 ? 'enum' : this.#tag(id, 'enum');
    const wide = btf.kindOf(id) === BTF_KIND_ENUM64;
    const signed = btf.kindFlagOf(id);
    const entryWords = wide ? 3 : 2;
    const count = btf.vlenOf(id);
    if (count === 0) return tag;
    const lines: string[] = [];
    let fits32 = true;
    for (let index = 0; index < count; index++) {
      const at = HEAD_WORDS + index * entryWords;
      const low = btf.rawWord(id, at + 1);
      const high = wide ? btf.rawWord(id, at + 2) : 0;
      if (high !== 0) fits32 = false;
      const name = this.#names.enumerator(btf.string(btf.rawWord(id, at)));
      lines.push(`${this.#tabs(1)}${name} = ${enumValue(low, high, wide, signed)},\n`);
    }
    return `${tag} {\n${lines.join('')}${this.#tabs(0)}}${enumMode(btf.sizeOf(id), fits32)}`;
  }
}

function enumValue(low: number, high: number, wide: boolean, signed: boolean): string {
  if (!wide) return String(signed ? low | 0 : low);
  const value = (BigInt(high) << 32n) | BigInt(low);
  if (!signed) return `${value}ULL`;
  const negative = BigInt.asIntN(64, value);
  // C reads the smallest number as the negation of one that is too large.
  return negative === -(1n << 63n) ? '-9223372036854775807LL - 1' : `${negative}LL`;
}

/** Enums are as large as an int unless their values or an attribute say otherwise. */
function enumMode(size: number, fits32: boolean): string {
  if (size === 1) return ' __attribute__((mode(byte)))';
  if (size === 2) return ' __attribute__((mode(HI)))';
  return size === 8 && fits32 ? ' __attribute__((mode(DI)))' : '';
}

const INTEGERS: ReadonlyMap<number, string> = new Map([
  [1, 'char'],
  [2, 'short'],
  [4, 'int'],
  [8, 'long long'],
  [16, '__int128'],
]);

function floatOfSize(size: number): string {
  if (size === 2) return '_Float16';
  if (size === 4) return 'float';
  return size === 8 ? 'double' : 'long double';
}

/** @param id of the struct: names of anonymous structs within one another must differ */
function paddingText(id: number, padding: Padding): string {
  if ('unit' in padding) return `${padding.unit}: ${padding.bits};`;
  return `char __padding_${id}_${padding.offset}[${padding.bytes}];`;
}

const isCTypeName = (name: string): boolean => name.split(' ').every((word) => C_TYPE_WORDS.has(word));

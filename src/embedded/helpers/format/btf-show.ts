/**
 * Shows an object in memory by its type in the kernel's BTF: the text of bpf_snprintf_btf and bpf_seq_printf_btf.
 *
 * After the btf_show functions of kernel/bpf/btf.c (Linux 6.12), whose habits are kept where they show: bit fields are
 * hexadecimal, enumerators are shown though they are 0, elements of arrays of pointers are all the first one, and what
 * would be left out as zero is found by a walk that prints nothing. An object is read in windows of 32 bytes, so that
 * one which ends where memory ends is shown as far as that.
 */
import type { ArrayType, Btf, BtfType, CompositeType, EnumType, IntType, Member } from '../../../btf/index.ts';
import { isPrintable } from '../../../ctype.ts';
import type { KernelMemory } from '../../memory/kernel-memory.ts';
import { SIGNED, WIDE } from '../../runtime-wasm/format-codes.ts';
import { readErrno } from '../probe-read.ts';
import type { ByteSink } from './byte-sink.ts';

export const BTF_F_COMPACT = 1;
export const BTF_F_NONAME = 2;
export const BTF_F_PTR_RAW = 4;
export const BTF_F_ZERO = 8;
export const BTF_F_ALL = 15;

/** Bytes that are read at once, and those of the largest number. */
const WINDOW = 32;
const LARGEST_NUMBER = 16;
const NAME_LENGTH = 79;
const DEEPEST_INDENT = 32;
/** Pointers, arrays and typedefs that a name is looked for behind. */
const LONGEST_CHAIN = 10;
const QUOTE = 0x27;
const INDENT = ' '.repeat(DEEPEST_INDENT);

/** Types that only qualify another one, and typedefs. */
const isModifier = ({ kind }: BtfType): boolean => kind === 'typedef' || isQualifier(kind);
const isQualifier = (kind: BtfType['kind']): boolean =>
  kind === 'const' || kind === 'volatile' || kind === 'restrict' || kind === 'type_tag';

export class BtfShow {
  readonly #btf: Btf;
  readonly #memory: KernelMemory;
  readonly #sink: ByteSink;
  #flags = 0;
  #low = 0;
  #high = 0;
  // As struct btf_show has them.
  #depth = 0;
  #depthToShow = 0;
  /** Not 0 while it is only looked for what is not zero. */
  #depthCheck = 0;
  #isElement = false;
  #isCharArray = false;
  #isTerminated = false;
  #status = 0;
  #type: BtfType | undefined;
  #typeId = 0;
  #member: Member | undefined;
  /** Bytes of the whole object, and the part of it that was read last. */
  #size = 0;
  #windowStart = 0;
  #hasWindow = false;

  constructor(btf: Btf, memory: KernelMemory, sink: ByteSink) {
    this.#btf = btf;
    this.#memory = memory;
    this.#sink = sink;
  }

  /**
   * Appends the text to the sink.
   * @param id of a type that exists @param low @param high words of the object's address
   * @returns 0, or the errno of a part that could not be read
   */
  show(id: number, low: number, high: number, flags: number): number {
    this.#flags = flags;
    this.#low = low >>> 0;
    this.#high = high;
    this.#depth = 0;
    this.#depthToShow = 0;
    this.#depthCheck = 0;
    this.#isElement = false;
    this.#isCharArray = false;
    this.#isTerminated = false;
    this.#status = 0;
    this.#member = undefined;
    this.#hasWindow = false;
    this.#showType(this.#btf.type(id), id, 0);
    return this.#status;
  }

  /** @param id which may be that of a typedef of the type @param offset in the object */
  #showType(type: BtfType, id: number, offset: number): void {
    switch (type.kind) {
      case 'int':
        this.#showInt(type, id, offset);
        return;
      case 'ptr':
        if (this.#start(type, id, offset)) this.#showPointer(offset);
        return;
      case 'enum':
      case 'enum64':
        if (this.#start(type, id, offset)) this.#showEnum(type, offset);
        return;
      case 'array':
        this.#showAggregate(() => this.#showArray(type, id, offset));
        return;
      case 'struct':
      case 'union':
        this.#showAggregate(() => this.#showStruct(type, id, offset));
        return;
      case 'typedef':
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'type_tag':
        this.#showType(this.#withoutModifiers(type), id, offset);
        return;
      case 'var':
        this.#showType(this.#withoutModifiers(this.#btf.type(type.type)), type.type, offset);
        return;
      default:
        this.#text(`<unsupported kind:${this.#btf.kindOf(type.id)}>`);
    }
  }

  #withoutModifiers(type: BtfType): BtfType {
    let at = type;
    while (isModifier(at) && 'type' in at) at = this.#btf.type(at.type);
    return at;
  }

  #withoutQualifiers(id: number): BtfType {
    let at = this.#btf.type(id);
    while (isQualifier(at.kind) && 'type' in at) at = this.#btf.type(at.type);
    return at;
  }

  /** Leaves out what has nothing in it but zeros, which takes a walk of its own to know. */
  #showAggregate(show: () => void): void {
    const member = this.#member;
    if (this.#depth > 0 && (this.#flags & BTF_F_ZERO) === 0) {
      if (this.#depthCheck === 0) {
        this.#depthCheck = this.#depth + 1;
        this.#depthToShow = 0;
      }
      show();
      this.#member = member;
      if (this.#depthCheck !== this.#depth + 1) return;
      this.#depthCheck = 0;
      if (this.#depthToShow <= this.#depth) return;
    }
    show();
  }

  #showStruct(type: CompositeType, id: number, offset: number): void {
    if (!this.#startAggregate(type, id, offset)) return;
    for (const member of type.members) {
      this.#member = member;
      const at = offset + (member.bitOffset >> 3);
      const memberType = this.#btf.type(member.type);
      if (member.bitFieldSize !== 0) {
        if (this.#start(memberType, member.type, at)) this.#showBits(at, member.bitOffset & 7, member.bitFieldSize);
        this.#end();
      } else this.#showType(memberType, member.type, at);
      this.#member = undefined;
    }
    this.#endAggregate('}');
  }

  #showArray(type: ArrayType, id: number, offset: number): void {
    const element = this.#withoutModifiers(this.#btf.type(type.elementType));
    const size = 'size' in element ? element.size : 0;
    this.#isCharArray = element.kind === 'int' && (size === 1 || (element.char && !element.signed && !element.bool));
    this.#isTerminated = false;
    if (!this.#startAggregate(type, id, offset)) return;
    for (let i = 0; i < type.length; i++) {
      this.#isElement = true;
      this.#member = undefined;
      this.#showType(element, type.elementType, offset + i * size);
      this.#isElement = false;
      this.#member = undefined;
      if (this.#isTerminated) break;
    }
    this.#isCharArray = false;
    this.#isTerminated = false;
    this.#endAggregate(']');
  }

  #showInt(type: IntType, id: number, offset: number): void {
    if (!this.#start(type, id, offset)) return;
    const at = this.#low + offset;
    const { view } = this.#memory;
    const { bits, signed } = type;
    if (type.bitOffset !== 0 || bits % 8 !== 0)
      this.#showBits(offset + (type.bitOffset >> 3), type.bitOffset & 7, bits);
    else if (bits === 64) this.#number(view.getInt32(at, true), view.getInt32(at + 4, true), signed);
    else if (bits === 32) this.#number32(view.getInt32(at, true), signed);
    else if (bits === 16) this.#number32(signed ? view.getInt16(at, true) : view.getUint16(at, true), signed);
    else if (bits === 8) {
      if (this.#isCharArray && this.#showCharacter(view.getUint8(at))) return;
      this.#number32(signed ? view.getInt8(at) : view.getUint8(at), signed);
    } else this.#showBits(offset, 0, bits);
    this.#end();
  }

  /** @returns whether that is all there is to show of it */
  #showCharacter(byte: number): boolean {
    if (!this.#isTerminated && byte === 0) this.#isTerminated = true;
    if (this.#isTerminated) {
      this.#end();
      return true;
    }
    if (!isPrintable(byte)) return false;
    this.#value(true, () => {
      this.#sink.byte(QUOTE);
      this.#sink.byte(byte);
      this.#sink.byte(QUOTE);
    });
    this.#end();
    return true;
  }

  #number32(value: number, signed: boolean): void {
    this.#value(value !== 0, () => this.#sink.decimal(value, 0, signed ? SIGNED : 0));
  }

  #number(low: number, high: number, signed: boolean): void {
    this.#value((low | high) !== 0, () => this.#sink.decimal(low, high, WIDE | (signed ? SIGNED : 0)));
  }

  /** Hexadecimal. @param bit where the number begins in the byte at `offset` */
  #showBits(offset: number, bit: number, bits: number): void {
    const { u8 } = this.#memory;
    let value = 0n;
    for (let i = (bit + bits + 7) >> 3; i > 0; i--) {
      value = (value << 8n) | BigInt(u8[this.#low + offset + i - 1] ?? 0);
    }
    value = BigInt.asUintN(bits, value >> BigInt(bit));
    this.#value(value !== 0n, () => this.#sink.text(`0x${value.toString(16)}`));
  }

  #showPointer(offset: number): void {
    const { view } = this.#memory;
    const low = view.getInt32(this.#low + offset, true);
    const high = view.getInt32(this.#low + offset + 4, true);
    const isRaw = (this.#flags & BTF_F_PTR_RAW) !== 0;
    this.#value((low | high) !== 0, () => {
      this.#sink.text('0x');
      this.#sink.pointer(low, high, isRaw);
    });
    this.#end();
  }

  #showEnum(type: EnumType, offset: number): void {
    const { view } = this.#memory;
    const at = this.#low + offset;
    const isWide = type.kind === 'enum64';
    const low = view.getInt32(at, true);
    const high = isWide ? view.getInt32(at + 4, true) : 0;
    const value = isWide ? view.getBigInt64(at, true) : BigInt(low);
    const bits = isWide ? 64 : 32;
    const known = type.values.find((entry) => BigInt.asIntN(bits, entry.value) === value);
    if (known !== undefined) this.#value(true, () => this.#sink.text(known.name));
    else if (isWide) this.#number(low, high, type.signed);
    else this.#number32(low, type.signed);
    this.#end();
  }

  /** Whether the type's bytes can be read, as far as they are needed at once. */
  #start(type: BtfType, id: number, offset: number): boolean {
    this.#type = type;
    this.#typeId = id;
    return this.#isReadable(type, offset);
  }

  #end(): void {
    this.#type = undefined;
    this.#typeId = 0;
  }

  #isReadable(type: BtfType, offset: number): boolean {
    const size = this.#btf.sizeOfType(type.id);
    if (this.#depth === 0) this.#size = size;
    else {
      const start = offset - this.#windowStart;
      if (this.#hasWindow && start >= 0 && start + Math.min(size, LARGEST_NUMBER) < WINDOW) return true;
    }
    this.#status = readErrno(this.#memory, this.#low + offset, this.#high, Math.min(this.#size - offset, WINDOW));
    if (this.#status !== 0) return false;
    this.#windowStart = offset;
    this.#hasWindow = true;
    return true;
  }

  #startAggregate(type: BtfType, id: number, offset: number): boolean {
    if (!this.#start(type, id, offset)) return false;
    this.#text(this.#indent());
    this.#text(this.#name());
    this.#text(this.#newline());
    this.#depth += 1;
    return true;
  }

  #endAggregate(bracket: string): void {
    this.#depth -= 1;
    this.#text(this.#indent());
    this.#text(bracket);
    this.#text(this.#delimiter());
    this.#text(this.#newline());
    this.#end();
  }

  /** @param isSet whether it is not zero, for then it is shown in any case */
  #value(isSet: boolean, write: () => void): void {
    if (!isSet && (this.#flags & BTF_F_ZERO) === 0 && this.#depth > 0) return;
    if (this.#depthCheck === 0) {
      this.#text(this.#indent());
      this.#text(this.#name());
      write();
      this.#text(this.#delimiter());
      this.#text(this.#newline());
    }
    this.#depthToShow = Math.max(this.#depthToShow, this.#depth);
  }

  #text(text: string): void {
    if (this.#depthCheck === 0) this.#sink.text(text);
  }

  #indent(): string {
    return (this.#flags & BTF_F_COMPACT) !== 0 ? '' : INDENT.slice(0, this.#depth);
  }

  #newline(): string {
    return (this.#flags & BTF_F_COMPACT) !== 0 ? '' : '\n';
  }

  #delimiter(): string {
    if (this.#depth === 0) return '';
    return (this.#flags & BTF_F_COMPACT) !== 0 && this.#type?.kind === 'union' ? '|' : ',';
  }

  /** `.member = (type)` and the bracket that opens what follows. */
  #name(): string {
    if (this.#depthCheck !== 0 || this.#isElement) return '';
    const member = this.#member;
    let type = this.#btf.type(member?.type ?? this.#typeId);
    let typedef: string | undefined;
    let stars = '';
    let brackets = '';
    for (let links = 0; ; links++) {
      if (links === LONGEST_CHAIN) return '';
      if (type.kind === 'typedef') {
        typedef ??= type.name;
        type = this.#withoutQualifiers(type.type);
      } else if (type.kind === 'array') {
        brackets += '[]';
        type = this.#withoutQualifiers(type.elementType);
      } else if (type.kind === 'ptr') {
        stars += '*';
        if (type.type === 0) break;
        type = this.#withoutQualifiers(type.type);
      } else break;
    }
    const isComposite = type.kind === 'struct' || type.kind === 'union';
    let opening = brackets !== '' ? '[' : isComposite ? '{' : '';
    if (stars !== '') opening = '';
    if ((this.#flags & BTF_F_NONAME) !== 0) return opening;
    const isTagged = isComposite || type.kind === 'enum' || type.kind === 'enum64';
    const prefix = isTagged && typedef === undefined ? type.kind.replace('enum64', 'enum') : '';
    const name = typedef ?? (stars !== '' && type.kind === 'ptr' ? '' : this.#btf.nameOf(type.id));
    const space = prefix !== '' && name !== '' ? ' ' : '';
    const label = member === undefined || member.name === '' ? '' : `.${member.name} = `;
    const suffix = `${stars === '' ? '' : ' '}${stars}${brackets}`;
    return `${label}(${prefix}${space}${name}${suffix})${opening}`.slice(0, NAME_LENGTH);
  }
}

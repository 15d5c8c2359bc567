/**
 * Makes BTF of C declarations, laid out as a 64-bit little-endian compiler would: `struct s { int a; u32 b : 3; };`.
 * Just enough C for tables of tests, with integers named by size (`s8` ... `u64`, `int`, `long`, `char`, `bool`) and
 * some words of its own:
 *
 *   fwd struct s;          a struct without members       enum64 e { A };    an enum of 64 bits
 *   func int f(int);       a function                     int a @ 12;        a member that lies at byte 12
 *   tag(x) int *p;         a type tag                     oldbits a;         an integer of bits 2 to 6, as old compilers
 *                                                                            described bit fields
 */
import { Btf, BtfBuilder, type TypeId, typeId } from '../../src/btf/index.ts';

interface Member {
  readonly name: string;
  readonly type: TypeId;
  readonly bitOffset: number;
  readonly bitFieldSize: number;
}

interface Layout {
  readonly size: number;
  readonly alignment: number;
}

interface Declarator {
  readonly name: string;
  readonly type: TypeId;
}

const INTEGERS: Readonly<Record<string, readonly [name: string, size: number, signed: boolean]>> = {
  s8: ['signed char', 1, true],
  u8: ['unsigned char', 1, false],
  s16: ['short', 2, true],
  u16: ['unsigned short', 2, false],
  s32: ['int', 4, true],
  u32: ['unsigned int', 4, false],
  s64: ['long long', 8, true],
  u64: ['unsigned long long', 8, false],
  int: ['int', 4, true],
  long: ['long', 8, true],
  char: ['char', 1, true],
  bool: ['_Bool', 1, false],
  oldbits: ['oldbits', 4, false],
};

export function declare(text: string, options: { readonly name?: string; readonly base?: Btf } = {}): Btf {
  const declarations = new Declarations(text, options.base);
  return Btf.parse(declarations.bytes(), { name: options.name ?? 'vmlinux', base: options.base });
}

class Declarations {
  readonly #tokens: readonly string[];
  readonly #builder: BtfBuilder;
  readonly #base: Btf | undefined;
  readonly #named = new Map<string, TypeId>();
  readonly #layouts = new Map<TypeId, Layout>();
  #at = 0;

  constructor(text: string, base: Btf | undefined) {
    this.#tokens = text.match(/[A-Za-z_]\w*|-?\d+|[{}()[\];,*:=@]/g) ?? [];
    this.#base = base;
    this.#builder = new BtfBuilder({ base });
    while (this.#at < this.#tokens.length) this.#declaration();
  }

  bytes(): Uint8Array {
    return this.#builder.bytes();
  }

  #peek(): string {
    return this.#tokens[this.#at] ?? '';
  }

  #next(): string {
    return this.#tokens[this.#at++] ?? '';
  }

  #take(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw new Error(`expected '${token}' before '${this.#tokens.slice(this.#at).join(' ')}'`);
  }

  #declaration(): void {
    if (this.#take('fwd')) {
      const target = this.#next() === 'union' ? 'union' : 'struct';
      this.#builder.add({ kind: 'fwd', name: this.#next(), target });
    } else if (this.#take('func')) {
      const { name, type } = this.#declarator(this.#type());
      this.#builder.add({ kind: 'func', name, type, linkage: 'global' });
    } else if (this.#take('typedef')) {
      const base = this.#type();
      const { name, type } = this.#declarator(base);
      const id = this.#builder.add({ kind: 'typedef', name, type });
      this.#named.set(name, id);
      const layout = this.#layouts.get(type);
      if (layout !== undefined) this.#layouts.set(id, layout);
    } else this.#type();
    this.#expect(';');
  }

  #type(): TypeId {
    const word = this.#next();
    if (word === 'const' || word === 'volatile') return this.#wrap({ kind: word, type: this.#type() });
    if (word === 'tag') {
      this.#expect('(');
      const name = this.#next();
      this.#expect(')');
      return this.#wrap({ kind: 'type_tag', name, type: this.#type() });
    }
    if (word === 'struct' || word === 'union') return this.#composite(word);
    if (word === 'enum' || word === 'enum64') return this.#enum(word);
    if (word === 'void') return typeId(0);
    const known = this.#named.get(word);
    if (known !== undefined) return known;
    return this.#scalar(word);
  }

  #wrap(type: { kind: 'const' | 'volatile' | 'type_tag'; name?: string; type: TypeId }): TypeId {
    const id = this.#builder.add(type);
    this.#layouts.set(id, this.#layout(type.type));
    return id;
  }

  #scalar(word: string): TypeId {
    let id: TypeId;
    let size: number;
    if (word === 'float' || word === 'double') {
      size = word === 'float' ? 4 : 8;
      id = this.#builder.add({ kind: 'float', name: word, size });
    } else {
      const [name, bytes, signed] = INTEGERS[word] ?? [];
      if (name === undefined || bytes === undefined) throw new Error(`no type '${word}'`);
      size = bytes;
      const bitOffset = word === 'oldbits' ? 2 : 0;
      const bits = word === 'oldbits' ? 5 : size * 8;
      const encoding = { signed: signed === true, char: false, bool: word === 'bool' };
      id = this.#builder.add({ kind: 'int', name, size, bits, bitOffset, ...encoding });
    }
    this.#named.set(word, id);
    this.#layouts.set(id, { size, alignment: size });
    return id;
  }

  #composite(kind: 'struct' | 'union'): TypeId {
    const name = /^\w+$/.test(this.#peek()) ? this.#next() : '';
    const key = `${kind} ${name}`;
    if (!this.#take('{')) return this.#reference(kind, name);
    const id = this.#builder.reserve();
    this.#named.set(key, id);
    const members: Member[] = [];
    let end = 0;
    let alignment = 1;
    while (!this.#take('}')) {
      const base = this.#type();
      const { name: field, type } = this.#peek() === ';' ? { name: '', type: base } : this.#declarator(base);
      const layout = this.#layout(type);
      const bits = this.#take(':') ? Number(this.#next()) : 0;
      const from = kind === 'union' ? 0 : end;
      let bitOffset = Math.ceil(from / (layout.alignment * 8)) * layout.alignment * 8;
      // A bit field joins the one before it while it does not cross a boundary of its type.
      const unit = layout.size * 8;
      if (bits > 0) bitOffset = (from % unit) + bits <= unit ? from : Math.ceil(from / unit) * unit;
      if (this.#take('@')) bitOffset = Number(this.#next()) * 8;
      members.push({ name: field, type, bitOffset, bitFieldSize: bits });
      end = Math.max(end, bitOffset + (bits || layout.size * 8));
      alignment = Math.max(alignment, layout.alignment);
      this.#expect(';');
    }
    const size = Math.ceil(end / (alignment * 8)) * alignment;
    this.#builder.define(id, { kind, name, size, members });
    this.#layouts.set(id, { size, alignment });
    return id;
  }

  /** A struct that stands elsewhere, or nowhere. */
  #reference(kind: 'struct' | 'union', name: string): TypeId {
    const known = this.#named.get(`${kind} ${name}`) ?? this.#base?.find(name, kind);
    if (known !== undefined) return known;
    const id = this.#builder.add({ kind: 'fwd', name, target: kind });
    this.#named.set(`${kind} ${name}`, id);
    return id;
  }

  #enum(kind: 'enum' | 'enum64'): TypeId {
    const name = /^\w+$/.test(this.#peek()) ? this.#next() : '';
    if (!this.#take('{')) return this.#named.get(`enum ${name}`) ?? typeId(0);
    const values: { name: string; value: bigint }[] = [];
    let value = 0n;
    while (!this.#take('}')) {
      const entry = this.#next();
      if (this.#take('=')) value = BigInt(this.#next());
      values.push({ name: entry, value });
      value++;
      this.#take(',');
    }
    const size = kind === 'enum' ? 4 : 8;
    const signed = values.some((entry) => entry.value < 0n);
    const id = this.#builder.add({ kind, name, size, signed, values });
    this.#named.set(`enum ${name}`, id);
    this.#layouts.set(id, { size, alignment: size });
    return id;
  }

  /** `*p`, `a[2][3]`, `(*call)(int, void *)`. */
  #declarator(base: TypeId): Declarator {
    let type = base;
    while (this.#take('*')) type = this.#pointer(type);
    if (this.#take('(')) {
      this.#expect('*');
      const name = this.#next();
      this.#expect(')');
      return { name, type: this.#pointer(this.#prototype(type)) };
    }
    const name = /^\w+$/.test(this.#peek()) ? this.#next() : '';
    if (this.#peek() === '(') return { name, type: this.#prototype(type) };
    const lengths: number[] = [];
    while (this.#take('[')) {
      lengths.push(this.#peek() === ']' ? 0 : Number(this.#next()));
      this.#expect(']');
    }
    for (const length of lengths.reverse()) type = this.#array(type, length);
    return { name, type };
  }

  #prototype(returnType: TypeId): TypeId {
    this.#expect('(');
    const parameters: { name: string; type: TypeId }[] = [];
    while (!this.#take(')')) {
      const { type } = this.#declarator(this.#type());
      parameters.push({ name: '', type });
      this.#take(',');
    }
    return this.#builder.add({ kind: 'func_proto', returnType, parameters });
  }

  #pointer(type: TypeId): TypeId {
    const id = this.#builder.add({ kind: 'ptr', type });
    this.#layouts.set(id, { size: 8, alignment: 8 });
    return id;
  }

  #array(elementType: TypeId, length: number): TypeId {
    const indexType = this.#named.get('u32') ?? this.#scalar('u32');
    const { size, alignment } = this.#layout(elementType);
    const id = this.#builder.add({ kind: 'array', elementType, indexType, length });
    this.#layouts.set(id, { size: size * length, alignment });
    return id;
  }

  #layout(type: TypeId): Layout {
    return this.#layouts.get(type) ?? { size: this.#base?.sizeOfType(type) ?? 0, alignment: 8 };
  }
}

/**
 * Reads declarations in the syntax of C: members (`struct task_struct *real_parent`, `char comm[16]`, `u32 sk : 1`),
 * and whole texts of structs, unions, enums, typedefs and function prototypes. It knows what the model's declarations
 * use, no expressions and no attribute but `__aligned`; what it does not know is a mistake in a table, and throws.
 */
import type { CDeclaration, CMember, Composite, CType, Enumeration, Parameter, Prototype } from './c-types.ts';

/** One member, without the semicolon. */
export function parseMember(text: string): CMember {
  const parser = new Parser(text);
  const member = parser.member();
  parser.end();
  return member;
}

/** Declarations that each end with a semicolon. */
export function parseDeclarations(text: string): readonly CDeclaration[] {
  const parser = new Parser(text);
  const found: CDeclaration[] = [];
  while (!parser.atEnd) found.push(parser.declaration());
  return found;
}

const INTEGER_WORDS: ReadonlySet<string> = new Set([
  'char',
  'short',
  'int',
  'long',
  'signed',
  'unsigned',
  '_Bool',
  '__int128',
]);

/** Wraps the type that stands before a declarator in what the declarator says. */
type Declarator = (inner: CType) => CType;

class Parser {
  readonly #text: string;
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = text.match(/\w+|\.\.\.|[^\s\w]/g) ?? [];
  }

  get atEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  end(): void {
    if (!this.atEnd) throw this.#fault('the end');
  }

  declaration(): CDeclaration {
    if (this.#take('typedef')) {
      const { name, type } = this.#named(this.#specifier());
      this.#expect(';');
      return { tag: 'typedef', name, type };
    }
    const base = this.#specifier();
    if (this.#take(';')) {
      if (base.kind === 'inline') return base.composite;
      if (base.kind === 'enumeration') return base.enumeration;
      throw this.#fault('a declaration');
    }
    const { name, type } = this.#named(base);
    this.#expect(';');
    if (type.kind !== 'prototype') throw this.#fault(`'${name}' to be a function`);
    return { tag: 'function', name, prototype: type };
  }

  member(): CMember {
    const base = this.#specifier();
    if (base.kind === 'inline' && (this.atEnd || this.#peek() === ';')) return { name: '', type: base, bits: 0 };
    const { name, type } = this.#named(base);
    const bits = this.#take(':') ? this.#number() : 0;
    if (!this.#take('__aligned')) return { name, type, bits };
    this.#expect('(');
    const alignment = this.#number();
    this.#expect(')');
    return { name, type, bits, alignment };
  }

  #specifier(): CType | { readonly kind: 'enumeration'; readonly enumeration: Enumeration } {
    const qualifiers: ('const' | 'volatile')[] = [];
    const qualify = () => {
      for (let token = this.#peek(); token === 'const' || token === 'volatile'; token = this.#peek()) {
        qualifiers.push(token);
        this.#at++;
      }
    };
    qualify();
    const base = this.#unqualified();
    qualify();
    if (base.kind === 'enumeration') return base;
    return qualifiers.reduceRight<CType>((of, kind) => ({ kind, of }), base);
  }

  #unqualified(): CType | { readonly kind: 'enumeration'; readonly enumeration: Enumeration } {
    const token = this.#next();
    if (token === 'void') return { kind: 'void' };
    if (token === 'struct' || token === 'union') {
      const name = this.#peek() === '{' ? '' : this.#next();
      if (this.#peek() !== '{') return { kind: 'tagged', tag: token, name };
      return { kind: 'inline', composite: this.#composite(token, name) };
    }
    if (token === 'enum') {
      const name = this.#peek() === '{' ? '' : this.#next();
      if (this.#peek() !== '{') return { kind: 'tagged', tag: 'enum', name };
      return { kind: 'enumeration', enumeration: { tag: 'enum', name, values: this.#values() } };
    }
    const words = [token];
    while (INTEGER_WORDS.has(token) && INTEGER_WORDS.has(this.#peek())) words.push(this.#next());
    return { kind: 'named', name: words.join(' ') };
  }

  #composite(tag: 'struct' | 'union', name: string): Composite {
    this.#expect('{');
    const members: CMember[] = [];
    while (!this.#take('}')) {
      members.push(this.member());
      this.#expect(';');
    }
    return { tag, name, members };
  }

  #values(): Enumeration['values'] {
    this.#expect('{');
    const values: [string, bigint][] = [];
    let next = 0n;
    while (!this.#take('}')) {
      const name = this.#next();
      if (this.#take('=')) next = this.#take('-') ? -BigInt(this.#next()) : BigInt(this.#next());
      values.push([name, next++]);
      if (this.#peek() !== '}') this.#expect(',');
    }
    return values;
  }

  /** A declarator that has a name, and what it makes of the type before it. */
  #named(base: CType | { readonly kind: 'enumeration' }): { readonly name: string; readonly type: CType } {
    if (base.kind === 'enumeration') throw this.#fault('an enum without values');
    const { name, wrap } = this.#declarator();
    return { name, type: wrap(base) };
  }

  #declarator(): { readonly name: string; readonly wrap: Declarator } {
    let pointers: Declarator = (inner) => inner;
    while (this.#take('*')) {
      const outer = pointers;
      const constant = this.#take('const');
      pointers = (inner) => {
        const pointer: CType = { kind: 'pointer', to: outer(inner) };
        return constant ? { kind: 'const', of: pointer } : pointer;
      };
    }
    let name = '';
    let inside: Declarator = (inner) => inner;
    if (this.#take('(')) {
      ({ name, wrap: inside } = this.#declarator());
      this.#expect(')');
    } else if (/^\w/.test(this.#peek())) name = this.#next();
    const suffix = this.#suffix();
    return { name, wrap: (inner) => inside(suffix(pointers(inner))) };
  }

  #suffix(): Declarator {
    if (this.#take('[')) {
      const length = this.#peek() === ']' ? 0 : this.#number();
      this.#expect(']');
      const rest = this.#suffix();
      return (inner) => ({ kind: 'array', of: rest(inner), length });
    }
    if (this.#take('(')) {
      const { parameters, variadic } = this.#parameters();
      return (returns): Prototype => ({ kind: 'prototype', returns, parameters, variadic });
    }
    return (inner) => inner;
  }

  #parameters(): Pick<Prototype, 'parameters' | 'variadic'> {
    const parameters: Parameter[] = [];
    let variadic = false;
    if (this.#take(')')) return { parameters, variadic };
    do {
      if (this.#take('...')) variadic = true;
      else {
        const { name, type } = this.#named(this.#specifier());
        // A function as a parameter is a pointer to it.
        parameters.push({ name, type: type.kind === 'prototype' ? { kind: 'pointer', to: type } : type });
      }
    } while (this.#take(','));
    this.#expect(')');
    const [only] = parameters;
    const none = parameters.length === 1 && only?.name === '' && only.type.kind === 'void';
    return { parameters: none ? [] : parameters, variadic };
  }

  #number(): number {
    const token = this.#next();
    const value = Number(token);
    if (!Number.isInteger(value)) throw this.#fault('a number');
    return value;
  }

  #peek(): string {
    return this.#tokens[this.#at] ?? '';
  }

  #next(): string {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw this.#fault('more');
    return token;
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw this.#fault(`'${token}'`);
  }

  #fault(wanted: string): SyntaxError {
    const read = this.#tokens.slice(Math.max(0, this.#at - 8), this.#at).join(' ');
    return new SyntaxError(`declaration '${this.#text.trim().slice(0, 40)}': expected ${wanted} after '${read}'`);
  }
}

/**
 * TypeScript types of what decoding gives, to be pasted or generated into a program that reads records. Named structs
 * and unions become interfaces; what is anonymous stands in its place. The mapping is that of layout.ts.
 */
import { checkBtf } from '../arguments.ts';
import type { Btf, TypeId } from '../btf/index.ts';
import { recordLayout, withoutKeyword } from './layout.ts';
import { type CompositeShape, type FieldShape, fieldsOf, type Shape } from './shape.ts';

/**
 * @returns interfaces, inner ones first; `type x = ...` where the type is no struct
 * @throws BpfiterError as recordLayout()
 */
export function recordTypeScript(btf: Btf, type: string | TypeId): string {
  checkBtf('recordTypeScript()', btf);
  const { shape, typeName } = recordLayout(btf, type);
  const printer = new Printer();
  const reference = printer.reference(shape, '');
  const name = identifier(withoutKeyword(typeName));
  if (reference !== name) printer.declarations.push(`export type ${name} = ${reference};\n`);
  return printer.declarations.join('\n');
}

class Printer {
  readonly declarations: string[] = [];
  /** By identity: within a layout each type has one shape. */
  readonly #names = new Map<Shape, string>();
  readonly #taken = new Set<string>();

  /** What to write where a value of that shape is meant. */
  reference(shape: Shape, margin: string): string {
    switch (shape.kind) {
      case 'int':
        return shape.size > 4 ? 'bigint' : 'number';
      case 'pointer':
        return 'bigint';
      case 'float':
        return 'number';
      case 'bool':
        return 'boolean';
      case 'string':
        return 'string';
      case 'enum':
        return [...shape.values.map(({ name }) => `'${name}'`), shape.size > 4 ? 'bigint' : 'number'].join(' | ');
      case 'array': {
        const element = this.reference(shape.element, margin);
        return element.includes(' | ') && !element.startsWith('{') ? `(${element})[]` : `${element}[]`;
      }
      case 'struct':
      case 'union':
        return shape.typeName === '' ? this.#body(shape, margin) : this.#interface(shape);
    }
  }

  #interface(shape: CompositeShape): string {
    const known = this.#names.get(shape);
    if (known !== undefined) return known;
    const name = this.#unused(identifier(shape.typeName));
    this.#names.set(shape, name);
    this.declarations.push(`export interface ${name} ${this.#body(shape, '')}\n`);
    return name;
  }

  #body(shape: CompositeShape, margin: string): string {
    const inner = `${margin}  `;
    const lines = fieldsOf(shape).map((field) => `${inner}${this.#property(field, inner)}\n`);
    return lines.length === 0 ? '{}' : `{\n${lines.join('')}${margin}}`;
  }

  #property({ name, shape }: FieldShape, margin: string): string {
    return `${IDENTIFIER.test(name) ? name : JSON.stringify(name)}: ${this.reference(shape, margin)};`;
  }

  #unused(name: string): string {
    let candidate = name;
    for (let count = 2; this.#taken.has(candidate); count += 1) candidate = `${name}_${count}`;
    this.#taken.add(candidate);
    return candidate;
  }
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** Words that TypeScript allows as the name of a field but not of a type. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    'any bigint boolean break case catch class const continue debugger default delete do else enum export extends ' +
    'false finally for function if import in instanceof never new null number object return string super switch ' +
    'symbol this throw true try type typeof undefined unknown var void while with'
  ).split(' '),
);

function identifier(name: string): string {
  const plain = name.replace(/[^\w$]/g, '_').replace(/^(?=\d)/, '_') || 'value';
  return RESERVED.has(plain) ? `${plain}_` : plain;
}

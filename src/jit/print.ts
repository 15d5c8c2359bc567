/**
 * A compiled program as text, for people: WebAssembly's text format (of the modules that module-writer.ts writes), with
 * each BPF instruction as a comment before what became of it.
 * Source: WebAssembly Core Specification 2.0, chapter "Text Format", https://webassembly.github.io/spec/core/text/.
 */
import { checkObject } from '../arguments.ts';
import { disassemble, InstructionView } from '../isa/index.ts';
import type { CompiledProgram } from './compile.ts';
import { EMPTY, F64, I32, I64, KIND, OP, SECTION, SIMD, SIMD_PREFIX, V128 } from './opcodes.ts';

const NAMES = new Map<number, string>(Object.entries(OP).map(([name, opcode]) => [opcode, name]));
const SIMD_NAMES = new Map<number, string>(Object.entries(SIMD).map(([name, opcode]) => [opcode, name]));
const TYPES: Readonly<Record<number, string>> = { [I32]: 'i32', [I64]: 'i64', [F64]: 'f64', [V128]: 'v128' };
const INDENT = '  ';

/** Reads what CodeWriter writes. */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  offset: number;

  constructor(bytes: Uint8Array, offset: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.offset = offset;
  }

  byte(): number {
    return this.#view.getUint8(this.offset++);
  }

  u32(): number {
    return Number(this.#integer(false));
  }

  signed(): bigint {
    return this.#integer(true);
  }

  #integer(isSigned: boolean): bigint {
    let value = 0n;
    let bits = 0;
    for (;;) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << BigInt(bits);
      bits += 7;
      if ((byte & 0x80) === 0) return isSigned ? BigInt.asIntN(bits, value) : value;
    }
  }

  f64(): number {
    const value = this.#view.getFloat64(this.offset, true);
    this.offset += 8;
    return value;
  }

  text(): string {
    const length = this.u32();
    this.offset += length;
    return new TextDecoder().decode(this.#bytes.subarray(this.offset - length, this.offset));
  }

  list<T>(read: () => T): T[] {
    return Array.from({ length: this.u32() }, read);
  }
}

interface Type {
  readonly parameters: readonly number[];
  readonly results: readonly number[];
}

const typeName = (type: number): string => TYPES[type] ?? `0x${type.toString(16)}`;
const clause = (word: string, types: readonly number[]): string =>
  types.length === 0 ? '' : ` (${word} ${types.map(typeName).join(' ')})`;
const signature = ({ parameters, results }: Type): string => clause('param', parameters) + clause('result', results);

/** @returns lines of text, each with a newline */
export function printWat(compiled: CompiledProgram): string {
  checkObject('printWat()', 'what compileProgram() gave', compiled, ['bytes']);
  return new ModulePrinter(compiled).print();
}

class ModulePrinter {
  readonly #reader: Reader;
  readonly #size: number;
  readonly #insns: InstructionView;
  /** BPF instruction that begins at an offset. */
  readonly #places: ReadonlyMap<number, number>;
  readonly #lines: string[] = [];
  #types: readonly Type[] = [];
  /** Type and name of each function, imported ones first. */
  readonly #functions: { readonly type: Type; name: string }[] = [];
  #imported = 0;

  constructor({ bytes, insns, places }: CompiledProgram) {
    this.#reader = new Reader(bytes, 8);
    this.#size = bytes.length;
    this.#insns = new InstructionView(insns);
    this.#places = new Map(Array.from(places.offsets, (offset, index) => [offset, places.insns[index] ?? 0]));
  }

  print(): string {
    const reader = this.#reader;
    const sections = new Map<number, number>();
    while (reader.offset < this.#size) {
      const id = reader.byte();
      const length = reader.u32();
      sections.set(id, reader.offset);
      reader.offset += length;
    }
    const read = (id: number, action: () => void): void => {
      const at = sections.get(id);
      if (at === undefined) return;
      reader.offset = at;
      action();
    };
    read(SECTION.type, () => {
      this.#types = reader.list(() => {
        reader.byte();
        return { parameters: reader.list(() => reader.byte()), results: reader.list(() => reader.byte()) };
      });
    });
    const imports: (() => string)[] = [];
    read(SECTION.import, () => reader.list(() => imports.push(this.#readImport())));
    read(SECTION.function, () =>
      reader.list(() => this.#functions.push({ type: this.#typeAt(reader.u32()), name: '' })),
    );
    let name = '';
    read(SECTION.custom, () => {
      name = this.#readNames();
    });
    this.#lines.push(`(module $${name}`);
    for (const line of imports) this.#lines.push(INDENT + line());
    read(SECTION.export, () =>
      reader.list(() => {
        const exported = reader.text();
        reader.byte();
        this.#lines.push(`${INDENT}(export "${exported}" (func ${this.#nameOf(reader.u32())}))`);
      }),
    );
    read(SECTION.element, () => {
      reader.u32();
      reader.u32();
      reader.byte();
      const base = reader.u32();
      reader.byte();
      const elements = reader.list(() => this.#nameOf(reader.u32()));
      this.#lines.push(`${INDENT}(elem (global.get ${base}) func ${elements.join(' ')})`);
    });
    read(SECTION.code, () => {
      const count = reader.u32();
      for (let index = 0; index < count; index++) this.#printFunction(this.#imported + index);
    });
    this.#lines.push(')');
    return `${this.#lines.join('\n')}\n`;
  }

  #typeAt(index: number): Type {
    const type = this.#types[index];
    if (type === undefined) throw new RangeError(`type ${index} of ${this.#types.length}`);
    return type;
  }

  /** @returns its line, once names are known */
  #readImport(): () => string {
    const reader = this.#reader;
    const from = `"${reader.text()}" "${reader.text()}"`;
    switch (reader.byte()) {
      case KIND.function: {
        const type = this.#typeAt(reader.u32());
        const index = this.#imported++;
        this.#functions.push({ type, name: '' });
        return () => `(import ${from} (func ${this.#nameOf(index)}${signature(type)}))`;
      }
      case KIND.table:
        reader.offset += 3;
        return () => `(import ${from} (table 0 funcref))`;
      case KIND.memory:
        reader.offset += 2;
        return () => `(import ${from} (memory 0))`;
      default: {
        const type = typeName(reader.byte());
        const isMutable = reader.byte() === 1;
        return () => `(import ${from} (global ${isMutable ? `(mut ${type})` : type}))`;
      }
    }
  }

  /** @returns the module's name */
  #readNames(): string {
    const reader = this.#reader;
    reader.text();
    reader.byte();
    reader.u32();
    const module = reader.text();
    reader.byte();
    reader.u32();
    reader.list(() => {
      const index = reader.u32();
      const name = reader.text();
      const named = this.#functions[index];
      if (named !== undefined) named.name = name;
    });
    return module;
  }

  /** Names may be given twice (a helper with two signatures); the index tells them apart. */
  #nameOf(index: number): string {
    const name = this.#functions[index]?.name ?? '';
    const isUnique = this.#functions.filter((each) => each.name === name).length === 1;
    const printable = name.replace(/[^\w#.]/g, '_');
    return `$${printable}${isUnique ? '' : `.${index}`}`;
  }

  #printFunction(index: number): void {
    const reader = this.#reader;
    const end = reader.u32() + reader.offset;
    const { type } = this.#functions[index] as { readonly type: Type }; // the function section has it
    this.#lines.push(`${INDENT}(func ${this.#nameOf(index)}${signature(type)}`);
    const locals: number[] = [];
    for (const { count, local } of reader.list(() => ({ count: reader.u32(), local: reader.byte() })))
      locals.push(...new Array<number>(count).fill(local));
    if (locals.length > 0) this.#lines.push(`${INDENT.repeat(2)}${clause('local', locals).trim()}`);
    let depth = 2;
    while (reader.offset < end) {
      const insn = this.#places.get(reader.offset);
      if (insn !== undefined) this.#lines.push(`${INDENT.repeat(depth)};; ${insn}: ${disassemble(this.#insns, insn)}`);
      const opcode = reader.byte();
      // The last `end` is the function's.
      if (opcode === OP.end && reader.offset === end) break;
      if (opcode === OP.end || opcode === OP.else) depth -= 1;
      this.#lines.push(INDENT.repeat(depth) + this.#instruction(opcode));
      if (opcode === OP.block || opcode === OP.loop || opcode === OP.if || opcode === OP.else) depth += 1;
    }
    this.#lines.push(`${INDENT})`);
  }

  #instruction(opcode: number): string {
    const reader = this.#reader;
    const name = NAMES.get(opcode) ?? `0x${opcode.toString(16)}`;
    switch (opcode) {
      case OP.block:
      case OP.loop:
      case OP.if: {
        const type = reader.byte();
        return type === EMPTY ? name : `${name} (result ${typeName(type)})`;
      }
      case OP.br:
      case OP.br_if:
      case OP['local.get']:
      case OP['local.set']:
      case OP['local.tee']:
      case OP['global.get']:
      case OP['global.set']:
        return `${name} ${reader.u32()}`;
      case OP.br_table:
        return `${name} ${[...reader.list(() => reader.u32()), reader.u32()].join(' ')}`;
      case OP.call:
        return `${name} ${this.#nameOf(reader.u32())}`;
      case OP.call_indirect:
      case OP.return_call_indirect: {
        const type = this.#typeAt(reader.u32());
        reader.u32();
        return `${name}${signature(type)}`;
      }
      case OP['i32.const']:
      case OP['i64.const']:
        return `${name} ${reader.signed()}`;
      case OP['f64.const']:
        return `${name} ${reader.f64()}`;
      case OP['memory.size']:
        reader.byte();
        return name;
      case SIMD_PREFIX:
        return this.#vector(reader.u32());
      default:
        if (opcode < OP['i32.load'] || opcode > OP['i64.store32']) return name;
        return this.#access(name, reader.byte(), reader.u32());
    }
  }

  #vector(opcode: number): string {
    const name = SIMD_NAMES.get(opcode) ?? `0xfd 0x${opcode.toString(16)}`;
    const lanes = opcode === SIMD['i8x16.shuffle'] ? 16 : opcode === SIMD['i64x2.extract_lane'] ? 1 : 0;
    return [name, ...Array.from({ length: lanes }, () => this.#reader.byte())].join(' ');
  }

  #access(name: string, alignment: number, offset: number): string {
    return `${name}${offset === 0 ? '' : ` offset=${offset}`} align=${1 << alignment}`;
  }
}

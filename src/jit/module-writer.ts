/**
 * A module from its parts: types, imports, functions, exports and one element segment, in the order of the format.
 * Functions come after all imported ones; so all functions must be imported before the first index is asked for.
 */
import { CodeWriter } from './code-writer.ts';
import { FUNCREF, I32, KIND, OP, SECTION, type ValueType } from './opcodes.ts';

export interface FunctionType {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** A function's code, without the locals' declaration. */
export interface FunctionBody {
  readonly name: string;
  readonly type: number;
  /** Types of the locals after the parameters. */
  readonly locals: readonly ValueType[];
  readonly code: Uint8Array;
}

export interface WrittenModule {
  readonly bytes: Uint8Array;
  /** Offset in the module of the first instruction of each function. */
  readonly codeStarts: readonly number[];
}

interface Import {
  readonly name: string;
  readonly write: (to: CodeWriter) => void;
}

const ENVIRONMENT = 'e';

export class ModuleWriter {
  readonly #types: FunctionType[] = [];
  readonly #typeIndex = new Map<string, number>();
  readonly #imports: Import[] = [];
  readonly #functionNames: string[] = [];
  readonly #bodies: FunctionBody[] = [];
  readonly #exports: { readonly name: string; readonly index: number }[] = [];
  #globals = 0;
  #importedFunctions = 0;

  type(parameters: readonly ValueType[], results: readonly ValueType[]): number {
    const key = `${parameters.join()}>${results.join()}`;
    let index = this.#typeIndex.get(key);
    if (index === undefined) {
      index = this.#types.length;
      this.#types.push({ parameters, results });
      this.#typeIndex.set(key, index);
    }
    return index;
  }

  importMemory(name: string): void {
    this.#describeImport(name, KIND.memory, (to) => {
      to.byte(0); // no maximum
      to.u32(0);
    });
  }

  importTable(name: string): void {
    this.#describeImport(name, KIND.table, (to) => {
      to.byte(FUNCREF);
      to.byte(0);
      to.u32(0);
    });
  }

  /** @returns its index */
  importGlobal(name: string, isMutable: boolean): number {
    this.#describeImport(name, KIND.global, (to) => {
      to.byte(I32);
      to.byte(isMutable ? 1 : 0);
    });
    return this.#globals++;
  }

  /** @param label for dumps and stack traces @returns its index */
  importFunction(name: string, type: number, label: string): number {
    this.#describeImport(name, KIND.function, (to) => to.u32(type));
    this.#functionNames.push(label);
    return this.#importedFunctions++;
  }

  #describeImport(name: string, kind: number, describe: (to: CodeWriter) => void): void {
    this.#imports.push({
      name,
      write: (to) => {
        to.text(ENVIRONMENT);
        to.text(name);
        to.byte(kind);
        describe(to);
      },
    });
  }

  /** Index of the n-th function that is added. */
  functionIndex(added: number): number {
    return this.#importedFunctions + added;
  }

  /** @returns its index */
  add(body: FunctionBody): number {
    this.#bodies.push(body);
    this.#functionNames.push(body.name);
    return this.#importedFunctions + this.#bodies.length - 1;
  }

  export(name: string, index: number): void {
    this.#exports.push({ name, index });
  }

  /**
   * @param name of the module, for stack traces
   * @param elements functions that go into the table, from the place that a global says
   */
  finish(name: string, elements: readonly number[], tableBase: number): WrittenModule {
    const out = new CodeWriter(4096);
    out.bytes([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
    list(out, SECTION.type, this.#types, (to, { parameters, results }) => {
      to.byte(0x60);
      to.u32(parameters.length);
      to.bytes(parameters);
      to.u32(results.length);
      to.bytes(results);
    });
    list(out, SECTION.import, this.#imports, (to, { write }) => write(to));
    list(out, SECTION.function, this.#bodies, (to, { type }) => to.u32(type));
    list(out, SECTION.export, this.#exports, (to, { name: exported, index }) => {
      to.text(exported);
      to.byte(KIND.function);
      to.u32(index);
    });
    if (elements.length > 0)
      section(out, SECTION.element, (to) => {
        to.u32(1);
        to.u32(0);
        to.globalGet(tableBase);
        to.op(OP.end);
        to.u32(elements.length);
        for (const index of elements) to.u32(index);
      });
    const starts: number[] = [];
    const codeAt = section(out, SECTION.code, (to) => {
      to.u32(this.#bodies.length);
      for (const body of this.#bodies) starts.push(writeBody(to, body));
    });
    this.#writeNames(out, name);
    return { bytes: out.written.slice(), codeStarts: starts.map((start) => codeAt + start) };
  }

  #writeNames(out: CodeWriter, name: string): void {
    section(out, SECTION.custom, (to) => {
      to.text('name');
      section(to, 0, (names) => names.text(name));
      list(to, 1, this.#functionNames, (names, each, index) => {
        names.u32(index);
        names.text(each);
      });
    });
  }
}

/** @returns where its contents begin */
function section(out: CodeWriter, id: number, write: (to: CodeWriter) => void): number {
  const contents = new CodeWriter();
  write(contents);
  out.byte(id);
  out.u32(contents.length);
  const start = out.length;
  out.bytes(contents.written);
  return start;
}

function list<T>(
  out: CodeWriter,
  id: number,
  items: readonly T[],
  write: (to: CodeWriter, item: T, index: number) => void,
): void {
  section(out, id, (to) => {
    to.u32(items.length);
    for (const [index, item] of items.entries()) write(to, item, index);
  });
}

/** @returns where its first instruction is, from the start of the section's contents */
function writeBody(to: CodeWriter, { locals, code }: FunctionBody): number {
  const declared = new CodeWriter(64);
  const runs: { readonly type: ValueType; count: number }[] = [];
  for (const type of locals) {
    const last = runs.at(-1);
    if (last?.type === type) last.count += 1;
    else runs.push({ type, count: 1 });
  }
  declared.u32(runs.length);
  for (const { type, count } of runs) {
    declared.u32(count);
    declared.byte(type);
  }
  to.u32(declared.length + code.length);
  to.bytes(declared.written);
  const start = to.length;
  to.bytes(code);
  return start;
}

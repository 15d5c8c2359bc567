/**
 * The global variables of an object by name: before it is loaded, to say what programs begin with, and after, to read
 * and change what they have. What a section's map is called and holds is the object room's matter (data-maps.ts).
 */
import { checkObject, checkText } from './arguments.ts';
import { BpfiterError } from './errors.ts';
import type { KernelMap, LoadedObject } from './kernel.ts';
import { didYouMean } from './near-names.ts';
import { BpfObject, type ObjectMap } from './object/index.ts';
import { type RecordInput, type RecordLayout, type RecordValue, recordLayout } from './records/index.ts';

/** Key of the one element that a section's map has. */
const FIRST = new Uint8Array(4);

interface Variable {
  readonly section: ObjectMap;
  readonly offset: number;
  readonly layout: RecordLayout<RecordValue>;
}

/**
 * Variables of all data sections (`.rodata`, `.data`, `.bss` and those like them; of a loaded object `.kconfig` too), as
 * values that JavaScript has: by their types in BTF, see recordLayout(). Of static variables of the same name the first.
 *
 * @example
 * const object = await loadObject('programs/numbers.bpf.o');
 * new GlobalVariables(object).set({ limit: 30 }); // before loading: constants (`.rodata`) too
 * using loaded = await kernel.load(object);
 * await loaded.program('longest_way').run();
 * console.log(new GlobalVariables(loaded).get('steps'));
 */
export class GlobalVariables {
  readonly #object: BpfObject;
  readonly #loaded: LoadedObject | undefined;

  /**
   * @param of an object, whose variables are then what every later load begins with; or a loaded one, whose variables
   *   are those in the kernel
   * @throws BpfiterError `usage` for anything else, and for an object without BTF
   */
  constructor(of: BpfObject | LoadedObject) {
    const object = of instanceof BpfObject ? of : (of as Partial<LoadedObject> | undefined)?.object;
    if (!(object instanceof BpfObject)) {
      throw new BpfiterError(
        'usage',
        'global variables are those of an object that loadObject() or openObject() gave, or of one that kernel.load() gave',
      );
    }
    if (object.btf === undefined) {
      throw new BpfiterError('usage', `${object.name}: variables need an object with BTF (compile it with clang -g)`);
    }
    this.#object = object;
    this.#loaded = of instanceof BpfObject ? undefined : of;
  }

  /** Their names, by section and place. */
  names(): string[] {
    return [...this.#find().keys()];
  }

  /** All of them, at one time for each section. */
  all(): Readonly<Record<string, RecordValue>> {
    const sections = new Map<ObjectMap, Uint8Array>();
    const values: [name: string, value: RecordValue][] = [];
    for (const [name, { section, offset, layout }] of this.#find()) {
      const bytes = sections.get(section) ?? this.#read(section);
      sections.set(section, bytes);
      values.push([name, layout.decode(bytes, offset)]);
    }
    return Object.fromEntries(values);
  }

  /** @throws BpfiterError `not-found` */
  get(name: string): RecordValue {
    const { section, offset, layout } = this.#named(name);
    return layout.decode(this.#read(section), offset);
  }

  /**
   * Changes some, by name; of an array or struct those elements and fields that are given. In a kernel a section is
   * read, changed and written as a whole: what programs write to it meanwhile is lost.
   * @throws BpfiterError `not-found`; `usage` for a value that does not fit, and for a constant of a loaded object.
   *   Nothing is changed then
   */
  set(values: Readonly<Record<string, RecordInput>>): void {
    checkObject('set()', 'values by the names of their variables: { limit: 30 }', values);
    const sections = new Map<ObjectMap, Uint8Array>();
    for (const [name, value] of Object.entries(values)) {
      const { section, offset, layout } = this.#named(name);
      if (this.#loaded !== undefined && section.readOnly) {
        throw new BpfiterError(
          'usage',
          `variable '${name}' is a constant in '${section.section}': it can be set before the object is loaded only`,
        );
      }
      const bytes = sections.get(section) ?? this.#read(section).slice();
      sections.set(section, bytes);
      layout.encodeInto(bytes, value, offset, name);
    }
    for (const [section, bytes] of sections) this.#write(section, bytes);
  }

  #named(name: string): Variable {
    checkText('get()', 'the name of a variable', name);
    const variables = this.#find();
    const variable = variables.get(name);
    if (variable !== undefined) return variable;
    const hint = didYouMean(name, variables.keys());
    throw new BpfiterError('not-found', `there is no global variable '${name}' in ${this.#object.name}${hint}`);
  }

  #find(): Map<string, Variable> {
    const { btf, maps } = this.#object;
    const found = new Map<string, Variable>();
    if (btf === undefined) return found;
    for (const section of maps) {
      const type = section.btfValueTypeId === 0 ? undefined : btf.type(section.btfValueTypeId);
      // What the kernel's configuration says is found when the object is loaded.
      if (type?.kind !== 'datasec' || (section.origin === 'kconfig' && this.#loaded === undefined)) continue;
      for (const { type: id, offset } of type.entries) {
        const variable = btf.type(id);
        if (variable.kind !== 'var' || found.has(variable.name)) continue;
        found.set(variable.name, { section, offset, layout: recordLayout<RecordValue>(btf, variable.type) });
      }
    }
    return found;
  }

  #read(section: ObjectMap): Uint8Array {
    const bytes = this.#mapOf(section)?.lookup(FIRST) ?? section.initialValue;
    if (bytes === undefined) throw new BpfiterError('usage', `section '${section.section}' has no contents`);
    return bytes;
  }

  #write(section: ObjectMap, bytes: Uint8Array): void {
    const map = this.#mapOf(section);
    if (map !== undefined) map.update(FIRST, bytes);
    else section.initialValue?.set(bytes);
  }

  #mapOf(section: ObjectMap): KernelMap | undefined {
    return this.#loaded?.map(section.name);
  }
}

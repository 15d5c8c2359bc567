/**
 * The externs of an object: what its symbol table wants from the kernel, joined with what BTF says of each. Also
 * turns their BTF into what the kernel accepts: it knows no extern variables, so those of `.kconfig` become variables of a
 * map's value and those of `.ksyms` plain integers that nobody reads. Who answers them is externs.ts's and
 * kconfig.ts's subject.
 *
 * Facts: libbpf 1.8, bpf_object__collect_externs() in src/libbpf.c.
 */
import type { Btf, BtfType, DataSectionType, FunctionType, TypeId, VariableType } from '../btf/index.ts';
import { typeId } from '../btf/index.ts';
import { type ElfFile, type ElfSymbol, SHN_UNDEF, STB_GLOBAL, STB_WEAK, STT_NOTYPE } from '../elf/index.ts';
import { BpfiterError } from '../errors.ts';
import type { BtfEdits } from './btf-edits.ts';
import type { KconfigExtern, KconfigValueType, KsymExtern, ObjectExtern } from './model.ts';
import { typesOfKind } from './types-of-kind.ts';

export const KCONFIG_SECTION = '.kconfig';
export const KSYMS_SECTION = '.ksyms';

/** Stands for a function in the data section `.ksyms`, and names parameters that have no name. */
const DUMMY_NAME = 'dummy_ksym';
/** Size that the variables of `.ksyms` are given. */
const KSYM_BYTES = 4;

export interface DeclaredExterns {
  /** kconfig ones first, by descending alignment and ascending size; then the others, by name. */
  readonly externs: readonly ObjectExtern[];
  /** By the index of the symbol. */
  readonly bySymbol: ReadonlyMap<number, ObjectExtern>;
}

export function isExternSymbol({ sectionIndex, binding, type }: ElfSymbol): boolean {
  return sectionIndex === SHN_UNDEF && (binding === STB_GLOBAL || binding === STB_WEAK) && type === STT_NOTYPE;
}

/** @throws BpfiterError */
export function declareExterns(elf: ElfFile, btf: Btf | undefined, edits: BtfEdits | undefined): DeclaredExterns {
  const symbols = elf.symbols.filter((symbol) => isExternSymbol(symbol) && symbol.name !== '');
  if (btf === undefined || edits === undefined) {
    const [first] = symbols;
    if (first === undefined) return { externs: [], bySymbol: new Map() };
    throw new BpfiterError('malformed', `extern '${first.name}' needs BTF, and the object has none that can be used`);
  }
  return new ExternCollector(btf, edits).collect(symbols);
}

/** A kconfig extern before its place in the map is known. */
type Unplaced = Omit<KconfigExtern, 'offset'>;

class ExternCollector {
  readonly #btf: Btf;
  readonly #edits: BtfEdits;

  constructor(btf: Btf, edits: BtfEdits) {
    this.#btf = btf;
    this.#edits = edits;
  }

  collect(symbols: readonly ElfSymbol[]): DeclaredExterns {
    const dummy = this.#addDummyVariable();
    const kconfig: Unplaced[] = [];
    const ksyms: KsymExtern[] = [];
    let kconfigSection: DataSectionType | undefined;
    let ksymsSection: DataSectionType | undefined;
    for (const symbol of symbols) {
      const { name } = symbol;
      const weak = symbol.binding === STB_WEAK;
      const type = this.#findDeclaration(name);
      const section = this.#findSection(name, type.id);
      if (section.name === KCONFIG_SECTION) {
        kconfig.push(this.#kconfigExtern(type, weak));
        kconfigSection = section;
      } else if (section.name === KSYMS_SECTION) {
        const kind = type.kind === 'func' ? 'function' : 'variable';
        ksyms.push({ kind, name, weak, btfId: type.id, typeId: this.#btf.skipModifiersAndTypedefs(type.type) });
        ksymsSection = section;
      } else
        throw new BpfiterError(
          'unsupported',
          `extern '${name}' is declared in section '${section.name}'; externs belong in '${KSYMS_SECTION}' or '${KCONFIG_SECTION}'`,
        );
    }
    const placed = place(kconfig.sort(compareKconfig));
    const externs: ObjectExtern[] = [...placed, ...ksyms.sort(compareNames)];
    const byName = new Map(externs.map((extern) => [extern.name, extern]));
    if (ksymsSection !== undefined) this.#settleKsyms(ksymsSection, byName, dummy);
    if (kconfigSection !== undefined) this.#settleKconfig(kconfigSection, byName, placed);

    const bySymbol = new Map<number, ObjectExtern>();
    for (const { index, name } of symbols) {
      const extern = byName.get(name);
      if (extern !== undefined) bySymbol.set(index, extern);
    }
    return { externs, bySymbol };
  }

  /** Needed where `.ksyms` has functions, which no data section may hold. */
  #addDummyVariable(): TypeId | undefined {
    const id = this.#btf.find(KSYMS_SECTION, 'datasec');
    const section = id === undefined ? undefined : this.#btf.type(id);
    if (section?.kind !== 'datasec') return undefined;
    if (!section.entries.some(({ type }) => this.#btf.type(type).kind === 'func')) return undefined;
    return this.#edits.add({ kind: 'var', name: DUMMY_NAME, type: this.#findInt(), linkage: 'global' });
  }

  /** An integer type of 32 bits, or void if the object has none. */
  #findInt(): TypeId {
    for (const { id, bits } of typesOfKind(this.#btf, 'int')) if (bits === 32) return id;
    return typeId(0);
  }

  #findDeclaration(name: string): VariableType | FunctionType {
    for (const id of this.#btf.findAll(name)) {
      const type = this.#btf.type(id);
      if (type.kind !== 'var' && type.kind !== 'func') continue;
      if (type.linkage === 'extern') return type;
      throw new BpfiterError('malformed', `extern '${name}' is a ${type.linkage} ${type.kind} in BTF`);
    }
    throw new BpfiterError('malformed', `extern '${name}' is not in the object's BTF`);
  }

  #findSection(name: string, id: TypeId): DataSectionType {
    for (const section of typesOfKind(this.#btf, 'datasec'))
      if (section.entries.some((entry) => entry.type === id)) return section;
    throw new BpfiterError(
      'malformed',
      `extern '${name}' is in no data section of BTF; declare it with __ksym or __kconfig`,
    );
  }

  #kconfigExtern(type: VariableType | FunctionType, weak: boolean): Unplaced {
    const { name } = type;
    if (type.kind === 'func')
      throw new BpfiterError('unsupported', `extern '${name}' is a function; '${KCONFIG_SECTION}' has only variables`);
    const valueType = this.#kconfigValueType(type.type);
    if (valueType === undefined)
      throw new BpfiterError(
        'unsupported',
        `extern '${name}' (kconfig) has a type that no configuration value can have`,
      );
    return {
      kind: 'kconfig',
      name,
      weak,
      btfId: type.id,
      ...valueType,
      size: this.#btf.sizeOfType(type.type),
      alignment: this.#btf.alignmentOf(type.type),
    };
  }

  #kconfigValueType(id: TypeId): { readonly valueType: KconfigValueType; readonly signed: boolean } | undefined {
    const type = this.#btf.type(this.#btf.skipModifiersAndTypedefs(id));
    const unsigned = (valueType: KconfigValueType) => ({ valueType, signed: false });
    switch (type.kind) {
      case 'int':
        if (type.bool) return type.size === 1 ? unsigned('bool') : undefined;
        if (type.size === 1) return { valueType: 'char', signed: type.signed };
        return [2, 4, 8].includes(type.size) ? { valueType: 'int', signed: type.signed } : undefined;
      case 'enum':
        return type.size === 4 && type.name === 'libbpf_tristate' ? unsigned('tristate') : undefined;
      case 'enum64':
        return type.name === 'libbpf_tristate' ? unsigned('tristate') : undefined;
      case 'array': {
        const element = type.length === 0 ? undefined : this.#kconfigValueType(type.elementType);
        return element?.valueType === 'char' ? unsigned('char-array') : undefined;
      }
      default:
        return undefined;
    }
  }

  #extern(byName: ReadonlyMap<string, ObjectExtern>, type: BtfType): ObjectExtern {
    const extern = byName.get(type.name);
    if (extern === undefined)
      throw new BpfiterError('malformed', `BTF ${type.kind} '${type.name}' of an extern has no symbol in the object`);
    return extern;
  }

  #settleKsyms(section: DataSectionType, byName: ReadonlyMap<string, ObjectExtern>, dummy: TypeId | undefined): void {
    const int = this.#findInt();
    const entries = section.entries.map((entry, index) => {
      const type = this.#btf.type(entry.type);
      this.#extern(byName, type);
      const place = { offset: index * KSYM_BYTES, size: KSYM_BYTES };
      if (type.kind === 'func' && dummy !== undefined) {
        this.#edits.replace(type.id, { ...type, linkage: 'global' });
        this.#nameParameters(type.type);
        return { type: dummy, ...place };
      }
      if (type.kind === 'var') this.#edits.replace(type.id, { ...type, type: int, linkage: 'global' });
      return { type: entry.type, ...place };
    });
    this.#edits.replace(section.id, { ...section, entries, size: entries.length * KSYM_BYTES });
  }

  /** Parameters of a global function must have names; those of an extern declaration need not. */
  #nameParameters(id: TypeId): void {
    const prototype = this.#edits.current(id, 'func_proto');
    const parameters = prototype.parameters.map((parameter) =>
      parameter.type !== 0 && parameter.name === '' ? { ...parameter, name: DUMMY_NAME } : parameter,
    );
    this.#edits.replace(id, { ...prototype, parameters });
  }

  #settleKconfig(
    section: DataSectionType,
    byName: ReadonlyMap<string, ObjectExtern>,
    placed: readonly KconfigExtern[],
  ): void {
    const entries = section.entries.map((entry) => {
      const type = this.#btf.type(entry.type);
      const extern = this.#extern(byName, type);
      if (type.kind === 'var') this.#edits.replace(type.id, { ...type, linkage: 'global' });
      return { ...entry, offset: extern.kind === 'kconfig' ? extern.offset : 0 };
    });
    const last = placed.at(-1);
    this.#edits.replace(section.id, { ...section, entries, size: last === undefined ? 0 : last.offset + last.size });
  }
}

const compareNames = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;

const compareKconfig = (a: Unplaced, b: Unplaced): number =>
  b.alignment - a.alignment || a.size - b.size || compareNames(a, b);

function place(externs: readonly Unplaced[]): KconfigExtern[] {
  let end = 0;
  return externs.map((extern) => {
    const offset = Math.ceil(end / extern.alignment) * extern.alignment;
    end = offset + extern.size;
    return { ...extern, offset };
  });
}

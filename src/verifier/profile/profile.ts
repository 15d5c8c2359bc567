/**
 * A kernel profile out of tables: what each file of a profile's directory says, behind the one interface that the
 * verifier asks.
 */
import type { Btf } from '../../btf/index.ts';
import {
  attachTypeName,
  BPF_PROG_TYPE_LSM,
  BPF_PROG_TYPE_STRUCT_OPS,
  BPF_PROG_TYPE_TRACING,
  helperName,
  programTypeName,
} from '../../uapi/index.ts';
import { AttachRules, type AttachTables } from './attach-rules.ts';
import { Availability, type AvailabilityRow } from './availability.ts';
import { type ContextRow, type ContextStructs, ContextTable } from './context-table.ts';
import { FunctionRules, type FunctionTables } from './function-rules.ts';
import { findRow, rowsByKey, words } from './kind-keys.ts';
import { MapRules, type MapTables } from './map-rules.ts';
import type { LoadableRow, ProgramRow } from './program-rules.ts';
import type {
  AttachRefusal,
  HelperPrototype,
  KernelProfile,
  KfuncEntry,
  ProgramKind,
  ProgramTypeRules,
} from './types.ts';

/** How much of what a program may have. */
export interface LimitRow {
  readonly name: string;
  /** What is counted. */
  readonly what: string;
  readonly most: number;
  /** The answer to one more; no message where the program is refused before there is a log. */
  readonly errno: string;
  readonly message: string;
}

export interface ProfileTables {
  readonly name: string;
  readonly helperAvailability: readonly AvailabilityRow[];
  readonly helper: (id: number, kind: ProgramKind) => HelperPrototype | undefined;
  readonly kfuncs: ReadonlyMap<string, KfuncEntry>;
  readonly kfuncAllowed: (name: string, kind: ProgramKind) => boolean;
  readonly contexts: readonly ContextRow[];
  readonly contextStructs: ContextStructs;
  /** Names of the structs that programs call their context by, by program type. */
  readonly contextNames: Readonly<Record<string, string>>;
  readonly programRules: readonly ProgramRow[];
  readonly loadable: readonly LoadableRow[];
  readonly functions: FunctionTables & AttachTables;
  readonly maps: MapTables;
  readonly symbols: 'functions' | 'all';
  readonly possibleCpus?: number;
}

/** @param btf the kernel's; what the tables say in names is looked up there */
export function createProfile(tables: ProfileTables, btf: Btf): KernelProfile {
  return new TableProfile(tables, btf);
}

class TableProfile implements KernelProfile {
  readonly name: string;
  readonly btf: Btf;
  readonly symbols: 'functions' | 'all';
  readonly possibleCpus: number | undefined;
  readonly #tables: ProfileTables;
  readonly #helpers: Availability;
  readonly #contexts: ReadonlyMap<string, ContextRow>;
  readonly #rules: ReadonlyMap<string, ProgramRow>;
  readonly #loadable: ReadonlyMap<string, LoadableRow>;
  /** As far as they were asked for. */
  readonly #contextTables = new Map<ContextRow, ContextTable>();
  readonly #functions: FunctionRules;
  readonly #attaching: AttachRules;
  readonly #maps: MapRules;

  constructor(tables: ProfileTables, btf: Btf) {
    this.name = tables.name;
    this.btf = btf;
    this.symbols = tables.symbols;
    this.possibleCpus = tables.possibleCpus;
    this.#tables = tables;
    this.#helpers = new Availability(tables.helperAvailability);
    this.#contexts = rowsByKey(tables.contexts);
    this.#rules = rowsByKey(tables.programRules);
    this.#loadable = new Map(tables.loadable.map((row) => [row.type, row]));
    this.#functions = new FunctionRules(btf, tables.functions);
    this.#attaching = new AttachRules(btf, tables.functions);
    this.#maps = new MapRules(tables.maps);
  }

  helper(id: number, kind: ProgramKind): HelperPrototype | undefined {
    return this.#tables.helper(id, kind);
  }

  helperAllowed(id: number, kind: ProgramKind): boolean {
    const name = helperName(id);
    return name !== undefined && this.#helpers.allows(name.slice('bpf_'.length), kind);
  }

  kfunc(name: string): KfuncEntry | undefined {
    return this.#tables.kfuncs.get(name);
  }

  kfuncAllowed(name: string, kind: ProgramKind): boolean {
    return this.#tables.kfuncAllowed(name, kind);
  }

  loads({ type, expectedAttachType }: ProgramKind): boolean {
    const row = this.#loadable.get(programTypeName(type) ?? '');
    if (row?.attachTypes === undefined) return row !== undefined;
    return words(row.attachTypes).includes(attachTypeName(expectedAttachType) ?? '');
  }

  attachRefusal(kind: ProgramKind, attachBtfId: number, gplCompatible: boolean): AttachRefusal | undefined {
    const sleepable = findRow(this.#rules, kind)?.sleepable ?? 'never';
    return this.#attaching.refusal(kind, attachBtfId, gplCompatible, sleepable);
  }

  programType(kind: ProgramKind): ProgramTypeRules | undefined {
    const row = findRow(this.#rules, kind);
    const context = this.#contextOf(kind);
    if (row === undefined || context === undefined) return undefined;
    const { returns, sleepable = 'never', gplOnly = false, packet, sockmap } = row;
    return {
      contextStruct: this.#tables.contextNames[programTypeName(kind.type) ?? ''],
      access: (offset, size, write) => context.access(offset, size, write),
      returns:
        kind.type === BPF_PROG_TYPE_LSM
          ? this.#functions.lsmReturns(kind)
          : returns && { min: returns[0], max: returns[1] },
      sleepable,
      gplOnly,
      packetWritable: packet === 'write',
      loadAbsolute: row.loadAbsolute ?? false,
      privateStack: row.privateStack ?? false,
      sockmap: { delete: sockmap !== undefined, update: words(sockmap).includes('update') },
    };
  }

  #contextOf(kind: ProgramKind): Pick<ProgramTypeRules, 'access'> | undefined {
    if (functionTypes.has(kind.type)) return this.#functions.contextOf(kind);
    const row = findRow(this.#contexts, kind);
    if (row === undefined) return undefined;
    let table = this.#contextTables.get(row);
    if (table === undefined) {
      table = new ContextTable(row, this.#tables.contextStructs);
      this.#contextTables.set(row, table);
    }
    return table;
  }

  helperTakesMap(id: number, mapType: number): boolean {
    return this.#maps.goTogether(helperName(id) ?? '', mapType);
  }

  mapRefusal(mapType: number, fields: readonly string[], kind: ProgramKind): string | undefined {
    return this.#maps.refusal(mapType, fields, kind);
  }
}

/** Types whose context is the arguments of a function. */
const functionTypes: ReadonlySet<number> = new Set([
  BPF_PROG_TYPE_TRACING,
  BPF_PROG_TYPE_LSM,
  BPF_PROG_TYPE_STRUCT_OPS,
]);

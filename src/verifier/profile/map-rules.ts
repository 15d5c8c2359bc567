/**
 * Which maps helpers take, and which maps programs of a kind may use: the tables' form, and the look-ups.
 */
import { mapTypeName } from '../../uapi/index.ts';
import { keysOf, words } from './kind-keys.ts';
import type { ProgramKind } from './types.ts';

/** Types of maps in words, by helper without `bpf_`. */
export type MapTypesByHelper = Readonly<Record<string, string>>;

/** Special fields of map values that some programs may not use. */
export interface FieldRow {
  /** Names as in fields.ts. */
  readonly fields: string;
  readonly programs: string;
  readonly message: string;
}

export interface MapTables {
  readonly helpers: readonly MapTypesByHelper[];
  /** Types that no program may use, with the message. */
  readonly refusedTypes: Readonly<Record<string, string>>;
  /** Types in words. */
  readonly sleepableTypes: string;
  /** What sleepable programs are told that use another. */
  readonly sleepableRefusal: string;
  readonly refusedFields: readonly FieldRow[];
}

export class MapRules {
  readonly #helpers: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #refusedTypes: Readonly<Record<string, string>>;
  readonly #sleepable: ReadonlySet<string>;
  readonly #sleepableRefusal: string;
  readonly #fields: readonly {
    readonly fields: readonly string[];
    readonly programs: ReadonlySet<string>;
    readonly message: string;
  }[];

  constructor({ helpers, refusedTypes, sleepableTypes, sleepableRefusal, refusedFields }: MapTables) {
    this.#helpers = new Map(
      helpers.flatMap((table) =>
        Object.entries(table).map(([name, types]): [string, Set<string>] => [`bpf_${name}`, new Set(words(types))]),
      ),
    );
    this.#refusedTypes = refusedTypes;
    this.#sleepable = new Set(words(sleepableTypes));
    this.#sleepableRefusal = sleepableRefusal;
    this.#fields = refusedFields.map(({ fields, programs, message }) => {
      return { fields: words(fields), programs: new Set(words(programs)), message };
    });
  }

  /** Whether a helper takes maps of a type; true for a helper that takes none. */
  goTogether(helper: string, mapType: number): boolean {
    const types = this.#helpers.get(helper);
    return types === undefined || types.has(mapTypeName(mapType) ?? '');
  }

  /**
   * The kernel's message if programs of this kind may not use a map.
   * @param fields kinds of special fields in its value
   */
  refusal(mapType: number, fields: readonly string[], kind: ProgramKind): string | undefined {
    const keys = keysOf(kind);
    // In the order in which the kernel looks.
    for (const row of this.#fields) {
      if (row.fields.some((field) => fields.includes(field)) && keys.some((key) => row.programs.has(key)))
        return row.message;
    }
    const type = mapTypeName(mapType) ?? '';
    if (this.#refusedTypes[type] !== undefined) return this.#refusedTypes[type];
    return kind.sleepable && !this.#sleepable.has(type) ? this.#sleepableRefusal : undefined;
  }
}

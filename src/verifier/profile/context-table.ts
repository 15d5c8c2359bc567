/**
 * Contexts that are structs of their own (`__sk_buff`, `xdp_md`), as tables: which fields a program may load and store,
 * in which widths, and what a load gives. Contexts that are the arguments of a function are in function-context.ts.
 *
 * An access of n bytes is accepted if it lies within a field whose widths include n, at a multiple of n; fields whose
 * parts can be read at their beginning only have `start` among their widths.
 */
import { words } from './kind-keys.ts';
import type { ContextAccess } from './types.ts';

/** Place of a field: offset and size, and the size of an element if it is an array. */
export type FieldPlace = readonly [offset: number, size: number, element?: number];

/** Structs by name, fields by name. */
export type ContextStructs = Readonly<Record<string, Readonly<Record<string, FieldPlace>>>>;

/** Names of fields, in words, by the widths in which they may be accessed: `1 2 4`, `1 2 4 start`. */
export type FieldsByWidths = Readonly<Record<string, string>>;

export interface ContextRow {
  readonly programs: string;
  /** In the table of structs. */
  readonly struct: string;
  readonly read: FieldsByWidths;
  readonly write?: FieldsByWidths;
  /** What loads of a field give, where that is no scalar: `pkt`, `trusted_ptr_ sk_buff`. */
  readonly registers?: Readonly<Record<string, string>>;
}

interface Field {
  readonly offset: number;
  readonly end: number;
  readonly widths: readonly number[];
  readonly startOnly: boolean;
  readonly elementSize: number;
  readonly whole: ContextAccess;
  /** For loads of less than an element. */
  readonly narrow: ContextAccess;
}

export class ContextTable {
  readonly #reads: readonly Field[];
  readonly #writes: readonly Field[];

  /** @throws TypeError for a field that the struct does not have */
  constructor(row: ContextRow, structs: ContextStructs) {
    this.#reads = fieldsOf(row, row.read, structs);
    this.#writes = fieldsOf(row, row.write ?? {}, structs);
  }

  /** @returns undefined where the kernel answers `invalid bpf_context access` */
  access(offset: number, size: number, write: boolean): ContextAccess | undefined {
    for (const field of write ? this.#writes : this.#reads) {
      if (offset < field.offset || offset + size > field.end) continue;
      if (offset % size !== 0 || !field.widths.includes(size)) continue;
      if (field.startOnly && offset !== field.offset) continue;
      return size < field.elementSize ? field.narrow : field.whole;
    }
    return undefined;
  }
}

const START = 'start';

function fieldsOf({ struct, registers }: ContextRow, table: FieldsByWidths, structs: ContextStructs): Field[] {
  return Object.entries(table).flatMap(([widths, names]) =>
    words(names).map((name) => {
      const place = structs[struct]?.[name];
      if (place === undefined) throw new TypeError(`struct ${struct} has no field '${name}'`);
      const [offset, size, elementSize = size] = place;
      const [register = 'scalar', btf] = words(registers?.[name] ?? 'scalar');
      const whole: ContextAccess = { register, ...(btf !== undefined && { btf }) };
      return {
        offset,
        end: offset + size,
        widths: words(widths)
          .filter((word) => word !== START)
          .map(Number),
        startOnly: words(widths).includes(START),
        elementSize,
        whole,
        narrow: { ...whole, fieldSize: elementSize },
      };
    }),
  );
}

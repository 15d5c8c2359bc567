/**
 * Records as a table of text. Columns are the fields, those of nested structs under dotted names; their widths come
 * from the first rows, which wait for that, and later rows follow one by one. A value that is wider than its column
 * by then pushes the rest of its row to the right; nothing is cut off.
 */
import { checkObject } from '../arguments.ts';
import { formatJson } from './json.ts';
import type { RecordReader } from './layout.ts';
import { fieldsOf, type Shape } from './shape.ts';

export interface TableOptions {
  /** Rows that the widths are computed from; default 200. */
  readonly sampleRows?: number;
}

interface Column {
  readonly title: string;
  readonly path: readonly string[];
  readonly format: (value: unknown) => string;
  /** Numbers stand at the right. */
  readonly right: boolean;
}

const DEFAULT_SAMPLE_ROWS = 200;
const GAP = '  ';

/**
 * @example
 * const table = new TableWriter(layout);
 * for await (const record of session.records(layout)) process.stdout.write(table.add(record));
 * process.stdout.write(table.end());
 */
export class TableWriter<T = unknown> {
  readonly #columns: readonly Column[];
  readonly #sampleRows: number;
  /** Rows that wait; undefined once the widths stand. */
  #waiting: (readonly string[])[] | undefined = [];
  #widths: readonly number[] = [];

  constructor(layout: RecordReader<T>, options: TableOptions = {}) {
    checkObject('TableWriter', 'the layout of its records: recordLayout(btf, type)', layout, ['shape']);
    this.#columns = columnsOf(layout.shape, []);
    this.#sampleRows = options.sampleRows ?? DEFAULT_SAMPLE_ROWS;
  }

  /** @returns what to print now: nothing, or whole lines */
  add(record: T): string {
    const row = this.#columns.map(({ path, format }) => format(valueAt(record, path)));
    if (this.#waiting === undefined) return this.#line(row);
    this.#waiting.push(row);
    return this.#waiting.length < this.#sampleRows ? '' : this.#start(this.#waiting);
  }

  /** @returns what is left to print: the whole table if it is short, its head alone if it has no rows */
  end(): string {
    return this.#waiting === undefined ? '' : this.#start(this.#waiting);
  }

  #start(rows: readonly (readonly string[])[]): string {
    this.#waiting = undefined;
    this.#widths = this.#columns.map(({ title }, index) =>
      rows.reduce((width, row) => Math.max(width, row[index]?.length ?? 0), title.length),
    );
    const titles = this.#columns.map(({ title }) => title);
    return [titles, ...rows].map((row) => this.#line(row)).join('');
  }

  #line(cells: readonly string[]): string {
    const padded = this.#columns.map(({ right }, index) => {
      const cell = cells[index] ?? '';
      const width = this.#widths[index] ?? 0;
      return right ? cell.padStart(width) : cell.padEnd(width);
    });
    return `${padded.join(GAP).trimEnd()}\n`;
  }
}

function columnsOf(shape: Shape, path: readonly string[]): Column[] {
  if (shape.kind === 'struct' || shape.kind === 'union') {
    return fieldsOf(shape).flatMap((field) => columnsOf(field.shape, [...path, field.name]));
  }
  return [{ title: path.join('.') || 'value', path, format: formatOf(shape), right: isNumeric(shape) }];
}

const isNumeric = ({ kind }: Shape): boolean => kind === 'int' || kind === 'float' || kind === 'pointer';

function formatOf(shape: Shape): (value: unknown) => string {
  switch (shape.kind) {
    case 'pointer':
      return (value) => (typeof value === 'bigint' ? `0x${value.toString(16)}` : '');
    case 'array':
      return (value) => printable(formatJson(value));
    default:
      return (value) => printable(String(value));
  }
}

function valueAt(record: unknown, path: readonly string[]): unknown {
  let value = record;
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return '';
    value = (value as Readonly<Record<string, unknown>>)[name]; // any object may be asked for a property
  }
  return value;
}

/** Names of processes and files are anyone's to choose: no control character of theirs reaches the terminal. */
const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** Prints what iterator sessions give: as it comes, or as records in the form the user chose. */
import { type BpfObject, type IterSession, recordLayoutOf } from '../index.ts';
import type { ObjectProgram } from '../object/index.ts';
import { formatJson, type RecordLayout, TableWriter } from '../records/index.ts';
import { write, writeLine } from './output.ts';

export const formats = ['text', 'json', 'ndjson', 'table'] as const;
export type Format = (typeof formats)[number];

export interface PrinterOptions {
  readonly format: Format;
  /** The struct that the programs write; every format but `text` needs it. */
  readonly record: string | undefined;
  /** Whether outputs of several programs follow each other, so that each is to be labelled. */
  readonly several: boolean;
  /** Spaces a level of JSON. */
  readonly indent: number;
}

export interface Printer {
  /** Reads the session to its end. */
  print(program: ObjectProgram, session: IterSession): Promise<void>;
  /** After the last session. */
  end(): Promise<void>;
}

/** @throws BpfiterError `usage` or `not-found` if the object has no such record type */
export function makePrinter(object: BpfObject, options: PrinterOptions): Printer {
  if (options.format === 'text') return textPrinter(options);
  const layout = recordLayoutOf<unknown>(object, options.record ?? '');
  switch (options.format) {
    case 'table':
      return tablePrinter(layout, options);
    case 'ndjson':
      return linesPrinter(layout, options);
    case 'json':
      return options.several ? new GroupedJson(layout, options.indent) : singleJson(layout, options.indent);
  }
}

const nothing = async (): Promise<void> => {};

/** `==> dump_task (iter/task) <==` before each of several outputs, as head(1) and tail(1) do for files. */
function headings(several: boolean): (program: ObjectProgram) => Promise<void> {
  let first = true;
  return async ({ name, section }) => {
    if (several) await writeLine(`${first ? '' : '\n'}==> ${name} (${section}) <==`);
    first = false;
  };
}

function textPrinter({ several }: PrinterOptions): Printer {
  const writeHeading = headings(several);
  return {
    async print(program, session) {
      await writeHeading(program);
      for await (const chunk of session.bytes()) await write(chunk);
    },
    end: nothing,
  };
}

function tablePrinter(layout: RecordLayout<unknown>, { several }: PrinterOptions): Printer {
  const writeHeading = headings(several);
  return {
    async print(program, session) {
      await writeHeading(program);
      const table = new TableWriter(layout);
      for await (const batch of session.recordBatches(layout)) {
        await write(batch.map((record) => table.add(record)).join(''));
      }
      await write(table.end());
    },
    end: nothing,
  };
}

/** A record a line; of several programs, under `record` beside the program's name. */
function linesPrinter(layout: RecordLayout<unknown>, { several }: PrinterOptions): Printer {
  return {
    async print(program, session) {
      const line = (record: unknown) => formatJson(several ? { program: program.name, record } : record);
      for await (const batch of session.recordBatches(layout)) {
        await write(batch.map((record) => `${line(record)}\n`).join(''));
      }
    },
    end: nothing,
  };
}

/** One array of records, written as they come. */
function singleJson(layout: RecordLayout<unknown>, indent: number): Printer {
  const separator = indent === 0 ? ',' : `,\n${' '.repeat(indent)}`;
  return {
    async print(_program, session) {
      let count = 0;
      for await (const batch of session.recordBatches(layout)) {
        const texts = batch.map((record) => formatJson(record, indent).replaceAll('\n', `\n${' '.repeat(indent)}`));
        const opening = indent === 0 ? '[' : `[\n${' '.repeat(indent)}`;
        await write(`${count === 0 ? opening : separator}${texts.join(separator)}`);
        count += batch.length;
      }
      if (count === 0) await writeLine('[]');
      else await writeLine(indent === 0 ? ']' : '\n]');
    },
    end: nothing,
  };
}

/** `[{"program", "records"}]` for several programs. */
class GroupedJson implements Printer {
  readonly #layout: RecordLayout<unknown>;
  readonly #indent: number;
  readonly #groups: { readonly program: string; readonly records: readonly unknown[] }[] = [];

  constructor(layout: RecordLayout<unknown>, indent: number) {
    this.#layout = layout;
    this.#indent = indent;
  }

  async print(program: ObjectProgram, session: IterSession): Promise<void> {
    const records: unknown[] = [];
    for await (const record of session.records(this.#layout)) records.push(record);
    this.#groups.push({ program: program.name, records });
  }

  async end(): Promise<void> {
    await writeLine(formatJson(this.#groups, this.#indent));
  }
}

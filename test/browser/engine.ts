/**
 * The embedded kernel as a page uses it: a snapshot and an object in, text out. The test runs it in Node as it is, and
 * in a browser as a bundle.
 */
import { openArchive, openEmbeddedKernel, procfsSource } from '../../src/embedded/index.ts';
import { openObject } from '../../src/object/index.ts';
import { recordLayout } from '../../src/records/index.ts';

/** What a program is to do with the objects of a snapshot. */
export interface Job {
  readonly object: string;
  readonly program: string;
  /** The struct that it writes; it writes text if absent. */
  readonly record?: string;
}

/** @param object the bytes of a BPF object @returns the program's text, or its records a line each */
export async function runOn(archive: Uint8Array, object: Uint8Array, { program, record }: Job): Promise<string> {
  using kernel = openEmbeddedKernel({ source: procfsSource(await openArchive(archive, 'snapshot')) });
  const opened = openObject(object);
  using loaded = await kernel.load(opened);
  using link = loaded.program(program).attachIter();
  if (record === undefined) return await link.open().text();
  if (opened.btf === undefined) throw new Error('the object has no BTF');
  const lines: string[] = [];
  for await (const row of link.open().records(recordLayout(opened.btf, record)))
    lines.push(JSON.stringify(row, digits));
  return lines.join('\n');
}

const digits = (_key: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value);

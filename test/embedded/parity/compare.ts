/**
 * Reads the same fields of the same objects on two kernels: the running one, and the embedded one over its /proc.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { model } from '../../../src/embedded/model/index.ts';
import type { IterParameters, Kernel } from '../../../src/kernel.ts';
import { openObject } from '../../../src/object/index.ts';
import { type Field, fieldsOf, nameOf } from './fields.ts';
import { isIn, sizeIn, VALUE_SIZE, writing } from './program.ts';
import { ROOTS, type Root, type RootName, rootNames } from './roots.ts';

/** Programs of some thousand instructions, and output that fits the buffer of a session. */
const FIELDS_A_PROGRAM = 40;
/** How often is looked for a moment in which an object stays as it is. */
const ATTEMPTS = 50;

const template = fileURLToPath(new URL('fixtures/targets.bpf.o', import.meta.url));

/** Objects that exist while they are compared, and do not change. */
export interface Subject {
  readonly name: string;
  readonly root: RootName;
  readonly parameters: IterParameters;
  /** Of roots with keys: the objects that are compared, as keyText() has them. */
  readonly keys?: readonly string[];
}

export interface Difference {
  readonly subject: string;
  /** The key of the object, or its number among those of the subject. */
  readonly object: string;
  readonly host: string;
  readonly embedded: string;
}

export interface FieldResult {
  readonly name: string;
  /** How many objects had the same value, and in how many of these it was not zero. */
  same: number;
  filled: number;
  readonly differences: Difference[];
  /** The running kernel has no such field. */
  absent: boolean;
}

/** Of every field of the model that iterators lead to, by name. */
export async function compare(
  host: Kernel,
  embedded: Kernel,
  subjects: readonly Subject[],
): Promise<ReadonlyMap<string, FieldResult>> {
  const results = new Map<string, FieldResult>();
  for (const root of rootNames) {
    const all = fieldsOf(model).filter((field) => field.root === root);
    const fields = all.filter(({ path }) => isIn(host.btf(), path) && isIn(embedded.btf(), path));
    for (const field of all) {
      const name = nameOf(field);
      const known = results.get(name) ?? { name, same: 0, filled: 0, differences: [], absent: true };
      if (fields.includes(field)) known.absent = false;
      results.set(name, known);
    }
    for (let first = 0; first < fields.length; first += FIELDS_A_PROGRAM) {
      const some = fields.slice(first, first + FIELDS_A_PROGRAM);
      for (const subject of subjects)
        if (subject.root === root) await compareSome(host, embedded, subject, some, results);
    }
  }
  return results;
}

/** Values of the fields of one object. */
interface Values {
  readonly object: string;
  readonly values: readonly Uint8Array[];
}

async function compareSome(
  host: Kernel,
  embedded: Kernel,
  subject: Subject,
  fields: readonly Field[],
  results: ReadonlyMap<string, FieldResult>,
): Promise<void> {
  const sizes = fields.map(({ path }) => Math.min(sizeIn(host.btf(), path), sizeIn(embedded.btf(), path)));
  const { there, here } = await readBoth(host, embedded, subject, fields, sizes);
  const [theirs, ours] = [there, here].map((list) => list.map(({ object }) => object).join(' '));
  if (theirs !== ours)
    throw new Error(`${subject.name}: the running kernel has the objects ${theirs}, the embedded one ${ours}`);
  there.forEach(({ object, values }, index) => {
    fields.forEach((field, column) => {
      const result = results.get(nameOf(field));
      const [their, our] = [values[column], here[index]?.values[column]];
      if (result === undefined || their === undefined || our === undefined)
        throw new Error('output is no whole number of objects');
      enter(result, { subject: subject.name, object, host: shown(field, their), embedded: shown(field, our) });
    });
  });
}

function enter(result: FieldResult, difference: Difference): void {
  if (difference.host !== difference.embedded) result.differences.push(difference);
  else {
    result.same += 1;
    if (!/^(0|NULL|NULL( NULL)+|"")$/.test(difference.host)) result.filled += 1;
  }
}

/** Objects that are known by keys may change a little (timers, counters): in a moment in which they did not. */
async function readBoth(
  host: Kernel,
  embedded: Kernel,
  subject: Subject,
  fields: readonly Field[],
  sizes: readonly number[],
): Promise<{ readonly there: readonly Values[]; readonly here: readonly Values[] }> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const there = await read(host, subject, fields, sizes);
    const here = await read(embedded, subject, fields, sizes);
    if (subject.keys === undefined) return { there, here };
    const again = await read(host, subject, fields, sizes);
    if (JSON.stringify(again) === JSON.stringify(there)) return { there, here };
  }
  throw new Error(`${subject.name}: never the same for two times`);
}

async function read(
  kernel: Kernel,
  { root: name, parameters, keys = [] }: Subject,
  fields: readonly Field[],
  sizes: readonly number[],
): Promise<readonly Values[]> {
  const root: Root = ROOTS[name];
  const object = openObject(readFileSync(template), { name: 'targets.bpf.o' });
  const beginnings = [...new Set(keys.map(beginningOf))];
  const transform = writing(kernel.btf(), { root, fields, sizes, beginnings });
  using loaded = await kernel.load(object, { programs: [root.target], transform });
  using link = loaded.program(root.target).attachIter(parameters);
  const chunks: Uint8Array[] = [];
  for await (const chunk of link.open().bytes()) chunks.push(chunk);
  return objectsIn(Buffer.concat(chunks), root, fields.length, new Set(keys));
}

/** Objects without keys in their order, others by their keys. */
function objectsIn(bytes: Buffer, { key }: Root, fields: number, keys: ReadonlySet<string>): readonly Values[] {
  const length = ((key === undefined ? 0 : 1) + fields) * VALUE_SIZE;
  const found: Values[] = [];
  for (let at = 0; at < bytes.length; at += length) {
    const values: Uint8Array[] = [];
    for (let value = at; value < at + length; value += VALUE_SIZE)
      values.push(bytes.subarray(value, value + VALUE_SIZE));
    const own = key === undefined ? undefined : values.shift();
    const object = own === undefined || key === undefined ? String(found.length) : shown(key, own);
    if (key === undefined || keys.has(object)) found.push({ object, values });
  }
  if (key === undefined) return found;
  return found.sort((a, b) => (a.object < b.object ? -1 : a.object > b.object ? 1 : 0));
}

/** A number, or a text, as keys are written. */
export const keyText = (key: number | string): string =>
  typeof key === 'number' ? key.toString(16) : JSON.stringify(key);

/** The first eight bytes of a key in memory, as a number. */
function beginningOf(key: string): bigint {
  if (!key.startsWith('"')) return BigInt.asUintN(64, BigInt(`0x${key}`));
  const bytes = Buffer.alloc(8);
  bytes.write(JSON.parse(key), 'latin1');
  return bytes.readBigUInt64LE();
}

/** A value as text: of pointers only whether they are NULL, as addresses are each kernel's own. */
function shown({ kind }: Pick<Field, 'kind'>, value: Uint8Array): string {
  if (kind === 'text' || kind === 'string') {
    const end = value.indexOf(0);
    return JSON.stringify(new TextDecoder().decode(end < 0 ? value : value.subarray(0, end)));
  }
  if (kind === 'pointer' || kind === 'pointers') {
    const words = Array.from({ length: VALUE_SIZE / 8 }, (_, index) => value.subarray(8 * index, 8 * index + 8));
    const isSet = words.map((word) => (word.every((byte) => byte === 0) ? 'NULL' : 'set'));
    return kind === 'pointer' ? (isSet[0] ?? '') : isSet.join(' ');
  }
  return Buffer.from(value).reverse().toString('hex').replace(/^0+/, '') || '0';
}

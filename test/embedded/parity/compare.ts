/**
 * Reads the same fields of the same objects on two kernels: the running one, and the embedded one over its /proc.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { model } from '../../../src/embedded/model/index.ts';
import type { IterParameters, Kernel } from '../../../src/kernel.ts';
import { openObject } from '../../../src/object/index.ts';
import { type Field, fieldsOf, nameOf, TARGETS, type Target } from './fields.ts';
import { isIn, sizeIn, VALUE_SIZE, writing } from './program.ts';

/** Programs of some thousand instructions, and output that fits the buffer of a session. */
const FIELDS_A_PROGRAM = 40;

const template = fileURLToPath(new URL('fixtures/targets.bpf.o', import.meta.url));

/** Objects that exist while they are compared, and do not change. */
export interface Subject {
  readonly name: string;
  readonly target: Target;
  readonly parameters: IterParameters;
}

export interface Difference {
  readonly subject: string;
  /** Of the objects that the subject has, in order. */
  readonly object: number;
  readonly host: string;
  readonly embedded: string;
}

export interface FieldResult {
  readonly name: string;
  /** How many objects had the same value, and in how many of these it was not zero. */
  same: number;
  filled: number;
  readonly differences: Difference[];
  /** The running kernel has no such field, or has it in bits. */
  readonly absent: boolean;
}

/** Of every field of the model that iterators lead to, by name. */
export async function compare(
  host: Kernel,
  embedded: Kernel,
  subjects: readonly Subject[],
): Promise<ReadonlyMap<string, FieldResult>> {
  const results = new Map<string, FieldResult>();
  for (const field of fieldsOf(model)) {
    const absent = !isIn(host.btf(), field) || !isIn(embedded.btf(), field);
    results.set(nameOf(field), { name: nameOf(field), same: 0, filled: 0, differences: [], absent });
  }
  for (const target of TARGETS) {
    const fields = fieldsOf(model).filter((field) => field.target === target && !results.get(nameOf(field))?.absent);
    for (let first = 0; first < fields.length; first += FIELDS_A_PROGRAM) {
      const some = fields.slice(first, first + FIELDS_A_PROGRAM);
      for (const subject of subjects)
        if (subject.target === target) await compareSome(host, embedded, subject, some, results);
    }
  }
  return results;
}

async function compareSome(
  host: Kernel,
  embedded: Kernel,
  subject: Subject,
  fields: readonly Field[],
  results: ReadonlyMap<string, FieldResult>,
): Promise<void> {
  const sizes = fields.map((field) => Math.min(sizeIn(host.btf(), field), sizeIn(embedded.btf(), field)));
  const [there, here] = [await read(host, subject, fields, sizes), await read(embedded, subject, fields, sizes)];
  const length = fields.length * VALUE_SIZE;
  if (there.length !== here.length) {
    const count = (bytes: Uint8Array) => bytes.length / length;
    throw new Error(`${subject.name}: the running kernel has ${count(there)} objects, the embedded one ${count(here)}`);
  }
  for (let at = 0; at < there.length; at += VALUE_SIZE) {
    const object = Math.floor(at / length);
    const field = fields[(at % length) / VALUE_SIZE];
    const result = field && results.get(nameOf(field));
    if (field === undefined || result === undefined) throw new Error('output is no whole number of objects');
    const [ours, theirs] = [shown(field, here.subarray(at)), shown(field, there.subarray(at))];
    if (ours !== theirs) result.differences.push({ subject: subject.name, object, host: theirs, embedded: ours });
    else {
      result.same += 1;
      if (!/^(0|NULL|NULL( NULL)+|"")$/.test(ours)) result.filled += 1;
    }
  }
}

async function read(
  kernel: Kernel,
  { target, parameters }: Subject,
  fields: readonly Field[],
  sizes: readonly number[],
): Promise<Uint8Array> {
  const object = openObject(readFileSync(template), { name: 'targets.bpf.o' });
  using loaded = await kernel.load(object, { programs: [target], transform: writing(kernel.btf(), fields, sizes) });
  using link = loaded.program(target).attachIter(parameters);
  const chunks: Uint8Array[] = [];
  for await (const chunk of link.open().bytes()) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

/** A value as text: of pointers only whether they are NULL, as addresses are each kernel's own. */
function shown({ kind }: Field, bytes: Uint8Array): string {
  const value = bytes.subarray(0, VALUE_SIZE);
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

/**
 * A program that writes the values of fields, one after the other, for each object that it is called with: made for
 * one kernel, with the places that its types have. Everything is read with bpf_probe_read_kernel, so that a pointer
 * that leads nowhere gives zeros.
 */
import type { Btf } from '../../../src/btf/index.ts';
import { encodeAll, type Instruction } from '../../../src/isa/index.ts';
import type { LinkedProgram } from '../../../src/object/index.ts';
import { helperId } from '../../../src/uapi/index.ts';
import { type Field, nameOf, ROOTS, type Step } from './fields.ts';

/** Bytes that are written for each field. */
export const VALUE_SIZE = 64;

const FLEXIBLE = 4;
const POINTER = -8;
const VALUE = -8 - VALUE_SIZE;

const helper = (name: string): Instruction => {
  const id = helperId(`bpf_${name}`);
  if (id === undefined) throw new Error(`no helper ${name}`);
  return { kind: 'call', target: { kind: 'helper', id } };
};
const move = (dst: number, source: number): Instruction => ({
  kind: 'alu',
  width: 64,
  op: 'mov',
  dst,
  source: { register: source },
});
const add = (dst: number, immediate: number): Instruction => ({
  kind: 'alu',
  width: 64,
  op: 'add',
  dst,
  source: { immediate },
});
const constant = (dst: number, immediate: number): Instruction => ({
  kind: 'alu',
  width: 64,
  op: 'mov',
  dst,
  source: { immediate },
});
const load = (dst: number, base: number, off: number): Instruction => ({
  kind: 'load',
  size: 8,
  signed: false,
  dst,
  base,
  off,
});

/** Where a member is; undefined if that kernel has none, or keeps it in bits. */
function place(
  btf: Btf,
  { struct, member }: Pick<Step, 'struct' | 'member'>,
): { offset: number; size: number } | undefined {
  const id = btf.find(struct, 'struct');
  const found = id === undefined ? undefined : btf.member(id, member);
  if (found === undefined || found.bitSize !== undefined) return undefined;
  // Of an array without a length, the beginning of the first element.
  return { offset: found.bitOffset / 8, size: btf.sizeOfType(found.type) || FLEXIBLE };
}

/** Whether both kernels can be asked for it. */
export const isIn = (btf: Btf, { path }: Field): boolean => path.every((step) => place(btf, step) !== undefined);

/** @param sizes how much to read of each field: no more than both kernels have */
function readField(btf: Btf, field: Field, size: number): Instruction[] {
  const code: Instruction[] = [];
  for (let at = VALUE; at < POINTER; at += 8) {
    code.push({ kind: 'store', size: 8, base: 10, off: at, source: { immediate: 0 } });
  }
  code.push(move(3, 6));
  for (const step of field.path) {
    const { offset = 0 } = place(btf, step) ?? {};
    code.push(add(3, offset));
    if (step.follow) {
      code.push(...read('probe_read_kernel', POINTER, 8), load(3, 10, POINTER));
    }
  }
  if (field.kind === 'string') {
    code.push(...read('probe_read_kernel', POINTER, 8), load(3, 10, POINTER));
    code.push(...read('probe_read_kernel_str', VALUE, VALUE_SIZE));
  } else code.push(...read('probe_read_kernel', VALUE, Math.min(size, VALUE_SIZE)));
  code.push(move(1, 7), move(2, 10), add(2, VALUE), constant(3, VALUE_SIZE), helper('seq_write'));
  return code;
}

/** From the address in r3. */
const read = (name: string, to: number, size: number): Instruction[] => [
  move(1, 10),
  add(1, to),
  constant(2, size),
  helper(name),
];

/** Bytes of a field that the kernel has. */
export const sizeIn = (btf: Btf, field: Field): number => place(btf, field)?.size ?? 0;

/** Puts the program into the place of one that does nothing. @param sizes of the fields, as sizeIn() */
export function writing(btf: Btf, fields: readonly Field[], sizes: readonly number[]) {
  return (linked: LinkedProgram): LinkedProgram => {
    const target = linked.program.attachTarget?.name;
    const [first] = fields;
    if (first === undefined || first.target !== target) return linked;
    const body = fields.flatMap((field, index) => readField(btf, field, sizes[index] ?? 0));
    const code: Instruction[] = [
      load(6, 1, ROOTS[first.target].slot),
      load(7, 1, 0),
      load(7, 7, 0),
      { kind: 'jump', width: 64, condition: 'ne', dst: 6, source: { immediate: 0 }, off: 2 },
      constant(0, 0),
      { kind: 'exit' },
      ...body,
      constant(0, 0),
      { kind: 'exit' },
    ];
    const { funcInfo, lineInfo, ...rest } = linked;
    const members = fields.flatMap(({ path }) => path.map(nameOf));
    return { ...rest, insns: encodeAll(code), members };
  };
}

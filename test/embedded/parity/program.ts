/**
 * A program that writes the values of fields, one after the other, for each object that it is called with: made for
 * one kernel, with the places that its types have. Everything is read with bpf_probe_read_kernel, so that a pointer
 * that leads nowhere gives zeros. Where objects have keys, only those are written whose key is asked for, behind it.
 */
import type { Btf } from '../../../src/btf/index.ts';
import { encodeAll, type Instruction } from '../../../src/isa/index.ts';
import type { LinkedProgram } from '../../../src/object/index.ts';
import { helperId } from '../../../src/uapi/index.ts';
import { type Field, nameOf } from './fields.ts';
import type { Root, Step } from './roots.ts';

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

interface Place {
  readonly offset: number;
  readonly size: number;
  /** Of a bit field: bits below it, and its own. */
  readonly bits?: { readonly below: number; readonly count: number };
}

/** Where a member is; undefined if that kernel has none. */
function place(btf: Btf, { struct, member }: Pick<Step, 'struct' | 'member'>): Place | undefined {
  const id = btf.find(struct, 'struct');
  const found = id === undefined ? undefined : btf.member(id, member);
  if (found === undefined) return undefined;
  const { bitOffset, bitSize, type } = found;
  const below = bitOffset % 8;
  return {
    offset: (bitOffset - below) / 8,
    // Of an array without a length, the beginning of the first element.
    size: btf.sizeOfType(type) || FLEXIBLE,
    ...(bitSize !== undefined && { bits: { below, count: bitSize } }),
  };
}

/** Whether both kernels can be asked for it. */
export const isIn = (btf: Btf, path: readonly Step[]): boolean => path.every((step) => place(btf, step) !== undefined);

/** Reads what a path from the object in r6 leads to, and writes it to the session, whose seq_file is in r7. */
function readField(btf: Btf, { path, kind }: Pick<Field, 'path' | 'kind'>, size: number): Instruction[] {
  const code: Instruction[] = [];
  for (let at = VALUE; at < POINTER; at += 8) {
    code.push({ kind: 'store', size: 8, base: 10, off: at, source: { immediate: 0 } });
  }
  code.push(move(3, 6));
  for (const step of path) {
    const { offset = 0 } = place(btf, step) ?? {};
    code.push(add(3, step.way === 'container' ? -offset : offset));
    if (step.way === 'follow') code.push(...read('probe_read_kernel', POINTER, 8), load(3, 10, POINTER));
  }
  if (kind === 'string') {
    code.push(...read('probe_read_kernel', POINTER, 8), load(3, 10, POINTER));
    code.push(...read('probe_read_kernel_str', VALUE, VALUE_SIZE));
  } else code.push(...read('probe_read_kernel', VALUE, Math.min(size, VALUE_SIZE)));
  const { bits } = path.map((step) => place(btf, step)).at(-1) ?? {};
  if (bits !== undefined) code.push(...takeBits(bits));
  return code;
}

/** Leaves of what was read only a bit field. */
function takeBits({ below, count }: NonNullable<Place['bits']>): Instruction[] {
  const change = (op: 'rsh' | 'and', immediate: number): Instruction => ({
    kind: 'alu',
    width: 64,
    op,
    dst: 1,
    source: { immediate },
  });
  return [
    load(1, 10, VALUE),
    change('rsh', below),
    change('and', 2 ** count - 1),
    { kind: 'store', size: 8, base: 10, off: VALUE, source: { register: 1 } },
  ];
}

const write: readonly Instruction[] = [
  move(1, 7),
  move(2, 10),
  add(2, VALUE),
  constant(3, VALUE_SIZE),
  helper('seq_write'),
];

/** Ends the program unless the key begins with one of these; else writes the key. */
function readKey(btf: Btf, { path, kind }: NonNullable<Root['key']>, size: number, beginnings: readonly bigint[]) {
  // One comparison each: a constant of two slots and a jump, behind the last one of which the program ends.
  const comparisons = beginnings.flatMap((value, index): Instruction[] => [
    { kind: 'ld_imm64', dst: 2, source: { kind: 'value', value } },
    {
      kind: 'jump',
      width: 64,
      condition: 'eq',
      dst: 1,
      source: { register: 2 },
      off: 3 * (beginnings.length - 1 - index) + 2,
    },
  ]);
  return [
    ...readField(btf, { path, kind }, size),
    load(1, 10, VALUE),
    ...comparisons,
    constant(0, 0),
    { kind: 'exit' } as const,
    ...write,
  ];
}

/** From the address in r3. */
const read = (name: string, to: number, size: number): Instruction[] => [
  move(1, 10),
  add(1, to),
  constant(2, size),
  helper(name),
];

/** Bytes of what a path leads to that the kernel has. */
export const sizeIn = (btf: Btf, path: readonly Step[]): number => {
  const last = path.at(-1);
  return (last && place(btf, last)?.size) ?? 0;
};

export interface Writing {
  readonly root: Root;
  readonly fields: readonly Pick<Field, 'path' | 'kind'>[];
  /** Of the fields: no more than both kernels have. */
  readonly sizes: readonly number[];
  /** Eight bytes that the keys begin with of objects that are wanted; of roots without keys all are. */
  readonly beginnings: readonly bigint[];
}

/** Puts the program into the place of one that does nothing. */
export function writing(btf: Btf, { root, fields, sizes, beginnings }: Writing) {
  return (linked: LinkedProgram): LinkedProgram => {
    const { key } = root;
    const code: Instruction[] = [
      load(6, 1, root.slot),
      load(7, 1, 0),
      load(7, 7, 0),
      { kind: 'jump', width: 64, condition: 'ne', dst: 6, source: { immediate: 0 }, off: 2 },
      constant(0, 0),
      { kind: 'exit' },
      ...(key === undefined ? [] : readKey(btf, key, sizeIn(btf, key.path), beginnings)),
      ...fields.flatMap((field, index) => [...readField(btf, field, sizes[index] ?? 0), ...write]),
      constant(0, 0),
      { kind: 'exit' },
    ];
    const { funcInfo, lineInfo, ...rest } = linked;
    const paths = [...fields.map(({ path }) => path), key?.path ?? [], root.way];
    return { ...rest, insns: encodeAll(code), members: paths.flatMap((path) => path.map(memberOf)) };
  };
}

/** `sock_common.skc_net` of `sock_common.skc_net.net`. */
const memberOf = ({ struct, member }: Step): string => nameOf({ struct, member: member.replace(/\..*/, '') });

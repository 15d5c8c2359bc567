/** Whether a program can keep or show pointers to objects of the kernel: each way in which it can, and near misses. */
import { expect, test } from 'vitest';
import { embeddedProfile, model } from '../../../src/embedded/index.ts';
import { findSectionDefinition } from '../../../src/object/index.ts';
import { mapTypeId } from '../../../src/uapi/index.ts';
import type { VerifierMap } from '../../../src/verifier/index.ts';
import { verify } from '../../../src/verifier/index.ts';
import { assemble } from '../assemble.ts';

const BPF_F_RDONLY_PROG = 1 << 7;
const { btf } = model;
const profile = embeddedProfile(model);

/** `{task_struct.comm}` stands for the offset of the member. */
const withOffsets = (code: string): string =>
  code.replace(/\{(\w+)\.([\w.]+)\}/g, (_, struct: string, path: string) =>
    String(model.layoutOf(struct).field(path).offset),
  );

const map = (name: string, type: string, valueSize: number, more: Partial<VerifierMap> = {}): VerifierMap => ({
  name,
  type: mapTypeId(type) ?? 0,
  keySize: type === 'ringbuf' ? 0 : 4,
  valueSize,
  maxEntries: type === 'ringbuf' ? 4096 : 1,
  flags: 0,
  extra: 0n,
  frozen: false,
  value: undefined,
  fields: undefined,
  btfValueTypeId: 0,
  btfKeyTypeId: 0,
  inner: undefined,
  ...more,
});

/** Map of a constant text. */
const format = (text: string): VerifierMap => {
  const value = new TextEncoder().encode(`${text}\0`);
  return map('format', 'array', value.length, { value, frozen: true, flags: BPF_F_RDONLY_PROG });
};

function keptBy(code: string, section = 'iter/task', text = ''): string[] {
  const maps: Readonly<Record<string, VerifierMap>> = {
    values: map('values', 'array', 64),
    ring: map('ring', 'ringbuf', 0),
    programs: map('programs', 'prog_array', 4),
    format: format(text),
  };
  const { insns, maps: references } = assemble(withOffsets(code), (name) => btf.find(name, 'func') ?? 0);
  const definition = findSectionDefinition(section);
  const result = verify(
    {
      name: 'test',
      section,
      insns,
      maps: references.map(({ insn, name, kind, offset }) => ({ insn, map: maps[name] as VerifierMap, kind, offset })),
      type: definition?.type ?? 0,
      expectedAttachType: definition?.attachType ?? 0,
      flags: 0,
      license: 'GPL',
      attachBtfId: btf.find(`bpf_iter_${section.split('/')[1]}`, 'func') ?? 0,
      attachModule: undefined,
      attachesToProgram: false,
      btf: undefined,
      functions: [],
      lines: [],
      kfuncModules: [],
    },
    profile,
  );
  if (result.verdict !== 'accept') throw new Error(`refused: ${result.message}`);
  return [...result.keptPointers];
}

/** r6 is the seq_file, r7 the task. */
const TASK = 'r6 = *(u64 *)(r1 +0); r6 = *(u64 *)(r6 +0); r7 = *(u64 *)(r1 +8); if r7 == 0 goto out';
const END = 'out:; r0 = 0; exit';
const task = (code: string): string => `${TASK}; ${code}; ${END}`;
/** Leaves the value of the map in r0. */
const LOOKUP =
  '*(u32 *)(r10 -4) = 0; r1 = map[values]; r2 = r10; r2 += -4; call bpf_map_lookup_elem; if r0 == 0 goto out';
/** Prints the word at fp-8. */
const PRINT = 'r1 = r6; r2 = value[format] +0; r3 = SIZE; r4 = r10; r4 += -8; r5 = 8; call bpf_seq_printf';
const print = (code: string, text: string): string[] =>
  keptBy(task(`${code}; ${PRINT.replace('SIZE', String(text.length + 1))}`), 'iter/task', text);

test.each([
  ['reads numbers and texts', 'r1 = *(u32 *)(r7 +{task_struct.pid}); r2 = *(u64 *)(r7 +{task_struct.comm})'],
  ['follows a pointer', 'r1 = *(u64 *)(r7 +{task_struct.real_parent}); r1 = *(u32 *)(r1 +{task_struct.pid})'],
  ['compares two pointers', 'r1 = *(u64 *)(r7 +{task_struct.group_leader}); if r1 == r7 goto out; r2 = 0'],
  ['compares one with NULL', 'r1 = *(u64 *)(r7 +{task_struct.mm}); if r1 == 0 goto out; r2 = 0'],
  ['spills a pointer and fills it again', '*(u64 *)(r10 -8) = r7; r1 = *(u64 *)(r10 -8); r1 = *(u32 *)(r1 +8)'],
  ['stores a number in a map', `${LOOKUP}; r1 = *(u32 *)(r7 +{task_struct.pid}); *(u64 *)(r0 +0) = r1`],
  ['writes a text', 'r1 = r6; r2 = r7; r2 += {task_struct.comm}; r3 = 16; call bpf_seq_write'],
  ['copies a text', 'r1 = r10; r1 += -16; r2 = 16; r3 = r7; r3 += {task_struct.comm}; call bpf_probe_read_kernel'],
  [
    'takes a reference',
    'r1 = r7; call kfunc bpf_task_acquire; if r0 == 0 goto out; r1 = r0; call kfunc bpf_task_release',
  ],
  [
    'walks over its threads',
    'r1 = r10; r1 += -24; r2 = r7; r3 = 2; call kfunc bpf_iter_task_new; r1 = r10; r1 += -24; call kfunc bpf_iter_task_destroy',
  ],
])('a program that %s keeps nothing', (_, code) => {
  expect(keptBy(task(code))).toEqual([]);
});

const MEMBER = `r8 = *(u64 *)(r7 +{task_struct.mm}); if r8 == 0 goto out`;

test.each([
  ['subtracts pointers', `${MEMBER}; r1 = r7; r1 -= r8`, ['task_struct', 'mm_struct']],
  ['takes the low half', 'w1 = w7', ['task_struct']],
  ['stores one in a map', `${LOOKUP}; *(u64 *)(r0 +0) = r7`, ['task_struct']],
  ['adds one to a value atomically', `${LOOKUP}; lock *(u64 *)(r0 +0) += r7`, ['task_struct']],
  ['compares one with a number', `${LOOKUP}; r1 = *(u64 *)(r0 +0); if r7 == r1 goto out; r2 = 0`, ['task_struct']],
  [
    'stores one in a ring buffer',
    `r1 = map[ring]; r2 = 8; r3 = 0; call bpf_ringbuf_reserve; if r0 == 0 goto out; *(u64 *)(r0 +0) = r7
     r1 = r0; r2 = 0; call bpf_ringbuf_submit`,
    ['task_struct'],
  ],
  [
    'sends one to a ring buffer',
    '*(u64 *)(r10 -8) = r7; r1 = map[ring]; r2 = r10; r2 += -8; r3 = 8; r4 = 0; call bpf_ringbuf_output',
    ['task_struct'],
  ],
  [
    'has one in the value of an update',
    `*(u32 *)(r10 -4) = 0; *(u64 *)(r10 -16) = r7; *(u64 *)(r10 -24) = 0; *(u64 *)(r10 -32) = 0; *(u64 *)(r10 -40) = 0
     *(u64 *)(r10 -48) = 0; *(u64 *)(r10 -56) = 0; *(u64 *)(r10 -64) = 0; *(u64 *)(r10 -72) = 0; r1 = map[values]
     r2 = r10; r2 += -4; r3 = r10; r3 += -72; r4 = 0; call bpf_map_update_elem`,
    ['task_struct'],
  ],
  ['writes one', '*(u64 *)(r10 -8) = r7; r1 = r6; r2 = r10; r2 += -8; r3 = 8; call bpf_seq_write', ['task_struct']],
  ['writes a member that is one', 'r1 = r6; r2 = r7; r2 += {task_struct.mm}; r3 = 8; call bpf_seq_write', ['*']],
  [
    'reads one as memory',
    'r1 = r10; r1 += -8; r2 = 8; r3 = r7; r3 += {task_struct.mm}; call bpf_probe_read_kernel',
    ['*'],
  ],
  ['reads what a number leads to', 'r1 = r10; r1 += -8; r2 = 8; r3 = 4096; call bpf_probe_read_kernel', ['*']],
  ['takes a number for an object', 'r1 = 4096; r2 = 0; call kfunc bpf_rdonly_cast', ['*']],
  ['calls another program', 'r1 = r9; r2 = map[programs]; r3 = 0; call bpf_tail_call', ['*']],
  [
    'shows a struct by its type',
    `*(u64 *)(r10 -16) = r7; *(u32 *)(r10 -8) = 1; *(u32 *)(r10 -4) = 0; r1 = r6; r2 = r10; r2 += -16; r3 = 16; r4 = 0
     call bpf_seq_printf_btf`,
    ['task_struct'],
  ],
  [
    'spills one where another path has data that is written',
    `r1 = *(u32 *)(r7 +{task_struct.pid}); call bpf_get_prandom_u32; *(u32 *)(r10 -8) = 0; *(u32 *)(r10 -4) = 0
     if r0 == 0 goto write; *(u64 *)(r10 -8) = r7; write:; r1 = r6; r2 = r10; r2 += -8; r3 = 8; call bpf_seq_write`,
    ['task_struct'],
  ],
])('a program that %s keeps it', (_, code, structs) => {
  expect(keptBy(code.includes('r1 = r9') ? `r9 = r1; ${task(code)}` : task(code)).sort()).toEqual(structs.sort());
});

const SPILL = '*(u64 *)(r10 -8) = r7';
const COMM = 'r1 = r7; r1 += {task_struct.comm}; *(u64 *)(r10 -8) = r1';

test('what is printed is kept as its format says', () => {
  expect(print(COMM, '%s')).toEqual([]);
  expect(print(COMM, '%d')).toEqual(['task_struct']);
  expect(print(SPILL, '%p')).toEqual(['task_struct']);
  expect(print(SPILL, '%lx')).toEqual(['task_struct']);
  expect(print('r1 = r7; r1 += {task_struct.mm}; *(u64 *)(r10 -8) = r1', '%s')).toEqual(['*']);
  expect(print('*(u64 *)(r10 -8) = 4096', '%s')).toEqual(['*']);
  expect(print('*(u64 *)(r10 -8) = 4096', '%d')).toEqual([]);
  // Nobody asks for the word.
  expect(print(SPILL, 'none')).toEqual([]);
});

test('a format that may change shows anything', () => {
  const code = `*(u64 *)(r10 -8) = 0; *(u64 *)(r10 -16) = 0; r1 = r6; r2 = r10; r2 += -16; r3 = 8; r4 = r10; r4 += -8
    r5 = 8; call bpf_seq_printf`;
  expect(keptBy(task(code))).toEqual(['*']);
});

test('what a call did not write may be a pointer of the one before', () => {
  const write = 'r1 = r6; r2 = r10; r2 += -16; r3 = 8; call bpf_seq_write';
  expect(keptBy(task(`*(u64 *)(r10 -32) = r7; *(u64 *)(r10 -16) = 0; ${write}`))).toEqual([]);
  expect(keptBy(task(`*(u64 *)(r10 -32) = r7; *(u32 *)(r10 -16) = 0; ${write}`))).toEqual(['task_struct']);
  expect(keptBy(task(`*(u32 *)(r10 -16) = 0; ${write}`))).toEqual([]);
});

test('a text on the stack may end behind a pointer', () => {
  const text = (pointer: string): string =>
    `*(u64 *)(r10 -32) = 0; ${pointer}; r1 = r10; r1 += -32; *(u64 *)(r10 -8) = r1`;
  expect(print(text('*(u64 *)(r10 -24) = r7'), '%s')).toEqual(['task_struct']);
  expect(print(text('*(u64 *)(r10 -40) = r7'), '%s')).toEqual([]);
});

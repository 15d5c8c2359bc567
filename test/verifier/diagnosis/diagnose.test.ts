import { describe, expect, test } from 'vitest';
import { Btf, BtfBuilder } from '../../../src/btf/index.ts';
import { findSectionDefinition } from '../../../src/object/index.ts';
import { mapTypeId } from '../../../src/uapi/index.ts';
import { diagnose, linux618, type VerifierMap, type VerifierProgram, verify } from '../../../src/verifier/index.ts';
import { assemble } from '../assemble.ts';
import { prototypesToBtf } from '../prototypes.ts';

const profile = linux618(Btf.parse(new BtfBuilder().bytes()));

/** Line info is only taken with that of functions. */
const types = prototypesToBtf(['int test(struct __sk_buff *skb)']);

const map = (type: string, keySize: number, valueSize: number, maxEntries: number): VerifierMap => ({
  name: type,
  type: mapTypeId(type) ?? 0,
  keySize,
  valueSize,
  maxEntries,
  flags: 0,
  extra: 0n,
  frozen: false,
  value: undefined,
  fields: undefined,
  btfValueTypeId: 0,
  btfKeyTypeId: 0,
  inner: undefined,
});
const maps: Readonly<Record<string, VerifierMap>> = {
  hash: map('hash', 4, 32, 8),
  array: map('array', 4, 4, 1),
  ringbuf: map('ringbuf', 0, 0, 4096),
};

/** Source lines by the instruction they begin at, or none. */
function explain(code: string, lines: Readonly<Record<number, string>> = {}, section = 'socket'): string {
  const { insns, maps: references } = assemble(code);
  const hasLines = Object.keys(lines).length > 0;
  const definition = findSectionDefinition(section);
  const program: VerifierProgram = {
    name: 'test',
    section,
    insns,
    maps: references.map((reference) => ({ ...reference, map: maps[reference.name] ?? map('', 0, 0, 0) })),
    type: definition?.type ?? 0,
    expectedAttachType: definition?.attachType ?? 0,
    flags: 0,
    license: 'GPL',
    attachBtfId: 0,
    attachModule: undefined,
    attachesToProgram: false,
    btf: hasLines ? Btf.parse(types.bytes) : undefined,
    functions: hasLines ? types.functions.map(({ typeId }) => ({ insn: 0, typeId })) : [],
    lines: Object.entries(lines).map(([insn, text], index) => ({
      insn: Number(insn),
      file: '/src/test.bpf.c',
      line: 10 + index,
      column: 1,
      text: `\t${text}`,
    })),
    kfuncModules: [],
  };
  return diagnose(verify(program, profile), program);
}

const LOOKUP = `
  *(u32 *)(r10 -4) = 1
  r2 = r10
  r2 += -4
  r1 = map[hash]
  call bpf_map_lookup_elem
`;

describe('a diagnosis', () => {
  test('names the source line, what the register is, the call it came from, and the mending', () => {
    expect(
      explain(`${LOOKUP} r6 = r0; r0 = *(u64 *)(r6 +0); exit`, {
        0: 'int key = 1;',
        1: 'value = bpf_map_lookup_elem(&hash, &key);',
        7: 'return *value;',
      }),
    ).toBe(
      [
        'test.bpf.c:12: return *value;',
        "    R6 invalid mem access 'map_value_or_null'",
        '    R6 may be NULL: it is map_value_or_null(id=1,map=hash,ks=4,vs=32), the result of bpf_map_lookup_elem() at test.bpf.c:11',
        '    to mend it: compare it with NULL, and use it only where it is not',
      ].join('\n'),
    );
  });

  test('names instructions where there is no line info', () => {
    const text = explain(`${LOOKUP} r0 = *(u64 *)(r0 +0); exit`);
    expect(text).toMatch(/^instruction 6: r0 = \*\(u64 \*\)\(r0 \+0\)\n/);
    expect(text).toContain('the result of bpf_map_lookup_elem() at instruction 5');
  });

  test('follows a pointer through a spill to the stack', () => {
    expect(explain(`${LOOKUP} *(u64 *)(r10 -16) = r0; r1 = *(u64 *)(r10 -16); r0 = *(u64 *)(r1 +0); exit`)).toContain(
      'R1 may be NULL: it is map_value_or_null(id=1,map=hash,ks=4,vs=32), the result of bpf_map_lookup_elem() at instruction 5',
    );
  });

  test('tells the branches of the refused path alone', () => {
    const text = explain(
      'r1 = *(u32 *)(r1 +0); if r1 > 5 goto large; r0 = 0; exit; large:; if r1 > 9 goto out; r0 = 1; out:; exit',
      { 0: 'if (skb->len > 5)', 2: 'return 0;', 4: 'if (skb->len > 9)', 5: 'result = 1;', 6: 'return result;' },
    );
    expect(text).toBe(
      [
        'test.bpf.c:14: return result;',
        '    R0 !read_ok',
        '    R0 has no value here: nothing on this path sets it',
        '    by the branches',
        '        test.bpf.c:10: if (skb->len > 5) -> line 12',
        '        test.bpf.c:12: if (skb->len > 9) -> line 14',
        '    to mend it: return a value on every path',
      ].join('\n'),
    );
  });

  test('says which call left nothing in a register', () => {
    expect(explain('call bpf_get_prandom_u32; r0 = r3; exit')).toContain(
      'R3 has no value here: the call of bpf_get_prandom_u32() at instruction 0 left nothing in it',
    );
  });

  test('goes on in the caller for what a function was given', () => {
    expect(explain(`${LOOKUP} r1 = r0; call get; exit; get:; r0 = *(u64 *)(r1 +0); exit`)).toContain(
      'the result of bpf_map_lookup_elem() at instruction 5',
    );
  });

  test('does not take what a function did to its own registers for the caller’s', () => {
    expect(explain(`${LOOKUP} r6 = r0; call noop; r0 = *(u64 *)(r6 +0); exit; noop:; r6 = 0; r0 = 0; exit`)).toContain(
      'R6 may be NULL: it is map_value_or_null(id=1,map=hash,ks=4,vs=32), the result of bpf_map_lookup_elem() at instruction 5',
    );
  });

  test('says since when something is held', () => {
    const text = explain(`
      r1 = map[ringbuf]; r2 = 8; r3 = 0
      call bpf_ringbuf_reserve
      r0 = 0
      exit`);
    expect(text).toContain('held since instruction 4: call bpf_ringbuf_reserve#131');
    expect(text).toContain('to mend it: release it on every path to the exit');
  });

  test('counts the rounds of a loop that does not end', () => {
    const text = explain('r0 = 0; again:; if r0 == 0 goto again; exit');
    expect(text).toMatch(/^instruction 1: if r0 == 0x0 goto pc-1\n {4}infinite loop detected at insn 1\n/);
    expect(text).toContain('instruction 1: if r0 == 0x0 goto pc-1 -> instruction 1');
  });

  test('names the instruction of a refusal before any path is walked', () => {
    expect(explain('r0 = 0; exit; r0 = 1; exit', { 0: 'return 0;', 2: 'return 1;' })).toBe(
      [
        'test.bpf.c:11: return 1;',
        '    unreachable insn 2',
        '    to mend it: remove the code that nothing leads to',
      ].join('\n'),
    );
  });

  test('does not show what refused arithmetic left half-written', () => {
    const text = explain(`r6 = *(u32 *)(r1 +0); r6 <<= 32; r6 s>>= 30; r1 = value[array]; r6 += r1; r0 = 0; exit`);
    expect(text).toContain('value -8589934592 makes map_value pointer be out of bounds');
    expect(text).toContain('R6 is computed at instruction 2: r6 s>>= 30\n');
    expect(text).toContain('R1 is map_value(map=array,ks=4,vs=4), set at instruction 3');
  });

  test('is empty for a program that is accepted', () => {
    expect(explain('r0 = 0; exit')).toBe('');
  });
});

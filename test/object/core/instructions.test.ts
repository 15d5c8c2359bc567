import { describe, expect, test } from 'vitest';
import { BPF_CORE_FIELD_BYTE_OFFSET, BPF_CORE_FIELD_EXISTS, relocateProgram } from '../../../src/object/core/index.ts';
import { declare } from '../c-declarations.ts';
import { concat, findType, ldImm64, ldx, mov, poisoned, relocate, slot, targets } from './relocation.ts';

const local = 'struct s { u32 a; };';
const kernel = 'struct s { u64 x; u32 a; };';

const offset = (insns: Uint8Array, declarations: { local?: string; kernel?: string } = {}) =>
  relocate({
    local,
    kernel,
    ...declarations,
    type: 'struct s',
    access: '0:0',
    kind: BPF_CORE_FIELD_BYTE_OFFSET,
    insns,
  });

describe('the answer goes', () => {
  test.each([
    ['into the immediate of a mov', mov(0), mov(8)],
    ['into the immediate of a 32-bit mov', slot(0xb4, 0, 0), slot(0xb4, 0, 8)],
    ['into the immediate of an addition', slot(0x07, 0, 0), slot(0x07, 0, 8)],
    ['into both halves of ld_imm64', ldImm64(0n), ldImm64(8n)],
    ['into the offset of a load', ldx(4, 0), ldx(4, 8)],
    ['into the offset of a load with sign extension', slot(0x81, 0, 0), slot(0x81, 8, 0)],
    ['into the offset of a store', slot(0x63, 0, 0), slot(0x63, 8, 0)],
    ['into the offset of a store of a constant', slot(0x62, 0, 5), slot(0x62, 8, 5)],
    ['into the offset of an atomic operation', slot(0xc3, 0, 1), slot(0xc3, 8, 1)],
  ])('%s', (_, insns, expected) => {
    expect(offset(insns).insns).toEqual(expected);
  });
});

describe('an instruction is refused', () => {
  test.each([
    ['that adds a register', slot(0x0f, 0, 0), 'instruction with opcode 0x0f has no place for the answer'],
    ['that jumps', slot(0x05, 0, 0), 'instruction with opcode 0x05 has no place for the answer'],
    ['that calls', slot(0x85, 0, 0), 'instruction with opcode 0x85 has no place for the answer'],
    ['that loads from a packet', slot(0x20, 0, 0), 'instruction with opcode 0x20 has no place for the answer'],
    ['that loads a map', concat(slot(0x18, 0, 0, 0x11), slot(0, 0, 0, 0)), 'opcode 0x18 has no place'],
    ['that is the first half of ld_imm64', slot(0x18, 0, 0, 0x01), 'opcode 0x18 has no place'],
    ['whose second half is not empty', concat(slot(0x18, 0, 0, 0x01), slot(0, 0, 0, 1)), 'opcode 0x18 has no place'],
    ['with another immediate', mov(4), 'instruction has 4 where the compiler should have put 0 (for 8)'],
    ['with another offset', ldx(4, -4), 'instruction has -4 where the compiler should have put 0 (for 8)'],
    ['with another upper half', ldImm64(1n << 32n), 'instruction has 4294967296 where the compiler should have put 0'],
  ])('%s', (_, insns, message) => {
    expect(() => offset(insns)).toThrow(message);
  });

  test('that the program does not have', () => {
    const btf = declare(local);
    const relocation = { insn: 1, typeId: findType(btf, 'struct s'), access: '0:0', kind: BPF_CORE_FIELD_BYTE_OFFSET };
    expect(() => relocateProgram(mov(0), { name: 'prog' }, [relocation], btf, targets(kernel))).toThrow(
      "program 'prog': CO-RE relocation byte_off of struct s.a at instruction 1: the program has only 1 instructions",
    );
  });
});

describe('an offset too large for a load', () => {
  const far = 'struct s { u8 x[40000]; u32 a; };';

  test('is refused', () => {
    expect(() => offset(ldx(4, 0), { kernel: far })).toThrow('offset 40000 does not fit into a load or store');
  });

  test('fits into an immediate', () => {
    expect(offset(mov(0), { kernel: far }).insns).toEqual(mov(40000));
  });
});

describe('a load of a field whose size changed', () => {
  test.each([
    ['that is unsigned takes the new size', 'u32', 'u64', ldx(4, 0), ldx(8, 8)],
    ['that is unsigned and shrank takes the new size', 'u64', 'u8', ldx(8, 0), ldx(1, 8)],
    ['that is an array of unsigned takes the size of its elements', 'u16', 'u32', ldx(2, 0), ldx(4, 8)],
    ['that is a bool takes the new size', 'bool', 'u32', ldx(1, 0), ldx(4, 8)],
    ['that is a store takes the new size', 'u32', 'u64', slot(0x63, 0, 0), slot(0x7b, 8, 0)],
    ['with sign extension keeps that', 'u32', 'u16', slot(0x81, 0, 0), slot(0x89, 8, 0)],
  ])('%s', (_, from, to, insns, expected) => {
    const declarations = { local: `struct s { ${from} a; };`, kernel: `struct s { u64 x; ${to} a; };` };
    expect(offset(insns, declarations)).toMatchObject({ insns: expected, outcome: { result: 'resolved' } });
  });

  test.each([
    ['signed', 's32 a;', 's64 a;'],
    ['unsigned and became signed', 'u32 a;', 's64 a;'],
    ['signed and became unsigned', 's32 a;', 'u64 a;'],
    ['an enum', 'enum { A } a;', 'enum64 { A } a;'],
    ['a struct', 'struct { u32 x; } a;', 'struct { u64 x; } a;'],
    ['an array of unsigned', 'u32 a[2];', 'u64 a[2];'],
  ])('and which is %s is poisoned', (_, from, to) => {
    const declarations = { local: `struct s { ${from} };`, kernel: `struct s { u64 x; ${to} };` };
    const { insns, outcome } = offset(ldx(4, 0), declarations);
    expect(insns).toEqual(poisoned);
    expect(outcome).toMatchObject({
      result: 'poisoned',
      message:
        'the field has 4 bytes in the object and 8 in the kernel, and only pointers and unsigned integers may differ so',
    });
  });

  test('needs no new size for an address', () => {
    const declarations = { local: 'struct s { s32 a; };', kernel: 'struct s { u64 x; s64 a; };' };
    expect(offset(mov(0), declarations).insns).toEqual(mov(8));
  });

  test('that moves another size than the field has is refused', () => {
    const declarations = { kernel: 'struct s { u64 x; u64 a; };' };
    expect(() => offset(ldx(2, 0), declarations)).toThrow(
      'instruction moves 2 bytes, but the field has 4 in the object',
    );
  });
});

describe('poisoning', () => {
  const nowhere = { kernel: 'struct t { int x; };' };

  test('makes an instruction of any class the same invalid call', () => {
    for (const insns of [mov(0), ldx(4, 0), slot(0x63, 0, 0), slot(0x05, 0, 0), slot(0x0f, 0, 0)]) {
      expect(offset(insns, nowhere).insns).toEqual(poisoned);
    }
  });

  test('takes both slots of ld_imm64 and leaves the rest', () => {
    const insns = concat(ldImm64(0n), mov(7));
    expect(offset(insns, nowhere).insns).toEqual(concat(poisoned, poisoned, mov(7)));
  });

  test('does not happen where the answer is that something does not exist', () => {
    const { insns } = relocate({
      local,
      kernel: 'struct s { int b; };',
      type: 'struct s',
      access: '0:0',
      kind: BPF_CORE_FIELD_EXISTS,
      insns: mov(1),
    });
    expect(insns).toEqual(mov(0));
  });
});

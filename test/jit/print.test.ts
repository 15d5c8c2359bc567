/** The text of compiled programs. */
import { expect, test } from 'vitest';
import { encodeAll } from '../../src/isa/index.ts';
import { compileProgram, printWat } from '../../src/jit/index.ts';
import { assemble } from '../verifier/assemble.ts';
import { inputOf } from './run.ts';

test('a loop, calls and a load, with the instructions they come from', () => {
  const { insns } = assemble(`
    r6 = 3; loop:; r1 = 8; call twice; r6 -= 1; if r6 != 0 goto loop
    r1 = 5; call bpf_get_prandom_u32; exit
    twice:; r0 = *(u32 *)(r1 -4); r0 += r0; exit`);
  const compiled = compileProgram(
    inputOf(insns, {
      call: () => ({
        kind: 'import',
        name: 'bpf_get_prandom_u32',
        signature: { parameters: ['i32'], result: 'u32' },
        callee: () => 0,
      }),
    }),
  );
  const text = printWat(compiled);
  expect(text.slice(text.indexOf('\n') + 1)).toMatchInlineSnapshot(`
    "  (import "e" "m" (memory 0))
      (import "e" "t" (table 0 funcref))
      (import "e" "sp" (global (mut i32)))
      (import "e" "base" (global i32))
      (import "e" "f0" (func $bpf_get_prandom_u32 (param i32) (result i32)))
      (export "entry" (func $entry))
      (export "stack" (func $stack))
      (elem (global.get 1) func $main)
      (func $main (param i64) (result i64)
        (local i64 i64)
        ;; 0: (b7) r6 = 3
        i64.const 3
        local.set 1
        loop
          ;; 1: (b7) r1 = 8
          i64.const 8
          local.set 0
          ;; 2: (85) call pc+5
          local.get 0
          call $function_1
          local.set 2
          ;; 3: (17) r6 -= 1
          local.get 1
          i64.const 1
          i64.sub
          local.set 1
          ;; 4: (55) if r6 != 0x0 goto pc-4
          local.get 1
          i64.const 0
          i64.ne
          br_if 0
          ;; 5: (b7) r1 = 5
          i64.const 5
          local.set 0
          ;; 6: (85) call bpf_get_prandom_u32#7
          local.get 0
          i32.wrap_i64
          call $bpf_get_prandom_u32
          i64.extend_i32_u
          local.set 2
          ;; 7: (95) exit
          local.get 2
          return
        end
        unreachable
      )
      (func $function_1 (param i64) (result i64)
        (local i64)
        ;; 8: (61) r0 = *(u32 *)(r1 -4)
        local.get 0
        i32.wrap_i64
        i32.const -4
        i32.add
        i64.load32_u align=1
        local.set 1
        ;; 9: (0f) r0 += r0
        local.get 1
        local.get 1
        i64.add
        local.set 1
        ;; 10: (95) exit
        local.get 1
        return
        unreachable
      )
      (func $entry (param i32) (result i32)
        (local i32 i64)
        local.get 0
        i64.extend_i32_u
        i64.const -131391639519232
        i64.or
        i64.const 0
        local.get 0
        select
        call $main
        local.set 2
        i32.const 0
        local.get 2
        i64.const 32
        i64.shr_u
        i32.wrap_i64
        i32.store offset=4096 align=1
        local.get 2
        i32.wrap_i64
      )
      (func $stack (result i32)
        global.get 0
      )
    )
    "
  `);
  expect(text).toMatch(/^\(module \$test\.\d+\n/);
});

test('what modules may have is printed', () => {
  const insns = encodeAll([
    { kind: 'ld_imm64', dst: 2, source: { kind: 'value', value: 0xffff_ffff_ffff_fff0n } },
    { kind: 'endian', order: 'be', bits: 64, dst: 2 },
    { kind: 'may_goto', off: 1 },
    { kind: 'goto', off: -2 },
    { kind: 'ld_imm64', dst: 1, source: { kind: 'func', off: 2 } },
    { kind: 'exit' },
    { kind: 'exit' },
  ]);
  const text = printWat(compileProgram(inputOf(insns, { access: () => ({ kind: 'untrusted' }) })));
  for (const line of [
    '(import "e" "t" (table 0 funcref))',
    '(import "e" "clock" (func $clock (result f64)))',
    '(elem (global.get 1) func $main $function_1)',
    ';; 0: (18) r2 = 0xfffffffffffffff0',
    'i64.const -16',
    'i8x16.shuffle 7 6 5 4 3 2 1 0 15 14 13 12 11 10 9 8',
    'i64x2.extract_lane 0',
    ';; 3: (e5) may_goto pc+1',
    'f64.const 250',
  ])
    expect(text).toContain(line);
});

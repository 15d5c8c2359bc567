/** Contexts that are a function's arguments, over types made here. */
import { describe, expect, it } from 'vitest';
import { Btf, BtfBuilder, type FunctionPrototype, type NewType } from '../../../src/btf/index.ts';
import { attachTypes, programTypeId } from '../../../src/uapi/index.ts';
import { FunctionContext, type FunctionContextOptions } from '../../../src/verifier/profile/function-context.ts';
import { FunctionRules, type FunctionTables } from '../../../src/verifier/profile/function-rules.ts';
import { attachBtfIdOf, targetOf } from '../../../src/verifier/profile/kind-keys.ts';
import type { ProgramKind } from '../../../src/verifier/profile/types.ts';

const types: readonly NewType[] = [
  { kind: 'int', name: 'int', size: 4, signed: true, char: false, bool: false, bits: 32, bitOffset: 0 }, // 1
  { kind: 'int', name: '__int128', size: 16, signed: true, char: false, bool: false, bits: 128, bitOffset: 0 }, // 2
  { kind: 'struct', name: 'task_struct', size: 16, members: [] }, // 3
  { kind: 'ptr', type: 3 }, // 4: struct task_struct *
  { kind: 'ptr', type: 0 }, // 5: void *
  { kind: 'ptr', type: 1 }, // 6: int *
  { kind: 'type_tag', name: 'percpu', type: 3 }, // 7
  { kind: 'ptr', type: 7 }, // 8: struct task_struct __percpu *
  { kind: 'const', type: 3 }, // 9
  { kind: 'ptr', type: 9 }, // 10: const struct task_struct *
  { kind: 'func_proto', returnType: 0, parameters: [] }, // 11
  { kind: 'ptr', type: 11 }, // 12: void (*)(void)
  { kind: 'ptr', type: 4 }, // 13: struct task_struct **
  { kind: 'struct', name: '', size: 8, members: [] }, // 14
  { kind: 'ptr', type: 14 }, // 15: pointer to a struct without a name
  { kind: 'float', name: 'double', size: 8 }, // 16
  { kind: 'struct', name: 'sock', size: 8, members: [] }, // 17
  { kind: 'ptr', type: 17 }, // 18: struct sock *
  { kind: 'struct', name: 'tcp_sock', size: 8, members: [] }, // 19
];

const kinds = {
  int: 1,
  int128: 2,
  struct: 3,
  task: 4,
  void: 5,
  intPointer: 6,
  percpu: 8,
  constTask: 10,
  callback: 12,
  twice: 13,
  unnamed: 15,
  double: 16,
  sock: 18,
};
type TypeName = keyof typeof kinds;

function contextOf(
  parameters: readonly TypeName[],
  options: Partial<FunctionContextOptions> = {},
  returnType: TypeName | 'nothing' = 'nothing',
): FunctionContext {
  const builder = new BtfBuilder();
  for (const type of types) builder.add(type);
  const id = builder.add({
    kind: 'func_proto',
    returnType: returnType === 'nothing' ? 0 : kinds[returnType],
    parameters: parameters.map((name) => ({ name, type: kinds[name] })),
  });
  const btf = Btf.parse(builder.bytes(), { name: 'made here' });
  return new FunctionContext(btf, btf.type(id) as FunctionPrototype, { trusted: true, ...options });
}

const task = { btf: 'task_struct', btfId: 3 };

describe('an argument of a function, as programs load it', () => {
  const cases: readonly [name: TypeName, what: string, given: unknown][] = [
    ['int', 'a number', { register: 'scalar' }],
    ['int128', 'nothing, being wider than a register', undefined],
    ['void', 'a number, for void *', { register: 'scalar' }],
    ['intPointer', 'a number, for a pointer to a number', { register: 'scalar' }],
    ['task', 'a pointer to a struct', { register: 'trusted_ptr_', ...task }],
    ['constTask', 'the same through const', { register: 'trusted_ptr_', ...task }],
    ['percpu', 'a per-CPU pointer for one that is tagged so', { register: 'percpu_trusted_ptr_', ...task }],
    ['unnamed', 'a pointer to a struct without a name', { register: 'trusted_ptr_', btf: '', btfId: 14 }],
    ['callback', 'nothing, for a pointer to a function', undefined],
    ['twice', 'nothing, for a pointer to a pointer', undefined],
    ['double', 'nothing, for a floating-point number', undefined],
  ];
  for (const [name, what, given] of cases) {
    it(`gives ${what}: ${name}`, () => expect(contextOf([name]).access(0, 8, false)).toEqual(given));
  }

  it('can be loaded in part only if it is a number', () => {
    expect([1, 2, 4, 8].map((size) => contextOf(['int']).access(0, size, false) !== undefined)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect([1, 2, 4].map((size) => contextOf(['task']).access(0, size, false))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('begins at a multiple of 8 and cannot be stored', () => {
    const context = contextOf(['int', 'int']);
    expect(context.access(4, 4, false)).toBeUndefined();
    expect(context.access(0, 8, true)).toBeUndefined();
    expect(context.access(8, 4, false)).toEqual({ register: 'scalar' });
    expect(context.access(-8, 8, false)).toBeUndefined();
  });

  it('takes as many slots as it has words', () => {
    const context = contextOf(['struct', 'task']);
    expect(context.access(8, 8, false)).toEqual({ register: 'scalar' });
    expect(context.access(16, 8, false)).toEqual({ register: 'trusted_ptr_', ...task });
    expect(context.access(24, 8, false)).toBeUndefined();
  });

  it('is not trusted, may be NULL, an error or another struct, where that is said', () => {
    expect(contextOf(['task'], { trusted: false }).access(0, 8, false)).toEqual({ register: 'ptr_', ...task });
    expect(contextOf(['int', 'task'], { nullable: [1] }).access(8, 8, false)).toEqual({
      register: 'trusted_ptr_or_null_',
      ...task,
    });
    expect(contextOf(['task'], { errors: [0] }).access(0, 8, false)).toEqual({ register: 'scalar' });
    expect(contextOf(['sock'], { promote: { sock: 'tcp_sock' } }).access(0, 8, false)).toEqual({
      register: 'trusted_ptr_',
      btf: 'tcp_sock',
      btfId: 19,
    });
    const overrides = new Map([[0, { register: 'rdonly_buf_or_null' }]]);
    expect(contextOf(['void'], { overrides }).access(0, 8, false)).toEqual({ register: 'rdonly_buf_or_null' });
    expect(contextOf(['void'], { overrides }).access(0, 4, false)).toBeUndefined();
  });

  it('is counted without the parameters that programs do not see', () => {
    expect(contextOf(['void', 'task'], { skip: 1 }).access(0, 8, false)).toEqual({ register: 'trusted_ptr_', ...task });
  });
});

describe('the return value behind the arguments', () => {
  it('is there for fexit only', () => {
    expect(contextOf(['int'], {}, 'int').access(8, 8, false)).toBeUndefined();
    expect(contextOf(['int'], { returnValue: 'any' }, 'int').access(8, 8, false)).toEqual({ register: 'scalar' });
    expect(contextOf([], { returnValue: 'any', trusted: false }, 'task').access(0, 8, false)).toEqual({
      register: 'ptr_',
      ...task,
    });
    expect(contextOf(['int'], { returnValue: 'any' }).access(8, 8, false)).toBeUndefined();
  });

  it('is a number where it can be modified, and has a range where that is known', () => {
    expect(contextOf([], { returnValue: 'int' }, 'task').access(0, 8, false)).toBeUndefined();
    const returnRange = { min: -4095, max: 0 };
    expect(contextOf([], { returnValue: 'any', returnRange }, 'int').access(0, 8, false)).toEqual({
      register: 'scalar',
      range: returnRange,
    });
  });
});

/** Functions, tracepoints and struct_ops of a kernel made here. */
const kernel = (() => {
  const builder = new BtfBuilder();
  for (const type of types) builder.add(type);
  const prototype = (returnType: number, ...parameters: readonly number[]): number =>
    builder.add({
      kind: 'func_proto',
      returnType,
      parameters: parameters.map((type, index) => ({ name: `a${index}`, type })),
    });
  const func = (name: string, type: number): number => builder.add({ kind: 'func', name, type, linkage: 'static' });
  func('bpf_iter_task', prototype(kinds.int, kinds.task, kinds.task));
  func('bpf_lsm_file_open', prototype(kinds.int, kinds.task));
  func('bpf_lsm_task_free', prototype(0, kinds.task));
  func('do_exit', prototype(0, kinds.int, kinds.task));
  const trace = builder.add({ kind: 'ptr', type: prototype(0, kinds.void, kinds.task, kinds.task) });
  builder.add({ kind: 'typedef', name: 'btf_trace_sched_switch', type: trace });
  const member = builder.add({ kind: 'ptr', type: prototype(kinds.int, kinds.sock) });
  const members = [
    { name: 'flags', type: kinds.int, bitOffset: 0, bitFieldSize: 0 },
    { name: 'ssthresh', type: member, bitOffset: 64, bitFieldSize: 0 },
  ];
  builder.add({ kind: 'struct', name: 'tcp_congestion_ops', size: 16, members });
  return Btf.parse(builder.bytes(), { name: 'made here' });
})();

const tables: FunctionTables = {
  iteratorTargets: [{ target: 'task', sleepable: true, arguments: { 1: 'trusted_ptr_or_null_ task_struct' } }],
  nullable: [{ 1: 'other sched_switch' }],
  errors: [],
  structOps: [{ struct: 'tcp_congestion_ops', promote: { sock: 'tcp_sock' } }],
  untrustedHooks: new Set(['task_free']),
  booleanHooks: new Set(),
};
const rules = new FunctionRules(kernel, tables);

const kind = (type: string, attach: string | number, target: string): ProgramKind => ({
  type: programTypeId(type) ?? -1,
  expectedAttachType: typeof attach === 'number' ? attach : (attachTypes.find(({ name }) => name === attach)?.id ?? -1),
  sleepable: false,
  target,
});

describe('the function that a program is attached to', () => {
  const cases: readonly [ProgramKind, registers: readonly (string | undefined)[]][] = [
    [kind('tracing', 'trace_iter', 'task'), ['trusted_ptr_', 'trusted_ptr_or_null_', undefined]],
    [kind('tracing', 'trace_raw_tp', 'sched_switch'), ['trusted_ptr_', 'trusted_ptr_or_null_', undefined]],
    [kind('tracing', 'trace_fentry', 'do_exit'), ['scalar', 'ptr_', undefined]],
    [kind('tracing', 'trace_fexit', 'bpf_lsm_file_open'), ['ptr_', 'scalar', undefined]],
    [kind('lsm', 'lsm_mac', 'file_open'), ['trusted_ptr_', 'scalar', undefined]],
    [kind('lsm', 'lsm_mac', 'task_free'), ['ptr_', undefined, undefined]],
    [kind('struct_ops', 1, 'tcp_congestion_ops.ssthresh'), ['trusted_ptr_', undefined, undefined]],
  ];
  for (const [of, registers] of cases) {
    it(`gives its arguments: ${of.target}`, () => {
      const context = rules.contextOf(of);
      expect([0, 8, 16].map((offset) => context?.access(offset, 8, false)?.register)).toEqual(registers);
    });

    it(`is found by its name, and names the target: ${of.target}`, () => {
      const id = attachBtfIdOf(kernel, of);
      expect(id).toBeGreaterThan(0);
      expect(targetOf(kernel, of.type, of.expectedAttachType, id)).toBe(of.target);
    });
  }

  it('is none where the kernel has no such target', () => {
    expect(rules.contextOf(kind('tracing', 'trace_fentry', 'no_such'))).toBeUndefined();
    expect(rules.contextOf(kind('struct_ops', 0, 'tcp_congestion_ops.flags'))).toBeUndefined();
    expect(rules.contextOf(kind('tracing', 'trace_iter', 'no_such'))).toBeUndefined();
  });

  it('decides what an LSM program may return', () => {
    expect(rules.lsmReturns(kind('lsm', 'lsm_mac', 'file_open'))).toEqual({ min: -4095, max: 0 });
    expect(rules.lsmReturns(kind('lsm', 'lsm_mac', 'task_free'))).toBeUndefined();
  });
});

/** A BTF blob with a type of every kind, made by the writer; the tests of the room read, print and damage it. */
import { Btf, BtfBuilder, type BtfBuilderOptions } from '../../src/btf/index.ts';

export function sampleBytes(options: BtfBuilderOptions = {}): Uint8Array {
  const b = new BtfBuilder(options);
  const int = (name: string, size: number, signed: boolean, rest: { bool?: true; bits?: number } = {}) =>
    b.add({
      kind: 'int',
      name,
      size,
      signed,
      char: false,
      bool: rest.bool === true,
      bits: rest.bits ?? size * 8,
      bitOffset: 0,
    });
  const plain = (name: string, type: number, bitOffset: number, bitFieldSize = 0) => ({
    name,
    type,
    bitOffset,
    bitFieldSize,
  });

  const i32 = int('int', 4, true);
  const ulong = int('long unsigned int', 8, false);
  const u8 = int('unsigned char', 1, false);
  const char = int('char', 1, true);
  const bool = int('_Bool', 1, false, { bool: true });
  const double = b.add({ kind: 'float', name: 'double', size: 8 });
  const u32 = b.add({ kind: 'typedef', name: 'u32', type: int('unsigned int', 4, false) });
  const constChar = b.add({ kind: 'const', type: char });
  const string = b.add({ kind: 'ptr', type: constChar });
  const comm = b.add({ kind: 'array', elementType: char, indexType: i32, length: 16 });
  const flexible = b.add({ kind: 'array', elementType: u8, indexType: i32, length: 0 });
  const grid = b.add({
    kind: 'array',
    elementType: b.add({ kind: 'array', elementType: i32, indexType: i32, length: 3 }),
    indexType: i32,
    length: 2,
  });

  const state = b.add({
    kind: 'enum',
    name: 'state',
    size: 4,
    signed: true,
    values: [
      { name: 'STATE_IDLE', value: 0n },
      { name: 'STATE_DEAD', value: -1n },
    ],
  });
  b.add({ kind: 'enum', size: 4, signed: false, values: [{ name: 'LIMIT', value: 4_294_967_295n }] });
  const flags = b.add({
    kind: 'enum64',
    name: 'flags',
    size: 8,
    signed: false,
    values: [
      { name: 'FLAG_LOW', value: 1n },
      { name: 'FLAG_HIGH', value: 1n << 63n },
    ],
  });
  b.add({
    kind: 'enum64',
    name: 'signed_flags',
    size: 8,
    signed: true,
    values: [{ name: 'FLAG_NEGATIVE', value: -2n }],
  });

  // struct node refers to itself, and to a struct that is only declared.
  const node = b.reserve();
  const nodePointer = b.add({ kind: 'ptr', type: node });
  const hidden = b.add({ kind: 'fwd', name: 'hidden', target: 'struct' });
  const hiddenPointer = b.add({ kind: 'ptr', type: b.add({ kind: 'type_tag', name: 'rcu', type: hidden }) });
  b.add({ kind: 'fwd', name: 'hidden_union', target: 'union' });
  b.define(node, {
    kind: 'struct',
    name: 'node',
    size: 16,
    members: [plain('next', nodePointer, 0), plain('owner', hiddenPointer, 64)],
  });

  const compare = b.add({
    kind: 'func_proto',
    returnType: i32,
    parameters: [
      { name: 'a', type: nodePointer },
      { name: 'b', type: nodePointer },
    ],
  });
  const comparePointer = b.add({ kind: 'ptr', type: compare });
  const anonymous = b.add({
    kind: 'union',
    size: 8,
    members: [plain('bits', b.add({ kind: 'volatile', type: ulong }), 0), plain('ratio', double, 0)],
  });
  const task = b.add({
    kind: 'struct',
    name: 'task',
    size: 120,
    members: [
      plain('comm', comm, 0),
      plain('', anonymous, 128),
      plain('compare', comparePointer, 192),
      plain('state', state, 256),
      plain('on_cpu', i32, 288, 1),
      plain('queued', i32, 289, 3),
      plain('prio', u8, 296),
      plain('dead', bool, 304),
      plain('flags', flags, 320),
      plain('node', node, 384),
      plain('label', b.add({ kind: 'restrict', type: string }), 512),
      plain('grid', grid, 576),
      // A gap of 8 bytes that no alignment asks for.
      plain('cold', ulong, 832),
      plain('pid', u32, 896),
      plain('tail', flexible, 928),
    ],
  });
  b.add({
    kind: 'struct',
    name: 'header___v2',
    size: 7,
    members: [plain('kind', u8, 0), plain('length', u32, 8), plain('sum', u8, 40), plain('low', i32, 48, 5)],
  });
  b.add({ kind: 'struct', name: 'empty', size: 0, members: [] });

  const start = b.add({ kind: 'func', name: 'start_task', type: compare, linkage: 'global' });
  b.add({ kind: 'decl_tag', name: 'bpf_kfunc', type: start, componentIndex: -1 });
  b.add({ kind: 'decl_tag', name: 'user', type: task, componentIndex: 2 });
  b.add({ kind: 'decl_tag', name: 'bpf_fastcall', type: start, componentIndex: -1, attribute: true });
  const printer = b.add({
    kind: 'func_proto',
    returnType: 0,
    parameters: [
      { name: 'format', type: string },
      { name: '', type: 0 },
    ],
  });
  b.add({ kind: 'func', name: 'log_it', type: printer, linkage: 'extern' });
  b.add({ kind: 'func', name: 'inner', type: printer, linkage: 'static' });
  const current = b.add({
    kind: 'var',
    name: 'current_task',
    type: b.add({ kind: 'ptr', type: task }),
    linkage: 'global',
  });
  b.add({ kind: 'datasec', name: '.data', size: 8, entries: [{ type: current, offset: 0, size: 8 }] });
  return b.bytes();
}

export const sample = (options: BtfBuilderOptions = {}): Btf =>
  Btf.parse(sampleBytes(options), { name: 'sample', base: options.base });

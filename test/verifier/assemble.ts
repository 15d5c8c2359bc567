/**
 * Programs for tests, as text in the syntax of the kernel's disassembly, with labels and names in place of numbers:
 *
 *   r2 = *(u64 *)(r10 -8)          *(u32 *)(r10 -4) = 7           r1 = s8 r2
 *   r2 = *(s8 *)(r10 -8)           lock *(u64 *)(r1 +0) += r2     r1 = 0x100000000 ll
 *   w1 += r2                       r1 = fetch_add(u64 r2 +0, r1)  r1 = map[NAME]
 *   if r1 s> 5 goto out            r0 = cmpxchg(u64 r2 +0, r1)    r1 = value[NAME] +8
 *   if w1 & 1 goto out             r1 = load_acquire(u32 r2 +0)   call bpf_map_lookup_elem
 *   out:                           store_release(u32 r2 +0, r1)   call subprogram
 *   exit                           r1 = &callback                 call kfunc bpf_rcu_read_lock
 *
 * Lines are separated by newlines or `;`. Not all instructions are here: add what a test needs.
 */
import {
  type AccessSize,
  type AluOperation,
  type AtomicOperation,
  encodeAll,
  type Instruction,
  type JumpCondition,
  type Operand,
} from '../../src/isa/index.ts';
import { helperId } from '../../src/uapi/index.ts';

export interface AssembledMap {
  /** Slot of its ld_imm64. */
  readonly insn: number;
  readonly name: string;
  readonly kind: 'map' | 'value';
  readonly offset: number;
}

export interface Assembled {
  readonly insns: Uint8Array;
  readonly maps: readonly AssembledMap[];
  /** Slots by label. */
  readonly labels: ReadonlyMap<string, number>;
}

const ALU: Readonly<Record<string, AluOperation>> = {
  '+=': 'add',
  '-=': 'sub',
  '*=': 'mul',
  '/=': 'div',
  's/=': 'sdiv',
  '|=': 'or',
  '&=': 'and',
  '<<=': 'lsh',
  '>>=': 'rsh',
  's>>=': 'arsh',
  '%=': 'mod',
  's%=': 'smod',
  '^=': 'xor',
  '=': 'mov',
};
const CONDITIONS: Readonly<Record<string, JumpCondition>> = {
  '==': 'eq',
  '!=': 'ne',
  '>': 'gt',
  '>=': 'ge',
  '<': 'lt',
  '<=': 'le',
  's>': 'sgt',
  's>=': 'sge',
  's<': 'slt',
  's<=': 'sle',
  '&': 'set',
};
const ATOMICS: Readonly<Record<string, AtomicOperation>> = { '+=': 'add', '|=': 'or', '&=': 'and', '^=': 'xor' };

/** `target` turns into an offset once all labels are known. */
type Draft = (offsetTo: (label: string) => number) => Instruction;

const NUMBER = String.raw`-?(?:0x[0-9a-f]+|\d+)`;
const OPERAND = String.raw`r\d+|w\d+|${NUMBER}`;

export function assemble(text: string, kfuncId: (name: string) => number = noKfuncs): Assembled {
  const drafts: { readonly draft: Draft; readonly slot: number; readonly slots: number }[] = [];
  const labels = new Map<string, number>();
  const maps: AssembledMap[] = [];
  let slot = 0;
  for (const line of text.split(/[\n;]/).map((each) => each.trim())) {
    if (line === '' || line.startsWith('//')) continue;
    const label = /^(\w+):$/.exec(line);
    if (label !== null) {
      labels.set(label[1] as string, slot);
      continue;
    }
    const map = /^r(\d+) = (map|value)\[(\w+)\](?: \+(\d+))?$/.exec(line);
    if (map !== null) {
      const [, dst, kind, name, offset = '0'] = map as unknown as [string, string, 'map' | 'value', string, string?];
      maps.push({ insn: slot, name, kind, offset: Number(offset) });
      const source =
        kind === 'map'
          ? ({ kind: 'map_fd', fd: 0 } as const)
          : ({ kind: 'map_value', fd: 0, off: Number(offset) } as const);
      drafts.push({ draft: () => ({ kind: 'ld_imm64', dst: Number(dst), source }), slot, slots: 2 });
      slot += 2;
      continue;
    }
    const draft = parse(line, kfuncId);
    const slots = / ll$|= &/.test(line) ? 2 : 1;
    drafts.push({ draft, slot, slots });
    slot += slots;
  }
  const insns = drafts.map(({ draft, slot: at }) =>
    draft((label) => {
      const target = labels.get(label);
      if (target === undefined) throw new Error(`no label ${label}`);
      return target - at - 1;
    }),
  );
  return { insns: encodeAll(insns), maps, labels };
}

function noKfuncs(name: string): never {
  throw new Error(`nobody says what kfunc ${name} is`);
}

const operand = (text: string): Operand =>
  /^[rw]/.test(text) ? { register: Number(text.slice(1)) } : { immediate: Number(text) };

interface Form {
  readonly pattern: RegExp;
  readonly draft: (parts: readonly string[], kfuncId: (name: string) => number) => Draft;
}

const form = (pattern: string, draft: Form['draft']): Form => ({ pattern: new RegExp(`^${pattern}$`), draft });
const fixed =
  (insn: Instruction): Draft =>
  () =>
    insn;
const bytes = (bits: string | undefined): AccessSize => (Number(bits) / 8) as AccessSize; // the patterns see to it
const atomicBytes = (bits: string | undefined): 4 | 8 => (bits === '32' ? 4 : 8);

const FORMS: readonly Form[] = [
  form('exit', () => fixed({ kind: 'exit' })),
  form(String.raw`r(\d+) = \*\(([us])(8|16|32|64) \*\)\(r(\d+) ([+-]\d+)\)`, ([dst, sign, bits, base, off]) =>
    fixed({
      kind: 'load',
      size: bytes(bits),
      signed: sign === 's',
      dst: Number(dst),
      base: Number(base),
      off: Number(off),
    }),
  ),
  form(String.raw`\*\(u(8|16|32|64) \*\)\(r(\d+) ([+-]\d+)\) = (${OPERAND})`, ([bits, base, off, source = '']) =>
    fixed({ kind: 'store', size: bytes(bits), base: Number(base), off: Number(off), source: operand(source) }),
  ),
  form(
    String.raw`lock \*\(u(32|64) \*\)\(r(\d+) ([+-]\d+)\) (\+=|\|=|&=|\^=) r(\d+)`,
    ([bits, base, off, op = '', src]) =>
      fixed({
        kind: 'atomic',
        op: ATOMICS[op] ?? 'add',
        size: atomicBytes(bits),
        base: Number(base),
        off: Number(off),
        src: Number(src),
      }),
  ),
  form(
    String.raw`r(\d+) = (fetch_add|fetch_or|fetch_and|fetch_xor|xchg|cmpxchg)\(u(32|64) r(\d+) ([+-]\d+), r(\d+)\)`,
    ([, op, bits, base, off, src]) =>
      fixed({
        kind: 'atomic',
        op: op as AtomicOperation,
        size: atomicBytes(bits),
        base: Number(base),
        off: Number(off),
        src: Number(src),
      }),
  ),
  form(String.raw`r(\d+) = load_acquire\(u(8|16|32|64) r(\d+) ([+-]\d+)\)`, ([dst, bits, base, off]) =>
    fixed({ kind: 'load_acquire', size: bytes(bits), dst: Number(dst), base: Number(base), off: Number(off) }),
  ),
  form(String.raw`store_release\(u(8|16|32|64) r(\d+) ([+-]\d+), r(\d+)\)`, ([bits, base, off, src]) =>
    fixed({ kind: 'store_release', size: bytes(bits), base: Number(base), off: Number(off), src: Number(src) }),
  ),
  form(String.raw`r(\d+) = (${NUMBER}) ll`, ([dst, value = '']) =>
    fixed({
      kind: 'ld_imm64',
      dst: Number(dst),
      source: {
        kind: 'value',
        value: BigInt.asUintN(64, value.startsWith('-') ? -BigInt(value.slice(1)) : BigInt(value)),
      },
    }),
  ),
  form(String.raw`r(\d+) = &(\w+)`, ([dst, label = '']) => (offsetTo) => ({
    kind: 'ld_imm64',
    dst: Number(dst),
    source: { kind: 'func', off: offsetTo(label) },
  })),
  form(String.raw`([rw])(\d+) = s(8|16|32) [rw](\d+)`, ([width, dst, from, src]) =>
    fixed({
      kind: 'movsx',
      width: width === 'w' ? 32 : 64,
      from: Number(from) as 8 | 16 | 32,
      dst: Number(dst),
      src: Number(src),
    }),
  ),
  form(String.raw`([rw])(\d+) = -[rw]\d+`, ([width, dst]) =>
    fixed({ kind: 'neg', width: width === 'w' ? 32 : 64, dst: Number(dst) }),
  ),
  form(
    String.raw`([rw])(\d+) (\+=|-=|\*=|s?/=|\|=|&=|<<=|s?>>=|s?%=|\^=|=) (${OPERAND})`,
    ([width, dst, op = '', source = '']) =>
      fixed({
        kind: 'alu',
        width: width === 'w' ? 32 : 64,
        op: ALU[op] ?? 'mov',
        dst: Number(dst),
        source: operand(source),
      }),
  ),
  form(
    String.raw`if ([rw])(\d+) (==|!=|s?>=?|s?<=?|&) (${OPERAND}) goto (\w+)`,
    ([width, dst, condition = '', source = '', label = '']) =>
      (offsetTo) => ({
        kind: 'jump',
        width: width === 'w' ? 32 : 64,
        condition: CONDITIONS[condition] ?? 'eq',
        dst: Number(dst),
        source: operand(source),
        off: offsetTo(label),
      }),
  ),
  form(String.raw`goto (\w+)`, ([label = '']) => (offsetTo) => ({ kind: 'goto', off: offsetTo(label) })),
  form(String.raw`call kfunc (\w+)`, ([name = ''], kfuncId) =>
    fixed({ kind: 'call', target: { kind: 'kfunc', btfId: kfuncId(name), module: 0 } }),
  ),
  form(String.raw`call (\w+)`, ([name = '']) => {
    const id = name.startsWith('bpf_') ? helperId(name) : undefined;
    if (id !== undefined) return fixed({ kind: 'call', target: { kind: 'helper', id } });
    return (offsetTo) => ({ kind: 'call', target: { kind: 'subprogram', off: offsetTo(name) } });
  }),
];

function parse(line: string, kfuncId: (name: string) => number): Draft {
  for (const { pattern, draft } of FORMS) {
    const match = pattern.exec(line);
    if (match !== null) return draft(match.slice(1), kfuncId);
  }
  throw new Error(`no instruction: ${line}`);
}

/** Relocates one instruction onto BTF made of C declarations. */
import type { Btf, Kind } from '../../../src/btf/index.ts';
import { type CoreOutcome, CoreTargets, relocateProgram } from '../../../src/object/core/index.ts';
import { declare } from '../c-declarations.ts';

/** Little-endian slots from their fields. */
export function slot(code: number, off: number, imm: number, registers = 0x21): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, code);
  view.setUint8(1, registers);
  view.setInt16(2, off, true);
  view.setInt32(4, imm, true);
  return bytes;
}

export const concat = (...slots: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(slots.flatMap((one) => [...one]));

/** `r1 = imm` */
export const mov = (imm: number): Uint8Array => slot(0xb7, 0, imm, 0x01);
/** `r1 = imm ll` */
export const ldImm64 = (value: bigint): Uint8Array =>
  concat(slot(0x18, 0, Number(BigInt.asIntN(32, value)), 0x01), slot(0, 0, Number(BigInt.asIntN(32, value >> 32n)), 0));

const LDX_CODES = { 1: 0x71, 2: 0x69, 4: 0x61, 8: 0x79 } as const;
/** `r1 = *(T *)(r2 + off)` */
export const ldx = (size: 1 | 2 | 4 | 8, off: number): Uint8Array => slot(LDX_CODES[size], off, 0);

/** A call of the helper that cannot exist. */
export const poisoned = slot(0x85, 0, 0xbad2310, 0);

export interface Case {
  /** Declarations of the object. */
  readonly local: string;
  /** Declarations of the kernel. */
  readonly kernel: string;
  /** Of modules. */
  readonly modules?: Readonly<Record<string, string>>;
  /** `struct s`, `typedef t`: what the relocation names. */
  readonly type: string;
  /** Access string. */
  readonly access?: string;
  readonly kind: number;
  readonly insns: Uint8Array;
}

export interface Relocated {
  readonly insns: Uint8Array;
  readonly outcome: CoreOutcome;
}

export function findType(btf: Btf, type: string): number {
  const [kind, name = ''] = type.split(' ');
  // The tests write only kinds that exist.
  const id = btf.find(name, kind as Kind);
  if (id === undefined) throw new Error(`no ${type}`);
  return id;
}

export function targets(kernel: string, modules: Readonly<Record<string, string>> = {}): CoreTargets {
  const base = declare(kernel);
  return new CoreTargets(base, () =>
    Object.entries(modules).map(([name, text]) => ({ name, btf: declare(text, { name, base }) })),
  );
}

export function relocate({ local, kernel, modules, type, access = '0', kind, insns }: Case): Relocated {
  const btf = declare(local, { name: 'test.bpf.o' });
  const copy = insns.slice();
  const relocation = { insn: 0, typeId: findType(btf, type), access, kind };
  const [outcome] = relocateProgram(copy, { name: 'prog' }, [relocation], btf, targets(kernel, modules));
  if (outcome === undefined) throw new Error('no outcome');
  return { insns: copy, outcome };
}

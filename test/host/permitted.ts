/** Tests that need the running kernel: they skip where bpf(2) is not permitted, and their title says why. */
import { readdirSync, readlinkSync } from 'node:fs';
import { describe } from 'vitest';
import { bpfPermitted } from '../../src/host/index.ts';
import { HostKernel } from '../../src/host/kernel.ts';
import { loadProgram } from '../../src/host/program-load.ts';
import { HostProgram } from '../../src/host/programs.ts';
import { encodeAll, type Instruction } from '../../src/isa/index.ts';
import { BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER } from '../../src/uapi/index.ts';

const permission = bpfPermitted();

export const describeOnHost = (title: string, body: () => void): void => {
  describeUnless(permission.ok ? undefined : permission.reason, title, body);
};

/** The inode of the first pid namespace, which is the same on all machines. */
const FIRST_PID_NAMESPACE = 'pid:[4026531836]';

/** For tests that look for processes by their numbers: iterators know the numbers of the first namespace alone. */
export const describeProcessesOnHost = (title: string, body: () => void): void => {
  const isFirst = process.platform !== 'linux' || readlinkSync('/proc/self/ns/pid') === FIRST_PID_NAMESPACE;
  const reason = isFirst ? undefined : 'processes have other numbers in this pid namespace';
  describeUnless(permission.ok ? reason : permission.reason, title, body);
};

function describeUnless(reason: string | undefined, title: string, body: () => void): void {
  describe.skipIf(reason !== undefined)(reason === undefined ? title : `${title} (skipped: ${reason})`, body);
}

export const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);

/** Open descriptors of this process: a test that leaves more than there were has leaked. */
export const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

const kernel = new HostKernel();

/** Writes a line of four bytes for each object; nothing for the last call, in which the object is NULL. */
const writeLine = (objectOffset: number): readonly Instruction[] => [
  { kind: 'load', size: 8, signed: false, dst: 2, base: 1, off: objectOffset },
  { kind: 'jump', width: 64, condition: 'eq', dst: 2, source: { immediate: 0 }, off: 7 },
  // *(u32 *)(r10 - 8) = "abc\n"
  { kind: 'store', size: 4, base: 10, off: -8, source: { immediate: 0x0a636261 } },
  // bpf_seq_write(ctx->meta->seq, r10 - 8, 4)
  { kind: 'load', size: 8, signed: false, dst: 1, base: 1, off: 0 },
  { kind: 'load', size: 8, signed: false, dst: 1, base: 1, off: 0 },
  { kind: 'alu', width: 64, op: 'mov', dst: 2, source: { register: 10 } },
  { kind: 'alu', width: 64, op: 'add', dst: 2, source: { immediate: -8 } },
  { kind: 'alu', width: 64, op: 'mov', dst: 3, source: { immediate: 4 } },
  { kind: 'call', target: { kind: 'helper', id: 127 } },
  { kind: 'alu', width: 64, op: 'mov', dst: 0, source: { immediate: 0 } },
  { kind: 'exit' },
];

/** Targets whose first object is there in every call; the second tells the end. */
const namesMapFirst: ReadonlySet<string> = new Set(['bpf_map_elem', 'sockmap']);

/** An iterator program made by hand, without an object file: it writes `abc` for each object. */
export function loadIterator(
  target: string,
  {
    insns = writeLine(namesMapFirst.has(target) ? 16 : 8),
    flags = 0,
  }: {
    readonly insns?: readonly Instruction[];
    readonly flags?: number;
  } = {},
): HostProgram {
  const attachBtfId = kernel.btf().find(`bpf_iter_${target}`, 'func');
  if (attachBtfId === undefined) throw new Error(`this kernel has no target ${target}`);
  const program = { type: BPF_PROG_TYPE_TRACING, expectedAttachType: BPF_TRACE_ITER };
  const { result, log } = loadProgram({
    ...program,
    attachBtfId,
    flags,
    name: 'by_hand',
    license: 'GPL',
    insns: encodeAll(insns),
  });
  if (result < 0) throw new Error(`errno ${-result}: ${log}`);
  const section = `${flags === 0 ? 'iter' : 'iter.s'}/${target}`;
  return new HostProgram(result, { name: 'by_hand', section, ...program, targetName: target, log }, (selector) =>
    kernel.openMap(selector),
  );
}

const NOBODY = 65534;

/** Root may, unless it has lost the capability for it. */
export const canBecomeNobody = (() => {
  if (process.geteuid?.() !== 0) return false;
  try {
    asNobody(() => {});
    return true;
  } catch {
    return false;
  }
})();

/** Runs something as a user without any privilege, and without files of its own. */
export function asNobody<T>(work: () => T): T {
  process.seteuid?.(NOBODY);
  try {
    return work();
  } finally {
    process.seteuid?.(0);
  }
}

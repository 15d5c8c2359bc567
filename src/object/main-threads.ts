/**
 * `task main_thread_only`: makes a task or task_file iterator skip every thread that is not its group's leader. The
 * kernel has no such parameter; instead a few instructions, built from its BTF, go in front of the program:
 *
 *     r2 = ctx->task
 *     if r2 == 0 goto program          the call after the last object has no task, and must reach the program
 *     r3 = r2->group_leader
 *     if r3 == r2 goto program
 *     r0 = 0
 *     exit
 *
 * r1 still holds the context then. func_info and line_info move with the program; their first records, which must
 * stand at instruction 0, come to cover the prologue too.
 */
import { checkBtf } from '../arguments.ts';
import type { Btf } from '../btf/index.ts';
import { BpfiterError } from '../errors.ts';
import { BPF_INSN_SIZE, encode, type Instruction } from '../isa/index.ts';
import { BPF_TRACE_ITER } from '../uapi/index.ts';
import type { LinkedProgram } from './linked.ts';

/** Changes a program between linking and loading (LoadOptions.transform). */
export type ProgramTransform = (program: LinkedProgram) => LinkedProgram;

/** Slot of `task` in the context of task and task_file iterators: after `meta`. */
const CTX_TASK = 8;

/**
 * @param kernel BTF of the kernel that the program is loaded into
 * @returns puts the prologue in front of programs of iter/task and iter/task_file
 * @throws BpfiterError (from the result) `usage` for any other program, `relocation` if task_struct has no group_leader
 */
export function mainThreadsOnly(kernel: Btf): ProgramTransform {
  checkBtf('mainThreadsOnly()', kernel);
  return (linked) => {
    const { name, attachTarget } = linked.program;
    const target = linked.expectedAttachType === BPF_TRACE_ITER ? attachTarget?.name : undefined;
    if (target !== 'task' && target !== 'task_file') {
      throw new BpfiterError(
        'usage',
        `program ${name}: main_thread_only works on iter/task and iter/task_file programs, not on ${linked.program.section}`,
      );
    }
    return prepend(prologue(groupLeaderOffset(kernel, name)), linked);
  };
}

function groupLeaderOffset(kernel: Btf, program: string): number {
  const task = kernel.find('task_struct', 'struct');
  const member = task === undefined ? undefined : kernel.member(task, 'group_leader');
  if (member === undefined) {
    throw new BpfiterError('relocation', `program ${program}: ${kernel.name} has no field task_struct.group_leader`);
  }
  return member.bitOffset / 8;
}

function prologue(groupLeader: number): readonly Instruction[] {
  return [
    { kind: 'load', size: 8, signed: false, dst: 2, base: 1, off: CTX_TASK },
    { kind: 'jump', width: 64, condition: 'eq', dst: 2, source: { immediate: 0 }, off: 4 },
    { kind: 'load', size: 8, signed: false, dst: 3, base: 2, off: groupLeader },
    { kind: 'jump', width: 64, condition: 'eq', dst: 3, source: { register: 2 }, off: 2 },
    { kind: 'alu', width: 64, op: 'mov', dst: 0, source: { immediate: 0 } },
    { kind: 'exit' },
  ];
}

function prepend(instructions: readonly Instruction[], linked: LinkedProgram): LinkedProgram {
  const head = instructions.flatMap((instruction) => [...encode(instruction)]);
  const shift = head.length / BPF_INSN_SIZE;
  const insns = new Uint8Array(head.length + linked.insns.length);
  insns.set(head);
  insns.set(linked.insns, head.length);
  const moved = <T extends { readonly insn: number }>(items: readonly T[]): T[] =>
    items.map((item) => ({ ...item, insn: item.insn + shift }));
  return {
    ...linked,
    insns,
    mapReferences: moved(linked.mapReferences),
    moduleReferences: moved(linked.moduleReferences),
    poisoned: moved(linked.poisoned),
    ...(linked.funcInfo && { funcInfo: movedRecords(linked.funcInfo, shift) }),
    ...(linked.lineInfo && { lineInfo: movedRecords(linked.lineInfo, shift) }),
  };
}

type InfoRecords = NonNullable<LinkedProgram['funcInfo']>;

/** Both kinds of record begin with the index of their instruction. */
function movedRecords({ recordSize, bytes }: InfoRecords, shift: number): InfoRecords {
  const moved = bytes.slice();
  const view = new DataView(moved.buffer);
  for (let at = 0; at + recordSize <= moved.length; at += recordSize) {
    const insn = view.getUint32(at, true);
    if (insn !== 0) view.setUint32(at, insn + shift, true);
  }
  return { recordSize, bytes: moved };
}

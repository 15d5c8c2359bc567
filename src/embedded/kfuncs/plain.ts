/**
 * Functions that stand alone: casts, names looked up, output of programs, and questions whose
 * answer is always the same here.
 *
 * Facts: kernel/bpf/{helpers,stream,syscall,btf}.c and kernel/trace/bpf_trace.c of Linux 6.18.
 */
import { BpfiterError } from '../../errors.ts';
import type { CallPlan } from '../../jit/index.ts';
import {
  BPF_PROG_TYPE_KPROBE,
  BPF_PROG_TYPE_LSM,
  BPF_PROG_TYPE_RAW_TRACEPOINT,
  BPF_PROG_TYPE_STRUCT_OPS,
  BPF_PROG_TYPE_SYSCALL,
  BPF_PROG_TYPE_TRACEPOINT,
  BPF_PROG_TYPE_TRACING,
} from '../../uapi/index.ts';
import { type FunctionDefinition, signature } from '../helpers/definition.ts';
import { EINVAL, ENOENT } from '../helpers/errno.ts';
import { tracer } from '../helpers/print.ts';
import { writePointer } from '../helpers/words.ts';
import type { KernelMemory } from '../memory/kernel-memory.ts';

/** The argument as it is. */
const FIRST_ARGUMENT: CallPlan = { kind: 'argument', register: 1 };

/** Types whose programs see the kernel's own context. */
const ownContext: ReadonlySet<number> = new Set([
  BPF_PROG_TYPE_KPROBE,
  BPF_PROG_TYPE_LSM,
  BPF_PROG_TYPE_RAW_TRACEPOINT,
  BPF_PROG_TYPE_STRUCT_OPS,
  BPF_PROG_TYPE_SYSCALL,
  BPF_PROG_TYPE_TRACEPOINT,
  BPF_PROG_TYPE_TRACING,
]);

const STDOUT = 1;
const STDERR = 2;
/** A format's size where the verifier saw its end. */
const UNBOUNDED = 0x7fffffff;

const constant = (name: string, notation: string, value: number): FunctionDefinition => ({
  name,
  signature: signature(notation),
  make: () => () => value,
});

/** A name with its end as the last byte. @returns undefined for anything else */
function nameAt(memory: KernelMemory, at: number, size: number): string | undefined {
  return size <= 1 || memory.u8[at + size - 1] !== 0 ? undefined : memory.text(at, size);
}

export const plainHelpers: readonly FunctionDefinition[] = [
  {
    name: 'bpf_btf_find_by_name_kind',
    signature: signature('p i i i -> s'),
    make:
      ({ btf, memory }) =>
      (at: number, size: number, kind: number, flags: number) => {
        const name = nameAt(memory, at, size);
        if (flags !== 0 || name === undefined) return EINVAL;
        return btf.find(name, kind) ?? ENOENT;
      },
  },
  {
    name: 'bpf_kallsyms_lookup_name',
    signature: signature('p i q p -> s'),
    make: (runtime) => (at: number, size: number, flags: number, flagsHigh: number, to: number) => {
      const { memory, objects } = runtime;
      writePointer(memory, to, 0);
      const name = nameAt(memory, at, size);
      if ((flags | flagsHigh) !== 0 || name === undefined) return EINVAL;
      const offset = objects?.symbol(name);
      if (offset === undefined) return ENOENT;
      writePointer(memory, to, offset);
      return 0;
    },
  },
  {
    // As a processor that records no branches.
    name: 'bpf_get_branch_snapshot',
    signature: signature('p i q -> s'),
    make: () => (_to: number, _size: number, flags: number, flagsHigh: number) =>
      (flags | flagsHigh) === 0 ? ENOENT : EINVAL,
  },
];

export const plainKfuncs: readonly FunctionDefinition[] = [
  {
    name: 'bpf_rdonly_cast',
    signature: signature('p i -> p'),
    make: () => (at: number) => at,
    plan: () => FIRST_ARGUMENT,
  },
  {
    name: 'bpf_cast_to_kern_ctx',
    signature: signature('p -> p'),
    make: () => {
      throw new BpfiterError('unsupported', 'the kernel struct behind the context of this type of program');
    },
    plan: (_runtime, { programType }) => (ownContext.has(programType) ? FIRST_ARGUMENT : undefined),
  },
  {
    // What a program writes to its streams goes where its trace lines go: whoever runs it reads both there.
    name: 'bpf_stream_vprintk_impl',
    signature: signature('i p p i -> s'),
    make(runtime) {
      const trace = tracer(runtime);
      return (stream: number, format: number, values: number, size: number) => {
        if (stream !== STDOUT && stream !== STDERR) return ENOENT;
        const count = runtime.memory.runtime.format_values(values, size);
        if (count < 0) return count;
        const length = trace(format, UNBOUNDED, values, count);
        return length < 0 ? length : 0;
      };
    },
  },
  // No object of linear memory is of a slab cache.
  constant('bpf_get_kmem_cache', 'q -> p', 0),
  // Sources read what they give at the moment: nothing waits to be summed up.
  { name: 'css_rstat_flush', signature: signature('p -> v'), make: () => () => undefined },
  { name: 'css_rstat_updated', signature: signature('p i -> v'), make: () => () => undefined },
];

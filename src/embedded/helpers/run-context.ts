/**
 * Helpers that ask about the run they are called in: the arguments of the traced function, the cookie of the link, the
 * return value of a cgroup hook, the name and values of a sysctl. Facts: kernel/trace/bpf_trace.c, kernel/bpf/cgroup.c
 * of Linux 6.12.
 */
import { RESULT_HIGH } from '../../jit/index.ts';
import { BPF_PROG_TYPE_KPROBE } from '../../uapi/index.ts';
import { GivenStruct } from '../contexts/struct-run.ts';
import { E2BIG, EINVAL, ENOENT } from '../packets/errno.ts';
import type { Runtime } from '../runtime.ts';
import { type FunctionDefinition, signature } from './definition.ts';

/** struct pt_regs of x86-64. */
const REGS_AX = 80;
const REGS_IP = 128;

const PERF_VALUE_SIZE = 24;
const BPF_F_GET_BRANCH_RECORDS_SIZE = 1;
const BPF_F_SYSCTL_BASE_NAME = 1;
const PAGE = 4096;

/** Before the arguments: see contexts/argument-run.ts. */
const COUNT_BEFORE = 8;
const ADDRESS_BEFORE = 16;

function givenStruct(runtime: Runtime): GivenStruct | undefined {
  const { subject } = runtime.invocation;
  return subject instanceof GivenStruct ? subject : undefined;
}

function wide(runtime: Runtime, from: number): number {
  const { u32, i32 } = runtime.memory;
  u32[RESULT_HIGH >> 2] = u32[(from + 4) >> 2] as number;
  return i32[from >> 2] as number;
}

const copyWord = (runtime: Runtime, to: number, from: number): number => {
  runtime.memory.u8.copyWithin(to, from, from + 8);
  return 0;
};

export const runContextHelpers: readonly FunctionDefinition[] = [
  {
    name: 'bpf_get_func_arg',
    signature: signature('p i p -> s'),
    make: (runtime) => (context: number, index: number, to: number) => {
      const count = runtime.memory.u32[(context - COUNT_BEFORE) >> 2] as number;
      return index >>> 0 >= count ? EINVAL : copyWord(runtime, to, context + 8 * index);
    },
  },
  {
    name: 'bpf_get_func_ret',
    signature: signature('p p -> s'),
    make: (runtime) => (context: number, to: number) => {
      const count = runtime.memory.u32[(context - COUNT_BEFORE) >> 2] as number;
      return copyWord(runtime, to, context + 8 * count);
    },
  },
  {
    name: 'bpf_get_func_arg_cnt',
    signature: signature('p -> u'),
    make: (runtime) => (context: number) => runtime.memory.u32[(context - COUNT_BEFORE) >> 2] as number,
  },
  {
    name: 'bpf_get_func_ip',
    signature: signature('p -> q'),
    make: (runtime) => (context: number) => {
      const registers = runtime.invocation.programType === BPF_PROG_TYPE_KPROBE;
      return wide(runtime, registers ? context + REGS_IP : context - ADDRESS_BEFORE);
    },
  },
  {
    // No link runs the program, so none has given it a cookie.
    name: 'bpf_get_attach_cookie',
    signature: signature('p -> u'),
    make: () => () => 0,
  },
  {
    name: 'bpf_override_return',
    signature: signature('p q -> s'),
    make: (runtime) => (context: number, low: number, high: number) => {
      runtime.memory.i32[(context + REGS_AX) >> 2] = low;
      runtime.memory.i32[(context + REGS_AX + 4) >> 2] = high;
      return 0;
    },
  },
  {
    // There is no counter behind the given context.
    name: 'bpf_perf_prog_read_value',
    signature: signature('p p i -> s'),
    make: (runtime) => (_context: number, to: number, size: number) => {
      runtime.memory.u8.fill(0, to, to + size);
      return size === PERF_VALUE_SIZE ? ENOENT : EINVAL;
    },
  },
  {
    name: 'bpf_read_branch_records',
    signature: signature('p p i q -> s'),
    make: () => (_context: number, _to: number, _size: number, flags: number, high: number) =>
      (flags & ~BPF_F_GET_BRANCH_RECORDS_SIZE) !== 0 || high !== 0 ? EINVAL : ENOENT,
  },
  {
    name: 'bpf_get_retval',
    signature: signature(' -> s'),
    make: (runtime) => () => givenStruct(runtime)?.retval ?? 0,
  },
  {
    name: 'bpf_set_retval',
    signature: signature('i -> s'),
    make: (runtime) => (retval: number) => {
      const given = givenStruct(runtime);
      if (given !== undefined) given.retval = retval;
      return 0;
    },
  },
  {
    name: 'bpf_sysctl_get_name',
    signature: signature('p p i q -> s'),
    make: (runtime) => (_context: number, to: number, size: number, flags: number) => {
      const name = sysctlOf(runtime).name;
      const base = (flags & BPF_F_SYSCTL_BASE_NAME) !== 0 ? name.subarray(name.lastIndexOf(0x2f) + 1) : name;
      if (to === 0) return EINVAL;
      return copyText(runtime, to, size, base);
    },
  },
  {
    name: 'bpf_sysctl_get_current_value',
    signature: signature('p p i -> s'),
    make: (runtime) => (_context: number, to: number, size: number) =>
      copyValue(runtime, to, size, sysctlOf(runtime).current),
  },
  {
    name: 'bpf_sysctl_get_new_value',
    signature: signature('p p i -> s'),
    make: (runtime) => (context: number, to: number, size: number) => {
      const writes = runtime.memory.u32[context >> 2] !== 0;
      return copyValue(runtime, to, size, writes ? sysctlOf(runtime).next : new Uint8Array());
    },
  },
  {
    name: 'bpf_sysctl_set_new_value',
    signature: signature('p p i -> s'),
    make: (runtime) => (context: number, from: number, size: number) => {
      const { name, current, next } = sysctlOf(runtime);
      if (runtime.memory.u32[context >> 2] === 0 || next.length === 0 || from === 0 || size === 0) return EINVAL;
      if (size >>> 0 > PAGE - 1) return E2BIG;
      const value = runtime.memory.u8.slice(from, from + size);
      givenStruct(runtime)?.replace(Uint8Array.of(...name, 0, ...current, 0, ...value));
      return 0;
    },
  },
];

/** The data of a sysctl run: path below /proc/sys, current value and the one that is written, with NULs between. */
function sysctlOf(runtime: Runtime): { name: Uint8Array; current: Uint8Array; next: Uint8Array } {
  const bytes = givenStruct(runtime)?.bytes ?? new Uint8Array();
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let part = 0; part < 2; part += 1) {
    const end = bytes.indexOf(0, from);
    const to = end < 0 ? bytes.length : end;
    parts.push(bytes.subarray(from, to));
    from = Math.min(to + 1, bytes.length);
  }
  const [name = new Uint8Array(), current = new Uint8Array()] = parts;
  return { name, current, next: bytes.subarray(from) };
}

/** strscpy() */
function copyText(runtime: Runtime, to: number, size: number, text: Uint8Array): number {
  if (size === 0) return E2BIG;
  const count = Math.min(text.length, size - 1);
  runtime.memory.u8.set(text.subarray(0, count), to);
  runtime.memory.u8[to + count] = 0;
  return count < text.length ? E2BIG : count;
}

function copyValue(runtime: Runtime, to: number, size: number, value: Uint8Array): number {
  const { u8 } = runtime.memory;
  if (to === 0) return EINVAL;
  if (size === 0) return E2BIG;
  u8.fill(0, to, to + size);
  if (value.length === 0) return EINVAL;
  u8.set(value.subarray(0, size), to);
  if (size > value.length) return value.length;
  u8[to + size - 1] = 0;
  return E2BIG;
}

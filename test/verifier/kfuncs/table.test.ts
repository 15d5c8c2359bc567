/** The table of kfuncs of Linux 6.18, in itself and against the BTF of a running 6.18. */
import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { describe, expect, test } from 'vitest';
import { Btf } from '../../../src/btf/index.ts';
import {
  BPF_LSM_MAC,
  BPF_PROG_TYPE_KPROBE,
  BPF_PROG_TYPE_LSM,
  BPF_PROG_TYPE_RAW_TRACEPOINT,
  BPF_PROG_TYPE_SCHED_CLS,
  BPF_PROG_TYPE_SOCKET_FILTER,
  BPF_PROG_TYPE_TRACING,
  BPF_TRACE_ITER,
  BPF_TRACE_KPROBE_SESSION,
  BPF_TRACE_RAW_TP,
} from '../../../src/uapi/index.ts';
import { kfuncAllowed, kfuncs } from '../../../src/verifier/profile/linux-6.18/kfuncs.ts';

const VMLINUX = '/sys/kernel/btf/vmlinux';
const is618 = release().startsWith('6.18.') && existsSync(VMLINUX);

describe('kfuncs of Linux 6.18', () => {
  test('iterators come in threes', () => {
    const withFlag = (flag: 'iter_new' | 'iter_next' | 'iter_destroy', suffix: string): string[] =>
      [...kfuncs.values()].filter(({ flags }) => flags.includes(flag)).map(({ name }) => name.slice(0, -suffix.length));
    const families = ['bits', 'css', 'css_task', 'dmabuf', 'kmem_cache', 'num', 'task', 'task_vma'];
    const expected = families.map((family) => `bpf_iter_${family}`);
    expect(withFlag('iter_new', '_new').sort()).toEqual(expected);
    expect(withFlag('iter_next', '_next').sort()).toEqual(expected);
    expect(withFlag('iter_destroy', '_destroy').sort()).toEqual(expected);
  });

  test('every next may return NULL', () => {
    const nexts = [...kfuncs.values()].filter(({ flags }) => flags.includes('iter_next'));
    expect(nexts.filter(({ flags }) => !flags.includes('ret_null'))).toEqual([]);
  });

  test.each([
    ['bpf_iter_num_new', BPF_PROG_TYPE_SOCKET_FILTER, 0, true],
    ['bpf_task_from_pid', BPF_PROG_TYPE_SOCKET_FILTER, 0, false],
    ['bpf_task_from_pid', BPF_PROG_TYPE_SCHED_CLS, 0, true],
    ['bpf_task_from_pid', BPF_PROG_TYPE_RAW_TRACEPOINT, 0, false],
    ['bpf_sock_destroy', BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, true],
    ['bpf_sock_destroy', BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, false],
    ['bpf_put_file', BPF_PROG_TYPE_LSM, BPF_LSM_MAC, true],
    ['bpf_put_file', BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, false],
    ['bpf_session_cookie', BPF_PROG_TYPE_KPROBE, BPF_TRACE_KPROBE_SESSION, true],
    ['bpf_session_cookie', BPF_PROG_TYPE_KPROBE, 0, false],
    ['bpf_no_such_kfunc', BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, false],
  ])('%s in program type %i with attach type %i: %s', (name, type, expectedAttachType, allowed) => {
    expect(kfuncAllowed(name, { type, expectedAttachType, sleepable: false, target: undefined })).toBe(allowed);
  });

  test.skipIf(!is618)(`are those that the kernel's BTF names${is618 ? '' : ' (skipped: no Linux 6.18)'}`, () => {
    const btf = Btf.parse(readFileSync(VMLINUX), { name: 'vmlinux' });
    const tagged = new Set<string>();
    for (let id = btf.firstId; id < btf.endId; id++) {
      const type = btf.type(id);
      if (type.kind === 'decl_tag' && type.name === 'bpf_kfunc') tagged.add(btf.nameOf(type.type));
    }
    // These can only be attached to.
    const onlyForModReturn = ['bpf_fentry_test1', 'bpf_modify_return_test', 'bpf_modify_return_test2'];
    expect([...tagged].sort()).toEqual([...kfuncs.keys(), ...onlyForModReturn].sort());
  });
});

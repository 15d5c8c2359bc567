import { describe, expect, test } from 'vitest';
import { BpfiterError } from '../../src/errors.ts';
import { type AttachQuery, findAttachTarget } from '../../src/object/attach-target.ts';
import {
  BPF_LSM_CGROUP,
  BPF_LSM_MAC,
  BPF_MODIFY_RETURN,
  BPF_PROG_TYPE_EXT,
  BPF_PROG_TYPE_LSM,
  BPF_PROG_TYPE_TRACING,
  BPF_TRACE_FENTRY,
  BPF_TRACE_FEXIT,
  BPF_TRACE_ITER,
  BPF_TRACE_RAW_TP,
} from '../../src/uapi/index.ts';
import { declare } from './c-declarations.ts';
import { kernel } from './kernel.ts';

const base = declare(`
  func int bpf_iter_task(void *); func int bpf_iter_task_file(void *); func int bpf_lsm_file_open(void *);
  typedef void btf_trace_sched_switch(int); typedef int vfs_read;
  func int vfs_read(int); func int vfs_write(int); func int task(int);
`);
const modules = [
  { name: 'ext4', btf: declare('func int ext4_read(int); func int shared(int);', { name: 'ext4', base }) },
  {
    name: 'nf_tables',
    btf: declare('func int shared(int); typedef void btf_trace_nft(int);', { name: 'nf_tables', base }),
  },
];
const target = kernel({ btf: base, modules });

const query = (expectedAttachType: number, name: string, more: Partial<AttachQuery> = {}): AttachQuery => ({
  type: BPF_PROG_TYPE_TRACING,
  expectedAttachType,
  name,
  program: { name: 'prog', section: `sec/${name}` },
  ...more,
});

describe('an attach target is found', () => {
  test.each([
    ['an iterator by the function behind it', BPF_TRACE_ITER, 'task', 'bpf_iter_task', 'func'],
    ['a tracepoint by its typedef', BPF_TRACE_RAW_TP, 'sched_switch', 'btf_trace_sched_switch', 'typedef'],
    ['an LSM hook by its function', BPF_LSM_MAC, 'file_open', 'bpf_lsm_file_open', 'func'],
    ['an LSM hook of cgroups by its function', BPF_LSM_CGROUP, 'file_open', 'bpf_lsm_file_open', 'func'],
    ['a function, not the typedef of its name', BPF_TRACE_FENTRY, 'vfs_read', 'vfs_read', 'func'],
    ['a function for fexit', BPF_TRACE_FEXIT, 'task', 'task', 'func'],
    ['a function for fmod_ret', BPF_MODIFY_RETURN, 'vfs_read', 'vfs_read', 'func'],
    ['a function after the name of the kernel', BPF_TRACE_FENTRY, 'vmlinux:vfs_read', 'vfs_read', 'func'],
  ] as const)('%s', (_, attachType, name, btfName, kind) => {
    const type = attachType === BPF_LSM_MAC ? BPF_PROG_TYPE_LSM : BPF_PROG_TYPE_TRACING;
    expect(findAttachTarget(target, query(attachType, name, { type }))).toEqual({ btfId: base.find(btfName, kind) });
  });

  test.each([
    ['in a module if the kernel proper does not have it', 'ext4_read', undefined, 'ext4'],
    ['in the first module that has it', 'shared', undefined, 'ext4'],
    ['in the module that stands before the colon', 'nf_tables:shared', undefined, 'nf_tables'],
    ['in the module that is asked for', 'shared', 'nf_tables', 'nf_tables'],
    ['in the module whose name begins so', 'nf:shared', undefined, 'nf_tables'],
  ])('%s', (_, name, module, expected) => {
    const found = findAttachTarget(target, query(BPF_TRACE_FENTRY, name, { module }));
    const btf = modules.find((candidate) => candidate.name === expected)?.btf;
    expect(found).toEqual({ btfId: btf?.find(name.replace(/.*:/, ''), 'func'), module: expected });
  });

  test('in the program that is extended', () => {
    const programBtf = declare('func int helper(int); func int main(int);');
    const found = findAttachTarget(target, query(0, 'main', { type: BPF_PROG_TYPE_EXT, programBtf }));
    expect(found).toEqual({ btfId: programBtf.find('main', 'func') });
  });
});

describe('an attach target that is not found', () => {
  test.each([
    [
      query(BPF_TRACE_ITER, 'tasks'),
      'not-found',
      "program 'prog' (section 'sec/tasks'): the kernel has no iterator 'tasks' (did you mean 'task'?); 'bpfiter targets' lists what there is",
    ],
    [
      query(BPF_TRACE_RAW_TP, 'nothing_like_it'),
      'not-found',
      "program 'prog' (section 'sec/nothing_like_it'): the kernel has no tracepoint 'nothing_like_it'; /sys/kernel/tracing/available_events lists what there is",
    ],
    [
      query(BPF_TRACE_FENTRY, 'vfs_reed'),
      'not-found',
      "program 'prog' (section 'sec/vfs_reed'): the kernel has no function with BTF 'vfs_reed' (did you mean 'vfs_read'?); /sys/kernel/tracing/available_filter_functions lists what can be traced; inlined functions cannot",
    ],
    [
      query(BPF_TRACE_FENTRY, 'ext4:vfs_sync'),
      'not-found',
      "program 'prog' (section 'sec/ext4:vfs_sync'): 'ext4' has no function with BTF 'vfs_sync'; /sys/kernel/tracing/available_filter_functions lists what can be traced; inlined functions cannot",
    ],
    [
      query(BPF_TRACE_FENTRY, 'ext3:ext4_read'),
      'not-found',
      "program 'prog' (section 'sec/ext3:ext4_read'): no module 'ext3' with BTF is loaded (did you mean 'ext4'?)",
    ],
    [
      query(0, 'main', { type: BPF_PROG_TYPE_EXT }),
      'usage',
      "program 'prog' (section 'sec/main'): the program to extend was not set",
    ],
    [
      query(0, 'mian', { type: BPF_PROG_TYPE_EXT, programBtf: declare('func int main(int);') }),
      'not-found',
      "program 'prog' (section 'sec/mian'): the other program has no function 'mian' (did you mean 'main'?)",
    ],
    [query(BPF_TRACE_ITER, 'x'.repeat(120)), 'malformed', expect.stringContaining('is too long')],
  ])('is refused in one line (%#)', (asked, code, message) => {
    let error: unknown;
    try {
      findAttachTarget(target, asked);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(BpfiterError);
    expect(error).toMatchObject({ code, message });
  });

  test('because the kernel has no BTF is refused as that', () => {
    expect(() => findAttachTarget(kernel({ btf: undefined }), query(BPF_TRACE_ITER, 'task'))).toThrow(
      "program 'prog' (section 'sec/task'): iterator 'task': this kernel has no BTF",
    );
  });
});

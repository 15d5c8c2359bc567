/**
 * Who runs the program: the task_struct that is `current`, as the model lays it out.
 *
 * Facts: kernel/bpf/helpers.c, kernel/trace/bpf_trace.c and include/linux/cgroup.h of Linux 6.12.
 */
import type { KernelMemory } from '../memory/kernel-memory.ts';
import { CGROUP_FIELDS, CgroupTree } from './cgroup-tree.ts';
import { type FunctionDefinition, signature } from './definition.ts';
import { EINVAL } from './errno.ts';
import { fieldOffset } from './fields.ts';
import { readPointer, returnPair, returnSigned, zeroBytes } from './words.ts';

const COMM_SIZE = 16;

/** strscpy_pad(): cut so that a NUL has room, and NULs to the end. */
function copyPadded({ u8 }: KernelMemory, to: number, size: number, from: number, limit: number): void {
  let length = 0;
  const most = Math.min(size - 1, limit);
  while (length < most && u8[from + length] !== 0) length += 1;
  u8.copyWithin(to, from, from + length);
  u8.fill(0, to + length, to + size);
}

const currentTask = (name: string): FunctionDefinition => ({
  name,
  signature: signature('-> p'),
  make: (runtime) => () => runtime.currentTask,
});

export const currentFunctions: readonly FunctionDefinition[] = [
  currentTask('bpf_get_current_task'),
  currentTask('bpf_get_current_task_btf'),
  {
    name: 'bpf_get_current_pid_tgid',
    signature: signature('-> q'),
    reads: ['task_struct.pid', 'task_struct.tgid'],
    make(runtime) {
      const { memory } = runtime;
      const pid = fieldOffset(runtime, 'task_struct', 'pid');
      const tgid = fieldOffset(runtime, 'task_struct', 'tgid');
      return () => {
        const task = runtime.currentTask;
        if (task === 0) return returnSigned(memory, EINVAL);
        return returnPair(memory, memory.view.getInt32(task + pid, true), memory.view.getInt32(task + tgid, true));
      };
    },
  },
  {
    name: 'bpf_get_current_uid_gid',
    signature: signature('-> q'),
    reads: ['task_struct.cred', 'cred.uid', 'cred.gid'],
    make(runtime) {
      const { memory } = runtime;
      const cred = fieldOffset(runtime, 'task_struct', 'cred');
      const uid = fieldOffset(runtime, 'cred', 'uid');
      const gid = fieldOffset(runtime, 'cred', 'gid');
      return () => {
        const task = runtime.currentTask;
        if (task === 0) return returnSigned(memory, EINVAL);
        const at = readPointer(memory, task + cred);
        return returnPair(memory, memory.view.getInt32(at + uid, true), memory.view.getInt32(at + gid, true));
      };
    },
  },
  {
    name: 'bpf_get_current_comm',
    signature: signature('p i -> s'),
    reads: ['task_struct.comm'],
    make(runtime) {
      const comm = fieldOffset(runtime, 'task_struct', 'comm');
      return (to: number, size: number) => {
        const task = runtime.currentTask;
        if (task === 0) {
          zeroBytes(runtime.memory, to, size);
          return EINVAL;
        }
        copyPadded(runtime.memory, to, size, task + comm, COMM_SIZE);
        return 0;
      };
    },
  },
  {
    name: 'bpf_get_current_cgroup_id',
    signature: signature('-> q'),
    reads: CGROUP_FIELDS,
    make(runtime) {
      const cgroups = new CgroupTree(runtime);
      return () => cgroups.returnId(cgroups.ofTask(runtime.currentTask));
    },
  },
  {
    name: 'bpf_get_current_ancestor_cgroup_id',
    signature: signature('i -> q'),
    reads: CGROUP_FIELDS,
    make(runtime) {
      const cgroups = new CgroupTree(runtime);
      return (level: number) => cgroups.returnId(cgroups.ancestor(cgroups.ofTask(runtime.currentTask), level));
    },
  },
];

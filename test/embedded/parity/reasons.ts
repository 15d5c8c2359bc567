/**
 * Fields of the model whose values are not those of the running kernel, or cannot be compared with them, and why. Every
 * other field is the same wherever a test has looked (fields.test.ts).
 */

export interface Reason {
  readonly verdict: 'differs' | 'not comparable';
  readonly why: string;
}

const differs = (why: string): Reason => ({ verdict: 'differs', why });
const TICKS = differs('/proc counts in steps of 10 ms');
const ALL_MOUNTS = differs('NULL for files of file systems that nobody has mounted (sockets, pipes, anonymous inodes)');

export const reasons: ReadonlyMap<string, Reason> = new Map([
  [
    'task_struct.__state',
    differs('stat has a letter for it, which leaves out TASK_WAKEKILL, TASK_FREEZABLE and the like'),
  ],
  ['task_struct.utime', TICKS],
  ['task_struct.stime', TICKS],
  ['task_struct.gtime', TICKS],
  ['task_struct.start_time', TICKS],
  ['task_struct.start_boottime', TICKS],
  ['signal_struct.cutime', TICKS],
  ['signal_struct.cstime', TICKS],
  ['signal_struct.cgtime', TICKS],
  ['signal_struct.live', differs('stat counts the leader that has ended as well')],
  ['sched_entity.sum_exec_runtime', differs('the kernel brings it up to date when schedstat is read')],
  ['mm_struct.hiwater_rss', differs('/proc gives the present size if that is higher than the mark')],
  ['mm_struct.hiwater_vm', differs('/proc gives the present size if that is higher than the mark')],
  [
    'mm_struct.rss_stat',
    differs('the kernel keeps a part of each count with each processor, here all is in one place'),
  ],
  ['file.f_mode', differs('FMODE_READ, FMODE_WRITE and FMODE_EXEC are known, not what the file system can do')],
  ['file.private_data', differs('there for eventfds alone')],
  [
    'vm_area_struct.vm_flags',
    differs('VM_READ, VM_WRITE, VM_EXEC and VM_MAYSHARE are known, and VM_SHARED of areas that are writable'),
  ],
  ['vm_area_struct.vm_pgoff', differs('maps does not have it for areas without a file: it is the address in pages')],
  ['group_info.gid', { verdict: 'not comparable', why: 'ngroups says how many there are; behind them is no group' }],
  ['path.mnt', ALL_MOUNTS],
  ['vfsmount.mnt_root', ALL_MOUNTS],
  ['vfsmount.mnt_sb', ALL_MOUNTS],
  ['qstr.name', differs('empty for sockets, which the kernel names after their protocol')],
  ['qstr.len', differs('0 for sockets, which the kernel names after their protocol')],
]);

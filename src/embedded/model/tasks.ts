/**
 * Tasks: threads, processes and what they share. Filled from the files of /proc/PID and /proc/PID/task/TID by sources/.
 * Facts: names and types are those of Linux 6.18; what the files mean is proc(5) and fs/proc.
 */
import { part, struct } from './declarations.ts';

export const tasks = part(
  'Tasks',
  'Threads and processes.',
  `
  enum pid_type { PIDTYPE_PID, PIDTYPE_TGID, PIDTYPE_PGID, PIDTYPE_SID, PIDTYPE_MAX };
  `,
  [
    struct('task_struct', 'A thread. The leader of its group stands for the process.', [
      ['unsigned int __state', 'TASK_*: 0 while it runs or may.', 'stat'],
      ['unsigned int flags', 'PF_*.', 'stat'],
      ['pid_t pid', 'Number of the thread.', 'name of the directory'],
      ['pid_t tgid', 'Number of the process: the one of its leader.', 'name of the directory'],
      ['struct task_struct *real_parent', 'Who gets to know when it ends.', 'stat'],
      ['struct task_struct *group_leader', 'Leader of its thread group.', 'name of the directory'],
      ['char comm[16]', 'Name of the thread.', 'stat'],
    ]),
  ],
);

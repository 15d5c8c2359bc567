/**
 * Tasks: threads, processes and what they share.
 *
 * What a field comes from is a file of /proc/PID with a key in it: the number of a column, counted from 1 as in
 * proc(5), for `stat`; from 0 for files of a few numbers; the word before the colon for `status` and `io`, with the
 * number of a value in the line. `task/` means the thread's own file where that of the process tells sums. A word
 * behind it says how the text becomes the field (sources/procfs/conversions.ts). Everything else is made by the source.
 *
 * Facts: names and types are those of Linux 6.18; what the files mean is proc(5), fs/proc/array.c and fs/proc/base.c.
 */
import { part, struct } from './declarations.ts';

export const tasks = part(
  'Tasks',
  'Threads and processes.',
  `
  enum pid_type { PIDTYPE_PID, PIDTYPE_TGID, PIDTYPE_PGID, PIDTYPE_SID, PIDTYPE_MAX };
  typedef struct { unsigned long sig[1]; } sigset_t;
  typedef struct { u64 val; } kernel_cap_t;
  `,
  [
    struct('task_struct', 'A thread. The leader of its group stands for the process.', [
      ['struct thread_info thread_info', 'What the processor needs of it.', 'source'],
      [
        'unsigned int __state',
        'TASK_*, without the bits that stat does not tell (freezable, killable).',
        'stat 3 state',
      ],
      ['unsigned int flags', 'PF_*.', 'stat 9'],
      ['int prio', 'Priority that the scheduler goes by: 100 to 139 for ordinary tasks.', 'stat 18 prio'],
      ['int static_prio', '120 and the nice value.', 'stat 19 static-prio'],
      ['int normal_prio', 'What prio is while nothing raises it.', 'stat 41 normal-prio'],
      ['unsigned int rt_priority', 'Of real-time tasks: 1 to 99.', 'stat 40'],
      ['struct sched_entity se', 'What the fair scheduler counts.', 'source'],
      ['unsigned int policy', 'SCHED_*.', 'stat 41'],
      ['int nr_cpus_allowed', 'How many processors it may run on.', 'status Cpus_allowed bit-count'],
      ['const cpumask_t *cpus_ptr', 'Its own cpus_mask.', 'source'],
      ['cpumask_t cpus_mask', 'Processors that it may run on.', 'status Cpus_allowed mask'],
      ['struct sched_info sched_info', 'How it waited for a processor.', 'source'],
      ['struct list_head tasks', 'Leaders: the list of processes, from init_task on.', 'source'],
      ['struct mm_struct *mm', 'Address space; NULL for kernel threads and zombies.', 'source'],
      ['int exit_state', 'EXIT_ZOMBIE, EXIT_DEAD, else 0.', 'stat 3 exit-state'],
      ['int exit_code', 'As wait(2) gives it; only where ptrace(2) would be permitted.', 'stat 52'],
      ['int exit_signal', 'Signal to the parent when it ends; -1 for threads that are not the leader.', 'stat 38'],
      ['pid_t pid', 'Number of the thread, as the source counts.', 'source'],
      ['pid_t tgid', 'Number of the process: the one of its leader.', 'source'],
      ['struct task_struct *real_parent', 'Who brought it up, or took it in.', 'source'],
      ['struct task_struct *parent', 'Who is told when it ends: its tracer, or else real_parent.', 'source'],
      ['struct list_head children', 'Head of the list of its children.', 'source'],
      ['struct list_head sibling', "Its place in its parent's list.", 'source'],
      ['struct task_struct *group_leader', 'Leader of its thread group.', 'source'],
      ['struct list_head thread_node', 'Its place in the list of threads (signal->thread_head).', 'source'],
      ['struct pid *thread_pid', 'Its number in each pid namespace.', 'source'],
      ['u64 utime', 'Nanoseconds in user mode, in steps of 10 ms.', 'task/stat 14 ticks'],
      ['u64 stime', 'Nanoseconds in the kernel, in steps of 10 ms.', 'task/stat 15 ticks'],
      ['u64 gtime', 'Nanoseconds that a guest ran, in steps of 10 ms.', 'task/stat 43 ticks'],
      ['unsigned long nvcsw', 'How often it gave the processor up.', 'status voluntary_ctxt_switches'],
      ['unsigned long nivcsw', 'How often the processor was taken from it.', 'status nonvoluntary_ctxt_switches'],
      [
        'u64 start_time',
        'When it began, as start_boottime: what the machine slept before is not known.',
        'stat 22 ticks',
      ],
      ['u64 start_boottime', 'When it began: nanoseconds since boot, in steps of 10 ms.', 'stat 22 ticks'],
      ['unsigned long min_flt', 'Page faults without I/O.', 'task/stat 10'],
      ['unsigned long maj_flt', 'Page faults with I/O.', 'task/stat 12'],
      ['const struct cred *real_cred', 'Credentials; the same as cred.', 'source'],
      ['const struct cred *cred', 'Credentials that count when it acts.', 'source'],
      ['char comm[16]', 'Name of the thread.', 'stat 2 comm'],
      ['struct fs_struct *fs', 'Root and working directory; NULL for zombies.', 'source'],
      ['struct files_struct *files', 'Open files; NULL for zombies.', 'source'],
      ['struct nsproxy *nsproxy', 'Namespaces; NULL for zombies.', 'source'],
      ['struct signal_struct *signal', 'What its threads share of signals, limits and counters.', 'source'],
      ['sigset_t blocked', 'Signals that wait.', 'status SigBlk hex'],
      ['struct sigpending pending', 'Signals that wait for this thread.', 'source'],
      [
        'kuid_t loginuid',
        'Who logged in (audit); 4294967295 for nobody, or who has no number in the source.',
        'loginuid 0',
      ],
      ['unsigned int sessionid', 'Number of the login (audit).', 'sessionid 0'],
      ['struct seccomp seccomp', 'What it may call.', 'source'],
      ['struct task_io_accounting ioac', 'What it read and wrote.', 'source'],
      ['struct css_set *cgroups', 'Its control groups.', 'source'],
    ]),
    struct('thread_info', 'What the processor needs of a task.', [
      ['u32 cpu', 'Processor that it runs on, or ran on last.', 'stat 39'],
    ]),
    struct('sched_entity', 'What the fair scheduler counts.', [
      ['u64 sum_exec_runtime', 'Nanoseconds on a processor.', 'schedstat 0'],
    ]),
    struct('sched_info', 'How a task waited for a processor.', [
      ['unsigned long pcount', 'How often it got one.', 'schedstat 2'],
      ['unsigned long long run_delay', 'Nanoseconds that it waited.', 'schedstat 1'],
    ]),
    struct('sigpending', 'Signals that wait to be delivered.', [
      ['sigset_t signal', 'One bit a signal: of a thread, or of a process (signal->shared_pending).', 'source'],
    ]),
    struct('seccomp', 'Limits on system calls.', [
      ['int mode', '0 none, 1 strict, 2 filter.', 'status Seccomp'],
      ['atomic_t filter_count', 'Filters.', 'status Seccomp_filters'],
    ]),
    struct('task_io_accounting', 'What a thread read and wrote; only where ptrace(2) would be permitted.', [
      ['u64 rchar', 'Bytes read.', 'task/io rchar'],
      ['u64 wchar', 'Bytes written.', 'task/io wchar'],
      ['u64 syscr', 'Calls that read.', 'task/io syscr'],
      ['u64 syscw', 'Calls that wrote.', 'task/io syscw'],
      ['u64 read_bytes', 'Bytes read from storage.', 'task/io read_bytes'],
      ['u64 write_bytes', 'Bytes meant for storage.', 'task/io write_bytes'],
      ['u64 cancelled_write_bytes', 'Of these, bytes that were given up again.', 'task/io cancelled_write_bytes'],
    ]),
    struct('signal_struct', 'What the threads of a process share.', [
      ['atomic_t live', 'Threads.', 'stat 20'],
      ['int nr_threads', 'Threads.', 'stat 20'],
      ['struct list_head thread_head', 'Head of the list of threads.', 'source'],
      ['struct sigpending shared_pending', 'Signals that wait for the process.', 'source'],
      ['struct pid *pids[4]', 'By enum pid_type: process, process, process group, session.', 'source'],
      ['struct tty_struct *tty', 'Controlling terminal, or NULL.', 'source'],
      ['u64 cutime', "Children's nanoseconds in user mode, in steps of 10 ms.", 'stat 16 ticks'],
      ['u64 cstime', "Children's nanoseconds in the kernel, in steps of 10 ms.", 'stat 17 ticks'],
      ['u64 cgtime', "Children's nanoseconds as guests, in steps of 10 ms.", 'stat 44 ticks'],
      ['unsigned long cmin_flt', "Children's page faults without I/O.", 'stat 11'],
      ['unsigned long cmaj_flt', "Children's page faults with I/O.", 'stat 13'],
      ['struct rlimit rlim[16]', 'Limits, by RLIMIT_*.', 'source'],
      ['short oom_score_adj', 'How readily it is ended when memory is short.', 'oom_score_adj 0'],
    ]),
    struct('rlimit', 'A limit.', [
      ['unsigned long rlim_cur', 'What counts; all ones for no limit.', 'source'],
      ['unsigned long rlim_max', 'How far it may be raised.', 'source'],
    ]),
    struct('tty_struct', 'A terminal.', [
      ['int index', 'Number among those of its driver.', 'source'],
      ['char name[64]', 'Name, as `pts0`.', 'source'],
    ]),
    struct('cred', 'Credentials. Users and groups are numbered as in the user namespace of the source.', [
      ['kuid_t uid', 'Real user.', 'status Uid.0'],
      ['kgid_t gid', 'Real group.', 'status Gid.0'],
      ['kuid_t suid', 'Saved user.', 'status Uid.2'],
      ['kgid_t sgid', 'Saved group.', 'status Gid.2'],
      ['kuid_t euid', 'Effective user.', 'status Uid.1'],
      ['kgid_t egid', 'Effective group.', 'status Gid.1'],
      ['kuid_t fsuid', 'User for files.', 'status Uid.3'],
      ['kgid_t fsgid', 'Group for files.', 'status Gid.3'],
      ['kernel_cap_t cap_inheritable', 'Capabilities that programs it starts may get.', 'status CapInh hex'],
      ['kernel_cap_t cap_permitted', 'Capabilities that it may take up.', 'status CapPrm hex'],
      ['kernel_cap_t cap_effective', 'Capabilities that it has.', 'status CapEff hex'],
      ['kernel_cap_t cap_bset', 'Capabilities that bound all others.', 'status CapBnd hex'],
      ['kernel_cap_t cap_ambient', 'Capabilities that programs it starts keep.', 'status CapAmb hex'],
      ['struct user_namespace *user_ns', 'Where its capabilities count.', 'source'],
      ['struct group_info *group_info', 'Further groups.', 'source'],
    ]),
    struct('group_info', 'Groups beside the main one.', [
      ['int ngroups', 'How many.', 'source'],
      ['kgid_t gid[0]', 'Each, in ascending order.', 'source'],
    ]),
    struct('pid', 'A number of a process, process group or session.', [
      ['unsigned int level', 'How deep its pid namespace is below that of the source.', 'source'],
      ['struct upid numbers[0]', 'What it is in each, from the outermost in.', 'source'],
    ]),
    struct('upid', 'A number in one pid namespace.', [
      ['int nr', 'The number.', 'source'],
      ['struct pid_namespace *ns', 'The namespace; NULL for those between the outermost and the innermost.', 'source'],
    ]),
    struct('nsproxy', 'Namespaces of a task.', [
      ['struct uts_namespace *uts_ns', 'Host name.', 'source'],
      ['struct ipc_namespace *ipc_ns', 'System V IPC and message queues.', 'source'],
      ['struct mnt_namespace *mnt_ns', 'Mounts.', 'source'],
      ['struct pid_namespace *pid_ns_for_children', 'Pids of its children.', 'source'],
      ['struct net *net_ns', 'Network.', 'source'],
      ['struct time_namespace *time_ns', 'Clocks.', 'source'],
      ['struct time_namespace *time_ns_for_children', 'Clocks of its children.', 'source'],
      ['struct cgroup_namespace *cgroup_ns', 'Root of the control groups that it sees.', 'source'],
    ]),
    struct('ns_common', 'What all namespaces have.', [
      ['unsigned int inum', 'Number, as in the links of /proc/PID/ns.', 'source'],
    ]),
    ...[
      'uts_namespace',
      'ipc_namespace',
      'mnt_namespace',
      'net',
      'time_namespace',
      'cgroup_namespace',
      'user_namespace',
    ].map((name) => struct(name, 'A namespace.', [['struct ns_common ns', 'Its number.', 'source']])),
    struct('pid_namespace', 'A namespace.', [
      ['struct ns_common ns', 'Its number.', 'source'],
      [
        'unsigned int level',
        'How deep it is below that of the source; 0, and counted, of one that is only meant for children.',
        'source',
      ],
    ]),
  ],
);

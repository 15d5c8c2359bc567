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
const SCALED = differs('stat scales it to the time that the scheduler counted, and counts in steps of 10 ms');
const STEPS = differs(
  'times of tables are in steps of 10 ms, and each kernel has as many jiffies a second as it likes',
);
const SEQUENCE = differs('tables tell how far it is ahead of another number, and not from where it counts');
const IDS = differs('each kernel counts its own');
const notComparable = (why: string): Reason => ({ verdict: 'not comparable', why });
const NEXTHOPS = notComparable('routes have no shared next hop here, which the model says too');
const NO_BUFFER = notComparable('there is a dma-buf only where somebody made one, and its list is in debugfs alone');

export const reasons: ReadonlyMap<string, Reason> = new Map([
  [
    'task_struct.__state',
    differs(
      'stat has a letter for it, which leaves out TASK_FREEZABLE, TASK_WAKEKILL of tasks that sleep and the like',
    ),
  ],
  ['task_struct.utime', SCALED],
  ['task_struct.stime', SCALED],
  ['task_struct.gtime', TICKS],
  ['task_struct.start_time', TICKS],
  ['task_struct.start_boottime', TICKS],
  ['signal_struct.cutime', TICKS],
  ['signal_struct.cstime', TICKS],
  ['signal_struct.cgtime', TICKS],
  ['signal_struct.live', differs('stat counts the leader that has ended as well')],
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
  [
    'vm_area_struct.vm_pgoff',
    differs('of a stack Linux has the page that it began at before the kernel moved it, which maps does not tell'),
  ],
  ['percpu_counter.count', differs('the kernel keeps a part of each count with each processor')],
  ['seq_file.buf', notComparable('the output itself, in which the two kernels have written what is compared here')],
  ['group_info.gid', notComparable('ngroups says how many there are; behind them is no group')],
  ['mount.mnt_mountpoint', differs('NULL of the mount at the root: what that is mounted on mountinfo does not show')],
  ['eventfd_ctx.flags', differs('EFD_SEMAPHORE is known; Linux keeps EFD_NONBLOCK and EFD_CLOEXEC beside it')],
  [
    'sock_common.skc_daddr',
    differs('of connections of IPv6 that came from the other end Linux has 127.0.0.6 there, and no table tells which'),
  ],
  ['sock_common.skc_refcnt', differs('of connections that have only begun no table tells it')],
  ['sock.sk_backlog', differs('of TCP the table has the bytes that wait, Linux the memory that they take')],
  ['sock.sk_wmem_alloc', differs('of Unix sockets no table tells what waits to be sent; TCP as sk_backlog')],
  ['sock.sk_drops', differs('no table tells of packets that TCP dropped')],
  ['inet_connection_sock.icsk_rto', STEPS],
  ['inet_connection_sock.icsk_ack', STEPS],
  ['timer_list.expires', differs('0 for timers that do not run, and jiffies are each kernel’s own')],
  ['timer_list.entry', differs('pprev says whether the timer runs; next is NULL')],
  ['tcp_sock.rcv_nxt', SEQUENCE],
  ['tcp_sock.copied_seq', SEQUENCE],
  ['tcp_sock.write_seq', SEQUENCE],
  ['tcp_sock.snd_una', SEQUENCE],
  ['fib6_info.fib6_nh', notComparable('there are pointers in it: its fields are compared by their names')],
  ['nexthop.nh_info', NEXTHOPS],
  ['nexthop.nh_grp', NEXTHOPS],
  ['nexthop.is_group', NEXTHOPS],
  ['nh_group.nh_entries', NEXTHOPS],
  ['nh_grp_entry.nh', NEXTHOPS],
  ['dma_buf.size', NO_BUFFER],
  ['dma_buf.file', NO_BUFFER],
  ['dma_buf.exp_name', NO_BUFFER],
  ['dma_buf.name', NO_BUFFER],
  ['bpf_map.id', IDS],
  ['bpf_prog_aux.id', IDS],
  ['bpf_link.id', IDS],
  ['bpf_prog.len', differs('Linux counts the instructions that its verifier made of those that were loaded')],
  ['bpf_prog.jited_len', differs('each kernel compiles for a machine of its own')],
]);

/**
 * What kind an open file is, by the text of its link in /proc/PID/fd, and the operations that Linux gives that kind.
 * Facts: the names of the file systems and variables in fs/, net/socket.c and mm/ of Linux 6.18.
 */

export interface FileKind {
  /** Type of the file system. */
  readonly fs: string;
  /** Variable of the kernel with its operations. */
  readonly operations: string;
  /** Name of the directory entry. */
  readonly name: string;
}

/** Names in `anon_inode:[NAME]`, whose files are all of one file system. */
const ANONYMOUS: Readonly<Record<string, string>> = {
  eventfd: 'eventfd_fops',
  eventpoll: 'eventpoll_fops',
  timerfd: 'timerfd_fops',
  signalfd: 'signalfd_fops',
  inotify: 'inotify_fops',
  fanotify: 'fanotify_fops',
  perf_event: 'perf_fops',
  io_uring: 'io_uring_fops',
  userfaultfd: 'userfaultfd_fops',
  'bpf-map': 'bpf_map_fops',
  'bpf-prog': 'bpf_prog_fops',
  bpf_link: 'bpf_link_fops',
  bpf_iter: 'bpf_iter_fops',
  btf: 'btf_fops',
  pidfd: 'pidfs_file_operations',
};

/** Character devices that every machine has. */
const DEVICES: Readonly<Record<string, string>> = {
  '/dev/null': 'null_fops',
  '/dev/zero': 'zero_fops',
  '/dev/full': 'full_fops',
  '/dev/random': 'random_fops',
  '/dev/urandom': 'urandom_fops',
  '/dev/tty': 'tty_fops',
};

/**
 * @param link as /proc shows it
 * @param path the same, without what says that the file is deleted
 * @param fs type of the file system that the file is mounted from, where it has a path
 */
export function fileKind(link: string, path: string, fs: string | undefined): FileKind {
  return link.charCodeAt(0) === SLASH ? kindOfPath(link, path, fs) : kindOfOther(link, path, fs);
}

/** Files without a place in a tree. */
function kindOfOther(link: string, path: string, fs: string | undefined): FileKind {
  const special = /^(socket|pipe):\[/.exec(link)?.[1];
  if (special === 'socket') return { fs: 'sockfs', operations: 'socket_file_ops', name: '' };
  if (special === 'pipe') return { fs: 'pipefs', operations: 'pipefifo_fops', name: '' };
  const anonymous = /^anon_inode:\[?([^\]]*)\]?$/.exec(link)?.[1];
  if (anonymous !== undefined) {
    const operations = ANONYMOUS[anonymous] ?? `${anonymous}_fops`;
    return { fs: 'anon_inodefs', operations, name: link.slice('anon_inode:'.length) };
  }
  const namespace = /^(\w+):\[\d+\]$/.exec(link);
  if (namespace !== null) return { fs: 'nsfs', operations: 'ns_file_operations', name: '' };
  return kindOfPath(link, path, fs);
}

function kindOfPath(link: string, path: string, fs: string | undefined): FileKind {
  if (link.startsWith('/dmabuf:')) return { fs: 'dmabuf', operations: 'dma_buf_fops', name: link.slice(1) };
  if (link.startsWith('/memfd:')) return { fs: 'tmpfs', operations: 'shmem_file_operations', name: baseName(path) };
  const device = DEVICES[link];
  if (device !== undefined) return { fs: fs ?? 'devtmpfs', operations: device, name: baseName(path) };
  if (link.startsWith('/dev/pts/')) return { fs: 'devpts', operations: 'tty_fops', name: baseName(path) };
  const type = fs ?? '';
  return {
    fs: type,
    operations: type === 'tmpfs' ? 'shmem_file_operations' : `${type}_file_operations`,
    name: baseName(path),
  };
}

const SLASH = 0x2f;

/** Behind the last slash. */
const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

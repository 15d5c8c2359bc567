/**
 * What kind an open file is, by the text of its link in /proc/PID/fd, and the operations that Linux gives that kind.
 * Facts: the names of the file systems and variables in fs/, net/socket.c and mm/ of Linux 6.18.
 */

export interface FileKind {
  /** Type of the file system. */
  readonly fs: string;
  /** Variable of the kernel with its operations: those of regular files where the type of the file decides. */
  readonly operations: string;
  readonly isOfMode?: true;
  /** Name of the directory entry. */
  readonly name: string;
  /** On a mount that the kernel made for itself and no mountinfo shows. */
  readonly isUnseen?: true;
}

/** Of pipes without a name, since Linux 6.15. */
const PIPE = 'pipeanon_fops';

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

const S_IFMT = 0o170000;

/** Of files that were opened with O_PATH. */
export const NO_OPERATIONS = 'empty_fops';

/** What is no regular file, by its type, whatever file system its name is in. */
const SPECIAL_FILES: ReadonlyMap<number, string> = new Map([
  [0o010000, 'pipefifo_fops'],
  [0o020000, 'def_chr_fops'],
  [0o060000, 'def_blk_fops'],
]);
const S_IFDIR = 0o040000;
const DIRECTORY = '_dir_operations';

/** Regular files, by type of the file system, where these are not called after it. */
const FILES: Readonly<Record<string, string>> = {
  tmpfs: 'shmem_file_operations',
  ext2: 'ext4_file_operations',
  ext3: 'ext4_file_operations',
  overlay: 'ovl_file_operations',
  sysfs: 'kernfs_file_fops',
  cgroup: 'kernfs_file_fops',
  cgroup2: 'kernfs_file_fops',
};

/**
 * @param link as /proc shows it
 * @param path the same, without what says that the file is deleted
 * @param fs type of the file system that the file is mounted from, where it has a path
 */
export function fileKind(link: string, path: string, fs: string | undefined): FileKind {
  return link.charCodeAt(0) === SLASH ? kindOfPath(link, path, fs) : kindOfOther(link, path, fs);
}

/** The operations of a file, which of some kinds its type decides. @param mode as stat(2) tells it, where it does */
export function operationsOf({ fs, operations, isOfMode }: FileKind, mode = 0): string {
  if (isOfMode !== true) return operations;
  const type = mode & S_IFMT;
  return type === S_IFDIR ? `${fs}${DIRECTORY}` : (SPECIAL_FILES.get(type) ?? operations);
}

const unseen = (fs: string, operations: string, name: string): FileKind => ({ fs, operations, name, isUnseen: true });

/** Files without a place in a tree. */
function kindOfOther(link: string, path: string, fs: string | undefined): FileKind {
  const special = /^(socket|pipe):\[/.exec(link)?.[1];
  if (special === 'socket') return unseen('sockfs', 'socket_file_ops', '');
  if (special === 'pipe') return unseen('pipefs', PIPE, '');
  const anonymous = /^anon_inode:\[?([^\]]*)\]?$/.exec(link)?.[1];
  if (anonymous !== undefined) {
    const operations = ANONYMOUS[anonymous] ?? `${anonymous}_fops`;
    return unseen('anon_inodefs', operations, link.slice('anon_inode:'.length));
  }
  const namespace = /^(\w+):\[\d+\]$/.exec(link);
  if (namespace !== null) return unseen('nsfs', 'ns_file_operations', '');
  return kindOfPath(link, path, fs);
}

function kindOfPath(link: string, path: string, fs: string | undefined): FileKind {
  if (link.startsWith('/dmabuf:')) return unseen('dmabuf', 'dma_buf_fops', link.slice(1));
  if (link.startsWith('/memfd:')) return unseen('tmpfs', 'shmem_file_operations', baseName(path));
  const device = DEVICES[link];
  if (device !== undefined) return { fs: fs ?? 'devtmpfs', operations: device, name: baseName(path) };
  if (link.startsWith('/dev/pts/')) return { fs: 'devpts', operations: 'tty_fops', name: baseName(path) };
  const type = fs ?? '';
  return { fs: type, operations: FILES[type] ?? `${type}_file_operations`, name: baseName(path), isOfMode: true };
}

const SLASH = 0x2f;

/** Behind the last slash. */
const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Functions that read files, by operations: null where there is none. */
const READ_ITER: Readonly<Record<string, string | null>> = {
  socket_file_ops: 'sock_read_iter',
  [PIPE]: 'anon_pipe_read',
  pipefifo_fops: 'fifo_pipe_read',
  eventfd_fops: 'eventfd_read',
  timerfd_fops: 'timerfd_read_iter',
  signalfd_fops: 'signalfd_read_iter',
  userfaultfd_fops: 'userfaultfd_read_iter',
  [NO_OPERATIONS]: null,
  eventpoll_fops: null,
  inotify_fops: null,
  fanotify_fops: null,
  perf_fops: null,
  io_uring_fops: null,
  bpf_map_fops: null,
  bpf_prog_fops: null,
  bpf_link_fops: null,
  bpf_iter_fops: null,
  btf_fops: null,
  pidfs_file_operations: null,
  ns_file_operations: null,
  dma_buf_fops: null,
  null_fops: 'read_iter_null',
  zero_fops: 'read_iter_zero',
  full_fops: 'read_iter_zero',
  random_fops: 'random_read_iter',
  urandom_fops: 'urandom_read_iter',
  tty_fops: 'tty_read',
  def_blk_fops: 'blkdev_read_iter',
  shmem_file_operations: 'shmem_file_read_iter',
  kernfs_file_fops: 'kernfs_fop_read_iter',
  ext4_file_operations: 'ext4_file_read_iter',
  xfs_file_operations: 'xfs_file_read_iter',
  btrfs_file_operations: 'btrfs_file_read_iter',
  f2fs_file_operations: 'f2fs_file_read_iter',
  ovl_file_operations: 'ovl_read_iter',
  fuse_file_operations: 'fuse_file_read_iter',
  nfs_file_operations: 'nfs_file_read',
};

/** Name of the function that reads such files; null if there is none, as of directories; undefined if not known. */
export const readFunction = (operations: string): string | null | undefined =>
  operations.endsWith(DIRECTORY) ? null : READ_ITER[operations];

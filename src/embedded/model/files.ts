/**
 * Open files and what they lead to: directory entries, inodes, super blocks, mounts.
 * Facts: names and types are those of Linux 6.18; fs/proc/fd.c, fs/proc_namespace.c.
 */
import { part, struct } from './declarations.ts';

export const files = part('Files', 'Open files, inodes, directory entries, mounts.', '', [
  struct('file_operations', 'What the kernel does with files of one kind.', [
    [
      'ssize_t (*read_iter)(struct kiocb *iocb, struct iov_iter *to)',
      'The function that reads (%ps prints its name: `sock_read_iter`); NULL if there is none, or (and counted) of kinds of which it is not known.',
      'source',
    ],
  ]),
  struct('fs_struct', 'Where paths begin.', [
    ['int umask', 'Permissions that new files do not get.', 'status Umask octal'],
    ['struct path root', 'Root directory.', 'source'],
    ['struct path pwd', 'Working directory.', 'source'],
  ]),
  struct('files_struct', 'Open files of a process.', [
    ['struct fdtable *fdt', 'The table.', 'source'],
    ['struct fdtable fdtab', 'Where it stands.', 'source'],
  ]),
  struct('fdtable', 'Open files by number.', [
    ['unsigned int max_fds', 'Entries that the table has room for.', 'status FDSize'],
    ['struct file **fd', 'A file or NULL each.', 'source'],
  ]),
  struct('file', 'An open file.', [
    ['fmode_t f_mode', 'Of FMODE_*: READ, WRITE and PATH.', 'source'],
    ['const struct file_operations *f_op', 'What kind it is: the address of a variable (`socket_file_ops`).', 'source'],
    [
      'void *private_data',
      'eventfd: struct eventfd_ctx. Socket: struct socket, or NULL (and counted) where no table of /proc/net has it. Map, program or link of bpf(2): its struct, of which fdinfo tells numbers, types and sizes (other fields are 0, and counted). NULL for others.',
      'source',
    ],
    ['struct inode *f_inode', 'What was opened.', 'source'],
    ['unsigned int f_flags', 'O_*.', 'source'],
    ['struct path f_path', 'Under which name.', 'source'],
    ['loff_t f_pos', 'Where it is read and written next.', 'source'],
  ]),
  struct('path', 'A name in the tree of files.', [
    ['struct vfsmount *mnt', 'Mount.', 'source'],
    ['struct dentry *dentry', 'Directory entry.', 'source'],
  ]),
  struct('qstr', 'A name and its length.', [
    ['u32 len', 'Bytes.', 'source'],
    ['const unsigned char *name', 'The name.', 'source'],
  ]),
  struct('dentry', 'A directory entry.', [
    ['struct dentry *d_parent', 'Directory; the entry itself at the root of a file system.', 'source'],
    ['struct qstr d_name', 'Name.', 'source'],
    ['struct inode *d_inode', 'What it names.', 'source'],
    ['struct super_block *d_sb', 'File system.', 'source'],
  ]),
  struct('inode', 'A file, whatever its names. What only stat(2) tells is 0 in an archive made without it.', [
    ['umode_t i_mode', 'Type and permissions.', 'stat(2)'],
    ['kuid_t i_uid', 'Owner.', 'stat(2)'],
    ['kgid_t i_gid', 'Group.', 'stat(2)'],
    ['struct super_block *i_sb', 'File system.', 'source'],
    ['unsigned long i_ino', 'Number.', 'source'],
    ['unsigned int i_nlink', 'Names.', 'stat(2)'],
    ['dev_t i_rdev', 'Device that it stands for.', 'stat(2)'],
    ['loff_t i_size', 'Bytes.', 'stat(2)'],
  ]),
  struct('super_block', 'A mounted file system.', [
    ['dev_t s_dev', 'Device.', 'source'],
    ['unsigned long s_magic', 'Number of the type; of rare types it is not known here: 0, and counted.', 'source'],
    ['struct file_system_type *s_type', 'Type.', 'source'],
    ['char s_id[32]', 'Device by name, or the type.', 'source'],
  ]),
  struct('file_system_type', 'A type of file systems.', [['const char *name', 'As in mount(8).', 'source']]),
  struct('vfsmount', 'A mount.', [
    ['struct dentry *mnt_root', 'What is mounted.', 'source'],
    ['struct super_block *mnt_sb', 'File system.', 'source'],
  ]),
  struct('mount', 'A mount and its place.', [
    [
      'struct mount *mnt_parent',
      'What it is mounted on; itself for the root, and for mounts that the kernel made for itself (of sockets, pipes).',
      'source',
    ],
    ['struct dentry *mnt_mountpoint', 'Where; NULL of the mount at the root.', 'source'],
    ['struct vfsmount mnt', 'What programs see of it.', 'source'],
    ['int mnt_id', 'Number, as in mountinfo and fdinfo.', 'source'],
  ]),
  struct('eventfd_ctx', 'A counter that processes wait for.', [
    ['u64 count', 'Its value.', 'source'],
    ['unsigned int flags', 'EFD_SEMAPHORE or 0.', 'source'],
    ['int id', 'Number.', 'source'],
  ]),
]);

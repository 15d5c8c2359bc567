/** Open files and what they lead to. Filled from /proc/PID/fd, fdinfo and mountinfo. Names as in Linux 6.18. */
import { part } from './declarations.ts';

export const files = part(
  'Files',
  'Open files, inodes, directory entries, mounts.',
  `
  struct path {};
  struct file {};
  struct inode {};
  struct dentry {};
  `,
);

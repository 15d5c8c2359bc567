/** Address spaces. Filled from /proc/PID/stat, status, statm, maps and smaps. Names as in Linux 6.18. */
import { part } from './declarations.ts';

export const memory = part(
  'Memory',
  'Address spaces and their areas.',
  `
  struct mm_struct {};
  struct vm_area_struct {};
  `,
);

/** Control groups. Filled from /proc/PID/cgroup and the cgroup file system. Names as in Linux 6.18. */
import { part } from './declarations.ts';

export const cgroups = part(
  'Control groups',
  'The default hierarchy.',
  `
  struct cgroup_subsys_state { struct cgroup *cgroup; };
  struct cgroup { struct cgroup_subsys_state self; };
  `,
);

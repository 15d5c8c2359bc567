/**
 * Control groups of the default hierarchy, from /proc/PID/cgroup and the directories of the cgroup file system.
 * Facts: names and types are those of Linux 6.18.
 */
import { part, struct } from './declarations.ts';

export const cgroups = part('Control groups', 'The default hierarchy.', '', [
  struct('css_set', 'Control groups that tasks are in together.', [
    ['struct cgroup *dfl_cgrp', 'The one of the default hierarchy.', 'source'],
  ]),
  struct('cgroup_subsys_state', 'A control group as a controller sees it.', [
    ['struct cgroup *cgroup', 'The group.', 'source'],
    ['struct cgroup_subsys_state *parent', 'The same of the group above, NULL at the root.', 'source'],
  ]),
  struct('cgroup', 'A control group.', [
    ['struct cgroup_subsys_state self', 'The group without a controller.', 'source'],
    ['int level', 'Depth below the root.', 'source'],
    ['int nr_descendants', 'Groups below it.', 'cgroup.stat'],
    ['struct kernfs_node *kn', 'Its directory.', 'source'],
  ]),
  struct('kernfs_node', 'A directory of the cgroup file system.', [
    ['struct kernfs_node *__parent', 'Directory above, NULL at the root.', 'source'],
    ['const char *name', 'Name, empty at the root.', 'source'],
    ['u64 id', 'Number of the inode.', 'source'],
  ]),
]);

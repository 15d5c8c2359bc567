/**
 * Iterator targets: the arguments of their programs that are not trusted, or may be NULL, or are buffers; whether
 * sleepable programs attach (they all load); what the target is parametrised by.
 *
 * Measured on Linux 6.18.44 by scripts/measure-profile.mjs. Arguments are counted from 0, which is `meta`; those that
 * are not here are what their prototype says: scalars, and trusted pointers. Buffers have no size when a program is
 * loaded: how far it reaches is compared with the map when it is attached.
 */
import type { IteratorRow } from '../function-rules.ts';

export const iteratorTargets: readonly IteratorRow[] = [
  { target: 'bpf_link', sleepable: false, arguments: { '1': 'ptr_or_null_ bpf_link' } },
  { target: 'bpf_map', sleepable: false, arguments: { '1': 'trusted_ptr_or_null_ bpf_map' } },
  {
    target: 'bpf_map_elem',
    sleepable: false,
    parameter: 'map',
    arguments: { '2': 'rdonly_buf_or_null', '3': 'buf_or_null' },
  },
  { target: 'bpf_prog', sleepable: false, arguments: { '1': 'ptr_or_null_ bpf_prog' } },
  {
    target: 'bpf_sk_storage_map',
    sleepable: false,
    parameter: 'map',
    arguments: { '2': 'ptr_or_null_ sock', '3': 'buf_or_null' },
  },
  { target: 'cgroup', sleepable: true, parameter: 'cgroup', arguments: { '1': 'trusted_ptr_or_null_ cgroup' } },
  { target: 'dmabuf', sleepable: true, arguments: { '1': 'ptr_or_null_ dma_buf' } },
  { target: 'ipv6_route', sleepable: false, arguments: { '1': 'ptr_or_null_ fib6_info' } },
  { target: 'kmem_cache', sleepable: true, arguments: { '1': 'trusted_ptr_or_null_ kmem_cache' } },
  { target: 'ksym', sleepable: true, arguments: { '1': 'ptr_or_null_ kallsym_iter' } },
  { target: 'netlink', sleepable: false, arguments: { '1': 'ptr_or_null_ netlink_sock' } },
  {
    target: 'sockmap',
    sleepable: false,
    parameter: 'map',
    arguments: { '2': 'rdonly_buf_or_null', '3': 'ptr_or_null_ sock' },
  },
  { target: 'task', sleepable: true, parameter: 'task', arguments: { '1': 'trusted_ptr_or_null_ task_struct' } },
  {
    target: 'task_file',
    sleepable: true,
    parameter: 'task',
    arguments: { '1': 'ptr_or_null_ task_struct', '3': 'ptr_or_null_ file' },
  },
  {
    target: 'task_vma',
    sleepable: true,
    parameter: 'task',
    arguments: { '1': 'ptr_or_null_ task_struct', '2': 'ptr_or_null_ vm_area_struct' },
  },
  { target: 'tcp', sleepable: false, arguments: { '1': 'trusted_ptr_or_null_ sock_common' } },
  { target: 'udp', sleepable: false, arguments: { '1': 'trusted_ptr_or_null_ udp_sock' } },
  { target: 'unix', sleepable: false, arguments: { '1': 'ptr_or_null_ unix_sock' } },
];

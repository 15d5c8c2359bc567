/**
 * The attributes of each command of bpf(2) (`union bpf_attr`) and the structs that describe kernel objects
 * (`bpf_*_info`, `bpf_iter_link_info`), field by field in the header's order.
 * Source: include/uapi/linux/bpf.h (Linux 7.2). The comment behind a field is the first kernel that knows it, where
 * that is later than the command.
 *
 * A kernel takes attributes that are longer than its own as long as the tail is zero, so a struct may be passed
 * whole; an output field is written only if the size that is passed reaches it.
 */
import { StructLayout } from './structs.ts';

export const mapCreateAttributes = new StructLayout('map_create', {
  map_type: 'u32',
  key_size: 'u32',
  value_size: 'u32',
  max_entries: 'u32',
  map_flags: 'u32', // 4.6
  inner_map_fd: 's32', // 4.12
  numa_node: 'u32', // 4.14
  map_name: 'name', // 4.15
  map_ifindex: 'u32', // 4.16
  btf_fd: 's32', // 4.18
  btf_key_type_id: 'u32',
  btf_value_type_id: 'u32',
  btf_vmlinux_value_type_id: 'u32', // 5.6
  map_extra: 'u64', // 5.16
  value_type_btf_obj_fd: 's32', // 6.9
  map_token_fd: 's32', // 6.9
});

/** Look-up, update, delete, next key and freeze of a map. */
export const mapElementAttributes = new StructLayout('map_elem', {
  map_fd: 's32',
  key: 'pointer',
  /** For next key: where that key is written. */
  value: 'pointer',
  flags: 'u64',
});

export const mapBatchAttributes = new StructLayout('map_batch', {
  in_batch: 'pointer',
  out_batch: 'pointer',
  keys: 'pointer',
  values: 'pointer',
  count: 'u32',
  map_fd: 's32',
  elem_flags: 'u64',
  flags: 'u64',
});

export const programLoadAttributes = new StructLayout('prog_load', {
  prog_type: 'u32',
  insn_cnt: 'u32',
  insns: 'pointer',
  license: 'pointer',
  log_level: 'u32',
  log_size: 'u32',
  log_buf: 'pointer',
  kern_version: 'u32', // 4.1; ignored since 5.0
  prog_flags: 'u32', // 4.12
  prog_name: 'name', // 4.15
  prog_ifindex: 'u32', // 4.15
  expected_attach_type: 'u32', // 4.17
  prog_btf_fd: 's32', // 5.0
  func_info_rec_size: 'u32',
  func_info: 'pointer',
  func_info_cnt: 'u32',
  line_info_rec_size: 'u32',
  line_info: 'pointer',
  line_info_cnt: 'u32',
  attach_btf_id: 'u32', // 5.5
  /** A program to attach to, or a module's BTF (5.11). */
  attach_prog_fd: 's32',
  core_relo_cnt: 'u32', // 5.17
  fd_array: 'pointer', // 5.14
  core_relos: 'pointer',
  core_relo_rec_size: 'u32',
  log_true_size: 'u32', // 6.4, output
  prog_token_fd: 's32', // 6.9
});

/** Pin and get. */
export const objectPathAttributes = new StructLayout('obj', {
  pathname: 'pointer',
  bpf_fd: 's32',
  file_flags: 'u32', // 4.15
});

export const testRunAttributes = new StructLayout('prog_test_run', {
  prog_fd: 's32',
  retval: 's32', // output
  data_size_in: 'u32',
  data_size_out: 'u32', // input and output
  data_in: 'pointer',
  data_out: 'pointer',
  repeat: 'u32',
  duration: 'u32', // output
  ctx_size_in: 'u32', // 5.2
  ctx_size_out: 'u32', // input and output
  ctx_in: 'pointer',
  ctx_out: 'pointer',
  flags: 'u32', // 5.10
  cpu: 'u32',
  batch_size: 'u32', // 5.18
});

/** Next id and descriptor by id, of programs, maps, links and BTF. */
export const idAttributes = new StructLayout('id', {
  /** The id itself, or the one after which to look. */
  id: 'u32',
  next_id: 'u32', // output
  open_flags: 'u32', // 4.15
});

export const infoAttributes = new StructLayout('info', {
  bpf_fd: 's32',
  info_len: 'u32', // input and output
  info: 'pointer',
});

export const btfLoadAttributes = new StructLayout('btf_load', {
  btf: 'pointer',
  btf_log_buf: 'pointer',
  btf_size: 'u32',
  btf_log_size: 'u32',
  btf_log_level: 'u32',
  btf_log_true_size: 'u32', // 6.4, output
});

/** Link creation; of the per-type tail only the part of iterators. */
export const linkCreateAttributes = new StructLayout('link_create', {
  prog_fd: 's32',
  target_fd: 's32',
  attach_type: 'u32',
  flags: 'u32',
  iter_info: 'pointer', // 5.9
  iter_info_len: 'u32',
});

/** Link creation for uprobes of one file; here only to see whether a kernel has it. */
export const uprobeMultiAttributes = new StructLayout('link_create.uprobe_multi', {
  prog_fd: 's32',
  target_fd: 's32',
  attach_type: 'u32',
  flags: 'u32',
  path: 'pointer',
  offsets: 'pointer',
  ref_ctr_offsets: 'pointer',
  cookies: 'pointer',
  cnt: 'u32',
  multi_flags: 'u32',
  pid: 's32',
});

export const linkUpdateAttributes = new StructLayout('link_update', {
  link_fd: 's32',
  new_prog_fd: 's32',
  flags: 'u32',
  old_prog_fd: 's32',
});

export const linkDetachAttributes = new StructLayout('link_detach', { link_fd: 's32' });
export const enableStatsAttributes = new StructLayout('enable_stats', { type: 'u32' });
export const iterCreateAttributes = new StructLayout('iter_create', { link_fd: 's32', flags: 'u32' });
export const bindMapAttributes = new StructLayout('prog_bind_map', { prog_fd: 's32', map_fd: 's32', flags: 'u32' });

export const programInfo = new StructLayout('bpf_prog_info', {
  type: 'u32',
  id: 'u32',
  tag: 'tag',
  jited_prog_len: 'u32',
  xlated_prog_len: 'u32',
  jited_prog_insns: 'pointer',
  xlated_prog_insns: 'pointer',
  load_time: 'u64',
  created_by_uid: 'u32',
  nr_map_ids: 'u32',
  map_ids: 'pointer',
  name: 'name',
  ifindex: 'u32',
  gpl_compatible: 'u32',
  netns_dev: 'u64',
  netns_ino: 'u64',
  nr_jited_ksyms: 'u32',
  nr_jited_func_lens: 'u32',
  jited_ksyms: 'pointer',
  jited_func_lens: 'pointer',
  btf_id: 'u32', // 5.0
  func_info_rec_size: 'u32',
  func_info: 'pointer',
  nr_func_info: 'u32',
  nr_line_info: 'u32',
  line_info: 'pointer',
  jited_line_info: 'pointer',
  nr_jited_line_info: 'u32',
  line_info_rec_size: 'u32',
  jited_line_info_rec_size: 'u32',
  nr_prog_tags: 'u32',
  prog_tags: 'pointer',
  run_time_ns: 'u64', // 5.1
  run_cnt: 'u64',
  recursion_misses: 'u64', // 5.12
  verified_insns: 'u32', // 5.16
  attach_btf_obj_id: 'u32', // 6.0
  attach_btf_id: 'u32',
});

export const mapInfo = new StructLayout('bpf_map_info', {
  type: 'u32',
  id: 'u32',
  key_size: 'u32',
  value_size: 'u32',
  max_entries: 'u32',
  map_flags: 'u32',
  name: 'name',
  ifindex: 'u32',
  btf_vmlinux_value_type_id: 'u32',
  netns_dev: 'u64',
  netns_ino: 'u64',
  btf_id: 'u32', // 4.18
  btf_key_type_id: 'u32',
  btf_value_type_id: 'u32',
  btf_vmlinux_id: 'u32', // 6.9
  map_extra: 'u64', // 5.16
});

export const btfInfo = new StructLayout('bpf_btf_info', {
  btf: 'pointer',
  btf_size: 'u32',
  id: 'u32',
  name: 'pointer', // 5.11
  name_len: 'u32',
  kernel_btf: 'u32',
});

/** Of the per-type tail only the part of iterators: a union that the target's kind of parameter decides. */
export const linkInfo = new StructLayout('bpf_link_info', {
  type: 'u32',
  id: 'u32',
  prog_id: 'u32',
  target_name: 'pointer',
  target_name_len: 'u32', // input and output
  map_id: 'u32', // 5.9
  /** cgroup: the cgroup's id. */
  cgroup_id: 'u64', // 6.1
  cgroup_order: 'u32',
});

/** The same bytes as read for a task iterator. */
export const taskLinkInfo = new StructLayout('bpf_link_info (task)', {
  type: 'u32',
  id: 'u32',
  prog_id: 'u32',
  target_name: 'pointer',
  target_name_len: 'u32',
  map_id: 'u32',
  tid: 'u32',
  pid: 'u32',
});

/** `union bpf_iter_link_info`, one layout a member. */
export const mapIterInfo = new StructLayout('bpf_iter_link_info.map', { map_fd: 's32' });
export const cgroupIterInfo = new StructLayout('bpf_iter_link_info.cgroup', {
  order: 'u32',
  cgroup_fd: 's32',
  cgroup_id: 'u64',
});
export const taskIterInfo = new StructLayout('bpf_iter_link_info.task', { tid: 'u32', pid: 'u32', pid_fd: 's32' });

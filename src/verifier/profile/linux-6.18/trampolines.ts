/**
 * Kinds of programs that run through a trampoline (fentry, fexit, fmod_ret, LSM): rows for the tables of
 * helper-availability.ts and program-types.ts, which were measured on a machine that does not let these load.
 *
 * Facts: kernel/trace/bpf_trace.c (tracing_prog_func_proto), kernel/bpf/bpf_lsm.c (bpf_lsm_func_proto),
 * kernel/bpf/cgroup.c (cgroup_common_func_proto), kernel/bpf/verifier.c (check_return_code, bpf_enable_priv_stack) of
 * Linux 6.12, against what 6.18 answers for the kinds beside them.
 */
import type { AvailabilityRow } from '../availability.ts';
import { words } from '../kind-keys.ts';
import type { LoadableRow, ProgramRow } from '../program-rules.ts';
import { socketOptionHooks } from './lsm-hooks.ts';

/** Programs of cgroups at the hooks that have a socket whose options may be touched. */
export const atSocketOptionHooks = words(socketOptionHooks)
  .map((hook) => `lsm/lsm_cgroup/${hook}`)
  .join(' ');

export const trampolineHelpers: readonly AvailabilityRow[] = [
  {
    programs: 'tracing/trace_fentry tracing/trace_fexit tracing/modify_return',
    like: 'tracing/trace_raw_tp',
    plus: 'get_func_arg get_func_arg_cnt get_func_ret',
  },
  {
    programs: 'lsm/lsm_mac',
    like: 'tracing/trace_fentry',
    plus: 'inode_storage_get inode_storage_delete bprm_opts_set ima_inode_hash ima_file_hash',
  },
  {
    programs: 'lsm/lsm_cgroup',
    like: 'lsm/lsm_mac',
    plus: 'get_local_storage get_retval set_retval',
    minus: 'get_func_arg get_func_arg_cnt get_func_ret get_attach_cookie',
  },
  {
    programs: atSocketOptionHooks,
    like: 'lsm/lsm_cgroup',
    plus: 'getsockopt setsockopt',
  },
];

/** Return ranges of LSM programs depend on the hook (lsm-hooks.ts). */
export const trampolineRules: readonly ProgramRow[] = [
  { programs: 'tracing/trace_fentry tracing/trace_fexit', returns: [0, 0], sleepable: 'may', privateStack: true },
  { programs: 'tracing/modify_return', sleepable: 'may', privateStack: true },
  { programs: 'lsm/lsm_mac lsm/lsm_cgroup', sleepable: 'may', gplOnly: true },
];

export const trampolineLoadable: readonly LoadableRow[] = [
  // Which attach types these take is looked at with the target.
  { type: 'tracing' },
  { type: 'struct_ops' },
  { type: 'lsm' },
  { type: 'ext' },
];

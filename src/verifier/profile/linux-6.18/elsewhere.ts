/**
 * Rows for helper-availability.ts and map-rules.ts that the measuring machine could not be asked for: what its lockdown
 * hides, and helpers whose arguments no program there can come by.
 *
 * Facts: kernel/trace/bpf_trace.c, kernel/bpf/helpers.c and kernel/bpf/verifier.c (check_map_func_compatibility) of
 * Linux 6.12.
 */
import type { AvailabilityRow } from '../availability.ts';
import { words } from '../kind-keys.ts';
import type { MapTypesByHelper } from '../map-rules.ts';
import { atSocketOptionHooks } from './trampolines.ts';

/**
 * Helpers that `lockdown=integrity` hides from every kind of program, and so from all that were measured: rows for a
 * kernel that is not locked down.
 */
export const withoutLockdown: readonly AvailabilityRow[] = words(`
  kprobe tracepoint perf_event raw_tracepoint raw_tracepoint_writable syscall
  tracing/trace_raw_tp tracing/trace_iter tracing/trace_iter/tcp tracing/trace_iter/unix
  tracing/trace_fentry tracing/trace_fexit tracing/modify_return
  lsm/lsm_mac lsm/lsm_cgroup ${atSocketOptionHooks}
`).map((programs) => ({ programs, like: programs, plus: 'probe_write_user' }));

/** Helpers that are called with sockets, inodes or frames which no loadable program has at hand. */
export const mapTypesElsewhere: MapTypesByHelper = {
  xdp_output: 'perf_event_array',
  inode_storage_get: 'inode_storage',
  inode_storage_delete: 'inode_storage',
};

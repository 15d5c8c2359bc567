/**
 * Arguments of tracepoints (tp_btf) and struct_ops that are not what their prototype says, which is a trusted pointer.
 *
 * Measured on Linux 6.18.44 by scripts/measure-profile.mjs: every argument of every tracepoint in its BTF is read.
 * What is known of tracepoints that this kernel was built without stands in tracepoints-elsewhere.ts. Arguments are
 * those that programs see, counted from 0.
 */
import type { StructOpsRow, TracepointsByArgument } from '../function-rules.ts';

/** Tracepoints by an argument that may be NULL. */
export const nullableArguments: TracepointsByArgument = {
  '0': `
      mm_collapse_huge_page_isolate mm_page_alloc mm_page_alloc_zone_locked mm_page_pcpu_drain tcp_send_reset
      tmigr_update_events xfs_blockgc_flush_all xfs_blockgc_start xfs_blockgc_stop xfs_blockgc_worker
      xfs_defer_add_item xfs_defer_cancel_item xfs_defer_cancel_list xfs_defer_create_intent xfs_defer_finish_item
      xfs_defer_isolate_paused xfs_defer_item_pause xfs_defer_item_unpause xfs_defer_pending_abort
      xfs_defer_pending_finish xfs_defer_relog_intent xfs_fs_sync_fs xfs_inodegc_flush xfs_inodegc_push
      xfs_inodegc_queue xfs_inodegc_start xfs_inodegc_stop xfs_inodegc_throttle
    `,
  '1': `
      break_lease_block break_lease_noblock break_lease_unblock ext4_mballoc_discard ext4_mballoc_free fcntl_setlk
      flock_lock_inode folio_wait_writeback generic_delete_lease hugetlbfs_alloc_inode locks_remove_posix
      mm_khugepaged_collapse_file mm_khugepaged_scan_file mm_khugepaged_scan_pmd posix_lock_inode sched_pi_setprio
      tcp_send_reset time_out_leases writeback_dirty_folio xfs_blockgc_free_space xfs_ioc_free_eofblocks
    `,
  '2': `
      fib_table_lookup sched_stick_numa sched_swap_numa tcp_sendmsg_locked xfs_btree_overlapped_query_range
      xfs_btree_updkeys
    `,
  '3': 'kfree_skb qdisc_dequeue',
  '4': 'xfs_map_blocks_alloc xfs_map_blocks_found',
};

/** Tracepoints by an argument that may be an error in place of a pointer: programs get a number. */
export const errorArguments: TracepointsByArgument = {};

export const structOps: readonly StructOpsRow[] = [
  { struct: 'bpf_dummy_ops', nullable: { test_1: [0] }, notSleepable: 'test_1 test_2' },
  { struct: 'tcp_congestion_ops', promote: { sock: 'tcp_sock' }, unsupported: 'get_info' },
];

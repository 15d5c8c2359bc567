/**
 * What context-arguments.ts says, for tracepoints that the measured kernel was built without.
 *
 * Facts: the table of arguments that may be NULL or an error in kernel/bpf/btf.c, Linux 6.18.
 */
import type { TracepointsByArgument } from '../function-rules.ts';

/** Tracepoints by an argument that may be NULL. */
export const nullableElsewhere: TracepointsByArgument = {
  0: `
    afs_protocol_error amdgpu_vm_bo_map amdgpu_vm_bo_unmap cachefiles_io_error cachefiles_lookup
    cachefiles_mark_active cachefiles_mark_failed cachefiles_mark_inactive cachefiles_ondemand_close
    cachefiles_ondemand_copen cachefiles_ondemand_cread cachefiles_ondemand_fd_release
    cachefiles_ondemand_fd_write cachefiles_ondemand_open cachefiles_ondemand_read cachefiles_prep_read
    cachefiles_rename cachefiles_unlink cachefiles_vfs_error cfg80211_scan_done netfs_folioq nfs4_setup_sequence
    nfsd_dirent nfsd_file_acquire nfsd_file_cons_err nfsd_file_insert_err rxrpc_client rxrpc_recvdata
    xs_stream_read_data
  `,
  1: `
    afs_flock_ev afs_make_fs_call afs_make_fs_call1 afs_make_fs_call2 afs_make_fs_calli cfg80211_scan_done
    coda_dec_pic_done coda_dec_pic_run device_pm_callback_start netfs_failure rdev_set_coalesce rxrpc_resend
    rxrpc_tq spufs_context wiphy_work_cancel wiphy_work_flush wiphy_work_queue wiphy_work_run
    xchk_nlinks_live_update xprt_get_cong xprt_put_cong xprt_release_cong xprt_reserve_cong
  `,
  2: `
    amdtp_packet binder_transaction btree_path_free cfg80211_inform_bss_frame cfg80211_report_wowlan_wakeup
    dpu_crtc_setup_mixer kvm_page_fault_enter tegra_dma_tx_status xchk_metapath_lookup
  `,
  3: 'hfi1_sdma_progress iptfs_ingress_postq_event nfsd_file_acquire',
  4: `
    cfg80211_michael_mic_failure host1x_cdma_push_gather pnfs_mds_fallback_pg_get_mirror_count
    pnfs_mds_fallback_pg_init_read pnfs_mds_fallback_pg_init_write pnfs_mds_fallback_read_done
    pnfs_mds_fallback_read_pagelist pnfs_mds_fallback_write_done pnfs_mds_fallback_write_pagelist
    pnfs_update_layout
  `,
};

/** Tracepoints by an argument that may be an error. */
export const errorsElsewhere: TracepointsByArgument = {
  2: 'cachefiles_lookup nfs4_inode_callback_event nfs4_inode_stateid_callback_event',
  3: 'mr_integ_alloc',
};

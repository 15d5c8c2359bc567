/**
 * What distinguishes the hooks of LSM programs. Names are without `bpf_lsm_`.
 *
 * Facts: kernel/bpf/bpf_lsm.c of Linux 6.12 and of later versions; where they differ, what both have. The machine on
 * which the other tables were measured does not let LSM programs load.
 */
import { words } from '../kind-keys.ts';

/** Hooks that sleepable programs may be attached to. */
export const sleepableHooks: ReadonlySet<string> = new Set(
  words(`
    bpf bpf_map bpf_map_create bpf_map_free bpf_prog bpf_prog_load bpf_token_create bpf_token_free bpf_token_cmd
    bpf_token_capable bprm_check_security bprm_committed_creds bprm_committing_creds bprm_creds_for_exec
    bprm_creds_from_file capget capset cred_prepare file_ioctl file_lock file_open file_post_open file_receive
    inode_create inode_free_security inode_getattr inode_getxattr inode_mknod inode_need_killpriv inode_post_setxattr
    inode_post_removexattr inode_readlink inode_removexattr inode_rename inode_rmdir inode_setattr inode_setxattr
    inode_symlink inode_unlink kernel_module_request kernel_read_file kernfs_init_security path_unlink path_mkdir
    path_rmdir path_truncate path_symlink path_link path_rename path_chmod path_chown mmap_file netlink_send path_notify
    release_secctx sb_alloc_security sb_eat_lsm_opts sb_kern_mount sb_mount sb_remount sb_set_mnt_opts sb_show_options
    sb_statfs sb_umount settime socket_accept socket_bind socket_connect socket_create socket_getpeername
    socket_getpeersec_dgram socket_getsockname socket_getsockopt socket_listen socket_post_create socket_recvmsg
    socket_sendmsg socket_shutdown socket_socketpair syslog task_alloc task_prctl task_setscheduler userns_create
  `),
);

/** Hooks whose object is being made or torn down: their pointers are not trusted. */
export const untrustedHooks: ReadonlySet<string> = new Set(
  words(`
    bpf_map_free bpf_prog_free file_alloc_security file_free_security sk_alloc_security sk_free_security task_free
  `),
);

/** Hooks that return a truth value; the others return 0 or an error, if anything. */
export const booleanHooks: ReadonlySet<string> = new Set(
  words('xfrm_state_pol_flow_match audit_rule_known inode_xattr_skipcap'),
);

/** Hooks that no program may be attached to. */
export const disabledHooks: ReadonlySet<string> = new Set(
  words(`
    vm_enough_memory inode_need_killpriv inode_getsecurity inode_listsecurity inode_copy_up_xattr getselfattr
    getprocattr setprocattr key_getsecurity audit_rule_match xfrm_decode_session ismaclabel
  `),
);

/** Hooks at which a cgroup's programs may get and set options of the socket. */
export const socketOptionHooks = 'sock_graft inet_csk_clone inet_conn_established socket_post_create socket_socketpair';

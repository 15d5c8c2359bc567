/**
 * Flags, modes and limits of bpf(2) that are no type numbers.
 * Facts: include/uapi/linux/bpf.h (Linux 7.2).
 */
import { byId, byName, type UapiEntry } from './table.ts';

/** Bytes of an object's name with its end; longer names are cut. */
export const BPF_OBJ_NAME_LEN = 16;
/** Bytes of a program's tag. */
export const BPF_TAG_SIZE = 8;

// Update of a map element.
export const BPF_ANY = 0;
export const BPF_NOEXIST = 1;
export const BPF_EXIST = 2;
export const BPF_F_LOCK = 4;
/** The upper half of the flags is a CPU number (since 7.0). */
export const BPF_F_CPU = 8;
export const BPF_F_ALL_CPUS = 16;

// map_flags of BPF_MAP_CREATE.
export const BPF_F_NO_PREALLOC = 1 << 0;
export const BPF_F_NO_COMMON_LRU = 1 << 1;
export const BPF_F_NUMA_NODE = 1 << 2;
export const BPF_F_RDONLY = 1 << 3;
export const BPF_F_WRONLY = 1 << 4;
export const BPF_F_STACK_BUILD_ID = 1 << 5;
export const BPF_F_ZERO_SEED = 1 << 6;
export const BPF_F_RDONLY_PROG = 1 << 7;
export const BPF_F_WRONLY_PROG = 1 << 8;
export const BPF_F_CLONE = 1 << 9;
export const BPF_F_MMAPABLE = 1 << 10;
export const BPF_F_PRESERVE_ELEMS = 1 << 11;
export const BPF_F_INNER_MAP = 1 << 12;
export const BPF_F_LINK = 1 << 13;
export const BPF_F_PATH_FD = 1 << 14;
export const BPF_F_VTYPE_BTF_OBJ_FD = 1 << 15;
export const BPF_F_TOKEN_FD = 1 << 16;
export const BPF_F_SEGV_ON_FAULT = 1 << 17;
export const BPF_F_NO_USER_CONV = 1 << 18;
export const BPF_F_RB_OVERWRITE = 1 << 19;

/** Flags of BPF_MAP_CREATE by bit, with the first kernel that takes each. */
export const mapFlags: readonly UapiEntry[] = [
  { id: BPF_F_NO_PREALLOC, name: 'no_prealloc', since: '4.6' },
  { id: BPF_F_NO_COMMON_LRU, name: 'no_common_lru', since: '4.10' },
  { id: BPF_F_NUMA_NODE, name: 'numa_node', since: '4.14' },
  { id: BPF_F_RDONLY, name: 'rdonly', since: '4.15' },
  { id: BPF_F_WRONLY, name: 'wronly', since: '4.15' },
  { id: BPF_F_STACK_BUILD_ID, name: 'stack_build_id', since: '4.17' },
  { id: BPF_F_ZERO_SEED, name: 'zero_seed', since: '5.0' },
  { id: BPF_F_RDONLY_PROG, name: 'rdonly_prog', since: '5.2' },
  { id: BPF_F_WRONLY_PROG, name: 'wronly_prog', since: '5.2' },
  { id: BPF_F_CLONE, name: 'clone', since: '5.4' },
  { id: BPF_F_MMAPABLE, name: 'mmapable', since: '5.5' },
  { id: BPF_F_PRESERVE_ELEMS, name: 'preserve_elems', since: '5.10' },
  { id: BPF_F_INNER_MAP, name: 'inner_map', since: '5.10' },
  { id: BPF_F_LINK, name: 'link', since: '6.4' },
  { id: BPF_F_PATH_FD, name: 'path_fd', since: '6.5' },
  { id: BPF_F_VTYPE_BTF_OBJ_FD, name: 'vtype_btf_obj_fd', since: '6.9' },
  { id: BPF_F_TOKEN_FD, name: 'token_fd', since: '6.9' },
  { id: BPF_F_SEGV_ON_FAULT, name: 'segv_on_fault', since: '6.9' },
  { id: BPF_F_NO_USER_CONV, name: 'no_user_conv', since: '6.9' },
  { id: BPF_F_RB_OVERWRITE, name: 'rb_overwrite', since: '6.19' },
];

// prog_flags of BPF_PROG_LOAD (BPF_F_TOKEN_FD too).
export const BPF_F_STRICT_ALIGNMENT = 1 << 0;
export const BPF_F_ANY_ALIGNMENT = 1 << 1;
export const BPF_F_TEST_RND_HI32 = 1 << 2;
export const BPF_F_TEST_STATE_FREQ = 1 << 3;
export const BPF_F_SLEEPABLE = 1 << 4;
export const BPF_F_XDP_HAS_FRAGS = 1 << 5;
export const BPF_F_XDP_DEV_BOUND_ONLY = 1 << 6;
export const BPF_F_TEST_REG_INVARIANTS = 1 << 7;

/** Flags of BPF_PROG_LOAD by bit, with the first kernel that takes each. */
export const programFlags: readonly UapiEntry[] = [
  { id: BPF_F_STRICT_ALIGNMENT, name: 'strict_alignment', since: '4.12' },
  { id: BPF_F_ANY_ALIGNMENT, name: 'any_alignment', since: '5.0' },
  { id: BPF_F_TEST_RND_HI32, name: 'test_rnd_hi32', since: '5.3' },
  { id: BPF_F_TEST_STATE_FREQ, name: 'test_state_freq', since: '5.4' },
  { id: BPF_F_SLEEPABLE, name: 'sleepable', since: '5.10' },
  { id: BPF_F_XDP_HAS_FRAGS, name: 'xdp_has_frags', since: '5.18' },
  { id: BPF_F_XDP_DEV_BOUND_ONLY, name: 'xdp_dev_bound_only', since: '6.3' },
  { id: BPF_F_TEST_REG_INVARIANTS, name: 'test_reg_invariants', since: '6.8' },
  { id: BPF_F_TOKEN_FD, name: 'token_fd', since: '6.9' },
];

// attach_flags of BPF_PROG_ATTACH, and flags of BPF_LINK_CREATE.
export const BPF_F_ALLOW_OVERRIDE = 1 << 0;
export const BPF_F_ALLOW_MULTI = 1 << 1;
export const BPF_F_REPLACE = 1 << 2;
export const BPF_F_BEFORE = 1 << 3;
export const BPF_F_AFTER = 1 << 4;
export const BPF_F_ID = 1 << 5;
export const BPF_F_PREORDER = 1 << 6;
export const BPF_F_KPROBE_MULTI_RETURN = 1 << 0;
export const BPF_F_UPROBE_MULTI_RETURN = 1 << 0;
export const BPF_F_UPROBE_MULTI_PATH_FD = 1 << 1;
export const BPF_F_NETFILTER_IP_DEFRAG = 1 << 0;

// flags of BPF_PROG_QUERY and BPF_PROG_TEST_RUN.
export const BPF_F_QUERY_EFFECTIVE = 1 << 0;
export const BPF_F_TEST_RUN_ON_CPU = 1 << 0;
export const BPF_F_TEST_XDP_LIVE_FRAMES = 1 << 1;
export const BPF_F_TEST_SKB_CHECKSUM_COMPLETE = 1 << 2;

// Of the word before a record in a ring buffer: its length, and these.
export const BPF_RINGBUF_BUSY_BIT = 1 << 31;
export const BPF_RINGBUF_DISCARD_BIT = 1 << 30;
/** Bytes before a record. */
export const BPF_RINGBUF_HDR_SZ = 8;

// log_level of BPF_PROG_LOAD and BPF_BTF_LOAD; the kernel names them only inside (linux/bpf_verifier.h).
export const BPF_LOG_LEVEL1 = 1;
export const BPF_LOG_LEVEL2 = 2;
export const BPF_LOG_STATS = 4;
export const BPF_LOG_FIXED = 8;

// Order in which a cgroup iterator walks (enum bpf_cgroup_iter_order).
export const BPF_CGROUP_ITER_ORDER_UNSPEC = 0;
export const BPF_CGROUP_ITER_SELF_ONLY = 1;
export const BPF_CGROUP_ITER_DESCENDANTS_PRE = 2;
export const BPF_CGROUP_ITER_DESCENDANTS_POST = 3;
export const BPF_CGROUP_ITER_ANCESTORS_UP = 4;
export const BPF_CGROUP_ITER_CHILDREN = 5;

/** Orders of a cgroup iterator, as bpftool prints them; since is of the order, not of the iterator (6.1). */
export const cgroupIterOrders: readonly UapiEntry[] = [
  { id: BPF_CGROUP_ITER_ORDER_UNSPEC, name: 'order_unspec' },
  { id: BPF_CGROUP_ITER_SELF_ONLY, name: 'self_only', since: '6.1' },
  { id: BPF_CGROUP_ITER_DESCENDANTS_PRE, name: 'descendants_pre', since: '6.1' },
  { id: BPF_CGROUP_ITER_DESCENDANTS_POST, name: 'descendants_post', since: '6.1' },
  { id: BPF_CGROUP_ITER_ANCESTORS_UP, name: 'ancestors_up', since: '6.1' },
  { id: BPF_CGROUP_ITER_CHILDREN, name: 'children', since: '7.0' },
];

const orderNames = byId(cgroupIterOrders);
const orderIds = byName(cgroupIterOrders);

/** `descendants_pre` for 2; undefined for a number that the table does not have. */
export const cgroupIterOrderName = (id: number): string | undefined => orderNames.get(id);
export const cgroupIterOrderId = (name: string): number | undefined => orderIds.get(name);

/**
 * Packets and what stands around them, as kfuncs, helpers and congestion control name them. Structs without fields are
 * known by name only: programs pass pointers to them and look at nothing. Facts: names are those of Linux 6.18.
 */
import { part } from './declarations.ts';

export const network = part(
  'Network',
  'Structs without fields are passed around and not looked into.',
  `
  union nf_inet_addr { __u32 all[4]; __be32 ip; __be32 ip6[4]; struct in_addr in; struct in6_addr in6; };

  struct sk_buff {};
  struct xdp_buff {};
  struct sk_msg {};
  struct bpf_flow_dissector {};
  struct bpf_perf_event_data_kern {};
  struct bpf_sock_addr_kern {};
  struct bpf_sock_ops_kern {};
  struct bpf_sysctl_kern {};
  struct bpf_sockopt_kern {};
  struct sk_reuseport_kern {};
  struct bpf_sk_lookup_kern {};
  struct nf_hook_state {};

  struct nf_conn {};
  struct nf_conn___init {};
  enum nf_nat_manip_type { NF_NAT_MANIP_SRC, NF_NAT_MANIP_DST };
  struct bpf_ct_opts {
    s32 netns_id;
    s32 error;
    u8 l4proto;
    u8 dir;
    u16 ct_zone_id;
    u8 ct_zone_dir;
    u8 reserved[3];
  };
  struct bpf_tcp_req_attrs {
    u32 rcv_tsval;
    u32 rcv_tsecr;
    u16 mss;
    u8 rcv_wscale;
    u8 snd_wscale;
    u8 ecn_ok;
    u8 wscale_ok;
    u8 sack_ok;
    u8 tstamp_ok;
    u8 usec_ts_ok;
    u8 reserved[3];
  };
  typedef union { __be32 a4; __be32 a6[4]; struct in6_addr in6; } xfrm_address_t;
  struct xfrm_state {};
  struct bpf_xfrm_state_opts {
    s32 error;
    s32 netns_id;
    u32 mark;
    xfrm_address_t daddr;
    __be32 spi;
    u8 proto;
    u16 family;
  };
  enum xdp_rss_hash_type {
    XDP_RSS_L3_IPV4 = 1, XDP_RSS_L3_IPV6 = 2, XDP_RSS_L3_DYNHDR = 4, XDP_RSS_L4 = 8, XDP_RSS_L4_TCP = 16,
    XDP_RSS_L4_UDP = 32, XDP_RSS_L4_SCTP = 64, XDP_RSS_L4_IPSEC = 128, XDP_RSS_L4_ICMP = 256, XDP_RSS_TYPE_NONE = 0,
    XDP_RSS_TYPE_L2 = 0, XDP_RSS_TYPE_L3_IPV4 = 1, XDP_RSS_TYPE_L3_IPV6 = 2, XDP_RSS_TYPE_L3_IPV4_OPT = 5,
    XDP_RSS_TYPE_L3_IPV6_EX = 6, XDP_RSS_TYPE_L4_ANY = 8, XDP_RSS_TYPE_L4_IPV4_TCP = 25,
    XDP_RSS_TYPE_L4_IPV4_UDP = 41, XDP_RSS_TYPE_L4_IPV4_SCTP = 73, XDP_RSS_TYPE_L4_IPV4_IPSEC = 137,
    XDP_RSS_TYPE_L4_IPV4_ICMP = 265, XDP_RSS_TYPE_L4_IPV6_TCP = 26, XDP_RSS_TYPE_L4_IPV6_UDP = 42,
    XDP_RSS_TYPE_L4_IPV6_SCTP = 74, XDP_RSS_TYPE_L4_IPV6_IPSEC = 138, XDP_RSS_TYPE_L4_IPV6_ICMP = 266,
    XDP_RSS_TYPE_L4_IPV6_TCP_EX = 30, XDP_RSS_TYPE_L4_IPV6_UDP_EX = 46, XDP_RSS_TYPE_L4_IPV6_SCTP_EX = 78,
  };

  enum tcp_ca_event {
    CA_EVENT_TX_START, CA_EVENT_CWND_RESTART, CA_EVENT_COMPLETE_CWR, CA_EVENT_LOSS, CA_EVENT_ECN_NO_CE,
    CA_EVENT_ECN_IS_CE,
  };
  struct ack_sample { u32 pkts_acked; s32 rtt_us; u32 in_flight; };
  struct rate_sample {};
  union tcp_cc_info {};
  struct module {};
  struct tcp_congestion_ops {
    u32 (*ssthresh)(struct sock *sk);
    void (*cong_avoid)(struct sock *sk, u32 ack, u32 acked);
    void (*set_state)(struct sock *sk, u8 new_state);
    void (*cwnd_event)(struct sock *sk, enum tcp_ca_event ev);
    void (*in_ack_event)(struct sock *sk, u32 flags);
    void (*pkts_acked)(struct sock *sk, const struct ack_sample *sample);
    u32 (*min_tso_segs)(struct sock *sk);
    void (*cong_control)(struct sock *sk, u32 ack, int flag, const struct rate_sample *rs);
    u32 (*undo_cwnd)(struct sock *sk);
    u32 (*sndbuf_expand)(struct sock *sk);
    size_t (*get_info)(struct sock *sk, u32 ext, int *attr, union tcp_cc_info *info);
    char name[16];
    struct module *owner;
    struct list_head list;
    u32 key;
    u32 flags;
    void (*init)(struct sock *sk);
    void (*release)(struct sock *sk);
  };
  struct bpf_dummy_ops_state { int val; };
  struct bpf_dummy_ops {
    int (*test_1)(struct bpf_dummy_ops_state *cb);
    int (*test_2)(struct bpf_dummy_ops_state *cb, int a1, unsigned short a2, char a3, unsigned long a4);
    int (*test_sleepable)(struct bpf_dummy_ops_state *cb);
  };
  enum bpf_struct_ops_state {
    BPF_STRUCT_OPS_STATE_INIT, BPF_STRUCT_OPS_STATE_INUSE, BPF_STRUCT_OPS_STATE_TOBEFREE,
    BPF_STRUCT_OPS_STATE_READY,
  };
  struct bpf_struct_ops_common_value { refcount_t refcnt; enum bpf_struct_ops_state state; };
  struct bpf_struct_ops_tcp_congestion_ops {
    struct bpf_struct_ops_common_value common;
    struct tcp_congestion_ops data;
  };
  struct bpf_struct_ops_bpf_dummy_ops {
    struct bpf_struct_ops_common_value common;
    struct bpf_dummy_ops data;
  };

  struct prog_test_member1 { int a; };
  struct prog_test_member { struct prog_test_member1 m; int c; };
  struct prog_test_ref_kfunc {
    int a;
    int b;
    struct prog_test_member memb;
    struct prog_test_ref_kfunc *next;
    refcount_t cnt;
  };
  `,
);

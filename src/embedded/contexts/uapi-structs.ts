/**
 * Where the fields of context structs lie (include/uapi/linux/bpf.h), as far as this room writes or reads them. What
 * programs of each type may touch of them is the verifier's business (verifier/profile/linux-6.18/contexts.ts).
 */

export const skBuffSize = 192;

/** struct __sk_buff */
export const skBuffFields = {
  len: 0,
  pkt_type: 4,
  mark: 8,
  queue_mapping: 12,
  protocol: 16,
  vlan_present: 20,
  vlan_tci: 24,
  vlan_proto: 28,
  priority: 32,
  ingress_ifindex: 36,
  ifindex: 40,
  tc_index: 44,
  cb: 48,
  hash: 68,
  tc_classid: 72,
  data: 76,
  data_end: 80,
  napi_id: 84,
  family: 88,
  remote_ip4: 92,
  local_ip4: 96,
  remote_ip6: 100,
  local_ip6: 116,
  remote_port: 132,
  local_port: 136,
  data_meta: 140,
  flow_keys: 144,
  tstamp: 152,
  wire_len: 160,
  gso_segs: 164,
  sk: 168,
  gso_size: 176,
  tstamp_type: 180,
  hwtstamp: 184,
} as const;

export const xdpMdSize = 24;

/** struct xdp_md */
export const xdpMdFields = {
  data: 0,
  data_end: 4,
  data_meta: 8,
  ingress_ifindex: 12,
  rx_queue_index: 16,
  egress_ifindex: 20,
} as const;

export const sockSize = 80;

/** struct bpf_sock */
export const sockFields = {
  bound_dev_if: 0,
  family: 4,
  type: 8,
  protocol: 12,
  mark: 16,
  priority: 20,
  src_ip4: 24,
  src_ip6: 28,
  src_port: 44,
  dst_port: 48,
  dst_ip4: 52,
  dst_ip6: 56,
  state: 72,
  rx_queue_mapping: 76,
} as const;

export const flowKeysSize = 56;

/** struct bpf_flow_keys */
export const flowKeysFields = { nhoff: 0, thoff: 2, n_proto: 10, flags: 48 } as const;

export const skLookupSize = 72;

/** struct bpf_sk_lookup; `cookie`, of what comes back, is where programs see `sk` */
export const skLookupFields = {
  sk: 0,
  cookie: 0,
  family: 8,
  protocol: 12,
  remote_ip4: 16,
  remote_ip6: 20,
  remote_port: 36,
  local_ip4: 40,
  local_ip6: 44,
  local_port: 60,
  ingress_ifindex: 64,
} as const;

export const nfHookStateSize = 48;

/** struct nf_hook_state (include/linux/netfilter.h) */
export const nfHookStateFields = { hook: 0, pf: 1, in: 8, out: 16, sk: 24, net: 32, okfn: 40 } as const;

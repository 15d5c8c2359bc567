/**
 * Fields of kernel structs that programs may write, by program type and, for struct_ops, the struct of the kernel that
 * they implement. From net/netfilter/nf_conntrack_bpf.c, net/ipv4/bpf_tcp_ca.c and net/bpf/bpf_dummy_struct_ops.c.
 */

export interface WritableStruct {
  readonly struct: string;
  /** Other structs of the same layout that count as it. */
  readonly alsoFor: readonly string[];
  /** Paths of members; undefined: every byte. */
  readonly fields: readonly string[] | undefined;
}

/** Traffic control and XDP: connection tracking entries. */
export const WRITABLE_NF_CONN: WritableStruct = {
  struct: 'nf_conn',
  alsoFor: ['nf_conn___init'],
  fields: ['mark'],
};

/** By struct of struct_ops. */
export const WRITABLE_IN_STRUCT_OPS: ReadonlyMap<string, WritableStruct> = new Map([
  [
    'tcp_congestion_ops',
    {
      struct: 'tcp_sock',
      alsoFor: [],
      fields: [
        'inet_conn.icsk_inet.sk.sk_pacing_rate',
        'inet_conn.icsk_inet.sk.sk_pacing_status',
        'inet_conn.icsk_ca_priv',
        'inet_conn.icsk_ack.pending',
        'snd_cwnd',
        'snd_cwnd_cnt',
        'snd_cwnd_stamp',
        'snd_ssthresh',
        'ecn_flags',
        'app_limited',
      ],
    },
  ],
  ['bpf_dummy_ops', { struct: 'bpf_dummy_ops_state', alsoFor: [], fields: undefined }],
]);

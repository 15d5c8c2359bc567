/**
 * Which loads the socket structs that programs see allow: `struct bpf_sock`, `bpf_tcp_sock` and `bpf_xdp_sock` of
 * include/uapi/linux/bpf.h, by the rules of net/core/filter.c. Where no field is listed, aligned loads of 4 bytes are.
 */

export interface SocketField {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  /**
   * `narrow`: parts of it may be loaded; `first`: parts that begin where it begins; `whole`: only all of it;
   * `none`: nothing.
   */
  readonly loads: 'narrow' | 'first' | 'whole' | 'none';
}

export interface SocketStruct {
  readonly size: number;
  readonly fields: readonly SocketField[];
}

const SOCK_FIELDS: readonly SocketField[] = [
  { name: 'family', offset: 4, size: 4, loads: 'first' },
  { name: 'type', offset: 8, size: 4, loads: 'first' },
  { name: 'protocol', offset: 12, size: 4, loads: 'first' },
  { name: 'src_ip4', offset: 24, size: 4, loads: 'narrow' },
  { name: 'src_ip6', offset: 28, size: 16, loads: 'narrow' },
  { name: 'src_port', offset: 44, size: 4, loads: 'first' },
  // With the padding behind it, it may also be loaded as the 4 bytes that it once was.
  { name: 'dst_port', offset: 48, size: 2, loads: 'narrow' },
  { name: 'padding of dst_port', offset: 50, size: 2, loads: 'none' },
  { name: 'dst_ip4', offset: 52, size: 4, loads: 'narrow' },
  { name: 'dst_ip6', offset: 56, size: 16, loads: 'narrow' },
  { name: 'state', offset: 72, size: 4, loads: 'first' },
  { name: 'rx_queue_mapping', offset: 76, size: 4, loads: 'first' },
];

export const BPF_SOCK: SocketStruct = { size: 80, fields: SOCK_FIELDS };

/** The same struct, of a socket that need not be a full one. */
export const BPF_SOCK_COMMON: SocketStruct = {
  size: 80,
  fields: [{ name: 'type to priority', offset: 8, size: 16, loads: 'none' }, ...SOCK_FIELDS],
};

export const BPF_TCP_SOCK: SocketStruct = {
  size: 112,
  fields: [
    { name: 'bytes_received', offset: 80, size: 8, loads: 'whole' },
    { name: 'bytes_acked', offset: 88, size: 8, loads: 'whole' },
  ],
};

export const BPF_XDP_SOCK: SocketStruct = { size: 4, fields: [] };

/** Bytes of `struct bpf_flow_keys`. */
export const BPF_FLOW_KEYS_SIZE = 56;

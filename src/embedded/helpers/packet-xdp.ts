/** Helpers and kfuncs on an XDP packet. Facts: net/core/{filter,xdp}.c of Linux 6.12; bpf_xdp_pull_data() as 6.18. */
import { EOPNOTSUPP } from '../packets/errno.ts';
import { xdpBuffOf } from '../packets/xdp-buff.ts';
import { type FunctionDefinition, signature } from './definition.ts';

export const xdpHelpers: readonly FunctionDefinition[] = [
  {
    name: 'bpf_xdp_adjust_head',
    signature: signature('p i -> s'),
    make: (runtime) => (_context: number, by: number) => xdpBuffOf(runtime).adjustHead(by),
  },
  {
    name: 'bpf_xdp_adjust_meta',
    signature: signature('p i -> s'),
    make: (runtime) => (_context: number, by: number) => xdpBuffOf(runtime).adjustMeta(by),
  },
  {
    name: 'bpf_xdp_adjust_tail',
    signature: signature('p i -> s'),
    make: (runtime) => (_context: number, by: number) => xdpBuffOf(runtime).adjustTail(by),
  },
  {
    name: 'bpf_xdp_get_buff_len',
    signature: signature('p -> u'),
    make: (runtime) => () => xdpBuffOf(runtime).length,
  },
  {
    name: 'bpf_xdp_load_bytes',
    signature: signature('p i p i -> s'),
    make: (runtime) => (_context: number, offset: number, to: number, length: number) =>
      xdpBuffOf(runtime).load(offset >>> 0, to, length >>> 0),
  },
  {
    name: 'bpf_xdp_store_bytes',
    signature: signature('p i p i -> s'),
    make: (runtime) => (_context: number, offset: number, from: number, length: number) =>
      xdpBuffOf(runtime).store(offset >>> 0, from, length >>> 0, 0),
  },
];

/** What the driver says of a received packet: the loopback device has no such driver. */
const metadata = ['bpf_xdp_metadata_rx_timestamp', 'bpf_xdp_metadata_rx_hash', 'bpf_xdp_metadata_rx_vlan_tag'];

export const xdpKfuncs: readonly FunctionDefinition[] = [
  {
    name: 'bpf_xdp_pull_data',
    signature: signature('p i -> s'),
    make: (runtime) => (_context: number, length: number) => xdpBuffOf(runtime).pull(length >>> 0),
  },
  ...metadata.map((name) => ({ name, signature: signature('p -> s'), make: () => () => EOPNOTSUPP })),
];

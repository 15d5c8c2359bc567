/**
 * Alignment. Only the stack insists on it, because spills are tracked by aligned slots, and atomic instructions; all
 * else does when the program asks for it (BPF_F_STRICT_ALIGNMENT).
 * After check_ptr_alignment of kernel/bpf/verifier.c.
 */
import type { Env } from '../environment.ts';
import { EACCES } from '../errno.ts';
import { tnumText } from '../log/index.ts';
import { MASK, OFF, TYPE, VALUE } from '../register.ts';
import {
  PTR_TO_ARENA,
  PTR_TO_CTX,
  PTR_TO_FLOW_KEYS,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_STACK,
  PTR_TO_TCP_SOCK,
  PTR_TO_XDP_SOCK,
} from '../register-types.ts';

/** Bytes in front of an IP header, so that it is aligned (NET_IP_ALIGN). */
const IP_ALIGN = 2;

/** How messages call what is pointed to; types that are missing have no name. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [PTR_TO_FLOW_KEYS, 'flow keys '],
  [PTR_TO_MAP_KEY, 'key '],
  [PTR_TO_MAP_VALUE, 'value '],
  [PTR_TO_CTX, 'context '],
  [PTR_TO_STACK, 'stack '],
  [PTR_TO_SOCKET, 'sock '],
  [PTR_TO_SOCK_COMMON, 'sock_common '],
  [PTR_TO_TCP_SOCK, 'tcp_sock '],
  [PTR_TO_XDP_SOCK, 'xdp_sock '],
]);

/** @param off of the instruction; the register's own comes on top */
export function checkAlignment(
  env: Env,
  w: Int32Array,
  r: number,
  off: number,
  size: number,
  strictAlign: boolean,
): void {
  if (size === 1) return;
  const type = w[r + TYPE] as number;
  if (type === PTR_TO_ARENA) return;
  if (!(strictAlign || env.strictAlignment || type === PTR_TO_STACK)) return;
  const pointerOff = w[r + OFF] as number;
  const packet = type === PTR_TO_PACKET || type === PTR_TO_PACKET_META;
  const constant = pointerOff + off + (packet ? IP_ALIGN : 0);
  // The low bits of a sum of a tristate number and a constant are known if they are known before.
  const bits = size - 1;
  if ((((w[r + VALUE] as number) + constant) & bits) === 0 && ((w[r + MASK] as number) & bits) === 0) return;
  const facts = { off, size, tnum: tnumText(w, r + VALUE), pointerOff };
  if (packet) env.reject(EACCES, 'memory/misaligned-packet', { ...facts, pad: IP_ALIGN });
  env.reject(EACCES, 'memory/misaligned', { ...facts, what: NAMES.get(type) ?? '' });
}

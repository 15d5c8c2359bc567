/** Names of register types, dynptrs and iterators, as the kernel's log and messages have them. */
import type { Btf } from '../../btf/index.ts';
import * as types from '../register-types.ts';

const baseNames: Readonly<Record<number, string>> = {
  [types.NOT_INIT]: '?',
  [types.SCALAR_VALUE]: 'scalar',
  [types.PTR_TO_CTX]: 'ctx',
  [types.CONST_PTR_TO_MAP]: 'map_ptr',
  [types.PTR_TO_MAP_VALUE]: 'map_value',
  [types.PTR_TO_MAP_KEY]: 'map_key',
  [types.PTR_TO_STACK]: 'fp',
  [types.PTR_TO_PACKET_META]: 'pkt_meta',
  [types.PTR_TO_PACKET]: 'pkt',
  [types.PTR_TO_PACKET_END]: 'pkt_end',
  [types.PTR_TO_FLOW_KEYS]: 'flow_keys',
  [types.PTR_TO_SOCKET]: 'sock',
  [types.PTR_TO_SOCK_COMMON]: 'sock_common',
  [types.PTR_TO_TCP_SOCK]: 'tcp_sock',
  [types.PTR_TO_TP_BUFFER]: 'tp_buffer',
  [types.PTR_TO_XDP_SOCK]: 'xdp_sock',
  [types.PTR_TO_BTF_ID]: 'ptr_',
  [types.PTR_TO_MEM]: 'mem',
  [types.PTR_TO_ARENA]: 'arena',
  [types.PTR_TO_BUF]: 'buf',
  [types.PTR_TO_FUNC]: 'func',
  [types.CONST_PTR_TO_DYNPTR]: 'dynptr_ptr',
  [types.PTR_TO_INSN]: 'insn',
};

/** Flags that are named, in the order of their names. */
const prefixes: readonly (readonly [flag: number, prefix: string])[] = [
  [types.MEM_RDONLY, 'rdonly_'],
  [types.MEM_RINGBUF, 'ringbuf_'],
  [types.MEM_USER, 'user_'],
  [types.MEM_PERCPU, 'percpu_'],
  [types.MEM_RCU, 'rcu_'],
  [types.PTR_UNTRUSTED, 'untrusted_'],
  [types.PTR_TRUSTED, 'trusted_'],
];

/** `trusted_ptr_or_null_`; of BTF pointers the name of the struct is to follow. */
export function typeName(type: number): string {
  const base = types.baseType(type);
  let name = '';
  for (const [flag, prefix] of prefixes) if ((type & flag) !== 0) name += prefix;
  name += baseNames[base] ?? `type_${base}`;
  if (!types.mayBeNull(type)) return name;
  return name + (base === types.PTR_TO_BTF_ID ? 'or_null_' : '_or_null');
}

export function dynptrName(kind: number): string {
  switch (kind & types.DYNPTR_TYPE_MASK) {
    case types.DYNPTR_TYPE_LOCAL:
      return 'local';
    case types.DYNPTR_TYPE_RINGBUF:
      return 'ringbuf';
    case types.DYNPTR_TYPE_SKB:
      return 'skb';
    case types.DYNPTR_TYPE_XDP:
      return 'xdp';
    case types.DYNPTR_TYPE_SKB_META:
      return 'skb_meta';
    case types.DYNPTR_TYPE_FILE:
      return 'file';
    default:
      return '<invalid>';
  }
}

const ITER_PREFIX = 'bpf_iter_';

/** `num` of `struct bpf_iter_num`. */
export const iterName = (btf: Btf, id: number): string => btf.nameOf(id).slice(ITER_PREFIX.length);

/**
 * Register types by their names in the kernel's log, as a profile gives them for contexts: `trusted_ptr_or_null_`,
 * `rdonly_buf_or_null`, `pkt_end`.
 */
import * as types from '../register-types.ts';

const BASES: Readonly<Record<string, number>> = {
  scalar: types.SCALAR_VALUE,
  ctx: types.PTR_TO_CTX,
  map_ptr: types.CONST_PTR_TO_MAP,
  map_value: types.PTR_TO_MAP_VALUE,
  map_key: types.PTR_TO_MAP_KEY,
  fp: types.PTR_TO_STACK,
  pkt_meta: types.PTR_TO_PACKET_META,
  pkt: types.PTR_TO_PACKET,
  pkt_end: types.PTR_TO_PACKET_END,
  flow_keys: types.PTR_TO_FLOW_KEYS,
  sock: types.PTR_TO_SOCKET,
  sock_common: types.PTR_TO_SOCK_COMMON,
  tcp_sock: types.PTR_TO_TCP_SOCK,
  tp_buffer: types.PTR_TO_TP_BUFFER,
  xdp_sock: types.PTR_TO_XDP_SOCK,
  ptr: types.PTR_TO_BTF_ID,
  mem: types.PTR_TO_MEM,
  arena: types.PTR_TO_ARENA,
  buf: types.PTR_TO_BUF,
};

const PREFIXES: readonly (readonly [prefix: string, flag: number])[] = [
  ['rdonly_', types.MEM_RDONLY],
  ['ringbuf_', types.MEM_RINGBUF],
  ['user_', types.MEM_USER],
  ['percpu_', types.MEM_PERCPU],
  ['untrusted_', types.PTR_UNTRUSTED],
  ['trusted_', types.PTR_TRUSTED],
  ['rcu_', types.MEM_RCU],
];

const OR_NULL = '_or_null';

const known = new Map<string, number>();

/** @returns undefined for a name that is none */
export function registerType(name: string): number | undefined {
  let type = known.get(name);
  if (type === undefined) {
    type = parse(name);
    if (type !== undefined) known.set(name, type);
  }
  return type;
}

function parse(name: string): number | undefined {
  let flags = 0;
  let rest = name;
  for (let found = true; found; ) {
    found = false;
    for (const [prefix, flag] of PREFIXES) {
      if (!rest.startsWith(prefix)) continue;
      rest = rest.slice(prefix.length);
      flags |= flag;
      found = true;
    }
  }
  // A BTF pointer's name ends in an underscore, which the name of its struct follows.
  if (rest.endsWith('_')) rest = rest.slice(0, -1);
  if (rest.endsWith(OR_NULL)) {
    rest = rest.slice(0, -OR_NULL.length);
    flags |= types.PTR_MAYBE_NULL;
  }
  const base = Object.hasOwn(BASES, rest) ? BASES[rest] : undefined;
  return base === undefined ? undefined : base | flags;
}

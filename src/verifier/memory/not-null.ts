/** What a pointer that may be NULL is once it is not. After mark_ptr_not_null_reg of kernel/bpf/verifier.c. */
import { BPF_MAP_TYPE_SOCKHASH, BPF_MAP_TYPE_SOCKMAP, BPF_MAP_TYPE_XSKMAP } from '../../uapi/index.ts';
import type { Env } from '../environment.ts';
import type { VerifierMap } from '../program.ts';
import { ID, MAP, MAP_UID, TYPE } from '../register.ts';
import {
  baseType,
  CONST_PTR_TO_MAP,
  PTR_MAYBE_NULL,
  PTR_TO_MAP_VALUE,
  PTR_TO_SOCKET,
  PTR_TO_XDP_SOCK,
} from '../register-types.ts';
import { mapOf } from './map-value.ts';

/** What is in a map of maps is a map, in a map of sockets a socket. */
export function markNotNull(env: Env, w: Int32Array, r: number): void {
  const type = w[r + TYPE] as number;
  if (baseType(type) !== PTR_TO_MAP_VALUE) {
    w[r + TYPE] = type & ~PTR_MAYBE_NULL;
    return;
  }
  const map = mapOf(env, w, r);
  if (map.inner !== undefined) {
    w[r + TYPE] = CONST_PTR_TO_MAP;
    w[r + MAP] = indexOfMap(env, map.inner);
    // Asynchronous callbacks belong to one map: two look-ups may give two.
    if (hasCallbacks(map.inner)) w[r + MAP_UID] = w[r + ID] as number;
  } else if (map.type === BPF_MAP_TYPE_XSKMAP) becomeSocket(w, r, PTR_TO_XDP_SOCK);
  else if (map.type === BPF_MAP_TYPE_SOCKMAP || map.type === BPF_MAP_TYPE_SOCKHASH) becomeSocket(w, r, PTR_TO_SOCKET);
  else w[r + TYPE] = PTR_TO_MAP_VALUE;
}

/**
 * The kernel leaves the map in the register, so that states are told apart by where a socket came from. One from no map
 * has 0 there, which is also an index.
 */
function becomeSocket(w: Int32Array, r: number, type: number): void {
  w[r + TYPE] = type;
  w[r + MAP] = (w[r + MAP] as number) + 1;
}

const hasCallbacks = ({ fields }: VerifierMap): boolean =>
  fields?.fields.some(({ kind }) => kind === 'timer' || kind === 'workqueue' || kind === 'task_work') === true;

/** Inner maps take part from when they are first looked up. */
function indexOfMap(env: Env, map: VerifierMap): number {
  const index = env.maps.indexOf(map);
  return index >= 0 ? index : env.maps.push(map) - 1;
}

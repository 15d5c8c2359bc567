/**
 * Which helpers take which maps (the profile's table), and which programs may change what is in a sockmap.
 * After check_map_func_compatibility() and may_update_sockmap() of kernel/bpf/verifier.c.
 */
import {
  BPF_MAP_TYPE_SOCKHASH,
  BPF_MAP_TYPE_SOCKMAP,
  BPF_PROG_TYPE_FLOW_DISSECTOR,
  BPF_PROG_TYPE_SCHED_ACT,
  BPF_PROG_TYPE_SCHED_CLS,
  BPF_PROG_TYPE_SK_LOOKUP,
  BPF_PROG_TYPE_SK_REUSEPORT,
  BPF_PROG_TYPE_SOCK_OPS,
  BPF_PROG_TYPE_SOCKET_FILTER,
  BPF_PROG_TYPE_TRACING,
  BPF_PROG_TYPE_XDP,
  BPF_TRACE_ITER,
} from '../../uapi/index.ts';
import type { Env } from '../environment.ts';
import { EINVAL } from '../errno.ts';
import { type HelperCall, NO_MAP } from './call.ts';
import { BPF_FUNC_map_delete_elem, BPF_FUNC_map_update_elem } from './helper-ids.ts';

/** Program types that never run with a socket locked, so that they may change what is in a sockmap. */
const SOCKMAP_UPDATERS: ReadonlySet<number> = new Set([
  BPF_PROG_TYPE_SOCKET_FILTER,
  BPF_PROG_TYPE_SCHED_CLS,
  BPF_PROG_TYPE_SCHED_ACT,
  BPF_PROG_TYPE_XDP,
  BPF_PROG_TYPE_SK_REUSEPORT,
  BPF_PROG_TYPE_FLOW_DISSECTOR,
  BPF_PROG_TYPE_SK_LOOKUP,
]);

/** Refuses a map that the helper does not take. */
export function checkMapCompatibility(env: Env, call: HelperCall): void {
  if (call.map === NO_MAP) return;
  const type = env.maps[call.map]?.type ?? 0;
  if (!env.profile.helperTakesMap(call.id, type) || !isUpdateAllowed(env, call.id, type))
    env.reject(EINVAL, 'helper/map-type', { type, name: call.name, id: call.id });
}

function isUpdateAllowed(env: Env, helper: number, mapType: number): boolean {
  if (mapType !== BPF_MAP_TYPE_SOCKMAP && mapType !== BPF_MAP_TYPE_SOCKHASH) return true;
  const deletes = helper === BPF_FUNC_map_delete_elem;
  if (!deletes && helper !== BPF_FUNC_map_update_elem) return true;
  const { type, expectedAttachType } = env.program;
  if (type === BPF_PROG_TYPE_TRACING && expectedAttachType === BPF_TRACE_ITER) return true;
  if (type === BPF_PROG_TYPE_SOCK_OPS && deletes) return true;
  if (SOCKMAP_UPDATERS.has(type)) return true;
  env.say('helper/sockmap-update', undefined);
  return false;
}

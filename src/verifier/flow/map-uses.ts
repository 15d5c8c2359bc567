/**
 * Which maps a program may refer to at all, whatever it does with them.
 * After __add_used_map() and check_map_prog_compatibility() in kernel/bpf/verifier.c (Linux 6.18).
 */
import {
  BPF_MAP_TYPE_ARENA,
  BPF_MAP_TYPE_CGROUP_STORAGE,
  BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
  BPF_MAP_TYPE_STRUCT_OPS,
} from '../../uapi/index.ts';
import type { Env } from '../environment.ts';
import { E2BIG, EBUSY, EINVAL } from '../errno.ts';
import type { VerifierMap } from '../program.ts';

const MAX_USED_MAPS = 64;

/** Of these a program may use one of each. */
const ONE_EACH: ReadonlySet<number> = new Set([
  BPF_MAP_TYPE_CGROUP_STORAGE,
  BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
  BPF_MAP_TYPE_ARENA,
]);

/** @param used the maps that the program was found to use so far; this one is added */
export function checkMapUse(env: Env, map: VerifierMap, used: Set<VerifierMap>): void {
  if (used.has(map)) return;
  if (used.size >= MAX_USED_MAPS) env.reject(E2BIG, 'too-many-maps', { limit: MAX_USED_MAPS });
  if (map.type === BPF_MAP_TYPE_STRUCT_OPS) env.reject(EINVAL, 'struct-ops-map-in-program', undefined);
  const fields = map.fields?.fields.map(({ kind }) => kind) ?? [];
  const reason = env.profile.mapRefusal(map.type, fields, env.kind);
  if (reason !== undefined) env.reject(EINVAL, 'map-refused', { reason });
  if (ONE_EACH.has(map.type) && [...used].some(({ type }) => type === map.type))
    env.reject(EBUSY, map.type === BPF_MAP_TYPE_ARENA ? 'several-arenas' : 'several-cgroup-storages', undefined);
  used.add(map);
}

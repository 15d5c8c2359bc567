/**
 * Which map, and which constant index, a call is always given: the JIT calls such helpers directly. Read-only maps may
 * not be written to. After record_func_map() and record_func_key() of kernel/bpf/verifier.c.
 */
import { BPF_F_RDONLY_PROG, BPF_MAP_TYPE_PROG_ARRAY } from '../../uapi/index.ts';
import type { Env } from '../environment.ts';
import { EACCES, EINVAL } from '../errno.ts';
import { markPrecise } from '../explore/index.ts';
import { VALUE } from '../register.ts';
import { isConst } from '../scalar/index.ts';
import { mapOfCall } from './arguments.ts';
import { type HelperCall, NO_MAP } from './call.ts';
import {
  BPF_FUNC_for_each_map_elem,
  BPF_FUNC_map_delete_elem,
  BPF_FUNC_map_lookup_elem,
  BPF_FUNC_map_lookup_percpu_elem,
  BPF_FUNC_map_peek_elem,
  BPF_FUNC_map_pop_elem,
  BPF_FUNC_map_push_elem,
  BPF_FUNC_map_update_elem,
  BPF_FUNC_redirect_map,
  BPF_FUNC_tail_call,
} from './helper-ids.ts';

const SEVERAL = -1;
const INDEX_REGISTER = 3;

const WRITERS: ReadonlySet<number> = new Set([
  BPF_FUNC_map_delete_elem,
  BPF_FUNC_map_update_elem,
  BPF_FUNC_map_push_elem,
  BPF_FUNC_map_pop_elem,
]);

const RECORDED: ReadonlySet<number> = new Set([
  ...WRITERS,
  BPF_FUNC_tail_call,
  BPF_FUNC_map_lookup_elem,
  BPF_FUNC_map_peek_elem,
  BPF_FUNC_for_each_map_elem,
  BPF_FUNC_redirect_map,
  BPF_FUNC_map_lookup_percpu_elem,
]);

export function recordMap(env: Env, call: HelperCall): void {
  if (!RECORDED.has(call.id)) return;
  const map = mapOfCall(env, call);
  if (WRITERS.has(call.id) && (map.flags & BPF_F_RDONLY_PROG) !== 0)
    env.reject(EACCES, 'helper/map-readonly', undefined);
  note(env.facts.mapIndex, env.insn, call.map);
}

/** The slot of a tail call. */
export function recordTailCallIndex(env: Env, call: HelperCall): void {
  if (call.id !== BPF_FUNC_tail_call) return;
  const map = call.map === NO_MAP ? undefined : env.maps[call.map];
  if (map?.type !== BPF_MAP_TYPE_PROG_ARRAY) env.reject(EINVAL, 'helper/no-prog-array', undefined);
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(INDEX_REGISTER);
  const index = (w[r + VALUE] as number) >>> 0; // within the record
  if (!isConst(w, r) || w[r + VALUE + 1] !== 0 || index >= map.maxEntries) {
    env.facts.mapKey[env.insn] = SEVERAL;
    return;
  }
  markPrecise(env, INDEX_REGISTER);
  note(env.facts.mapKey, env.insn, index);
}

function note(facts: Int32Array | Float64Array, insn: number, value: number): void {
  const before = facts[insn];
  facts[insn] = before === 0 || before === value + 1 ? value + 1 : SEVERAL;
}

/**
 * Constant strings: pointers into a frozen read-only array, as `const char s[] = "..."` makes them.
 * After check_reg_const_str() of kernel/bpf/verifier.c.
 */
import { BPF_F_RDONLY_PROG, BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_INSN_ARRAY } from '../../uapi/index.ts';
import type { Env } from '../environment.ts';
import { EACCES, EINVAL, ENOTSUPP } from '../errno.ts';
import { checkMapAccess, mapOf } from '../memory/index.ts';
import { OFF, TYPE, VALUE } from '../register.ts';
import { PTR_TO_MAP_VALUE } from '../register-types.ts';
import { hasKnownValue } from '../scalar/index.ts';

/**
 * Refuses what is no constant string.
 * @returns its bytes without the final zero
 */
export function checkConstantString(env: Env, regno: number): Uint8Array {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  if (w[r + TYPE] !== PTR_TO_MAP_VALUE) env.rejectAsSaid(EINVAL);
  const map = mapOf(env, w, r);
  if (map.type === BPF_MAP_TYPE_INSN_ARRAY) env.reject(EACCES, 'helper/string-in-insn-array', { reg: regno });
  if (!map.frozen || (map.flags & BPF_F_RDONLY_PROG) === 0)
    env.reject(EACCES, 'helper/string-writable', { reg: regno });
  if (!hasKnownValue(w, r)) env.reject(EACCES, 'helper/string-variable', { reg: regno });
  if (map.type !== BPF_MAP_TYPE_ARRAY) env.reject(EACCES, 'helper/string-in-map', undefined);
  const off = w[r + OFF] as number; // every register has one
  checkMapAccess(env, regno, off, map.valueSize - off, false, true);
  if (map.maxEntries !== 1) env.reject(ENOTSUPP, 'helper/string-address', undefined);
  const { value } = map;
  if (value === undefined)
    return env.unsupported(`a constant string in the frozen map ${map.name}, whose contents are not known,`);
  const start = off + (w[r + VALUE] as number); // inside the value
  const end = value.indexOf(0, start);
  if (end < 0) env.reject(EINVAL, 'helper/string-unterminated', undefined);
  return value.subarray(start, end);
}

/**
 * Kptrs whose pointer bpf_kptr_xchg() exchanges, in map values and in objects that the program allocated.
 * After process_kptr_func() of kernel/bpf/verifier.c.
 */
import type { Env } from '../environment.ts';
import { EACCES, EINVAL } from '../errno.ts';
import type { MapFields, SpecialField } from '../fields.ts';
import { mapOf } from '../memory/index.ts';
import { BTF_ID, MAP, OFF, TYPE, VALUE } from '../register.ts';
import { baseType, PTR_TO_BTF_ID } from '../register-types.ts';
import { hasKnownValue } from '../scalar/index.ts';
import type { HelperCall } from './call.ts';

const constantOffset = (w: Int32Array, r: number): number => ((w[r + OFF] as number) + (w[r + VALUE] as number)) | 0;

const isKptr = ({ kind }: SpecialField): boolean =>
  kind === 'kptr_unref' || kind === 'kptr_ref' || kind === 'kptr_percpu';

/** The argument has to be a kptr that holds a reference. */
export function checkKptrDestination(env: Env, call: HelperCall, regno: number): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  let fields: MapFields | undefined;
  if (baseType(w[r + TYPE] as number) === PTR_TO_BTF_ID)
    fields = env.allocatedTypes.get(w[r + BTF_ID] as number)?.fields;
  else {
    const map = mapOf(env, w, r);
    if (map.btfValueTypeId === 0) env.reject(EINVAL, 'kfunc/field-needs-btf', { map: map.name, what: 'bpf_kptr_xchg' });
    fields = map.fields;
    call.map = w[r + MAP] as number; // every register has one
  }
  if (!hasKnownValue(w, r)) env.reject(EINVAL, 'kfunc/field-variable', { reg: regno, field: 'kptr' });
  const kptrs = fields?.fields.filter(isKptr) ?? [];
  if (kptrs.length === 0) env.reject(EINVAL, 'helper/no-kptr', { reg: regno });
  const off = constantOffset(w, r);
  const kptr = kptrs.find(({ offset }) => offset === off);
  if (kptr === undefined) env.reject(EACCES, 'helper/not-at-kptr', { off });
  if (kptr.kind === 'kptr_unref') env.reject(EACCES, 'helper/kptr-unreferenced', { off });
  call.kptr = kptr;
}

/**
 * Kfunc arguments that are kernel objects: whether the pointer can be trusted, and whether it is to the right struct.
 * After process_kf_arg_ptr_to_btf_id() in kernel/bpf/verifier.c and btf_type_ids_nocast_alias() in kernel/bpf/btf.c.
 */
import type { Btf } from '../../btf/index.ts';
import type { Env } from '../environment.ts';
import { EINVAL } from '../errno.ts';
import { typeName } from '../log/index.ts';
import { hasUnsafeModifiers, isRcu, isTrusted, structIdsMatch } from '../memory/index.ts';
import { BTF, BTF_ID, OFF, REF_OBJ_ID, TYPE } from '../register.ts';
import { baseType, PTR_TO_BTF_ID } from '../register-types.ts';
import type { KfuncCall } from './call-facts.ts';
import { isProjection } from './context-type.ts';
import { kindText, RCU, RELEASE, TRUSTED_ARGS } from './prototype.ts';
import { structOfType, trustedFlags } from './registers.ts';

/** A type of that suffix is not yet what the name before it says: never one for the other. */
const NO_CAST_SUFFIX = '___init';

export const wantsTrusted = (flags: number): boolean => (flags & (TRUSTED_ARGS | RELEASE)) !== 0;

/** Objects that may go away while the kfunc runs are refused where it does not expect them. */
export function checkTrust(env: Env, call: KfuncCall, regno: number): void {
  const { flags } = call.kfunc;
  if (!wantsTrusted(flags) && (flags & RCU) === 0) return;
  const { frame } = env;
  const r = frame.register(regno);
  if (isTrusted(frame.words, r)) return;
  if ((flags & RCU) === 0) env.reject(EINVAL, 'kfunc/untrusted', { reg: regno });
  if (!isRcu(frame.words, r)) env.reject(EINVAL, 'kfunc/not-rcu', { reg: regno });
}

/** @param id struct in the kfunc's BTF (`btf`) that the argument must point to */
export function checkBtfArgument(env: Env, call: KfuncCall, regno: number, btf: Btf, id: number): void {
  const { frame } = env;
  const { kfunc } = call;
  const w = frame.words;
  const r = frame.register(regno);
  const arg = regno - 1;
  const type = w[r + TYPE] as number; // every register has these words
  const isBtfPointer = baseType(type) === PTR_TO_BTF_ID;
  const struct = structOfType(type);
  const isUsable = isBtfPointer && (!hasUnsafeModifiers(type) || isRcu(w, r));
  if (!isUsable && struct === undefined)
    env.reject(EINVAL, 'kfunc/not-btf-pointer', {
      arg,
      type: typeName(type),
      expected: typeName(baseType(type) | trustedFlags(type)),
    });
  const own = env.btfs[isBtfPointer ? (w[r + BTF] as number) : 0];
  const ownId = isBtfPointer ? (w[r + BTF_ID] as number) : own?.find(struct ?? '', 'struct');
  if (own === undefined || ownId === undefined) env.unsupported(`a kernel without struct ${struct}`);
  const strict =
    ((kfunc.flags & RELEASE) !== 0 && w[r + REF_OBJ_ID] !== 0) || areNoCastAliases(own.nameOf(ownId), btf.nameOf(id));
  const resolved = own.skipModifiersAndTypedefs(ownId);
  const same = structIdsMatch(env, own, resolved, w[r + OFF] as number, btf, id, strict);
  if (same || isProjection(btf.nameOf(id), own.nameOf(resolved))) return;
  env.reject(EINVAL, 'kfunc/other-struct', {
    name: kfunc.name,
    arg,
    kind: kindText(btf, id),
    type: btf.nameOf(id),
    reg: regno,
    otherKind: kindText(own, resolved),
    otherType: own.nameOf(resolved),
  });
}

const areNoCastAliases = (a: string, b: string): boolean => a + NO_CAST_SUFFIX === b || b + NO_CAST_SUFFIX === a;

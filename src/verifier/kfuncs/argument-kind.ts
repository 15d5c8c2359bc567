/**
 * What a kfunc wants of a pointer argument. Mostly its type and name tell (prototype.ts); the rest depends on what the
 * register holds: a kernel object is checked by its struct, anything else as memory.
 * After get_kfunc_ptr_arg_type() in kernel/bpf/verifier.c.
 */
import type { Btf } from '../../btf/index.ts';
import type { Env } from '../environment.ts';
import { EINVAL } from '../errno.ts';
import { TYPE } from '../register.ts';
import { baseType, PTR_TO_BTF_ID, SCALAR_VALUE } from '../register-types.ts';
import { isNull } from '../scalar/index.ts';
import { isScalar, type Kfunc, type KfuncParameter, type PointerKind } from './prototype.ts';
import { structOfType } from './registers.ts';

export type ArgumentKind = PointerKind | 'null' | 'btf_id' | 'callback' | 'memory' | 'memory_with_size';

const DEEPEST_STRUCT = 3;

/** @param index of the argument, from 0 */
export function argumentKind(env: Env, kfunc: Kfunc, index: number): ArgumentKind {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(index + 1);
  const parameter = kfunc.parameters[index] as KfuncParameter; // in range
  if (parameter.pointer === 'ctx') return 'ctx';
  if (parameter.nullable && isNull(w, r)) return 'null';
  if (parameter.pointer !== undefined) return parameter.pointer;
  const type = w[r + TYPE] as number; // every register has one
  const named = { arg: index, kind: parameter.pointeeKind, type: parameter.pointeeName };
  if (baseType(type) === PTR_TO_BTF_ID || structOfType(type) !== undefined) {
    if (!parameter.pointeeIsStruct) env.reject(EINVAL, 'kfunc/pointer-type', { name: kfunc.name, ...named });
    return 'btf_id';
  }
  if (parameter.isCallback) return 'callback';
  const next = kfunc.parameters[index + 1];
  const hasSize =
    next?.sizeOf !== undefined && next.kind === 'scalar' && w[frame.register(index + 2) + TYPE] === SCALAR_VALUE;
  const isMemory =
    parameter.pointeeIsScalar ||
    isStructOfScalars(env, kfunc.btf, parameter.pointee) ||
    (hasSize && parameter.pointeeIsVoid);
  if (!isMemory) env.reject(EINVAL, 'kfunc/memory-type', { ...named, also: hasSize ? 'void, ' : '' });
  return hasSize ? 'memory_with_size' : 'memory';
}

/** Without pointers, also in structs and arrays within. */
export function isStructOfScalars(env: Env, btf: Btf, id: number, depth = 0): boolean {
  const type = btf.type(id);
  if (type.kind !== 'struct' && type.kind !== 'union') return false;
  for (const { type: member } of type.members) {
    const memberId = btf.skipModifiersAndTypedefs(member);
    const memberType = btf.type(memberId);
    if (memberType.kind === 'struct' || memberType.kind === 'union') {
      if (depth >= DEEPEST_STRUCT) {
        env.say('kfunc/struct-too-deep', undefined);
        return false;
      }
      if (!isStructOfScalars(env, btf, memberId, depth + 1)) return false;
    } else if (memberType.kind === 'array') {
      if (memberType.length === 0 || !isScalar(btf, btf.skipModifiersAndTypedefs(memberType.elementType))) return false;
    } else if (!isScalar(btf, memberId)) return false;
  }
  return true;
}

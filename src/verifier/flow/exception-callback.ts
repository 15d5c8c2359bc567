/**
 * The exception callback: a global function that the declaration tag `exception_callback:NAME` of the main function
 * names. After bpf_find_exception_callback_insn_off() in kernel/bpf/verifier.c (Linux 6.18).
 */
import type { Btf, TypeId } from '../../btf/index.ts';
import type { Env } from '../environment.ts';
import { EEXIST, EINVAL, ENOENT } from '../errno.ts';
import { declarationTags } from './declaration-tags.ts';

const TAG = 'exception_callback:';

/** Where the exception callback begins, 0 if there is none. */
export function exceptionCallbackStart(env: Env): number {
  const { btf, functions } = env.program;
  const main = functions[0];
  if (btf === undefined || main === undefined) return 0;
  const [name, another] = declarationTags(btf, main.typeId, -1, TAG);
  if (name === undefined) return 0;
  if (another !== undefined) env.reject(EEXIST, 'several-exception-callbacks', undefined);
  const id = globalFunction(env, btf, name);
  const last = functions.findLast(({ typeId }) => typeId === id);
  if (last === undefined) env.reject(EINVAL, 'exception-callback-without-func-info', undefined);
  if (last.insn === 0) env.reject(EINVAL, 'exception-callback-at-0', undefined);
  return last.insn;
}

function globalFunction(env: Env, btf: Btf, name: string): TypeId {
  const id = btf.find(name, 'func');
  if (id === undefined || btf.kindOf(id) === 0) env.reject(ENOENT, 'exception-callback-not-found', { name });
  const type = btf.type(id);
  if (type.kind !== 'func' || type.linkage !== 'global') env.reject(EINVAL, 'exception-callback-not-global', { name });
  return id;
}

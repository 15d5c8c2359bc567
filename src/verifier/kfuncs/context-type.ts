/**
 * The struct that programs of a type have as their context: the one that programs name (`__sk_buff`), and the kernel's
 * own behind it (`sk_buff`). Both from the kernel's BTF, which lists them for every program type.
 * After btf_is_prog_ctx_type() and get_kern_ctx_btf_id() in kernel/bpf/btf.c.
 */
import type { Btf, TypeId } from '../../btf/index.ts';
import { BPF_PROG_TYPE_KPROBE } from '../../uapi/index.ts';
import type { Env } from '../environment.ts';

const CONVERSIONS = 'bpf_ctx_convert';
const USER_REGISTERS = 'bpf_user_pt_regs_t';

/** Kernel structs that may be passed where their projection for programs is wanted. */
const PROJECTIONS: Readonly<Record<string, string>> = { __sk_buff: 'sk_buff', xdp_md: 'xdp_buff' };

export const isProjection = (name: string, kernelName: string): boolean => PROJECTIONS[name] === kernelName;

/** Whether a pointer type (without modifiers) points to the context of this program's type. */
export function isContextPointer(env: Env, btf: Btf, pointer: TypeId): boolean {
  let id = btf.referencedType(pointer);
  if (env.kind.type === BPF_PROG_TYPE_KPROBE) {
    const named = btf.skipModifiers(id);
    if (btf.type(named).kind === 'typedef' && btf.nameOf(named) === USER_REGISTERS) return true;
  }
  id = btf.skipModifiersAndTypedefs(id);
  const { kind, name } = btf.type(id);
  if ((kind !== 'struct' && kind !== 'union') || name === '') return false;
  const context = contextMember(env, 'prog');
  if (context === undefined) return false;
  const kernel = env.profile.btf;
  const contextName = kernel.nameOf(context);
  if (contextName === '') return false;
  if (contextName === name || isProjection(contextName, name)) return true;
  return kernel.nameOf(kernel.skipModifiersAndTypedefs(context)) === name;
}

/** @returns undefined if the kernel has no struct for it */
export function kernelContext(env: Env): TypeId | undefined {
  const id = contextMember(env, 'kern');
  return id !== undefined && env.profile.btf.type(id).kind === 'struct' ? id : undefined;
}

function contextMember(env: Env, side: 'prog' | 'kern'): TypeId | undefined {
  const { btf } = env.profile;
  const conversions = btf.find(CONVERSIONS, 'struct');
  const types = btf.find('bpf_prog_type', 'enum');
  if (conversions === undefined || types === undefined) return undefined;
  const names = btf.type(types);
  const struct = btf.type(conversions);
  if (names.kind !== 'enum' || struct.kind !== 'struct') return undefined;
  const name = names.values.find(({ value }) => Number(value) === env.kind.type)?.name;
  return struct.members.find((member) => member.name === `${name}_${side}`)?.type;
}

/**
 * Which kernel function a kfunc call means, and the checks that the kernel makes of all such calls before it looks at
 * any path: whether the function exists, not whether it may be called. After add_kfunc_call() in
 * kernel/bpf/verifier.c (Linux 6.18).
 */
import type { Btf, TypeId } from '../../btf/index.ts';
import { BPF_F_XDP_DEV_BOUND_ONLY } from '../../uapi/index.ts';
import type { Env } from '../environment.ts';
import { E2BIG, EINVAL, EPROTO } from '../errno.ts';
import { isGplCompatible } from '../license.ts';

const MAX_KFUNC_DESCS = 256;
const MAX_FUNCTION_ARGUMENTS = 12;
/** BTFs of the environment before those of modules. */
const FIRST_MODULE = 2;

/** They read what a network card says of a packet, and exist for programs bound to one. */
const DEVICE_BOUND: ReadonlySet<string> = new Set([
  'bpf_xdp_metadata_rx_timestamp',
  'bpf_xdp_metadata_rx_hash',
  'bpf_xdp_metadata_rx_vlan_tag',
]);

export interface KfuncTarget {
  readonly btf: Btf;
  readonly name: string;
  /** Of the prototype. */
  readonly prototype: TypeId;
}

/** @returns undefined if the call names no function */
export function kfuncTarget(env: Env, insn: number): KfuncTarget | undefined {
  const id = env.insns.imm(insn);
  const module = env.insns.off(insn);
  const btf = module === 0 ? env.btfs[0] : module < 0 ? undefined : env.btfs[FIRST_MODULE + module - 1];
  if (btf === undefined || id <= 0 || id >= btf.endId) return undefined;
  const type = btf.type(id);
  if (type.kind !== 'func') return undefined;
  return { btf, name: type.name, prototype: type.type };
}

/**
 * To be called for each kfunc call in order.
 * @param called the different functions called so far; the one called here is added
 */
export function checkKfuncExists(env: Env, insn: number, called: Set<string>): void {
  const id = env.insns.imm(insn);
  const module = env.insns.off(insn);
  if (!isGplCompatible(env.program.license)) env.reject(EINVAL, 'kfunc-call-without-gpl', undefined);
  // A loader marks calls of what the kernel lacks so; they matter only when they are reached.
  if (id === 0 && module === 0) return;
  if (module !== 0 && (module < 0 || module > env.program.kfuncModules.length)) rejectModule(env, module);
  called.add(`${module}:${id}`);
  if (called.size > MAX_KFUNC_DESCS) env.reject(E2BIG, 'too-many-kfuncs', undefined);
  const target = kfuncTarget(env, insn);
  if (target === undefined) {
    if (module !== 0 && env.btfs[FIRST_MODULE + module - 1] === undefined)
      env.unsupported(`a kfunc of the module ${env.program.kfuncModules[module - 1]}, whose BTF is not at hand,`);
    env.reject(EINVAL, 'kfunc-is-no-function', { id });
  }
  const prototype = target.btf.type(target.prototype);
  if (prototype.kind !== 'func_proto') env.reject(EINVAL, 'kfunc-without-prototype', { id });
  if (DEVICE_BOUND.has(target.name)) {
    if ((env.program.flags & BPF_F_XDP_DEV_BOUND_ONLY) === 0) env.reject(EINVAL, 'kfunc-needs-device', undefined);
    env.unsupported(`kfunc ${target.name} in a program bound to a device`);
  }
  if (env.profile.kfunc(target.name) === undefined && prototype.parameters.length > MAX_FUNCTION_ARGUMENTS)
    env.unsupported(`call of ${target.name}, a kernel function with ${prototype.parameters.length} arguments,`);
}

function rejectModule(env: Env, module: number): never {
  if (module < 0) env.say('kfunc-module-negative', undefined);
  else if (env.program.kfuncModules.length === 0) env.say('kfunc-module-without-fd-array', undefined);
  else env.unsupported(`kfunc call with the module index ${module}, beyond those of the program,`);
  env.say('kfunc-btf-not-found', undefined);
  env.rejectAsSaid(module < 0 ? EINVAL : EPROTO);
}

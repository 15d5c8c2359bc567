/** What kind of call an instruction is, and what is known of the function it calls without looking at any path. */
import {
  BPF_CALL,
  BPF_JMP,
  BPF_PSEUDO_CALL,
  BPF_PSEUDO_FUNC,
  BPF_PSEUDO_KFUNC_CALL,
  LD_IMM64,
} from '../../isa/index.ts';
import { helperId } from '../../uapi/index.ts';
import type { Env } from '../environment.ts';
import type { HelperPrototype, KfuncEntry } from '../profile/types.ts';
import { kfuncTarget } from './kfunc-target.ts';

/** ld_imm64 of the address of a function of the program. */
export function isFunctionAddress(env: Env, insn: number): boolean {
  return env.insns.code(insn) === LD_IMM64 && env.insns.src(insn) === BPF_PSEUDO_FUNC;
}

/** Call of a function of the program. */
export function isSubprogramCall(env: Env, insn: number): boolean {
  return env.insns.code(insn) === (BPF_JMP | BPF_CALL) && env.insns.src(insn) === BPF_PSEUDO_CALL;
}

export function isKfuncCall(env: Env, insn: number): boolean {
  return env.insns.code(insn) === (BPF_JMP | BPF_CALL) && env.insns.src(insn) === BPF_PSEUDO_KFUNC_CALL;
}

export function isHelperCall(env: Env, insn: number): boolean {
  return env.insns.code(insn) === (BPF_JMP | BPF_CALL) && env.insns.src(insn) === 0;
}

const helperNumber = (name: string): number => helperId(`bpf_${name}`) ?? -1;

export const TAIL_CALL = helperNumber('tail_call');

/** Call back before they return. */
const SYNCHRONOUS = new Set(['for_each_map_elem', 'find_vma', 'loop', 'user_ringbuf_drain'].map(helperNumber));
/** Have their callback called later. */
const ASYNCHRONOUS = new Set(['timer_set_callback'].map(helperNumber));
const SYNCHRONOUS_KFUNCS: ReadonlySet<string> = new Set(['bpf_rbtree_add_impl']);
const ASYNCHRONOUS_KFUNCS: ReadonlySet<string> = new Set([
  'bpf_wq_set_callback_impl',
  'bpf_task_work_schedule_signal_impl',
  'bpf_task_work_schedule_resume_impl',
]);

/** They may move or reallocate the packet, so that all pointers into it are lost. */
const PACKET_CHANGERS = new Set(
  [
    'clone_redirect',
    'l3_csum_replace',
    'l4_csum_replace',
    'lwt_push_encap',
    'lwt_seg6_action',
    'lwt_seg6_adjust_srh',
    'lwt_seg6_store_bytes',
    'msg_pop_data',
    'msg_pull_data',
    'msg_push_data',
    'skb_adjust_room',
    'skb_change_head',
    'skb_change_proto',
    'skb_change_tail',
    'skb_pull_data',
    'skb_store_bytes',
    'skb_vlan_pop',
    'skb_vlan_push',
    'store_hdr_opt',
    'tail_call',
    'xdp_adjust_head',
    'xdp_adjust_meta',
    'xdp_adjust_tail',
  ].map(helperNumber),
);
const PACKET_CHANGING_KFUNCS: ReadonlySet<string> = new Set(['bpf_xdp_pull_data']);

export const helperChangesPacket = (id: number): boolean => PACKET_CHANGERS.has(id);
export const kfuncChangesPacket = (name: string): boolean => PACKET_CHANGING_KFUNCS.has(name);

/** Whether the call runs a callback before it returns. */
export function callsBack(env: Env, insn: number): boolean {
  if (isHelperCall(env, insn)) return SYNCHRONOUS.has(env.insns.imm(insn));
  return isKfuncCall(env, insn) && SYNCHRONOUS_KFUNCS.has(kfuncTarget(env, insn)?.name ?? '');
}

/** Whether the call sets a callback that is run later. */
export function setsCallback(env: Env, insn: number): boolean {
  if (isHelperCall(env, insn)) return ASYNCHRONOUS.has(env.insns.imm(insn));
  return isKfuncCall(env, insn) && ASYNCHRONOUS_KFUNCS.has(kfuncTarget(env, insn)?.name ?? '');
}

/** The helper that a helper call names, undefined if programs of this kind may not call it. */
export function allowedHelper(env: Env, insn: number): HelperPrototype | undefined {
  const id = env.insns.imm(insn);
  return env.profile.helperAllowed(id, env.kind) ? env.profile.helper(id, env.kind) : undefined;
}

/** The kfunc that a kfunc call names, undefined if there is none that programs of this kind may call. */
export function allowedKfunc(env: Env, insn: number): KfuncEntry | undefined {
  const target = kfuncTarget(env, insn);
  if (target === undefined || !env.profile.kfuncAllowed(target.name, env.kind)) return undefined;
  return env.profile.kfunc(target.name);
}

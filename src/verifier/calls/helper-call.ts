/**
 * Calls of helpers: whether the program may call it here, its arguments, what it does to the state, its result.
 * After check_helper_call() of kernel/bpf/verifier.c, as it is in 6.18.
 */
import { helperName, lastHelperId } from '../../uapi/index.ts';
import type { Env } from '../environment.ts';
import { EINVAL } from '../errno.ts';
import { clearCallerSaved, pushState, returnToCaller } from '../explore/index.ts';
import { helperChangesPacket } from '../flow/index.ts';
import { eachRegister, forgetReference, releaseDynptr, releaseReference } from '../kfuncs/index.ts';
import { isGplCompatible } from '../license.ts';
import { checkMemoryAccess, clearPacketPointers, inRcuSection } from '../memory/index.ts';
import type { HelperPrototype } from '../profile/types.ts';
import { REF_OBJ_ID, TYPE } from '../register.ts';
import { MEM_ALLOC, MEM_PERCPU, MEM_RCU } from '../register-types.ts';
import { isNull, markUnknown } from '../scalar/index.ts';
import { checkArgument } from './arguments.ts';
import { HelperCall } from './call.ts';
import { pushCallback } from './callbacks.ts';
import { BPF_FUNC_get_func_ip, BPF_FUNC_kptr_xchg, BPF_FUNC_tail_call } from './helper-ids.ts';
import { noteHelperArguments, registerOfPrintedSize } from './kept-arguments.ts';
import { checkMapCompatibility } from './map-compatibility.ts';
import { recordMap, recordTailCallIndex } from './map-facts.ts';
import { type Helper, helperOf } from './prototype.ts';
import { setResult } from './result.ts';
import { checkFunctionAddress, checkSpecialRules, isAllocatedPerCpu, writesPacketDynptr } from './special.ts';

const MOST_ARGUMENTS = 5;

/** The helper call at env.insn. A tail call in an inner frame goes on in the caller: env.insn changes. */
export function checkHelperCall(env: Env): void {
  const helper = callableHelper(env);
  const call = new HelperCall(helper);
  const printedSize = registerOfPrintedSize(call);
  for (let index = 0; index < MOST_ARGUMENTS; index++) {
    env.kept.skipsMemory = index + 1 === printedSize;
    checkArgument(env, call, index);
  }
  env.kept.skipsMemory = false;
  noteHelperArguments(env, call);
  recordMap(env, call);
  recordTailCallIndex(env, call);
  for (let i = 0; i < call.rawSize; i++) checkMemoryAccess(env, call.rawRegister, i, 1, 'write', -1);
  release(env, call);
  checkSpecialRules(env, call);
  pushCallback(env, call);
  let changesPacket = helperChangesPacket(call.id) || writesPacketDynptr(env, call);
  const allocatedPerCpu = isAllocatedPerCpu(env);
  clearCallerSaved(env, env.frame);
  setResult(env, call, allocatedPerCpu);
  checkMapCompatibility(env, call);
  if (call.id === BPF_FUNC_get_func_ip) checkFunctionAddress(env, call);
  if (call.id === BPF_FUNC_tail_call) {
    if (env.state.current > 0) returnAfterTailCall(env);
    else changesPacket = false;
  }
  if (changesPacket) clearPacketPointers(env);
}

/** The helper that is called, if the program may call it at this point of the path. */
function callableHelper(env: Env): Helper {
  const id = env.insns.imm(env.insn);
  if (id < 0 || id > lastHelperId) env.reject(EINVAL, 'helper/unknown', { id });
  const helper = helperOf(env, id);
  if (helper === undefined) env.reject(EINVAL, 'helper/not-for-program', { name: helperName(id) ?? '', id });
  const { prototype } = helper;
  if (prototype.gplOnly && !isGplCompatible(env.program.license)) env.reject(EINVAL, 'helper/gpl', undefined);
  if (prototype.allowedAt?.(env.kind) === false) env.reject(EINVAL, 'helper/not-at-hook', undefined);
  if (prototype.mightSleep) checkMaySleep(env, prototype);
  return helper;
}

function checkMaySleep(env: Env, { name, id }: HelperPrototype): void {
  const { state } = env;
  if (!state.inSleepable) env.reject(EINVAL, 'helper/might-sleep', undefined);
  if (state.activeRcuLocks > 0) env.reject(EINVAL, 'helper/sleepable-in', { name, id, region: 'rcu_read_lock' });
  if (state.activePreemptLocks > 0) env.reject(EINVAL, 'helper/sleepable-in', { name, id, region: 'non-preemptible' });
  if (state.activeIrqId !== 0) env.reject(EINVAL, 'helper/sleepable-in', { name, id, region: 'IRQ-disabled' });
}

/** Gives up the reference that the helper takes over. */
function release(env: Env, call: HelperCall): void {
  const regno = call.releaseRegister;
  if (regno === 0) return;
  const { frame } = env;
  const argument = call.helper.arguments[regno - 1];
  let released = true;
  if (argument?.base === 'ptr_to_dynptr') releaseDynptr(env, regno);
  else if (call.referenceId !== 0)
    released =
      call.id === BPF_FUNC_kptr_xchg ? releaseIntoKptr(env, call.referenceId) : releaseReference(env, call.referenceId);
  else released = isNull(frame.words, frame.register(regno));
  if (!released) env.reject(EINVAL, 'helper/never-acquired', { name: call.name, id: call.id });
}

/** Per-CPU objects of the program can still be read in the RCU section. */
function releaseIntoKptr(env: Env, reference: number): boolean {
  if (!forgetReference(env.state, reference)) return false;
  const inRcu = inRcuSection(env);
  eachRegister(env.state, (w, r) => {
    if (w[r + REF_OBJ_ID] !== reference) return;
    const type = w[r + TYPE] as number; // every register has one
    if (inRcu && (type & MEM_ALLOC) !== 0 && (type & MEM_PERCPU) !== 0) {
      w[r + REF_OBJ_ID] = 0;
      w[r + TYPE] = (type & ~MEM_ALLOC) | MEM_RCU;
    } else markUnknown(w, r);
  });
  return true;
}

/**
 * A tail call that succeeds returns from the function; the packet may be another one then. That it fails is walked
 * later.
 */
function returnAfterTailCall(env: Env): void {
  env.markRegisterScratched(0);
  pushState(env, env.insn + 1, env.insn);
  clearPacketPointers(env);
  markUnknown(env.frame.words, 0);
  returnToCaller(env);
  env.insn -= 1;
}

/**
 * What a program may return, by its type. Where the kernel has one range for a type and attach type, it stands in the
 * profile's table; where it depends on the prototype of what the program is attached to, it is found here.
 * After check_return_code() in kernel/bpf/verifier.c.
 */
import type { Env } from '../environment.ts';
import { EACCES, EINVAL, ENOTSUPP } from '../errno.ts';
import type { Frame, ReturnRange } from '../frame.ts';
import { typeName } from '../log/index.ts';
import { checkPointerOffset } from '../memory/index.ts';
import { BTF, BTF_ID, REF_OBJ_ID, REG_WORDS, TYPE } from '../register.ts';
import { baseType, NOT_INIT, PTR_TO_BTF_ID, SCALAR_VALUE } from '../register-types.ts';
import { attachPrototype } from './attach-prototype.ts';
import { markPrecise } from './precision.ts';
import { rejectRange, sayOutOfRange, withinReturnRange } from './return-range.ts';

const BPF_PROG_TYPE_TRACING = 26;
const BPF_PROG_TYPE_STRUCT_OPS = 27;
const BPF_PROG_TYPE_EXT = 28;
const BPF_PROG_TYPE_LSM = 29;
const BPF_TRACE_RAW_TP = 23;
const BPF_TRACE_FENTRY = 24;
const BPF_TRACE_FEXIT = 25;
const BPF_MODIFY_RETURN = 26;
const BPF_LSM_MAC = 27;
const BPF_TRACE_ITER = 28;
const BPF_LSM_CGROUP = 43;
const TRACING_ATTACH_TYPES = [BPF_TRACE_RAW_TP, BPF_TRACE_FENTRY, BPF_TRACE_FEXIT, BPF_MODIFY_RETURN, BPF_TRACE_ITER];

const MAX_ERRNO = 4095;
/** Hooks that answer yes or no; the others return 0 or a negative errno. */
const BOOLEAN_LSM_HOOKS = new Set([
  'bpf_lsm_audit_rule_known',
  'bpf_lsm_inode_xattr_skipcap',
  'bpf_lsm_xfrm_state_pol_flow_match',
]);

/** @param name how messages name the register: `R0` */
export function checkReturnValue(env: Env, register: number, name: string): void {
  const { state, program } = env;
  const frame = state.frames[0] as Frame; // there is one
  // What is thrown is in a register of the function that throws.
  const { words } = state.frame;
  const r = register * REG_WORDS;
  const isSubprogram = frame.subprogram !== 0;
  const isMain = !isSubprogram || frame.inExceptionCallback;
  const prototype = isMain ? attachPrototype(env) : undefined;
  const isLsm = program.type === BPF_PROG_TYPE_LSM;
  const isStructOps = program.type === BPF_PROG_TYPE_STRUCT_OPS;

  if (isMain && prototype?.returnsVoid === true) {
    if (isStructOps || (isLsm && program.expectedAttachType !== BPF_LSM_CGROUP)) return;
  }
  if (isStructOps && isMain && !frame.inExceptionCallback && prototype?.returnedStruct !== undefined) {
    // A kernel object that the program holds may be given back.
    const isObject = baseType(words[r + TYPE] as number) === PTR_TO_BTF_ID && words[r + BTF] === 0;
    if (isObject && words[r + BTF_ID] === prototype.returnedStruct && words[r + REF_OBJ_ID] !== 0) {
      checkPointerOffset(env, words, r, register);
      return;
    }
  }
  const type = words[r + TYPE] as number; // the record lies within the frame
  if (type === NOT_INIT) env.reject(EACCES, 'return-value-not-set', { register });

  if (frame.inAsyncCallback) {
    enforce(
      env,
      frame,
      register,
      name,
      frame.callbackReturnRange ?? { min: 0, max: 0 },
      false,
      'At async callback return',
    );
    return;
  }
  if (isSubprogram && !frame.inExceptionCallback) {
    if (type !== SCALAR_VALUE) env.reject(EINVAL, 'subprogram-result-not-scalar', { register, type: typeName(type) });
    return;
  }
  const range = returnRange(env, prototype);
  if (range !== undefined)
    enforce(
      env,
      frame,
      register,
      name,
      range,
      isLsm && program.expectedAttachType !== BPF_LSM_CGROUP,
      'At program exit',
    );
}

function returnRange(env: Env, prototype: ReturnType<typeof attachPrototype>): ReturnRange | undefined {
  const { type, expectedAttachType } = env.program;
  switch (type) {
    case BPF_PROG_TYPE_TRACING:
      if (!TRACING_ATTACH_TYPES.includes(expectedAttachType)) env.rejectAsSaid(ENOTSUPP);
      if (expectedAttachType === BPF_TRACE_RAW_TP || expectedAttachType === BPF_MODIFY_RETURN) return undefined;
      return expectedAttachType === BPF_TRACE_ITER ? { min: 0, max: 1 } : { min: 0, max: 0 };
    case BPF_PROG_TYPE_EXT:
      return undefined;
    case BPF_PROG_TYPE_STRUCT_OPS:
      return prototype?.returnedStruct === undefined ? undefined : { min: 0, max: 0 };
    case BPF_PROG_TYPE_LSM:
      if (expectedAttachType === BPF_LSM_CGROUP)
        return prototype?.returnsVoid === true ? { min: 1, max: 1 } : { min: 0, max: 1 };
      if (expectedAttachType !== BPF_LSM_MAC || prototype === undefined) return undefined;
      return BOOLEAN_LSM_HOOKS.has(prototype.name) ? { min: 0, max: 1 } : { min: -MAX_ERRNO, max: 0 };
    default:
      return env.rules.returns;
  }
}

function enforce(
  env: Env,
  { subprogram }: Frame,
  register: number,
  name: string,
  range: ReturnRange,
  half: boolean,
  place: string,
): void {
  const { words } = env.frame;
  const r = register * REG_WORDS;
  const type = words[r + TYPE] as number; // the record lies within the frame
  if (type !== SCALAR_VALUE) env.reject(EINVAL, 'return-value-not-number', { place, register, type: typeName(type) });
  markPrecise(env, register);
  if (withinReturnRange(words, r, range, half)) return;
  const { program } = env;
  if (
    subprogram === 0 &&
    program.type === BPF_PROG_TYPE_LSM &&
    program.expectedAttachType === BPF_LSM_CGROUP &&
    attachPrototype(env)?.returnsVoid === true
  ) {
    sayOutOfRange(env, words, r, range, place, name);
    env.reject(EINVAL, 'void-lsm-hook-result', undefined);
  }
  rejectRange(env, words, r, range, place, name);
}

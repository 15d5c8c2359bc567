/**
 * What the log says of contexts that are the arguments of a function (tracing, LSM, struct_ops): which type an argument
 * has, or why it cannot be read. The profile decides; this only tells why, and only if there is a log to tell it to.
 * After btf_ctx_access of kernel/bpf/btf.c.
 */
import type { Btf, BtfType, FunctionPrototype } from '../../btf/index.ts';
import {
  BPF_LSM_CGROUP,
  BPF_LSM_MAC,
  BPF_MODIFY_RETURN,
  BPF_PROG_TYPE_LSM,
  BPF_PROG_TYPE_STRUCT_OPS,
  BPF_PROG_TYPE_TRACING,
  BPF_TRACE_FEXIT,
  BPF_TRACE_ITER,
  BPF_TRACE_RAW_TP,
} from '../../uapi/index.ts';
import type { Env } from '../environment.ts';
import type { ContextAccess } from '../profile/types.ts';

/** Bytes of a slot of the context. */
const SLOT = 8;
/** No program sees more slots (MAX_BPF_FUNC_ARGS). */
const MAX_SLOTS = 12;
const TRACEPOINT_PREFIX = 'btf_trace_';

export function explainArgument(
  env: Env,
  off: number,
  size: number,
  write: boolean,
  access: ContextAccess | undefined,
): void {
  if (!env.log.enabled) return;
  const attached = attachedFunction(env);
  if (attached === undefined) return;
  // Only LSM programs get this far with what is no load of a slot.
  if (env.program.type !== BPF_PROG_TYPE_LSM && (write || off < 0 || off >= MAX_SLOTS * SLOT || off % size !== 0))
    return;
  const { func, prototype } = attached;
  if (off % SLOT !== 0) {
    env.say('memory/argument-alignment', { func, off });
    return;
  }
  const btf = env.profile.btf;
  const arg = argumentAt(btf, prototype, off);
  const { expectedAttachType } = env.program;
  const parameters = expectedAttachType === BPF_TRACE_RAW_TP ? prototype.parameters.slice(1) : prototype.parameters;
  const isResult = arg === parameters.length && hasResult(expectedAttachType);
  if (!isResult && arg >= parameters.length) {
    env.say('memory/argument-missing', { func, number: arg + 1 });
    return;
  }
  const type = btf.type(btf.skipModifiersAndTypedefs(isResult ? prototype.returnType : (parameters[arg]?.type ?? 0)));
  if (isResult && expectedAttachType === BPF_MODIFY_RETURN && type.kind !== 'int') {
    env.say('memory/argument-return', { kind: kindText(type) });
    return;
  }
  if (isNumber(type)) return;
  if (type.kind !== 'ptr') {
    env.say('memory/argument-kind', { func, arg, name: nameText(type), kind: kindText(type) });
  } else if (size !== SLOT) {
    env.say('memory/argument-size', { func, size });
  } else {
    explainPointer(env, func, arg, btf.type(btf.skipModifiersAndTypedefs(type.type)), access);
  }
}

function explainPointer(env: Env, func: string, arg: number, target: BtfType, access: ContextAccess | undefined): void {
  if (target.kind === 'void' || target.kind === 'int') return;
  const { type, expectedAttachType } = env.program;
  // Where the kernel says itself what an argument is, it does not look into BTF: all of these may be NULL.
  const isDeclared = type === BPF_PROG_TYPE_STRUCT_OPS || expectedAttachType === BPF_TRACE_ITER;
  if (isDeclared && access?.register.includes('or_null') === true) return;
  if (target.kind === 'struct' || target.kind === 'union') {
    const facts = { func, arg, btfId: target.id, kind: kindText(target), name: nameText(target) };
    env.say('memory/argument-is', facts);
  } else env.say('memory/argument-no-struct', { func, arg, kind: kindText(target) });
}

const isNumber = (type: BtfType): boolean =>
  type.kind === 'int' ? type.size <= SLOT : ['enum', 'enum64', 'struct', 'union'].includes(type.kind);

const hasResult = (attachType: number): boolean =>
  attachType === BPF_LSM_MAC ||
  attachType === BPF_LSM_CGROUP ||
  attachType === BPF_TRACE_FEXIT ||
  attachType === BPF_MODIFY_RETURN;

const kindText = (type: BtfType): string => (type.kind === 'void' ? 'UNKNOWN' : type.kind.toUpperCase());
const nameText = (type: BtfType): string => (type.name === '' ? '(anon)' : type.name);

/** Which argument a slot belongs to; behind the last one lies the result, behind that nothing. */
function argumentAt(btf: Btf, { parameters, returnType }: FunctionPrototype, off: number): number {
  let end = 0;
  for (const [index, { type }] of [...parameters, { type: returnType }].entries()) {
    end += slotBytes(btf, type);
    if (off >= 0 && off < end) return index;
  }
  return parameters.length + 1;
}

function slotBytes(btf: Btf, id: number): number {
  const type = btf.skipModifiersAndTypedefs(id);
  return type === 0 ? 0 : Math.ceil(btf.sizeOfType(type) / SLOT) * SLOT;
}

/** What the program is attached to, and how messages call it. */
function attachedFunction(env: Env): { func: string; prototype: FunctionPrototype } | undefined {
  const { type, attachBtfId, expectedAttachType } = env.program;
  if (type !== BPF_PROG_TYPE_TRACING && type !== BPF_PROG_TYPE_LSM && type !== BPF_PROG_TYPE_STRUCT_OPS)
    return undefined;
  const btf = env.profile.btf;
  if (attachBtfId <= 0 || attachBtfId >= btf.endId) return undefined;
  const target = btf.type(attachBtfId);
  if (target.kind === 'struct') {
    const member = target.members[expectedAttachType];
    return member === undefined ? undefined : prototypeOf(btf, member.name, member.type);
  }
  if (target.kind === 'func') return prototypeOf(btf, target.name, target.type);
  if (target.kind !== 'typedef' || !target.name.startsWith(TRACEPOINT_PREFIX)) return undefined;
  return prototypeOf(btf, target.name.slice(TRACEPOINT_PREFIX.length), target.type);
}

function prototypeOf(btf: Btf, func: string, id: number): { func: string; prototype: FunctionPrototype } | undefined {
  let type = btf.type(btf.skipModifiersAndTypedefs(id));
  if (type.kind === 'ptr') type = btf.type(btf.skipModifiersAndTypedefs(type.type));
  return type.kind === 'func_proto' ? { func, prototype: type } : undefined;
}

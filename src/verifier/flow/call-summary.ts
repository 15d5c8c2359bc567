/** Which registers a call of a helper or kfunc reads and overwrites, as far as its prototype tells. */
import type { Env } from '../environment.ts';
import { allowedHelper, allowedKfunc, isHelperCall, isKfuncCall } from './calls.ts';
import { kfuncTarget } from './kfunc-target.ts';

export interface CallSummary {
  readonly parameters: number;
  readonly returnsNothing: boolean;
  /** Made inline, so that registers which it does not use keep their values. */
  readonly fastcall: boolean;
}

/** Helpers that Linux 6.18 makes inline on x86-64. */
const INLINED: ReadonlySet<string> = new Set(['bpf_get_smp_processor_id']);

/** @returns undefined if the call is neither, or of a function that programs of this kind may not call */
export function summarizeCall(env: Env, insn: number): CallSummary | undefined {
  if (isHelperCall(env, insn)) {
    const helper = allowedHelper(env, insn);
    if (helper === undefined) return undefined;
    return {
      parameters: helper.arguments.length,
      returnsNothing: helper.returns === 'void',
      fastcall: helper.fastcall && INLINED.has(helper.name),
    };
  }
  if (!isKfuncCall(env, insn)) return undefined;
  const kfunc = allowedKfunc(env, insn);
  const target = kfuncTarget(env, insn);
  const prototype = target?.btf.type(target.prototype);
  if (kfunc === undefined || target === undefined || prototype?.kind !== 'func_proto') return undefined;
  return {
    parameters: prototype.parameters.length,
    returnsNothing: prototype.returnType === 0,
    fastcall: kfunc.flags.includes('fastcall'),
  };
}

/** Bits first..last, none if last < first. */
export const bitRange = (first: number, last: number): number =>
  last < first ? 0 : ((1 << (last + 1)) - 1) & ~((1 << first) - 1);

/** What of an iterator target stands in no BTF: what the verifier makes of its context, and what attaches to it. */
import type { TargetProperties } from '../iter-targets.ts';
import { BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER } from '../uapi/index.ts';
import type { KernelProfile } from '../verifier/index.ts';
import type { IterTargetDefinition } from './iter/target.ts';

const SLOT = 8;

export function targetProperties(target: IterTargetDefinition, profile: KernelProfile): TargetProperties {
  const kind = {
    type: BPF_PROG_TYPE_TRACING,
    expectedAttachType: BPF_TRACE_ITER,
    sleepable: false,
    target: target.name,
  };
  const rules = profile.programType(kind);
  const registers = Array.from({ length: 1 + target.arguments.length }, (_, slot) => {
    const access = rules?.access(slot * SLOT, SLOT, false);
    if (access === undefined) return '';
    const struct = access.btf ?? (access.btfId === undefined ? '' : profile.btf.nameOf(access.btfId));
    return `${access.register}${struct}`;
  });
  return { registers, sleepable: target.sleepable, parameter: target.parameter };
}

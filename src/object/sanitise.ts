/**
 * What else changes for kernels that lack a feature, beside BTF (sanitise-btf.ts): helpers that have an older
 * equivalent, flags of maps, attach types. Refusing what has no equivalent is left to the kernel.
 *
 * Facts: libbpf 1.8, bpf_object__sanitize_prog(), bpf_object__sanitize_maps() and libbpf_prepare_prog_load() in
 * src/libbpf.c.
 */
import { BpfiterError } from '../errors.ts';
import { InstructionView } from '../isa/index.ts';
import { BPF_F_MMAPABLE, BPF_TRACE_UPROBE_MULTI, helperId } from '../uapi/index.ts';
import { isCall } from './instructions.ts';
import type { ObjectMap, ObjectProgram } from './model.ts';
import type { Feature } from './target.ts';

type Supports = (feature: Feature) => boolean;

/** Helpers that tell kernel from user memory, and those that older kernels have for both. */
const OLDER_HELPERS: ReadonlyMap<number, number> = new Map([
  [helper('bpf_probe_read_kernel'), helper('bpf_probe_read')],
  [helper('bpf_probe_read_user'), helper('bpf_probe_read')],
  [helper('bpf_probe_read_kernel_str'), helper('bpf_probe_read_str')],
  [helper('bpf_probe_read_user_str'), helper('bpf_probe_read_str')],
]);

function helper(name: string): number {
  const id = helperId(name);
  if (id === undefined) throw new BpfiterError('unsupported', `helper ${name} is not known`);
  return id;
}

/** Replaces calls of helpers that the kernel lacks by older ones. @param insns instruction slots, changed in place */
export function replaceMissingHelpers(insns: Uint8Array, supports: Supports): void {
  const view = new InstructionView(insns);
  for (let at = 0; at < view.length; at += view.slots(at)) {
    if (!isCall(view, at) || view.src(at) !== 0 || view.dst(at) !== 0) continue;
    const older = OLDER_HELPERS.get(view.imm(at));
    if (older === undefined) continue;
    if (supports('probe-read-kernel')) return;
    view.setImm(at, older);
  }
}

/** The flags that a map is created with. */
export function finalMapFlags({ origin, flags }: ObjectMap, supports: Supports): number {
  const internal = origin === 'data' || origin === 'kconfig';
  return internal && (flags & BPF_F_MMAPABLE) !== 0 && !supports('array-mmap') ? flags & ~BPF_F_MMAPABLE : flags;
}

/** Whether a map is created: those for global variables are not where programs cannot refer to them. */
export function finalAutocreate({ origin, autocreate }: ObjectMap, supports: Supports): boolean {
  const internal = origin === 'data' || origin === 'kconfig';
  return autocreate && !(internal && !supports('global-data'));
}

/** The attach type that a program is loaded with. */
export function finalAttachType({ definition, expectedAttachType }: ObjectProgram, supports: Supports): number {
  if (definition?.usdt && supports('uprobe-multi-link')) return BPF_TRACE_UPROBE_MULTI;
  if (definition?.attachTypeOptional && !supports('expected-attach-type')) return 0;
  return expectedAttachType;
}

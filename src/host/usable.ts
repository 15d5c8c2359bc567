/** Whether iterators can be run on the running kernel: what `auto` goes by in the choice between the two kernels. */
import { BpfiterError } from '../errors.ts';
import { readKernelBtf } from './kernel-btf.ts';
import { type BpfPermission, bpfPermitted } from './privilege.ts';

/** As bpfPermitted(), but not where the kernel has no BTF either: there it has no iterators. */
export function hostUsable(): BpfPermission {
  const permission = bpfPermitted();
  if (!permission.ok) return permission;
  try {
    if (readKernelBtf() !== undefined) return permission;
  } catch (error) {
    if (!(error instanceof BpfiterError)) throw error;
    return { ok: false, code: 'unsupported', reason: `the BTF of this kernel cannot be used: ${error.message}` };
  }
  return { ok: false, code: 'unsupported', reason: 'the types of this kernel (/sys/kernel/btf/vmlinux) are not there' };
}

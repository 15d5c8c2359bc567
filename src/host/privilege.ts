/**
 * Whether this process can load programs at all, and the limit on locked memory that old kernels charge maps and
 * programs to.
 */
import { constants } from 'node:os';
import { BpfiterError } from '../errors.ts';
import { BPF_PROG_LOAD, BPF_PROG_TYPE_TRACEPOINT, errnoDescription, errnoName } from '../uapi/index.ts';
import { programLoadAttributes } from './attributes.ts';
import { lackOf } from './capabilities.ts';
import { closeDescriptor } from './descriptor.ts';
import { callLibc, rawBpf } from './foreign.ts';
import { releaseVersion, versionCode } from './kernel-version.ts';
import { cText } from './structs.ts';
import { returnZero } from './tiny-programs.ts';

export type BpfPermission =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: 'not-permitted' | 'unsupported'; readonly reason: string };

const { ENOSYS, EPERM } = constants.errno;

let permission: BpfPermission | undefined;

/**
 * Whether this process can load programs into the running kernel, found out by loading the smallest one that needs
 * what iterators need. Costs some tens of microseconds, and loading koffi the first time; the answer is kept.
 */
export function bpfPermitted(): BpfPermission {
  permission ??= probePermission();
  return permission;
}

function probePermission(): BpfPermission {
  try {
    const attributes = programLoadAttributes.create({
      prog_type: BPF_PROG_TYPE_TRACEPOINT,
      insns: returnZero,
      insn_cnt: returnZero.length / 8,
      license: cText('GPL'),
    });
    raiseMemoryLimit();
    const size = programLoadAttributes.sizeThrough('kern_version');
    const result = rawBpf(BPF_PROG_LOAD, attributes.bytes, size);
    if (result >= 0) {
      closeDescriptor(result);
      return { ok: true };
    }
    const code = result === -EPERM ? 'not-permitted' : 'unsupported';
    return { ok: false, code, reason: reasonFor(-result) };
  } catch (error) {
    // Not Linux, or no koffi.
    if (error instanceof BpfiterError) return { ok: false, code: 'unsupported', reason: error.message };
    throw error;
  }
}

function reasonFor(errno: number): string {
  const text = `bpf(2) answers ${errnoName(errno)} (${errnoDescription(errno)})`;
  if (errno === ENOSYS) return `${text}: this kernel was built without CONFIG_BPF_SYSCALL`;
  if (errno !== EPERM) return text;
  return `${text}: ${lackOf('load') ?? 'a policy of this machine (seccomp, lockdown, a security module) forbids it'}`;
}

/** @throws BpfiterError `not-permitted` or `unsupported` where nothing can be loaded */
export function requirePermission(): void {
  const answer = bpfPermitted();
  if (answer.ok) return;
  throw new BpfiterError(answer.code, `the host kernel cannot be used: ${answer.reason}`);
}

const RLIMIT_MEMLOCK = 8;
const unlimited = new Uint8Array(16).fill(0xff);
let limitSettled = false;

/**
 * Kernels before 5.11 charge maps and programs to RLIMIT_MEMLOCK, whose default of 64 KiB is soon used up; newer ones
 * ignore it, and there it is left alone, since child processes inherit it. A failure (no CAP_SYS_RESOURCE) shows later
 * as EPERM of the call that wanted memory.
 */
export function raiseMemoryLimit(): void {
  if (limitSettled) return;
  limitSettled = true;
  if (releaseVersion() >= versionCode(5, 11, 0)) return;
  callLibc('prlimit', 0, RLIMIT_MEMLOCK, unlimited, null);
}

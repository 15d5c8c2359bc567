/**
 * The capabilities that calls of bpf(2) need, and which of them this process lacks.
 * Sources: capabilities(7); kernel/bpf/syscall.c (bpf_prog_load, bpf_*_get_fd_by_id).
 */
import { readFileSync } from 'node:fs';

const CAP_SYS_ADMIN = 1n << 21n;
const CAP_PERFMON = 1n << 38n;
const CAP_BPF = 1n << 39n;

/** What a call needs: to load, to reach objects of others by id, or nothing but the descriptors it names. */
export type Need = 'load' | 'admin' | 'none';

const needTexts: Readonly<Record<Exclude<Need, 'none'>, string>> = {
  load: 'it needs root, or CAP_BPF and CAP_PERFMON',
  admin: 'it needs root or CAP_SYS_ADMIN',
};

/** Why this process lacks what is needed, or undefined if it has it (as far as capabilities tell). */
export function lackOf(need: Need): string | undefined {
  if (need === 'none') return undefined;
  const held = effectiveCapabilities();
  if (held === undefined || (held & CAP_SYS_ADMIN) !== 0n) return undefined;
  const canLoad = (held & CAP_BPF) !== 0n && (held & CAP_PERFMON) !== 0n;
  return need === 'load' && canLoad ? undefined : needTexts[need];
}

function effectiveCapabilities(): bigint | undefined {
  try {
    const line = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'));
    return line === null ? undefined : BigInt(`0x${line[1]}`);
  } catch {
    return undefined; // no procfs: nothing can be said
  }
}

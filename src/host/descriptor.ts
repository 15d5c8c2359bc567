/**
 * Plain file descriptors: closing and copying one, and what kind of kernel object it is.
 */
import { closeSync, readlinkSync } from 'node:fs';
import { failure } from './failure.ts';
import { callLibc } from './foreign.ts';

export const closeDescriptor = (fd: number): void => closeSync(fd);

const F_DUPFD_CLOEXEC = 1030;

/** @returns another descriptor of the same kernel object, closed on exec */
export function duplicate(fd: number, what: string): number {
  const copy = callLibc('fcntl', fd, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) throw failure(-copy, `use descriptor ${fd} as ${what}`);
  return copy;
}

export type ObjectKind = 'map' | 'prog' | 'link' | 'btf';

/** What kind of kernel object a descriptor is, as procfs names it; undefined for any other file. */
export function kindOfDescriptor(fd: number): ObjectKind | undefined {
  let name: string;
  try {
    name = readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  }
  // `anon_inode:bpf-map`; links are `bpf_link`, and brackets come and go with kernel versions.
  const kind = /^anon_inode:\[?(?:bpf[-_](map|prog|link)|(btf))\]?$/.exec(name);
  return (kind?.[1] ?? kind?.[2]) as ObjectKind | undefined; // the two groups match nothing else
}

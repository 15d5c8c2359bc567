/**
 * The version of the running kernel as a number. Distributions whose `uname -r` says less than the truth say it
 * elsewhere: Ubuntu in /proc/version_signature, Debian in `uname -v`. (libbpf looks in the same places.)
 */
import { readFileSync } from 'node:fs';
import { release, version } from 'node:os';

/** LINUX_VERSION_CODE. */
export const versionCode = (major: number, minor: number, patch: number): number =>
  (major << 16) + (minor << 8) + Math.min(patch, 255);

/** @returns 0 if the text does not begin with three numbers */
export function parseVersion(text: string): number {
  const parts = /^(\d+)\.(\d+)\.(\d+)/.exec(text);
  return parts === null ? 0 : versionCode(Number(parts[1]), Number(parts[2]), Number(parts[3]));
}

/** What `uname -r` says. */
export const releaseVersion = (): number => parseVersion(release());

/** The version of the upstream kernel that this one is made from. */
export function upstreamVersion(): number {
  // `Ubuntu 5.4.0-12.15-generic 5.4.8`
  const ubuntu = parseVersion(readSignature().split(' ')[2] ?? '');
  if (ubuntu !== 0) return ubuntu;
  // `#1 SMP Debian 4.19.67-2 (2019-08-28)`
  const debian = parseVersion(/Debian (.*)$/.exec(version())?.[1] ?? '');
  return debian === 0 ? releaseVersion() : debian;
}

function readSignature(): string {
  try {
    return readFileSync('/proc/version_signature', 'latin1');
  } catch {
    return ''; // only Ubuntu has it
  }
}

/** Whether this kernel is older than a version that is written as in the tables of uapi: `5.8`. */
export function isOlderThan(since: string): boolean {
  const [major = 0, minor = 0] = since.split('.').map(Number);
  return upstreamVersion() < versionCode(major, minor, 0);
}

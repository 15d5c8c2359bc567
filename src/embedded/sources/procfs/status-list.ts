/**
 * What stat(2) told of files whose links are in an archive: a text file beside them, `bpfiter/status`, one file a line:
 * DEV INO MODE NLINK UID GID RDEV SIZE PATH, numbers in decimal, the path with `\` and newlines escaped.
 */
import type { FileStatus } from './reader.ts';

export const STATUS_LIST = '/bpfiter/status';

export function formatStatus(path: string, { dev, ino, mode, nlink, uid, gid, rdev, size }: FileStatus): string {
  const escaped = path.replace(/[\\\n]/g, (character) => (character === '\\' ? '\\\\' : '\\n'));
  return `${dev} ${ino} ${mode} ${nlink} ${uid} ${gid} ${rdev} ${size} ${escaped}\n`;
}

/** By path. Lines that are not of this form are left out. */
export function parseStatusList(text: string): ReadonlyMap<string, FileStatus> {
  const list = new Map<string, FileStatus>();
  for (const line of text.split('\n')) {
    const match = /^(\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (.*)$/.exec(line);
    if (match === null) continue;
    const [dev = 0, ino = 0, mode = 0, nlink = 0, uid = 0, gid = 0, rdev = 0, size = 0] = match.slice(1, 9).map(Number);
    const path = (match[9] ?? '').replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
    list.set(path, { dev, ino, mode, nlink, uid, gid, rdev, size });
  }
  return list;
}

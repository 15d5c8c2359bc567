/**
 * Pins: paths in a BPF file system under which kernel objects outlive the process.
 *
 * A path outside bpffs is refused by name before the kernel would answer EPERM. `mountBpffs` mounts one on request,
 * but only where nothing can be hidden by it: on an empty directory or one that it makes.
 * Sources: kernel/bpf/inode.c; facts/iterators.md 2.9, 6.3.
 */

import { lstatSync, mkdirSync, readdirSync, rmdirSync, type Stats, statfsSync, statSync, unlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import { checkPath } from '../arguments.ts';
import { BpfiterError } from '../errors.ts';
import { BPF_OBJ_GET, BPF_OBJ_PIN } from '../uapi/index.ts';
import { objectPathAttributes } from './attributes.ts';
import { closeDescriptor, kindOfDescriptor, type ObjectKind } from './descriptor.ts';
import { failure } from './failure.ts';
import { callLibc } from './foreign.ts';
import { cText } from './structs.ts';
import { tryBpf } from './syscall.ts';

const { EACCES, EEXIST, EIO, ENOENT, ENOTDIR, EPERM } = constants.errno;

/** Where systems mount their bpffs. */
export const DEFAULT_BPFFS = '/sys/fs/bpf';

const BPF_FS_MAGIC = 0xcafe4a11;

/** Whether an existing file or directory lies in a BPF file system. */
export function isOnBpffs(path: string): boolean {
  try {
    // The magic is a signed number where longs have 32 bits.
    return statfsSync(path).type >>> 0 === BPF_FS_MAGIC;
  } catch {
    return false;
  }
}

/** @throws BpfiterError `not-permitted` where this user may not look; `usage` for what is no path */
function stat(path: string, look: typeof lstatSync | typeof statSync): Stats | undefined {
  checkPath(path);
  try {
    return look(path);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    const reason = code === 'EACCES' ? 'permission denied' : String(code);
    throw new BpfiterError(code === 'EACCES' ? 'not-permitted' : 'refused', `cannot look at '${path}': ${reason}`, {
      cause,
      errno: code === 'EACCES' ? EACCES : EIO,
    });
  }
}

/** Whether the path itself is there, be it a symbolic link to nowhere. */
export const exists = (path: string): boolean => stat(path, lstatSync) !== undefined;

const isDirectory = (path: string): boolean => stat(path, statSync)?.isDirectory() === true;

/**
 * Whether something can be pinned at a path.
 * @throws BpfiterError `usage` for a name or place that bpffs does not allow, `not-found` without the directory,
 *   `refused` if the path exists
 */
export function checkPinPath(path: string): void {
  checkPath(path);
  const name = basename(path);
  const directory = dirname(resolve(path));
  if (path === '' || path.endsWith('/') || name === '') {
    throw new BpfiterError('usage', `cannot pin at '${path}': it names no file`, { errno: ENOENT });
  }
  if (!isDirectory(directory)) {
    throw new BpfiterError('not-found', `cannot pin at '${path}': there is no directory '${directory}'`, {
      errno: exists(directory) ? ENOTDIR : ENOENT,
    });
  }
  if (!isOnBpffs(directory)) {
    throw new BpfiterError(
      'usage',
      `cannot pin at '${path}': '${directory}' is not in a BPF file system (mount one: mount -t bpf bpf ${DEFAULT_BPFFS})`,
      { errno: EPERM },
    );
  }
  if (name.includes('.')) {
    throw new BpfiterError('usage', `cannot pin at '${path}': a name in a BPF file system may not contain a dot`, {
      errno: EPERM,
    });
  }
  if (exists(path)) {
    throw new BpfiterError('refused', `cannot pin at '${path}': it already exists`, { errno: EEXIST });
  }
}

/** @throws BpfiterError as `checkPinPath` */
export function pin(fd: number, path: string, what: string): void {
  checkPinPath(path);
  const attributes = objectPathAttributes.create({ pathname: cText(path), bpf_fd: fd });
  const result = tryBpf(BPF_OBJ_PIN, attributes);
  if (result < 0) throw pathFailure(-result, `pin ${what} at '${path}'`);
}

/** Of a path, EACCES says that its mode or that of its directory keeps this user out. */
function pathFailure(errno: number, what: string): BpfiterError {
  return failure(errno, what, { need: 'load', code: errno === EACCES ? 'not-permitted' : 'refused' });
}

/** Removes a pin; what it held lives on as long as something else holds it. @throws BpfiterError `not-found`, `usage`, `not-permitted` */
export function unpin(path: string): void {
  if (!exists(path)) {
    throw new BpfiterError('not-found', `nothing is pinned at '${path}'`, { errno: ENOENT });
  }
  if (!isOnBpffs(path)) {
    throw new BpfiterError('usage', `'${path}' is not in a BPF file system; it is left alone`, { errno: EPERM });
  }
  try {
    unlinkSync(path);
  } catch (cause) {
    throw new BpfiterError('not-permitted', `cannot remove the pin '${path}'`, { cause, errno: EACCES });
  }
}

const nouns: Readonly<Record<ObjectKind, string>> = { map: 'map', prog: 'program', link: 'link', btf: 'BTF object' };

/**
 * Opens what is pinned at a path.
 * @param flags BPF_F_RDONLY, BPF_F_WRONLY (maps only)
 * @throws BpfiterError `not-found`; `usage` if it is no object of this kind; `not-permitted`
 */
export function openPinned(path: string, kind: ObjectKind, flags = 0): number {
  const noun = nouns[kind];
  if (!exists(path)) {
    throw new BpfiterError('not-found', `no ${noun} is pinned at '${path}': no such file`, { errno: ENOENT });
  }
  if (!isOnBpffs(path)) {
    throw new BpfiterError('usage', `no ${noun} is pinned at '${path}': it is not in a BPF file system`, {
      errno: EACCES,
    });
  }
  if (isDirectory(path)) {
    throw new BpfiterError('usage', `no ${noun} is pinned at '${path}': it is a directory`, { errno: EACCES });
  }
  const attributes = objectPathAttributes.create({ pathname: cText(path), file_flags: flags });
  const fd = tryBpf(BPF_OBJ_GET, attributes);
  if (fd < 0) throw pathFailure(-fd, `open the ${noun} pinned at '${path}'`);
  const found = kindOfDescriptor(fd);
  if (found !== undefined && found !== kind) {
    closeDescriptor(fd);
    throw new BpfiterError('usage', `'${path}' is a pinned ${nouns[found]}, not a ${noun}`);
  }
  return fd;
}

/**
 * Sees to it that a directory lies in a BPF file system, by mounting one on it (mode 0700) if it is empty or missing.
 * @returns undoes what was done: nothing, if the directory was on bpffs already
 * @throws BpfiterError `usage` for a directory that has contents, `not-permitted` without CAP_SYS_ADMIN
 */
export function mountBpffs(directory: string): () => void {
  if (isOnBpffs(directory)) return () => {};
  const made = !exists(directory);
  if (made) {
    makeDirectory(directory);
  } else if (!isDirectory(directory)) {
    throw new BpfiterError('usage', `cannot mount a BPF file system on '${directory}': it is no directory`);
  } else if (readdirSync(directory).length > 0) {
    throw new BpfiterError(
      'usage',
      `cannot mount a BPF file system on '${directory}': it is not empty, and the mount would hide what is in it`,
    );
  }
  const result = callLibc('mount', 'bpf', resolve(directory), 'bpf', 0, 'mode=0700');
  if (result < 0) {
    if (made) rmdirSync(directory);
    throw failure(-result, `mount a BPF file system on '${directory}'`, { need: 'admin' });
  }
  return () => {
    unmountBpffs(directory);
    if (made) rmdirSync(directory);
  };
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory);
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new BpfiterError('not-found', `cannot make the directory '${directory}': ${reason}`, { cause });
  }
}

/** Unmounts a BPF file system; what is pinned in it is released. */
export function unmountBpffs(directory: string): void {
  const result = callLibc('umount2', resolve(directory), 0);
  if (result < 0) throw failure(-result, `unmount the BPF file system on '${directory}'`, { need: 'admin' });
}

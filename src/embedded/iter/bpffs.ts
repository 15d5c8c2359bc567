/**
 * The BPF file system of one embedded kernel: a tree in memory in which maps, programs and links are pinned. It lives
 * and dies with its kernel; its rules for names, and its words, are those of the host's (src/host/bpffs.ts).
 *
 * Sources: kernel/bpf/inode.c of Linux 6.18; facts/iterators.md 2.9.
 */
import { checkPath } from '../../arguments.ts';
import { BpfiterError } from '../../errors.ts';

/** Where it is mounted; paths elsewhere are not in it. */
export const BPFFS_ROOT = '/sys/fs/bpf';

export type PinnedKind = 'map' | 'program' | 'link';

/** Something that can be pinned: the file holds it from `hold` to `release`. */
export interface Pinned {
  readonly kind: PinnedKind;
  /** For messages: `the link of program 'x'`. */
  readonly what: string;
  hold(): void;
  release(): void;
}

type Directory<T> = Map<string, T | Directory<T>>;

const EEXIST = 17;
const EISDIR = 21;
const ENOENT = 2;
const ENOTDIR = 20;
const ENOTEMPTY = 39;
const EPERM = 1;

export class BpfFileSystem<T extends Pinned = Pinned> {
  readonly #root: Directory<T> = new Map();

  /** @throws BpfiterError `usage` for a place or name that bpffs does not allow, `not-found`, `refused` if it exists */
  pin(path: string, object: T): void {
    const { directory, name } = this.#place(path, `pin at '${path}'`);
    if (directory.has(name)) throw fault('refused', `cannot pin at '${path}': it already exists`, EEXIST);
    object.hold();
    directory.set(name, object);
  }

  /** Whether something is pinned there. */
  has(path: string): boolean {
    const parts = partsOf(path);
    const found = parts && this.#walk(parts);
    return found !== undefined && !(found instanceof Map);
  }

  /** What is pinned there. @throws BpfiterError `not-found`; `usage` for something of another kind */
  get(path: string): T {
    const parts = partsOf(path);
    const found = parts && this.#walk(parts);
    if (found === undefined) throw fault('not-found', `nothing is pinned at '${path}': no such file`, ENOENT);
    if (found instanceof Map) throw fault('usage', `'${path}' is a directory`, EISDIR);
    return found;
  }

  /** Removes a pin; what it held lives on as long as something else holds it. */
  unpin(path: string): void {
    const object = this.get(path);
    const { directory, name } = this.#place(path, `remove '${path}'`);
    directory.delete(name);
    object.release();
  }

  makeDirectory(path: string): void {
    const { directory, name } = this.#place(path, `make the directory '${path}'`);
    if (directory.has(name)) {
      throw fault('refused', `cannot make the directory '${path}': it already exists`, EEXIST);
    }
    directory.set(name, new Map());
  }

  removeDirectory(path: string): void {
    const parts = partsOf(path);
    const found = parts && this.#walk(parts);
    const what = `cannot remove the directory '${path}'`;
    if (found === undefined) throw fault('not-found', `${what}: no such directory`, ENOENT);
    if (!(found instanceof Map)) throw fault('usage', `${what}: it is no directory`, ENOTDIR);
    if (found.size > 0) throw fault('refused', `${what}: it is not empty`, ENOTEMPTY);
    const { directory, name } = this.#place(path, `remove the directory '${path}'`);
    directory.delete(name);
  }

  /** The names in a directory, sorted. */
  list(path = BPFFS_ROOT): readonly string[] {
    const parts = partsOf(path);
    const found = parts && this.#walk(parts);
    if (!(found instanceof Map)) throw fault('not-found', `there is no directory '${path}'`, ENOENT);
    return [...found.keys()].sort();
  }

  /** Lets go of everything, as unmounting does. */
  clear(): void {
    const release = (directory: Directory<T>): void => {
      for (const entry of directory.values()) entry instanceof Map ? release(entry) : entry.release();
      directory.clear();
    };
    release(this.#root);
  }

  #walk(parts: readonly string[]): T | Directory<T> | undefined {
    let at: T | Directory<T> | undefined = this.#root;
    for (const part of parts) at = at instanceof Map ? at.get(part) : undefined;
    return at;
  }

  /** The directory that a new name is to go into. @param what completes "cannot ..." */
  #place(path: string, what: string): { directory: Directory<T>; name: string } {
    if (path === '') throw fault('usage', `cannot ${what}: it names no file`, ENOENT);
    const parts = partsOf(path);
    if (parts === undefined) {
      throw fault(
        'usage',
        `cannot ${what}: it is not in the BPF file system of the embedded kernel (${BPFFS_ROOT})`,
        EPERM,
      );
    }
    const name = parts.pop();
    if (name === undefined || path.endsWith('/')) {
      throw fault('usage', `cannot ${what}: it names no file`, ENOENT);
    }
    const directory = this.#walk(parts);
    const directoryPath = [BPFFS_ROOT, ...parts].join('/');
    if (!(directory instanceof Map)) {
      const errno = directory === undefined ? ENOENT : ENOTDIR;
      throw fault('not-found', `cannot ${what}: there is no directory '${directoryPath}'`, errno);
    }
    if (name.includes('.')) {
      throw fault('usage', `cannot ${what}: a name in a BPF file system may not contain a dot`, EPERM);
    }
    return { directory, name };
  }
}

const fault = (code: 'usage' | 'not-found' | 'refused', message: string, errno: number): BpfiterError =>
  new BpfiterError(code, message, { errno });

/** Names from the root on, without `.` and `..`; undefined for a path that is elsewhere. */
function partsOf(path: string): string[] | undefined {
  checkPath(path);
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  const root = partsOfRoot;
  if (!path.startsWith('/') || root.some((name, index) => parts[index] !== name)) return undefined;
  return parts.slice(root.length);
}

const partsOfRoot = BPFFS_ROOT.split('/').filter((part) => part !== '');

/**
 * Files of /proc out of a tar archive in memory, compressed or not: one that `bpfiter record` wrote, or one made by hand
 * of a copy of /proc. Where in the archive `proc` is does not matter.
 */
import { checkBytes } from '../../../arguments.ts';
import { BpfiterError } from '../../../errors.ts';
import { type FileStatus, type ProcReader, VANISHED } from './reader.ts';
import { parseStatusList, STATUS_LIST } from './status-list.ts';
import { readTar, type TarEntry } from './tar.ts';

const SLASH = 0x2f;
const DOT = 0x2e;
const SELF = '/proc/self';
const S_IFDIR = 0o040555;
const S_IFREG = 0o100444;

/** @param name for messages @throws BpfiterError `malformed` for what is no archive, or one without /proc */
export async function openArchive(bytes: Uint8Array, name: string): Promise<ProcReader> {
  checkBytes('openArchive()', 'the bytes of a snapshot', bytes);
  const compressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return new ArchiveReader(compressed ? await decompress(bytes, name) : bytes, name);
}

async function decompress(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  // A copy: what is given may be part of something that is shared between threads, which streams refuse.
  const stream = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream('gzip'));
  try {
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (error) {
    throw new BpfiterError('malformed', `${name}: the archive cannot be decompressed`, { cause: error });
  }
}

class ArchiveReader implements ProcReader {
  readonly name: string;
  readonly recorded = true;
  buffer = new Uint8Array(0);
  readonly #bytes: Uint8Array;
  readonly #entries = new Map<string, TarEntry>();
  readonly #names = new Map<string, string[]>();
  #statuses: ReadonlyMap<string, FileStatus> | undefined;

  constructor(bytes: Uint8Array, name: string) {
    this.#bytes = bytes;
    this.name = name;
    const entries = readTar(bytes, name);
    const root = rootOf(entries);
    if (root === undefined) throw new BpfiterError('malformed', `${name}: the archive has no files of /proc`);
    for (const entry of entries) {
      const path = normal(entry.path);
      if (path.startsWith(root)) this.#add(`/${path.slice(root.length)}`, entry);
    }
    this.#requireContents();
  }

  /** tar goes by the sizes of files, which are 0 in /proc: it makes archives of empty ones without a word. */
  #requireContents(): void {
    const stats = [...this.#entries].filter(([path]) => /^\/proc\/\d+\/stat$/.test(path));
    if (stats.length === 0 || stats.some(([, { size }]) => size > 0)) return;
    throw new BpfiterError(
      'malformed',
      `${this.name}: all files of processes are empty, as tar takes those of /proc to be; use 'bpfiter record', or copy them first`,
    );
  }

  #add(path: string, entry: TarEntry): void {
    // An archive may have a file twice: the later one counts.
    const listed = this.#entries.has(path) || this.#names.has(path);
    this.#entries.set(path, entry);
    if (!listed) this.#list(path);
  }

  /** Puts a name into its directory, and the directory into the one above if it was not known. */
  #list(path: string): void {
    const slash = path.lastIndexOf('/');
    if (slash < 0) return;
    const directory = path.slice(0, slash);
    const names = this.#names.get(directory);
    if (names !== undefined) {
      names.push(path.slice(slash + 1));
      return;
    }
    this.#names.set(directory, [path.slice(slash + 1)]);
    if (!this.#entries.has(directory)) this.#list(directory);
  }

  read(path: string): number {
    const entry = this.#find(path);
    if (entry === undefined || entry.kind !== 'file') return VANISHED;
    this.buffer = this.#bytes.subarray(entry.offset, entry.offset + entry.size) as Uint8Array<ArrayBuffer>;
    return entry.size;
  }

  /** Of what is below /proc/self, which is a link, an archive may have no entries of their own. */
  #find(path: string): TarEntry | undefined {
    const entry = this.#entries.get(path);
    if (entry !== undefined || !path.startsWith(`${SELF}/`)) return entry;
    const self = this.#entries.get(SELF);
    if (self?.kind !== 'link') return undefined;
    return this.#entries.get(`/proc/${self.link}${path.slice(SELF.length)}`);
  }

  list(path: string): readonly string[] | typeof VANISHED {
    const names = this.#names.get(path);
    if (names !== undefined) return names;
    return this.#entries.get(path)?.kind === 'directory' ? [] : VANISHED;
  }

  link(path: string): string | typeof VANISHED {
    const entry = this.#find(path);
    return entry?.kind === 'link' ? entry.link : VANISHED;
  }

  status(path: string): FileStatus | typeof VANISHED {
    this.#statuses ??= parseStatusList(this.#textOf(STATUS_LIST));
    const status = this.#statuses.get(path);
    if (status !== undefined) return status;
    const directory = this.#names.has(path);
    // Of links only the list tells where they led.
    if (!directory && this.#entries.get(path)?.kind !== 'file') return VANISHED;
    return { dev: 0, ino: 0, mode: directory ? S_IFDIR : S_IFREG, nlink: 1, uid: 0, gid: 0, rdev: 0, size: 0 };
  }

  #textOf(path: string): string {
    const length = this.read(path);
    return length < 0 ? '' : new TextDecoder().decode(this.buffer);
  }

  close(): void {
    this.#entries.clear();
    this.#names.clear();
  }
}

/** Without what stands for the directory that the archive was made of, and without a slash at the end. */
function normal(path: string): string {
  const first = path.charCodeAt(0);
  const plain = first !== SLASH && first !== DOT && path.charCodeAt(path.length - 1) !== SLASH;
  return plain ? path : path.replace(/^(\.?\/)+/, '').replace(/\/+$/, '');
}

/** What stands before `proc/1/...` in the paths. */
function rootOf(entries: readonly TarEntry[]): string | undefined {
  for (const { path } of entries) {
    const match = /^(.*?)proc\/\d+\//.exec(`${normal(path)}/`);
    if (match !== null && (match[1] === '' || match[1]?.endsWith('/'))) return match[1];
  }
  return undefined;
}

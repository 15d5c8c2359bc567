/**
 * Opens what objects come from, by what a user names: the running system, a directory with a copy of its /proc, an
 * archive of one.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { openArchive, type ProcReader, procfsSource, type Source } from '../embedded/index.ts';
import { BpfiterError } from '../errors.ts';
import { readFile } from '../read-file.ts';
import { LiveReader } from './live.ts';

/** @see openReader */
export const openSource = async (path?: string): Promise<Source> => procfsSource(await openReader(path));

/**
 * @param path of a directory that has `proc`, or of a `.tar` or `.tar.gz`; absent, the running system
 * @throws BpfiterError `not-found`, also for what may not be read, or `malformed` for what is neither
 */
export async function openReader(path?: string): Promise<ProcReader> {
  if (path === undefined) {
    if (existsSync('/proc/self/stat')) return new LiveReader();
    throw new BpfiterError('unsupported', 'this system has no /proc: name a snapshot of one (--source)');
  }
  if (!isDirectory(path)) return openArchive(decompressed(await readFile(path), path), path);
  if (existsSync(`${path}/proc`)) return new LiveReader(path);
  const isProc = readdirSync(path).some((name) => /^\d+$/.test(name) && existsSync(`${path}/${name}/stat`));
  const hint = isProc ? '; it seems to be that itself: name the directory above it' : '';
  throw new BpfiterError('malformed', `${path}: the directory has no 'proc' in it${hint}`);
}

/** Reading says why something is nothing at all. */
function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** What one array holds, in every Node that there is. */
const LARGEST = 2 ** 32;

/** Node's own decompression is much faster than the streams that a browser has as well. */
export function decompressed(bytes: Uint8Array, path: string, limit = LARGEST): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    // Not imported: few need it, and Node takes its time to load it.
    return process.getBuiltinModule('node:zlib').gunzipSync(bytes, { maxOutputLength: limit });
  } catch (error) {
    const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    const why = isTooLarge
      ? 'the archive is too large; no program needs pagemap, smaps or mem of a process, leave them out'
      : 'the archive cannot be decompressed';
    throw new BpfiterError('malformed', `${path}: ${why}`, { cause: error });
  }
}

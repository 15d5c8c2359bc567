/** Reads a file that the user named, with one clear line where that fails. The only file access of the api. */
import { BpfiterError } from './errors.ts';

const failures: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'may not be read (permission denied)',
  EISDIR: 'is a directory',
};

/** @throws BpfiterError `not-found` */
export async function readFile(source: string | URL): Promise<Uint8Array> {
  const fs = await import('node:fs/promises');
  try {
    return await fs.readFile(source);
  } catch (error) {
    const { code = String(error), errno = 0 } = error as NodeJS.ErrnoException; // what node:fs throws
    throw new BpfiterError('not-found', `${source}: ${failures[code] ?? code}`, { cause: error, errno: -errno });
  }
}

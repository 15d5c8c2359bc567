/** Reads a file that the user named, with one clear line where that fails. The only file access of the api. */
import { BpfiterError } from './errors.ts';
import { errnoDescription } from './uapi/index.ts';

type FileHandle = import('node:fs/promises').FileHandle;

const failures: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'may not be read (permission denied)',
  EISDIR: 'is a directory',
};

/** No object, BTF or snapshot comes near; a device (/dev/zero) has no end. */
const LARGEST = 1 << 30;

/** @throws BpfiterError `not-found` */
export async function readFile(source: string | URL): Promise<Uint8Array> {
  const { open } = await import('node:fs/promises');
  const name = String(source) === '' ? "''" : source;
  let file: FileHandle | undefined;
  try {
    file = await open(source);
    return await readToEnd(file);
  } catch (error) {
    if (error instanceof BpfiterError) throw new BpfiterError(error.code, `${name}: ${error.message}`);
    const { code = String(error), errno = 0 } = error as NodeJS.ErrnoException; // what node:fs throws
    const reason = failures[code] ?? (errno === 0 ? code : `cannot be read: ${errnoDescription(-errno)} (${code})`);
    throw new BpfiterError('not-found', `${name}: ${reason}`, { cause: error, errno: -errno });
  } finally {
    await file?.close();
  }
}

async function readToEnd(file: FileHandle): Promise<Uint8Array> {
  // 0 for devices, pipes and files of procfs, which may have contents all the same.
  const { size } = await file.stat();
  let bytes = new Uint8Array(Math.min(size, LARGEST) + 1);
  for (let length = 0; ; ) {
    if (length > LARGEST) throw new BpfiterError('malformed', `is larger than ${LARGEST >> 20} MiB`);
    const { bytesRead } = await file.read(bytes, length, bytes.length - length);
    if (bytesRead === 0) return bytes.subarray(0, length);
    length += bytesRead;
    if (length === bytes.length) {
      const larger = new Uint8Array(2 * length + 65536);
      larger.set(bytes);
      bytes = larger;
    }
  }
}

/**
 * Bytes of a page of memory: the sizes of ring buffers and arenas are counted in them.
 */
import { readFileSync } from 'node:fs';
import { BpfiterError } from '../errors.ts';
import { littleEndian } from './structs.ts';

let pageSize: number | undefined;

export function hostPageSize(): number {
  pageSize ??= readPageSize();
  return pageSize;
}

const AT_PAGESZ = 6;

/** Node has no word for it; the kernel tells every process among the pairs of numbers of its auxiliary vector. */
function readPageSize(): number {
  const wide = !['ia32', 'arm'].includes(process.arch);
  let bytes: Buffer;
  try {
    bytes = readFileSync('/proc/self/auxv');
  } catch (cause) {
    throw new BpfiterError('unsupported', 'cannot find the size of a page: /proc/self/auxv is not readable', { cause });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = wide ? 8 : 4;
  const number = (at: number) =>
    wide ? Number(view.getBigUint64(at, littleEndian)) : view.getUint32(at, littleEndian);
  for (let at = 0; at + 2 * size <= bytes.length; at += 2 * size) {
    if (number(at) === AT_PAGESZ) return number(at + size);
  }
  throw new BpfiterError('unsupported', 'cannot find the size of a page: /proc/self/auxv does not tell');
}

/**
 * Reads tar archives in memory: which files there are, where their bytes stand. POSIX ustar, pax extended headers and
 * GNU long names; sparse files and the like are not understood and left out.
 * Facts: pax(1) of POSIX.1-2017, tar(5).
 */

import { BpfiterError } from '../../../errors.ts';
import { decodeName, encodeName } from '../../file-names.ts';

export interface TarEntry {
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'link';
  /** Of the contents. */
  readonly offset: number;
  readonly size: number;
  /** Text of a symbolic link. */
  readonly link: string;
}

const BLOCK = 512;

/** @throws BpfiterError `malformed` for what is no tar archive, or is cut short */
export function readTar(given: Uint8Array, name: string): readonly TarEntry[] {
  // Parts of Node's own kind of arrays take several times as long to make.
  const bytes = new Uint8Array(given.buffer, given.byteOffset, given.length);
  const entries: TarEntry[] = [];
  let extended: ReadonlyMap<string, string> = new Map();
  let longName: string | undefined;
  let longLink: string | undefined;
  let at = 0;
  while (at < bytes.length) {
    if (at > 0 && at + BLOCK > bytes.length) throw cutShort(name);
    const header = bytes.subarray(at, at + BLOCK);
    if (header[0] === 0 && header.every((byte) => byte === 0)) return entries;
    if (!isUstar(header) && !hasChecksum(header)) {
      throw new BpfiterError('malformed', at > 0 ? `${name}: no tar header at byte ${at}` : notTar(bytes, name));
    }
    const type = String.fromCharCode(header[156] as number);
    const told = extended.size === 0 ? undefined : extended.get('size');
    const size = told === undefined ? numberAt(header, 124, 12) : Number(told);
    const offset = at + BLOCK;
    if (offset + size > bytes.length) throw cutShort(name);
    at = offset + Math.ceil(size / BLOCK) * BLOCK;
    if (type === 'x') extended = parseExtended(bytes.subarray(offset, offset + size));
    else if (type === 'L') longName = textAt(bytes, offset, size);
    else if (type === 'K') longLink = textAt(bytes, offset, size);
    else {
      const kind = KINDS[type];
      const path = extended.get('path') ?? longName ?? pathOf(header);
      const link = kind !== 'link' ? '' : (extended.get('linkpath') ?? longLink ?? textAt(header, 157, 100));
      if (kind !== undefined) entries.push({ path, kind, offset, size, link });
      if (extended.size > 0) extended = new Map();
      longName = undefined;
      longLink = undefined;
    }
  }
  // Not every writer puts blocks of zeros at the end; padding there must be.
  if (at > bytes.length) throw cutShort(name);
  return entries;
}

/** What an archive of another form begins with, and what makes a tar archive of it. */
const OTHER_FORMS: readonly (readonly [what: string, remedy: string, magic: readonly number[]])[] = [
  ['compressed by zstd', 'unzstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['compressed by xz', 'unxz', [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ['compressed by bzip2', 'bunzip2', [0x42, 0x5a, 0x68]],
  ['compressed by lz4', 'unlz4', [0x04, 0x22, 0x4d, 0x18]],
  ['a zip archive', 'unzip', [0x50, 0x4b]],
];

function notTar(bytes: Uint8Array, name: string): string {
  const form = OTHER_FORMS.find(([, , magic]) => magic.every((byte, index) => bytes[index] === byte));
  if (form === undefined) return `${name}: is no tar archive, nor one that gzip compressed`;
  const [what, remedy] = form;
  return `${name}: is ${what}; a snapshot is a tar archive, as it is or compressed by gzip (${remedy} it first)`;
}

const cutShort = (name: string): BpfiterError => new BpfiterError('malformed', `${name}: the archive is cut short`);

const KINDS: Readonly<Record<string, TarEntry['kind']>> = { '0': 'file', '\0': 'file', '2': 'link', '5': 'directory' };

/** Up to the first NUL, or all of it. */
function textAt(bytes: Uint8Array, at: number, length: number): string {
  const end = bytes.indexOf(0, at);
  return decodeName(bytes.subarray(at, end < 0 ? at + length : Math.min(end, at + length)));
}

function pathOf(header: Uint8Array): string {
  const name = textAt(header, 0, 100);
  // GNU tar, which has a blank in its mark, keeps other things where the beginning of long paths stands.
  if (header[345] === 0 || !isUstar(header) || header[262] === 0x20) return name;
  return `${textAt(header, 345, 155)}/${name}`;
}

const USTAR = [0x75, 0x73, 0x74, 0x61, 0x72];
function isUstar(header: Uint8Array): boolean {
  for (let i = 0; i < USTAR.length; i++) if (header[257 + i] !== USTAR[i]) return false;
  return true;
}

/** Octal digits, or big-endian bytes if the first has its highest bit set. */
function numberAt(header: Uint8Array, at: number, length: number): number {
  const first = header[at] as number;
  if ((first & 0x80) === 0) return octalAt(header, at, length);
  let value = first & 0x7f;
  for (let i = 1; i < length; i++) value = value * 256 + (header[at + i] as number);
  return value;
}

function octalAt(header: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = at; i < at + length; i++) {
    const digit = (header[i] as number) - 0x30;
    if (digit >= 0 && digit <= 7) value = value * 8 + digit;
    else if (value > 0) break;
  }
  return value;
}

/** The sum of all bytes of a header, with its own field taken for spaces: for those that have no other mark. */
function hasChecksum(header: Uint8Array): boolean {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 0x20 : (header[i] as number);
  return sum === numberAt(header, 148, 8);
}

/** Records `LENGTH KEY=VALUE\n`; the length is that of the whole record in bytes. */
function parseExtended(bytes: Uint8Array): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(decodeName(bytes.subarray(at, space)));
    if (space < 0 || !(length > 0)) return values;
    const text = decodeName(bytes.subarray(space + 1, at + length - 1));
    const equals = text.indexOf('=');
    values.set(text.slice(0, equals), text.slice(equals + 1));
    at += length;
  }
  return values;
}

export interface TarFile {
  readonly path: string;
  readonly contents: Uint8Array;
}

export interface TarLink {
  readonly path: string;
  readonly link: string;
}

/** The blocks of one entry. Paths and links that do not fit a header get one of their own before it. */
export function tarEntry(entry: TarFile | TarLink): Uint8Array {
  const path = encodeName(entry.path);
  const link = 'link' in entry ? encodeName(entry.link) : new Uint8Array(0);
  const contents = 'contents' in entry ? entry.contents : new Uint8Array(0);
  const records: string[] = [];
  if (path.length > 100) records.push(record('path', entry.path));
  if (link.length > 100 && 'link' in entry) records.push(record('linkpath', entry.link));
  const blocks: Uint8Array[] = [];
  if (records.length > 0) {
    const bytes = encodeName(records.join(''));
    blocks.push(header(encodeName('PaxHeader'), 'x', bytes.length, new Uint8Array(0)), padded(bytes));
  }
  blocks.push(header(path, 'link' in entry ? '2' : '0', contents.length, link), padded(contents));
  return join(blocks);
}

/** What an archive ends with. */
export const tarEnd = (): Uint8Array => new Uint8Array(2 * BLOCK);

function header(path: Uint8Array, type: string, size: number, link: Uint8Array): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const put = (at: number, text: string) => block.set(encodeName(text), at);
  block.set(path.subarray(0, 100), 0);
  put(100, '0000644\0');
  put(108, '0000000\0');
  put(116, '0000000\0');
  put(124, `${size.toString(8).padStart(11, '0')}\0`);
  put(136, '00000000000\0');
  put(156, type);
  block.set(link.subarray(0, 100), 157);
  put(257, 'ustar\x0000');
  let sum = 8 * 0x20;
  for (const byte of block) sum += byte;
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
  return block;
}

function record(key: string, value: string): string {
  const rest = encodeName(` ${key}=${value}\n`).length;
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / BLOCK) * BLOCK);
  whole.set(bytes);
  return whole;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * `bpfiter record`: writes a snapshot of the processes that this user can see, for `--source` to run programs over it
 * later, here or elsewhere.
 */
import { once } from 'node:events';
import { createWriteStream, existsSync, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createGzip } from 'node:zlib';
import { BpfiterError } from '../../errors.ts';
import {
  LiveReader,
  RECORDABLE,
  RECORDED_BY_DEFAULT,
  type Recordable,
  type Recorded,
  record as recordSnapshot,
} from '../../procfs-node/index.ts';
import { formatJson } from '../../records/index.ts';
import type { Command } from '../command.ts';
import { systemReason, writeLine } from '../output.ts';

export const record: Command = {
  name: 'record',
  summary: 'write a snapshot of the processes, for --source',
  usage: [
    'record FILE.tar.gz [--include LIST] [--redact] [--max-size SIZE]',
    `  LIST := { ${RECORDABLE.join(' | ')} }[,...]`,
    `          ${RECORDED_BY_DEFAULT.join(',')} unless told`,
    '  Sockets come with their addresses; --redact puts others in their place.',
  ],
  options: ['include', 'redact', 'max-size'],

  async run({ words, options, jsonIndent, debug }) {
    const path = words.expect('the file to write');
    words.end();
    const include = parseInclude(options.include);
    const limit = parseSize(options['max-size']);
    const redact = options.redact ?? false;
    const result = await write(path, limit, (take) =>
      recordSnapshot(new LiveReader(), { include, redact, ...(process.stderr.isTTY && { onProgress }) }, take),
    );
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    const { processes, threads, unreadable } = result;
    if (jsonIndent !== undefined) {
      const told = { file: path, processes, threads, unreadable: Object.fromEntries(unreadable) };
      await writeLine(formatJson(told, jsonIndent));
    }
    debug(`recorded ${processes} processes with ${threads} threads in ${path}`);
    for (const [what, count] of unreadable) debug(`may not be read by this user: ${what} (${count})`);
    return 0;
  },
};

function parseInclude(text: string | undefined): ReadonlySet<Recordable> {
  if (text === undefined) return new Set(RECORDED_BY_DEFAULT);
  const chosen = text.split(',').filter((name) => name !== '');
  return new Set(
    chosen.map((name) => {
      const known = RECORDABLE.find((candidate) => candidate === name);
      if (known !== undefined) return known;
      throw new BpfiterError('usage', `--include takes ${RECORDABLE.join(', ')}, not '${name}'`);
    }),
  );
}

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

function parseSize(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  const match = /^(\d+)([KMG]?)$/.exec(text);
  if (match === null)
    throw new BpfiterError('usage', `--max-size takes bytes, or a number with K, M or G, not '${text}'`);
  return Number(match[1]) * (UNITS[match[2] ?? ''] ?? 1);
}

function onProgress(done: number, of: number): void {
  if (done % 50 === 0 || done === of) process.stderr.write(`\r${done} of ${of} processes`);
}

type Run = (take: (piece: Uint8Array) => Promise<void>) => Promise<Recorded>;

/**
 * Writes a file beside the wanted one, which takes its place when it is whole: a failure leaves what was there before.
 * What is no plain file (a device, a pipe) is written into, and stays in any case.
 */
async function write(path: string, limit: number, run: Run): Promise<Recorded> {
  const isSpecial = existsSync(path) && !statSync(path).isFile();
  // A short name: the wanted one may be as long as names can be.
  const part = isSpecial ? path : join(dirname(path), `.bpfiter-${process.pid}.part`);
  try {
    const result = await writeTo(part, limit, run);
    if (!isSpecial) await rename(part, path);
    return result;
  } catch (error) {
    // Where it could not be made there is nothing to remove, and the first failure is the one to tell of.
    if (!isSpecial) await rm(part, { force: true }).catch(() => {});
    if (!(error instanceof Error) || !('code' in error && 'syscall' in error)) throw error;
    throw new BpfiterError('refused', `cannot write ${path}: ${systemReason(error)}`, { cause: error });
  }
}

async function writeTo(path: string, limit: number, run: Run): Promise<Recorded> {
  const file = createWriteStream(path);
  const failed = once(file, 'error').then(([error]) => {
    throw error;
  });
  // It is waited for only while there is something else to wait for.
  failed.catch(() => {});
  try {
    await Promise.race([once(file, 'open'), failed]);
    const gzip = createGzip();
    let size = 0;
    gzip.on('data', (piece: Uint8Array) => {
      size += piece.length;
      if (!file.write(piece)) {
        gzip.pause();
        file.once('drain', () => gzip.resume());
      }
    });
    const result = await Promise.race([
      run(async (piece) => {
        if (size > limit) {
          throw new BpfiterError(
            'refused',
            `the snapshot would be larger than ${limit} bytes: leave things out (--include)`,
          );
        }
        if (!gzip.write(piece)) await once(gzip, 'drain');
      }),
      failed,
    ]);
    const ended = once(gzip, 'end');
    gzip.end();
    await Promise.race([ended, failed]);
    if (size > limit)
      throw new BpfiterError('refused', `the snapshot is larger than ${limit} bytes: leave things out (--include)`);
    const closed = once(file, 'close');
    file.end();
    await Promise.race([closed, failed]);
    return result;
  } catch (error) {
    file.destroy();
    throw error;
  }
}

/** Files whose names are not what one expects, as the embedded kernel shows them, live and out of a snapshot. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openArchive, openEmbeddedKernel, procfsSource, type Source } from '../../src/embedded/index.ts';
import { openObject } from '../../src/object/index.ts';
import { LiveReader, record } from '../../src/procfs-node/index.ts';

const NAMES = ['sp ace', 'par)en (x', 'new\nline', '\xff\xfe no utf8', 'ü', 'back\\slash', 'pipe:[12]'];

async function output(source: Source): Promise<Buffer> {
  using kernel = openEmbeddedKernel({ source });
  using loaded = await kernel.load(openObject(readFileSync('programs/task_file.bpf.o'), { name: 'task_file' }));
  using link = loaded.program('dump_task_file').attachIter({ task: { pid: process.pid } });
  const pieces: Uint8Array[] = [];
  for await (const piece of link.open().bytes()) pieces.push(piece.slice());
  return Buffer.concat(pieces);
}

test.skipIf(process.platform !== 'linux')('names come out byte for byte', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'bpfiter-names-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const paths = NAMES.map((name) =>
    Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(name, name === 'ü' ? 'utf8' : 'latin1')]),
  );
  for (const path of paths) {
    const descriptor = openSync(path, 'w');
    onTestFinished(() => closeSync(descriptor));
  }
  const live = await output(procfsSource(new LiveReader()));
  for (const path of paths) expect(live.includes(path), path.toString('latin1')).toBe(true);
  const pieces: Uint8Array[] = [];
  await record(new LiveReader(), { include: new Set(['files']), redact: false }, async (piece) => {
    pieces.push(piece);
  });
  const recorded = await output(procfsSource(await openArchive(Buffer.concat(pieces), 'snapshot')));
  for (const path of paths) expect(recorded.includes(path), path.toString('latin1')).toBe(true);
});

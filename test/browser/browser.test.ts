/** The embedded kernel in a browser: the same snapshot and the same objects give the text that they give in Node. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveReader, RECORDABLE, record } from '../../src/procfs-node/index.ts';
import { findBrowser, openBrowser } from './browser.ts';
import { type Bundle, bundleFor } from './bundle.ts';
import { type Job, runOn } from './engine.ts';

const jobs: readonly Job[] = [
  { object: 'task.bpf.o', program: 'dump_task' },
  { object: 'task_file.bpf.o', program: 'dump_task_file' },
  { object: 'task_record.bpf.o', program: 'dump_task_record', record: 'task_record' },
];
const objectOf = ({ object }: Job) => readFileSync(`programs/${object}`);

/** Of all processes only these. */
class SomeProcesses extends LiveReader {
  readonly #pids: readonly string[];

  constructor(pids: readonly number[]) {
    super();
    this.#pids = pids.map(String);
  }

  override list(path: string) {
    return path === '/proc' ? this.#pids : super.list(path);
  }
}

describe('the bundle for a browser', () => {
  it('has nothing of Node, and no package', async () => {
    const { imports, modules } = await bundleFor('engine.ts');
    expect(imports).toEqual([]);
    expect(modules.filter((path) => /node_modules|procfs-node|src\/host/.test(path))).toEqual([]);
  });
});

const browser = findBrowser();
const reason =
  process.platform !== 'linux' ? 'there is no /proc to record' : browser === undefined ? 'no Chromium' : undefined;

describe.skipIf(reason !== undefined)(`a snapshot in Chromium${reason === undefined ? '' : ` (${reason})`}`, () => {
  const children: ChildProcess[] = [];
  let directory: string;
  let archive: Uint8Array;
  let bundle: Bundle;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'bpfiter-'));
    const path = join(directory, 'größe 日本');
    writeFileSync(path, 'text');
    const file = openSync(path, 'r');
    children.push(spawn('sleep', ['600'], { stdio: ['pipe', file, 'ignore'] }));
    children.push(spawn('sleep', ['600'], { stdio: ['ignore', 'pipe', 'inherit'] }));
    closeSync(file);
    const pids = children.flatMap(({ pid }) => pid ?? []);
    archive = await snapshotOf([process.pid, ...pids]);
    bundle = await bundleFor('page.ts');
  });
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(directory, { recursive: true });
  });

  it('gives the text that it gives in Node', async () => {
    const expected = await Promise.all(jobs.map((job) => runOn(archive, objectOf(job), job)));
    const server = await serve(bundle.code, archive);
    const { port } = server.address() as AddressInfo; // of TCP
    const opened = openBrowser(browser ?? '', `http://127.0.0.1:${port}/`);
    try {
      const answer = await Promise.race([answerOf(server), opened.ended]);
      expect(answer).toEqual({ texts: expected });
    } finally {
      await opened.close();
      server.closeAllConnections();
      server.close();
    }
    const [tasks = '', files = ''] = expected;
    for (const { pid } of children) expect(tasks).toMatch(new RegExp(`^ +${pid} `, 'm'));
    expect(files).toContain('größe 日本');
  });
});

async function snapshotOf(pids: readonly number[]): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const options = { include: new Set(RECORDABLE), redact: false };
  await record(new SomeProcesses(pids), options, async (piece) => {
    pieces.push(piece);
  });
  return gzipSync(Buffer.concat(pieces));
}

/** The page, what it fetches, and where it sends its answer. */
async function serve(code: string, archive: Uint8Array): Promise<Server> {
  const files = new Map<string, readonly [type: string, contents: string | Uint8Array]>([
    ['/', ['text/html', '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>']],
    ['/page.js', ['text/javascript', code]],
    ['/jobs', ['application/json', JSON.stringify(jobs)]],
    ['/snapshot.tar.gz', ['application/octet-stream', archive]],
    ...jobs.map((job) => [`/programs/${job.object}`, ['application/octet-stream', objectOf(job)]] as const),
  ]);
  const server = createServer(({ url = '' }, response) => {
    const [type, contents] = files.get(url) ?? [];
    if (type === undefined) response.writeHead(url === '/answer' ? 204 : 404).end();
    else response.writeHead(200, { 'content-type': type }).end(contents);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** What the page sends. */
function answerOf(server: Server): Promise<unknown> {
  return new Promise((resolve) => {
    server.on('request', (request: IncomingMessage) => {
      if (request.url !== '/answer') return;
      let text = '';
      request.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      request.on('end', () => resolve(JSON.parse(text)));
    });
  });
}

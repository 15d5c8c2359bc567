/**
 * Sockets of all kinds that a test makes to look at on both kernels: those of a process that has stopped, and what is
 * left of connections that it has closed or only begun. Only these are compared, as others come and go.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readlinkSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { keyText, type Subject } from './compare.ts';
import { stop } from './subjects.ts';

/** Node makes no netlink sockets, and cannot ask for a connection that stays half open: these are made with koffi. */
const SCRIPT = `
const [koffiPath, path] = process.argv.slice(1);
const net = require('net'), dgram = require('dgram'), koffi = require(koffiPath), libc = koffi.load(null);
const socket = libc.func('int socket(int, int, int)'), bind = libc.func('int bind(int, void *, uint32)');
const listen = libc.func('int listen(int, int)'), setsockopt = libc.func('int setsockopt(int, int, int, void *, uint32)');
const getsockname = libc.func('int getsockname(int, void *, void *)');
const must = (result) => { if (result < 0) throw new Error('errno ' + koffi.errno()); return result; };
const event = (of, name) => new Promise((done, failed) => { of.once(name, done); of.once('error', failed); });
const listening = async (server, ...where) => { server.listen(...where); await event(server, 'listening'); return server; };
const connected = async (...where) => { const client = net.connect(...where); await event(client, 'connect'); return client; };
const bound = async (kind, address) => { const s = dgram.createSocket(kind); s.bind(0, address); await event(s, 'listening'); return s; };

(async () => {
  const kept = [];
  // Connections with bytes that nobody reads.
  for (const where of [[0, '127.0.0.1'], [0, '::1'], [path]]) {
    const server = await listening(net.createServer({ pauseOnConnect: true }, (end) => kept.push(end)), ...where);
    const address = server.address();
    const accepted = event(server, 'connection');
    const client = await connected(...(where.length === 1 ? [path] : [address.port, where[1]]));
    client.write('unread');
    await accepted;
    kept.push(server, client);
  }
  kept.push(await listening(net.createServer(), String.fromCharCode(0) + path));
  for (const [kind, address] of [['udp4', '127.0.0.1'], ['udp6', '::1']]) {
    const [first, second] = [await bound(kind, address), await bound(kind, address)];
    second.connect(first.address().port, address);
    await event(second, 'connect');
    kept.push(first, second);
  }
  // Netlink: RTNETLINK, groups 1 and 3.
  const netlink = must(socket(16, 3, 0));
  const name = Buffer.alloc(12); name.writeUInt16LE(16, 0); name.writeUInt32LE(5, 8);
  must(bind(netlink, name, 12));
  // A connection that its client closed first waits.
  const ending = await listening(net.createServer((end) => end.on('end', () => end.end())), 0, '127.0.0.1');
  const over = await connected(ending.address().port, '127.0.0.1');
  const timewait = over.localPort;
  over.resume(); over.end();
  await event(over, 'close');
  // With TCP_DEFER_ACCEPT a connection has only begun until data come.
  const deferring = must(socket(2, 1, 0));
  const seconds = Buffer.alloc(4); seconds.writeInt32LE(60);
  must(setsockopt(deferring, 6, 9, seconds, 4));
  const own = Buffer.from([2, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  must(bind(deferring, own, 16)); must(listen(deferring, 5));
  const length = Buffer.alloc(4); length.writeUInt32LE(16);
  must(getsockname(deferring, own, length));
  const begun = await connected(own.readUInt16BE(2), '127.0.0.1');
  kept.push(begun);
  setInterval(() => {}, 1e6);
  console.log(JSON.stringify({ timewait, request: begun.localPort, kept: kept.length }));
})();
`;

const REQUEST_ROOTS = ['timewait', 'request'] as const;

export class Sockets implements Disposable {
  #child: ChildProcess | undefined;
  #path = '';

  /** @param path of the Unix socket that the process may make */
  async start(path: string): Promise<readonly Subject[]> {
    const koffi = createRequire(import.meta.url).resolve('koffi');
    const child = spawn(process.execPath, ['-e', SCRIPT, koffi, path], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    this.#path = path;
    const text = await new Promise<string>((resolve, reject) => {
      child.stdout?.once('data', (data) => resolve(String(data)));
      child.once('exit', () => reject(new Error('the process with sockets ended')));
    });
    const ports: Readonly<Record<(typeof REQUEST_ROOTS)[number], number>> = JSON.parse(text);
    const pid = child.pid ?? 0;
    await stop(pid);
    const inodes = socketsOf(pid).map(keyText);
    return [
      ...(['tcp', 'udp', 'unix', 'netlink'] as const).map((root) => subject(root, inodes)),
      subject('timewait', [keyText(ports.timewait)]),
      subject('request', [keyText(swapped(ports.request))]),
      { ...subject('socket', inodes), parameters: { task: { pid } } },
    ];
  }

  [Symbol.dispose](): void {
    this.#child?.kill('SIGKILL');
    rmSync(this.#path, { force: true });
  }
}

const subject = (root: Subject['root'], keys: readonly string[]): Subject => ({
  name: root,
  root,
  parameters: {},
  keys,
});

/** A port in the order of the network. */
const swapped = (port: number): number => ((port & 0xff) << 8) | (port >> 8);

/** Inodes of the sockets that a process has open. */
function socketsOf(pid: number): readonly number[] {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  return links.flatMap((link) => Number(/^socket:\[(\d+)\]$/.exec(link)?.[1] ?? 0) || []);
}

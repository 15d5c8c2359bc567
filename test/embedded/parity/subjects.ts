/**
 * Processes that tests make to look at on both kernels: stopped, so that nothing of them changes while they are read.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kernel } from '../../../src/kernel.ts';
import { openObject } from '../../../src/object/index.ts';
import { keyText, type Subject } from './compare.ts';

/** What the process has open and mapped beside what Node needs: files of all kinds. */
const SCRIPT = `
const fs = require('fs'), net = require('net'), { Worker } = require('worker_threads');
process.title = 'subject';
const path = process.argv[1];
fs.writeFileSync(path, 'text');
fs.openSync(path, 'r'); fs.openSync(path, 'a'); fs.openSync(path, 'r+');
const gone = fs.openSync(path + '.gone', 'w+'); fs.writeSync(gone, 'x'); fs.unlinkSync(path + '.gone');
fs.openSync('/', 'r'); fs.openSync('/dev/null', 'r+'); fs.openSync('/dev/zero', 'r'); fs.openSync('/proc/self/maps', 'r');
fs.watch(path, () => {});
const unix = net.createServer().listen(path + '.sock'), tcp = net.createServer().listen(0, '127.0.0.1');
require('dgram').createSocket('udp4').bind(0, '127.0.0.1'); require('dgram').createSocket('udp6').bind(0, '::1');
new Worker('setInterval(() => {}, 1e6)', { eval: true });
const zombie = require('child_process').spawn('true');
setInterval(() => {}, 1e6);
tcp.on('listening', () => setTimeout(() => console.log('ready'), 500));
`;

export class Subjects implements Disposable {
  readonly #children: ChildProcess[] = [];
  readonly #paths: string[] = [];

  /** @param path of a file that the process may make, and others beside it */
  async start(path: string): Promise<number> {
    const child = spawn(process.execPath, ['-e', SCRIPT, path], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#children.push(child);
    this.#paths.push(path, `${path}.sock`);
    await new Promise((resolve, reject) => {
      child.stdout?.once('data', resolve);
      child.once('exit', () => reject(new Error('the subject ended')));
    });
    const pid = child.pid ?? 0;
    await stop(pid);
    return pid;
  }

  /** A process that has ended and is not waited for: its parent is stopped. */
  async zombie(): Promise<number> {
    const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; kill -STOP $$; wait'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#children.push(parent);
    const text = await new Promise<string>((resolve) => parent.stdout?.once('data', (data) => resolve(String(data))));
    const pid = Number(text);
    while (stateOf(pid) !== 'Z') await sleep(20);
    return pid;
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill('SIGKILL');
    for (const path of this.#paths) rmSync(path, { force: true });
  }
}

const stateOf = (pid: number): string =>
  /^State:\s*(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '';

export async function stop(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  // Its threads stop one after the other.
  const runs = () => readdirSync(`/proc/${pid}/task`).some((tid) => stateOf(Number(tid)) !== 'T');
  while (runs()) await sleep(10);
}

export const subjectsOf = (pid: number, name: string): readonly Subject[] =>
  (['task', 'task_file', 'task_vma'] as const).map((root) => ({
    name: `${name}, ${root}`,
    root,
    parameters: { task: { pid } },
  }));

/** The session itself that shows a process, once for each thread and at the end. */
export const sessionOf = (pid: number): readonly Subject[] =>
  (['session', 'walk'] as const).map((root) => ({ name: root, root, parameters: { task: { pid } } }));

/** The counters that a process waits for, of which Node has some, and areas that the kernel made. */
export const specialsOf = (pid: number): readonly Subject[] => [
  { name: 'eventfd', root: 'eventfd', parameters: { task: { pid } }, keys: [keyText('[eventfd]')] },
  { name: 'vdso', root: 'special', parameters: { task: { pid } }, keys: [keyText('[vdso]'), keyText('[vvar]')] },
];

/** The route to this very machine: both addresses of IPv6 and lengths of prefixes are in its key. */
const LOOPBACK_ROUTE = `8001${'00'.repeat(15)}`;

/** What every machine has, and nobody changes. */
export const ofTheKernel: readonly Subject[] = [
  { name: 'cgroups', root: 'cgroup', parameters: { cgroup: { order: 'descendants_pre' } } },
  { name: 'the route to itself', root: 'ipv6_route', parameters: {}, keys: [LOOPBACK_ROUTE] },
  {
    name: 'slab caches',
    root: 'kmem_cache',
    parameters: {},
    keys: ['dentry', 'filp', 'task_struct', 'kmalloc-64'].map(keyText),
  },
  { name: 'symbols', root: 'ksym', parameters: {}, keys: ['schedule', 'vfs_read'].map(keyText) },
];

const COMPARED = new URL('fixtures/compared.bpf.o', import.meta.url);

/** What loadSubject() loads. */
export const loadedObjects: readonly Subject[] = [
  { name: 'a map', root: 'bpf_map', parameters: {}, keys: [keyText('compared_map')] },
  { name: 'a program', root: 'bpf_prog', parameters: {}, keys: [keyText('compared_prog')] },
  { name: 'a link', root: 'bpf_link', parameters: {}, keys: [keyText('compared_prog')] },
];

/** A map, a program that uses it, and a link of that. */
export async function loadSubject(kernel: Kernel): Promise<Disposable> {
  const object = openObject(readFileSync(COMPARED), { name: 'compared.bpf.o' });
  const loaded = await kernel.load(object, { programs: ['compared_prog'] });
  const link = loaded.program('compared_prog').attachIter({});
  return {
    [Symbol.dispose]() {
      link.close();
      loaded.close();
    },
  };
}

const KTHREADD = 2;
const PF_KTHREAD = 0x200000;

/** The kernel's own process, which has neither memory nor a session; none where another namespace hides it. */
export function kernelThread(): readonly Subject[] {
  const flags = existsSync(`/proc/${KTHREADD}/stat`)
    ? readFileSync(`/proc/${KTHREADD}/stat`, 'latin1').split(' ')[8]
    : '0';
  if ((Number(flags) & PF_KTHREAD) === 0) return [];
  return [{ name: 'kernel thread', root: 'task', parameters: { task: { tid: KTHREADD } } }];
}

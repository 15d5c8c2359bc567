/** The process that iterators of the comparison are shown: stopped, so that it is the same whoever looks at it. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Files, a thread, and sockets of several kinds. */
const SCRIPT = `
const fs = require('fs'), net = require('net'), dgram = require('dgram'), { Worker } = require('worker_threads');
fs.openSync('/dev/null', 'r+'); fs.openSync('/etc/passwd', 'r');
new Worker('setInterval(() => {}, 1e6)', { eval: true });
net.createServer().listen(0, '127.0.0.1'); net.createServer().listen(0, '::1');
dgram.createSocket('udp4').bind(0, '127.0.0.1'); dgram.createSocket('udp6').bind(0, '::1');
net.createServer().listen(process.argv[1]);
setInterval(() => {}, 1e6);
setTimeout(() => console.log('ready'), 600);
`;

/** @returns {Promise<{ pid: number, end(): void }>} */
export async function startSubject() {
  const path = join(tmpdir(), `bpfiter-foreign-${process.pid}`);
  const child = spawn(process.execPath, ['-e', SCRIPT, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('exit', () => reject(new Error('the process to look at ended')));
  });
  process.kill(child.pid, 'SIGSTOP');
  const threads = () => readdirSync(`/proc/${child.pid}/task`).map((tid) => `/proc/${child.pid}/task/${tid}/status`);
  while (threads().some((status) => existsSync(status) && !/^State:\s+T/m.test(readFileSync(status, 'latin1')))) {
    await sleep(10);
  }
  return {
    pid: child.pid,
    end: () => {
      child.kill('SIGKILL');
      rmSync(path, { force: true });
    },
  };
}

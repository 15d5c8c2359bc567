/** A C program beside the benchmark: compiled by what is here, asked line by line. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** @returns { ask(line) -> the answer's words, close(), ended: a promise }, or undefined where there is no clang */
export function startNative(source) {
  const directory = mkdtempSync(join(tmpdir(), 'bpfiter-bench-'));
  const output = join(directory, 'native');
  const remove = () => rmSync(directory, { recursive: true, force: true });
  for (const compiler of ['clang', 'clang-22']) {
    const { error, status, stderr } = spawnSync(compiler, ['-O2', '-o', output, source], { encoding: 'utf8' });
    if (error !== undefined) continue;
    if (status !== 0) {
      remove();
      throw new Error(`${compiler}: ${stderr}`);
    }
    const child = spawn(output, { stdio: ['pipe', 'pipe', 'inherit'] });
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const ended = new Promise((resolve) => child.once('close', resolve));
    return {
      ended,
      async ask(line) {
        child.stdin.write(`${line}\n`);
        const { value, done } = await answers.next();
        if (done) throw new Error('the native program ended early');
        return value.split(' ');
      },
      close() {
        child.stdin.end();
        remove();
      },
    };
  }
  remove();
  return undefined;
}

/** `--kernel auto` where everything is permitted but the kernel has no BTF: a mount namespace that covers it. */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { MAIN, program, shell } from './bpfiter.ts';

const COVER = 'mount -t tmpfs none /sys/kernel/btf';
const { status, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', COVER], { encoding: 'utf8' });
const reason = status === 0 ? '' : ` (skipped: the kernel's BTF cannot be covered: ${stderr?.trim()})`;

describe.skipIf(status !== 0)(`without the kernel's BTF${reason}`, () => {
  const run = (...args: readonly string[]) =>
    shell(`unshare -m sh -c '${COVER} && exec "$@"' sh "$@"`, process.execPath, MAIN, ...args);

  test('programs run on the embedded kernel', async () => {
    const { status, stdout, stderr } = await run('run', program('task'), '-d');
    expect(stderr).toMatch(/^bpfiter: using the embedded kernel: /);
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/ node\n/) });
  });

  test('targets are those of the embedded kernel', async () => {
    const { status, stdout } = await run('targets');
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining('task_vma') });
  });

  test('the host kernel is still there for who wants it', async () => {
    const { status, stderr } = await run('run', program('task'), '--kernel', 'host');
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('this kernel has none') });
  });
});

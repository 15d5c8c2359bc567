/** The commands that the README shows do what they say. Its program is compiled and run by test/readme.test.ts. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { describeOnHost } from '../host/permitted.ts';
import { bpfiter, scratch } from './bpfiter.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The words after `bpfiter`, of each command in a block of shell. */
const commands = [...readFileSync(`${root}/README.md`, 'utf8').matchAll(/^```sh\n(.*?)^```/gms)]
  .flatMap(([, block = '']) => [...block.matchAll(/npx bpfiter ([^#&\n]*)/g)])
  .map(([, words = '']) => words.trim().split(/ +/));

describeOnHost("the README's commands", () => {
  test('are found', () => {
    expect(commands.length).toBeGreaterThan(8);
  });

  // The others need a map, a cgroup or a bpffs that is known.
  const runnable = commands.filter((words) => !words.some((word) => /^(map|cgroup|pin)$/.test(word)));
  test.each(runnable.map((words) => [words.join(' '), words] as const))('bpfiter %s', async (_, words) => {
    const given = words
      .flatMap((word) => (word === 'programs/*.bpf.o' ? ['programs/task.bpf.o', 'programs/ksym.bpf.o'] : [word]))
      .map((word) => (word === '1234' ? `${process.pid}` : word.replace('/tmp/', `${scratch}/`)));
    expect(await bpfiter(given, { cwd: root })).toMatchObject({ status: 0, stderr: '' });
  });
});

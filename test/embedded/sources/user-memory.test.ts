import { expect, test } from 'vitest';
import { readTask, readTaskString } from '../../../src/embedded/helpers/user-memory.ts';
import { model, Needs, procfsSource } from '../../../src/embedded/index.ts';
import { FakeRuntime } from '../helpers/fake-runtime.ts';
import { SnapshotReader, statLine } from './snapshot.ts';

const HIGH = 0x7ffc;
const EFAULT = -14;

/** A process of which the two files are known; their memory lies at 0x7ffc00001000 and 0x7ffc00001010. */
function open() {
  const runtime = new FakeRuntime();
  const columns = { 22: 5, 48: 0x7ffc00001000, 49: 0x7ffc0000100a, 50: 0x7ffc00001010, 51: 0x7ffc00001015 };
  const reader = new SnapshotReader({
    files: {
      '/proc/1/stat': statLine(1, 'init', columns),
      '/proc/1/cmdline': 'init\0--on\0',
      '/proc/1/environ': 'A=bc\0',
      '/proc/2/stat': statLine(2, 'hidden', { 22: 6 }),
      '/proc/2/cmdline': 'hidden\0',
    },
  });
  const objects = procfsSource(reader).open(runtime.memory, model);
  const session = objects.session(Needs.of(['task_struct.pid']));
  const withObjects = Object.assign(runtime, { objects });
  return { runtime: withObjects, task: session.taskByPid(1), hidden: session.taskByPid(2) };
}

test.each([
  ['the command line', 0x1000, 10, 'init\0--on\0'],
  ['a piece of it', 0x1005, 3, '--o'],
  ['the environment', 0x1010, 4, 'A=bc'],
])('%s of a process is read from its file', (_what, low, size, text) => {
  const { runtime, task } = open();
  const to = runtime.place('xxxxxxxxxxxx');
  expect(readTask(runtime, task, to, size, low, HIGH)).toBe(0);
  expect(new TextDecoder().decode(runtime.memory.u8.slice(to, to + size + 1))).toBe(`${text}x`);
});

test.each([
  ['more than the command line', 0x1000, HIGH, 11],
  ['other memory', 0x900, HIGH, 4],
  ['behind the environment', 0x1015, HIGH, 1],
  ['a kernel address', 0x1000, 0xffff8880 | 0, 1],
])('%s is not known', (_what, low, high, size) => {
  const { runtime, task } = open();
  const to = runtime.place('xxxxxxxxxxxx');
  expect(readTask(runtime, task, to, size, low, high)).toBe(EFAULT);
  expect(runtime.memory.text(to, 12)).toBe('xxxxxxxxxxxx');
});

test('the address of a command line that is not told is no address', () => {
  const { runtime, hidden } = open();
  expect(readTask(runtime, hidden, runtime.place('x'), 1, 0, 0)).toBe(EFAULT);
});

test('a string ends where it ends, or where the room does', () => {
  const { runtime, task } = open();
  const to = runtime.place('xxxxxxxxxxxx');
  expect(readTaskString(runtime, task, to, 12, 0x1000, HIGH)).toBe(5);
  expect(runtime.memory.text(to, 12)).toBe('init');
  expect(readTaskString(runtime, task, to, 3, 0x1005, HIGH)).toBe(3);
  expect(runtime.memory.text(to, 12)).toBe('--');
  expect(readTaskString(runtime, task, to, 0, 0x1005, HIGH)).toBe(0);
});

import { describe, expect, test } from 'vitest';
import type { TaskSelector } from '../../../src/kernel.ts';
import { FakeMemory } from '../fake-memory.ts';
import type { FakeTask } from '../fake-objects.ts';
import { Fixture } from './fixture.ts';

/** Threads stand in the list in the order in which they were made, not in that of their numbers. */
const tasks = (): FakeTask[] => [
  { pid: 1, files: { 0: 1000 }, areas: [11, 12] },
  { pid: 10, files: { 0: 1001, 2: 1002, 7: 1003 }, areas: [13] },
  { pid: 15, tgid: 10, files: { 0: 1001, 2: 1002, 7: 1003 }, areas: [13] },
  { pid: 12, tgid: 10, files: { 1: 1004 }, areas: [14], ownFiles: true },
  { pid: 20 },
];

async function textOf(
  target: string,
  task: TaskSelector | undefined,
  fixture = new Fixture(new FakeMemory(), tasks()),
  bufferSize?: number,
): Promise<string> {
  const program = fixture.program(target, ([at, ...others]) => {
    return `${[fixture.pidOf(at ?? 0), ...others].join('/')} `;
  });
  using link = fixture.iterators.attach(program, task === undefined ? {} : { task });
  if (bufferSize === undefined) return link.open().text();
  const file = fixture.iterators.links.get(link.info().id)?.openFile();
  if (file === undefined) throw new Error('no link');
  let text = '';
  const buffer = new Uint8Array(bufferSize);
  for (let count = file.read(buffer); count !== 0; count = file.read(buffer)) {
    expect(count).toBeGreaterThan(0);
    text += new TextDecoder().decode(buffer.subarray(0, count));
    expect(text.length).toBeLessThan(10_000);
  }
  file.release();
  return text;
}

const cases: readonly (readonly [target: string, task: TaskSelector | undefined, text: string])[] = [
  ['task', undefined, '1 10 12 15 20 0 '],
  ['task', { tid: 15 }, '15 0 '],
  ['task', { tid: 10 }, '10 0 '],
  ['task', { pid: 10 }, '10 15 12 0 '],
  ['task', { pidFd: 77 }, '10 15 12 0 '],
  ['task', { pid: 20 }, '20 0 '],
  ['task_file', undefined, '1/0/1000 10/0/1001 10/2/1002 10/7/1003 12/1/1004 0/0/0 '],
  // A thread that was asked for is shown, whosever files it has; the last call has what is left in the state.
  ['task_file', { tid: 15 }, '15/0/1001 15/2/1002 15/7/1003 0/8/0 '],
  ['task_file', { pid: 10 }, '10/0/1001 10/2/1002 10/7/1003 12/1/1004 0/0/0 '],
  ['task_file', { pid: 20 }, '0/0/0 '],
  ['task_vma', undefined, '1/11 1/12 10/13 12/14 0/0 '],
  ['task_vma', { tid: 15 }, '15/13 0/0 '],
  ['task_vma', { pid: 10 }, '10/13 12/14 0/0 '],
  ['task_vma', { pid: 20 }, '0/0 '],
];

describe.each([undefined, 1, 12])('in reads of %s bytes', (bufferSize) => {
  test.each(cases)('iter/%s of %o', async (target, task, text) => {
    expect(await textOf(target, task, new Fixture(new FakeMemory(), tasks()), bufferSize)).toBe(text);
  });
});

describe('between two reads', () => {
  /** Reads that take one object each. */
  function reader(fixture: Fixture, target: string, task?: TaskSelector): () => string {
    const program = fixture.program(target, ([at, ...others]) => `${[fixture.pidOf(at ?? 0), ...others].join('/')} `);
    const link = fixture.iterators.attach(program, task === undefined ? {} : { task });
    const file = fixture.iterators.links.get(link.info().id)?.openFile();
    const buffer = new Uint8Array(256);
    return () => {
      let text = '';
      do {
        const count = file?.read(buffer.subarray(0, 1)) ?? 0;
        if (count === 0) return text;
        text += String.fromCharCode(buffer[0] ?? 0);
      } while (!text.endsWith(' '));
      return text;
    };
  }

  test('tasks go, and others come', () => {
    const fixture = new Fixture(new FakeMemory(), tasks());
    const read = reader(fixture, 'task');
    expect([read(), read()]).toEqual(['1 ', '10 ']);
    // 12 is the one that the walk stands at.
    fixture.objects.tasks = fixture.objects.tasks.filter(({ pid }) => pid !== 12);
    fixture.objects.tasks.push({ pid: 17 });
    expect([read(), read(), read(), read(), read()]).toEqual(['15 ', '17 ', '20 ', '0 ', '']);
    fixture.objects.tasks.push({ pid: 30 });
    expect([read(), read()]).toEqual(['30 ', '']);
  });

  test('threads come after the end', () => {
    const fixture = new Fixture(new FakeMemory(), tasks());
    const read = reader(fixture, 'task', { pid: 10 });
    expect([read(), read(), read(), read(), read()]).toEqual(['10 ', '15 ', '12 ', '0 ', '']);
    fixture.objects.tasks.push({ pid: 11, tgid: 10 });
    expect([read(), read()]).toEqual(['11 ', '']);
  });

  test('a process ends: its threads are not looked for any more', () => {
    const fixture = new Fixture(new FakeMemory(), tasks());
    const read = reader(fixture, 'task', { pid: 10 });
    expect(read()).toBe('10 ');
    fixture.objects.tasks = [];
    expect([read(), read()]).toEqual(['0 ', '']);
  });

  test('files are closed and opened', () => {
    const fixture = new Fixture(new FakeMemory(), tasks());
    const read = reader(fixture, 'task_file', { tid: 10 });
    expect(read()).toBe('10/0/1001 ');
    // 2 is the one that the walk stands at.
    const [, task] = fixture.objects.tasks;
    if (task === undefined) throw new Error('no task');
    task.files = { 0: 1001, 7: 1003 };
    expect([read(), read(), read()]).toEqual(['10/7/1003 ', '0/8/0 ', '']);
    task.files = { 3: 1, 8: 1009 };
    expect([read(), read()]).toEqual(['10/8/1009 ', '']);
  });

  test('a task ends that the files were of', () => {
    const fixture = new Fixture(new FakeMemory(), tasks());
    const read = reader(fixture, 'task_file');
    expect([read(), read()]).toEqual(['1/0/1000 ', '10/0/1001 ']);
    fixture.objects.tasks = fixture.objects.tasks.filter(({ pid }) => pid === 1 || pid === 12);
    expect([read(), read(), read()]).toEqual(['12/1/1004 ', '0/0/0 ', '']);
  });
});

describe('a task parameter is refused', () => {
  test.each<[task: TaskSelector, code: string, errno: number | undefined, message: string]>([
    [{ tid: 99 }, 'not-found', 3, 'there is no thread 99'],
    [{ pid: 99 }, 'not-found', 3, 'there is no process 99'],
    [{ pid: 15 }, 'not-found', 3, 'there is no process 15: it is a thread of process 10 (use tid)'],
    [{ tid: 0 }, 'usage', undefined, '0 is no number of a thread'],
    [{ pid: -1 }, 'usage', undefined, '-1 is no number of a process'],
    [{ pidFd: 5 }, 'refused', 9, "cannot attach program 'by_hand' (iter/task): descriptor 5 is no pidfd (EBADF)"],
    [{ pidFd: 0 }, 'usage', undefined, 'descriptor 0 cannot be used as a pidfd: it must be above 0'],
    // @ts-expect-error types refuse it too
    [{ tid: 1, pid: 1 }, 'usage', undefined, 'task takes one of tid, pid and pidFd, not tid and pid'],
    [{ pid: 2 ** 32 + 1 }, 'usage', undefined, '4294967297 is no number of a process'],
  ])('%o', (task, code, errno, message) => {
    const fixture = new Fixture(new FakeMemory(), tasks());
    const program = fixture.program('task', () => 0);
    const attach = () => fixture.iterators.attach(program, { task });
    expect(attach).toThrow(message);
    expect(attach).toThrow(expect.objectContaining({ code, errno }));
    expect([program.holders, fixture.objects.sessions]).toEqual([0, 0]);
  });
});

/** Types of the objects that somebody writes down for a unit test: compiled by `npm run check`, never run. */
import { describe, expectTypeOf, it } from 'vitest';
import { objectsSource, type Source, type SystemDescription, type TaskDescription } from '../../src/embedded/index.ts';
import type { OpenKernelOptions } from '../../src/index.ts';

describe('objectsSource', () => {
  it('is a source for openKernel', () => {
    const source = objectsSource({ tasks: [{ pid: 1 }] });
    expectTypeOf(source).toExtend<Source>();
    expectTypeOf(source).toExtend<NonNullable<OpenKernelOptions['source']>>();
  });

  it('wants a number of each task and nothing else', () => {
    expectTypeOf<{ readonly pid: number }>().toExtend<TaskDescription>();
    expectTypeOf<{ readonly tasks: readonly [] }>().toExtend<SystemDescription>();
    // @ts-expect-error a task has a pid
    objectsSource({ tasks: [{ comm: 'init' }] });
    // @ts-expect-error a system has tasks
    objectsSource({});
  });

  it('takes tasks with threads, files and areas', () => {
    objectsSource({
      tasks: [
        {
          pid: 7,
          parent: 1,
          state: 'R',
          uid: [0, 0, 0, 0],
          threads: [{ tid: 8, comm: 'worker' }],
          files: [{ fd: 0, path: '/dev/null' }],
          areas: [{ start: 0x1000, end: 0x2000, permissions: 'r-xp' }],
          limits: { 'Max open files': [1024, 'unlimited'] },
        },
      ],
      cgroups: [{ path: '/system.slice', id: 5 }],
      current: 7,
    });
  });

  it('refuses what no task is like', () => {
    // @ts-expect-error no such state
    objectsSource({ tasks: [{ pid: 1, state: 'sleeping' }] });
    // @ts-expect-error one number for all, or four
    objectsSource({ tasks: [{ pid: 1, uid: [0, 0] }] });
    // @ts-expect-error a thread has a tid
    objectsSource({ tasks: [{ pid: 1, threads: [{ comm: 'worker' }] }] });
    // @ts-expect-error a file has a path
    objectsSource({ tasks: [{ pid: 1, files: [{ fd: 0 }] }] });
    // @ts-expect-error names are as the description has them, not as the kernel has
    objectsSource({ tasks: [{ pid: 1, real_parent: 0 }] });
    // @ts-expect-error capabilities have 64 bits
    objectsSource({ tasks: [{ pid: 1, capabilities: 1 }] });
  });
});

/** Types of kernels, objects, links and sessions: compiled by `npm run check`, never run. */
import { describe, expectTypeOf, it } from 'vitest';
import { type EmbeddedKernel, objectsSource, openEmbeddedKernel, type UserTarget } from '../../src/embedded/index.ts';
import type { openHostKernel } from '../../src/host/index.ts';
import {
  type BpfObject,
  type IterSession,
  type Kernel,
  type KernelMap,
  type Link,
  type LoadedObject,
  loadObject,
  openKernel,
  openSource,
  type Program,
  type RunResult,
  type TaskSelector,
} from '../../src/index.ts';

declare const kernel: Kernel;
declare const object: BpfObject;
declare const program: Program;
declare const link: Link;
declare const map: KernelMap;

describe('openKernel', () => {
  it('gives one interface for both kernels', () => {
    expectTypeOf(openKernel()).resolves.toEqualTypeOf<Kernel>();
    expectTypeOf<EmbeddedKernel>().toExtend<Kernel>();
    expectTypeOf<ReturnType<typeof openHostKernel>>().toExtend<Kernel>();
  });

  it('takes a kind of kernel, a source and what listens', async () => {
    openKernel({ kernel: 'auto' });
    openKernel({ kernel: 'embedded', source: await openSource('snapshot.tar.gz') });
    openKernel({ onTrace: (line) => expectTypeOf(line).toBeString() });
    openKernel({ onUnreadable: (unreadable) => expectTypeOf(unreadable).toEqualTypeOf<ReadonlyMap<string, number>>() });
  });

  it('takes nothing else', () => {
    // @ts-expect-error there are two kernels
    openKernel({ kernel: 'windows' });
    // @ts-expect-error a path is opened with openSource()
    openKernel({ source: 'snapshot.tar.gz' });
    // @ts-expect-error source, not sources
    openKernel({ sources: [] });
    // @ts-expect-error an embedded kernel has its objects from somewhere
    openEmbeddedKernel({});
  });
});

describe('targets of users', () => {
  it('say what their programs are called with', () => {
    const planets: UserTarget = {
      name: 'planet',
      types: 'struct planet { char name[16]; u32 moons; };',
      arguments: [{ name: 'planet', type: 'struct planet *' }],
      *objects() {
        yield [{ name: 'Earth', moons: 1 }];
      },
    };
    openEmbeddedKernel({ source: objectsSource({ tasks: [] }), targets: [planets] });
    // @ts-expect-error and what they show
    const nothing: UserTarget = { name: 'planet', arguments: [] };
    expectTypeOf(nothing).toExtend<UserTarget>();
  });
});

describe('kernel.load', () => {
  it('gives the programs and maps of an object', () => {
    expectTypeOf(kernel.load(object)).resolves.toEqualTypeOf<LoadedObject>();
    expectTypeOf<LoadedObject['program']>().returns.toEqualTypeOf<Program>();
    expectTypeOf<LoadedObject['map']>().returns.toEqualTypeOf<KernelMap>();
  });

  it('takes an object that was opened, and options', () => {
    kernel.load(object, { programs: ['dump_task'], logLevel: 2 });
    // @ts-expect-error a path is opened with loadObject()
    kernel.load('task.bpf.o');
    // @ts-expect-error programs are named in a list
    kernel.load(object, { programs: 'dump_task' });
    // @ts-expect-error what loads is a promise
    kernel.load(object).program('dump_task');
  });

  it('takes objects from paths, addresses and bytes', () => {
    expectTypeOf(loadObject).parameter(0).toEqualTypeOf<string | URL | Uint8Array>();
    // @ts-expect-error a descriptor is none of them
    loadObject(3);
  });
});

describe('program.attachIter', () => {
  it('takes the parameters of a target', () => {
    expectTypeOf(program.attachIter()).toEqualTypeOf<Link>();
    program.attachIter({ task: { tid: 1 } });
    program.attachIter({ task: { pid: 1 } });
    program.attachIter({ task: { pidFd: 3 } });
    program.attachIter({ map });
    program.attachIter({ map: { pinned: '/sys/fs/bpf/counts' } });
    program.attachIter({ cgroup: { path: '/sys/fs/cgroup', order: 'descendants_pre' } });
    program.attachIter({ cgroup: { id: 1n, order: 'self_only' } });
    program.attachIter({ cgroup: { order: 'self_only' } });
    const chosen: { task?: TaskSelector } = Math.random() < 1 ? { task: { tid: 1 } } : {};
    program.attachIter(chosen);
  });

  it('takes no parameters that no kernel knows', () => {
    // @ts-expect-error a task is a tid, a pid or a pidfd
    program.attachIter({ task: 1 });
    // @ts-expect-error as the API spells it
    program.attachIter({ task: { pidfd: 3 } });
    // @ts-expect-error numbers of processes are numbers
    program.attachIter({ task: { pid: '1' } });
    // @ts-expect-error a walk over cgroups has an order
    program.attachIter({ cgroup: { path: '/sys/fs/cgroup' } });
    // @ts-expect-error ids of cgroups have 64 bits
    program.attachIter({ cgroup: { id: 1, order: 'self_only' } });
    // @ts-expect-error one thread, or one process
    program.attachIter({ task: { tid: 1, pid: 1 } });
    // @ts-expect-error one process, in one way
    program.attachIter({ task: { pid: 1, pidFd: 3 } });
    // @ts-expect-error one map, in one way
    program.attachIter({ map: { id: 1, name: 'counts' } });
    // @ts-expect-error one map, in some way
    program.attachIter({ map: {} });
    // @ts-expect-error one cgroup, in one way
    program.attachIter({ cgroup: { path: '/sys/fs/cgroup', id: 1n, order: 'self_only' } });
    // @ts-expect-error one link, in one way
    kernel.openLink({ id: 1, pinned: '/sys/fs/bpf/tasks' });
    // @ts-expect-error no such order
    program.attachIter({ cgroup: { order: 'upwards' } });
    // @ts-expect-error the map's name, in an object
    program.attachIter({ map: 'counts' });
  });
});

describe('links and sessions', () => {
  it('a session is read as bytes, text, lines or records', () => {
    expectTypeOf(link.open()).toEqualTypeOf<IterSession>();
    expectTypeOf(link.open().text()).resolves.toBeString();
    expectTypeOf(link.open().lines()).toEqualTypeOf<AsyncGenerator<string, void, undefined>>();
    expectTypeOf(link.open().bytes({ signal: AbortSignal.timeout(1) })).toEqualTypeOf<
      AsyncGenerator<Uint8Array, void, undefined>
    >();
    // @ts-expect-error a session is no list: it says how it is read
    for (const line of link.open()) expectTypeOf(line).toBeString();
  });

  it('a link takes another program', () => {
    link.update(program);
    link.update(program, program);
    // @ts-expect-error a program, not its name
    link.update('dump_task');
  });

  it('a program that runs once gives a result', () => {
    expectTypeOf(program.run({ data: new Uint8Array(64), repeat: 2 })).resolves.toEqualTypeOf<RunResult>();
    // @ts-expect-error bytes
    program.run({ data: 'packet' });
  });

  it('everything that is opened is closed by `using`', () => {
    expectTypeOf<Kernel | LoadedObject | Program | KernelMap | Link | IterSession>().toExtend<Disposable>();
  });
});

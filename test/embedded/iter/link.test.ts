import { beforeEach, describe, expect, test } from 'vitest';
import { SequenceWalk } from '../../../src/embedded/iter/sequence-walk.ts';
import type { IterTargetDefinition } from '../../../src/embedded/iter/target.ts';
import type { Program } from '../../../src/kernel.ts';
import { FakeMemory } from '../fake-memory.ts';
import { Fixture } from '../targets/fixture.ts';

let fixture: Fixture;
let released: number;
beforeEach(() => {
  fixture = new Fixture(new FakeMemory(), [{ pid: 1 }, { pid: 2 }]);
  released = 0;
});

/** A target as a user writes one. */
const primes: IterTargetDefinition = {
  name: 'primes',
  arguments: [{ name: 'prime', type: 'u32' }],
  sleepable: false,
  attach: () => ({
    info: {},
    open: (slots) => new SequenceWalk([2, 3, 5], slots, (prime) => slots.number(0, prime)),
    release: () => {
      released += 1;
    },
  }),
};

const print = ([number]: readonly number[]): string => `${number} `;

describe('a target of a user', () => {
  test('is walked like any other', async () => {
    fixture.registry.register(primes);
    const program = fixture.program('primes', print);
    const link = fixture.iterators.attach(program);
    expect(link.info()).toEqual({ id: 1, type: 'iter', programId: program.id, targetName: 'primes' });
    expect(await link.open().text()).toBe('2 3 5 0 ');
    const lines: string[] = [];
    for await (const line of link.open().lines()) lines.push(line);
    expect(lines).toEqual(['2 3 5 0 ']);
  });

  test.each([
    [{ ...primes, name: 'task' }, /'task' already/],
    [{ ...primes, name: 'a-b' }, /an identifier of C/],
    [{ ...primes, arguments: Array.from({ length: 5 }, () => ({ name: 'a', type: 'u32' })) }, /at most 4 arguments/],
  ])('is refused', (target, message) => {
    expect(() => fixture.registry.register(target)).toThrow(message);
  });

  test('may take a parameter of those that there are', () => {
    const takesTask: IterTargetDefinition = { ...primes, parameter: 'task' };
    fixture.registry.register(takesTask);
    fixture.iterators.attach(fixture.program('primes', print), { task: { tid: 1 } });
    expect(() => fixture.iterators.attach(fixture.program('primes', print), { map: { id: 1 } })).toThrow(
      "iter/primes does not take the parameter 'map'; it takes 'task'",
    );
  });
});

describe('a link', () => {
  test('lives as long as something holds it, and what it needs as long as a session is open', async () => {
    fixture.registry.register(primes);
    const { memory } = fixture;
    const program = fixture.program('primes', print);
    const before = memory.live;
    const link = fixture.iterators.attach(program);
    link.pin('/sys/fs/bpf/primes');
    link.close();
    link.close();
    const again = fixture.iterators.openLink({ pinned: '/sys/fs/bpf/primes' });
    const byId = fixture.iterators.openLink({ id: again.info().id });
    byId.close();
    const session = again.open();
    again.close();
    expect(program.holders).toBe(2);
    fixture.iterators.files.unpin('/sys/fs/bpf/primes');
    expect(() => fixture.iterators.openLink({ id: 1 })).toThrow(
      expect.objectContaining({ code: 'not-found', errno: 2 }),
    );
    expect([program.holders, released]).toEqual([1, 0]);
    expect(await session.text()).toBe('2 3 5 0 ');
    expect([program.holders, released, memory.live]).toEqual([0, 1, before]);
    expect(fixture.objects.sessions).toBe(0);
    expect(() => link.info()).toThrow("the link of program 'by_hand' is closed");
  });

  test('takes another program of the same target, for later sessions; also one that sleeps', async () => {
    const loud = fixture.program('bpf_map', () => 'loud');
    const quiet = fixture.program('bpf_map', () => 0, { sleepable: true });
    const other = fixture.program('task', () => 0);
    using link = fixture.iterators.attach(loud);
    const open = link.open();
    link.update(quiet);
    expect(link.info().programId).toBe(quiet.id);
    expect(await link.open().text()).toBe('');
    expect(await open.text()).toBe('loud');
    expect(() => link.update(quiet, loud)).toThrow(expect.objectContaining({ errno: 1 }));
    expect(() => link.update(other)).toThrow(/program 'by_hand' is of another type or target \(EINVAL\)/);
    expect(() => link.update({ name: 'theirs' } as Program)).toThrow(/EINVAL/);
    link.update(loud, quiet);
    expect([loud.holders, quiet.holders]).toEqual([1, 0]);
  });

  test('is not made for programs that sleep where the target does not allow it', () => {
    const program = fixture.program('bpf_map', () => 0, { sleepable: true, section: 'iter.s/bpf_map' });
    expect(() => fixture.iterators.attach(program)).toThrow(
      "cannot attach program 'by_hand' (iter.s/bpf_map): programs of this target may not sleep (iter.s) (EINVAL)",
    );
    fixture.iterators.attach(fixture.program('task', () => 0, { sleepable: true })).close();
  });

  test('is not made for a target that is not there', () => {
    const attach = (target: string) => () => fixture.iterators.attach(fixture.program(target, () => 0));
    expect(attach('none')).toThrow("cannot attach program 'by_hand' (iter/none): there is no iterator target 'none'");
    expect(attach('none')).toThrow(expect.objectContaining({ errno: 2, code: 'refused' }));
    // Linux has it.
    expect(attach('ipv6_route')).toThrow(/no objects for the target 'ipv6_route'/);
    expect(attach('ipv6_route')).toThrow(expect.objectContaining({ errno: 2, code: 'unsupported' }));
  });

  test('is not detached', () => {
    using link = fixture.iterators.attach(fixture.program('task', () => 0));
    expect(() => link.detach()).toThrow(expect.objectContaining({ code: 'unsupported', errno: 95 }));
  });

  test('tells its parameters, and is listed', () => {
    using one = fixture.iterators.attach(
      fixture.program('task', () => 0),
      { task: { tid: 2 } },
    );
    using two = fixture.iterators.attach(
      fixture.program('task', () => 0),
      { task: { pid: 1 } },
    );
    expect(one.info()).toMatchObject({ id: 1, targetName: 'task', tid: 2 });
    expect([...fixture.iterators.linkInfos()]).toEqual([one.info(), two.info()]);
  });
});

test('sessions are numbered from 1, each its own', async () => {
  const ids: bigint[] = [];
  const program = fixture.program('bpf_map', () => 0, {
    run: (context) => {
      const { view } = fixture.memory;
      ids.push(view.getBigUint64(view.getUint32(context, true) + 8, true));
      return 0;
    },
  });
  using link = fixture.iterators.attach(program);
  await link.open().text();
  await link.open().text();
  expect(ids).toEqual([1n, 2n]);
});

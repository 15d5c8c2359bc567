import { expect, test } from 'vitest';
import { addressOf } from '../../../src/embedded/index.ts';
import type { EmbeddedMap } from '../../../src/embedded/maps/embedded-map.ts';
import { FakeRuntime } from './fake-runtime.ts';

const EBUSY = -16;
const EINVAL = -22;
const EDEADLK = -35;
const MAP = 0x40000;

/** A runtime with one map: an element whose value has a timer at 8 and a workqueue at 24. */
function setUp() {
  const runtime = new FakeRuntime();
  const key = runtime.memory.allocate(8);
  const value = runtime.memory.allocate(48);
  const map = {
    address: MAP,
    specialFields: [
      { kind: 'timer', offset: 8, size: 16 },
      { kind: 'workqueue', offset: 24, size: 16 },
    ],
    elements: () => [[key, value]],
    // Of a map, timers and workqueues use no more.
  } as unknown as EmbeddedMap;
  runtime.map = (address) => (address === MAP ? map : undefined);
  const call = (name: string, ...words: number[]): number => runtime.function(`bpf_${name}`)(...words);
  return { runtime, key, value, timer: value + 8, queue: value + 24, call };
}

test('a timer calls back with map, key and value, once for each start', () => {
  const { runtime, key, value, timer, call } = setUp();
  const seen: bigint[][] = [];
  const callback = runtime.callback((...words) => seen.push(words) * 0);
  expect(call('timer_set_callback', timer, callback)).toBe(EINVAL);
  expect(call('timer_start', timer, 5, 0, 0, 0)).toBe(EINVAL);
  expect(call('timer_init', timer, MAP, 1, 0)).toBe(0);
  expect(call('timer_init', timer, MAP, 1, 0)).toBe(EBUSY);
  expect(call('timer_start', timer, 5, 0, 0, 0)).toBe(EINVAL);
  expect(call('timer_set_callback', timer, callback)).toBe(0);
  expect(call('timer_start', timer, 5, 0, 4, 0)).toBe(EINVAL);
  expect(call('timer_start', timer, 5, 0, 0, 0)).toBe(0);
  expect(runtime.scheduled[0]?.delayNs).toBe(5);
  runtime.scheduled[0]?.action();
  expect(seen.map((words) => words.slice(0, 3))).toEqual([[addressOf(MAP), addressOf(key), addressOf(value)]]);
  expect(call('timer_cancel', timer)).toBe(0);
});

test('clocks are those of timers, and absolute times count on theirs', () => {
  const { runtime, timer, call } = setUp();
  expect([2, 9, 16].map((clock) => call('timer_init', timer, MAP, clock, 0))).toEqual([EINVAL, EINVAL, EINVAL]);
  call('timer_init', timer, MAP, 7, 0);
  call(
    'timer_set_callback',
    timer,
    runtime.callback(() => 0),
  );
  runtime.nowNs = 500n;
  call('timer_start', timer, 1_000_000_607, 0, 1, 0);
  expect(runtime.scheduled.at(-1)?.delayNs).toBe(100);
});

test('cancelling tells whether it was pending, and forgets the callback', () => {
  const { runtime, timer, call } = setUp();
  expect(call('timer_cancel', timer)).toBe(EINVAL);
  call('timer_init', timer, MAP, 1, 0);
  call(
    'timer_set_callback',
    timer,
    runtime.callback(() => 0),
  );
  call('timer_start', timer, 5, 0, 0, 0);
  call('timer_start', timer, 6, 0, 0, 0);
  expect(runtime.scheduled.map(({ cancelled }) => cancelled)).toEqual([true, false]);
  expect(call('timer_cancel', timer)).toBe(1);
  expect(runtime.scheduled[1]?.cancelled).toBe(true);
  expect(call('timer_start', timer, 5, 0, 0, 0)).toBe(EINVAL);
});

test('a timer cannot cancel itself from its callback', () => {
  const { runtime, timer, call } = setUp();
  const results: number[] = [];
  call('timer_init', timer, MAP, 1, 0);
  call(
    'timer_set_callback',
    timer,
    runtime.callback(() => results.push(call('timer_cancel', timer)) * 0),
  );
  call('timer_start', timer, 0, 0, 0, 0);
  runtime.scheduled[0]?.action();
  expect(results).toEqual([EDEADLK]);
});

test('a workqueue takes no flags and runs as soon as possible', () => {
  const { runtime, queue, call } = setUp();
  let runs = 0;
  const callback = runtime.callback(() => {
    runs += 1;
    return 0;
  });
  expect(call('wq_init', queue, MAP, 1)).toBe(EINVAL);
  expect(call('wq_start', queue, 0)).toBe(EINVAL);
  expect(call('wq_init', queue, MAP, 0)).toBe(0);
  expect(call('wq_set_callback_impl', queue, callback, 1)).toBe(EINVAL);
  expect(call('wq_set_callback_impl', queue, callback, 0)).toBe(0);
  expect(call('wq_start', queue, 1)).toBe(EINVAL);
  expect(call('wq_start', queue, 0)).toBe(0);
  expect(runtime.scheduled[0]?.delayNs).toBe(0);
  runtime.scheduled[0]?.action();
  expect(runs).toBe(1);
});

test('stacks cannot be fetched, after flags and sizes were looked at', () => {
  const { runtime, call } = setUp();
  const to = runtime.place('xxxxxxxxxxxxxxx');
  expect(call('get_stack', 0, to, 16, 1 << 12, 0)).toBe(EINVAL);
  expect(call('get_task_stack', 0, to, 12, 0, 0)).toBe(EINVAL);
  // Nobody knows the stacks of tasks here; what processes have in their memory is refused before that is seen.
  expect(call('get_task_stack', 64, to, 16, 0, 0)).toBe(-14);
  expect(call('get_task_stack', 64, to, 16, 1 << 8, 0)).toBe(-95);
  expect(call('get_stack', 0, to, 16, (1 << 8) | 5, 0)).toBe(-14);
  expect(runtime.memory.u32[to >> 2]).toBe(0);
  expect(call('get_stackid', 0, MAP, 1 << 9, 0)).toBe(-14);
  expect(call('get_stackid', 0, MAP, 1 << 11, 0)).toBe(EINVAL);
});

test('names of types and variables are found', () => {
  const { runtime, call } = setUp();
  const name = runtime.place('long unsigned int');
  expect(call('btf_find_by_name_kind', name, 18, 1, 0)).toBe(1);
  expect(call('btf_find_by_name_kind', name, 18, 4, 0)).toBe(-2);
  expect(call('btf_find_by_name_kind', name, 17, 1, 0)).toBe(EINVAL);
  expect(call('btf_find_by_name_kind', name, 18, 1, 1)).toBe(EINVAL);
});

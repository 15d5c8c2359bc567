/**
 * Timers and workqueues in map values: functions of the program that run later, with the map, the key and the value.
 *
 * What Linux keeps behind the opaque struct is kept here by the struct's address. They run on the runtime's schedule,
 * never inside another program; a workqueue's turn comes as soon as possible.
 * Facts: bpf_timer_*() and bpf_wq_*() of kernel/bpf/helpers.c, Linux 6.12.
 */
import type { EmbeddedMap } from '../maps/embedded-map.ts';
import type { Runtime } from '../runtime.ts';
import { passPointer } from './callbacks.ts';
import { type FunctionDefinition, signature } from './definition.ts';
import { EBUSY, EDEADLK, EINVAL } from './errno.ts';
import { toNumber } from './words.ts';

type Kind = 'timer' | 'workqueue';

const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;
const CLOCK_BOOTTIME = 7;
const BPF_F_TIMER_ABS = 1;
const BPF_F_TIMER_CPU_PIN = 2;

interface Deferred {
  readonly map: EmbeddedMap;
  readonly clock: number;
  /** In the function table; undefined until it is set, and again after a timer was cancelled. */
  callback: number | undefined;
  /** Undefined while it is not pending. */
  cancel: (() => void) | undefined;
  isRunning: boolean;
}

class DeferredCalls {
  readonly #runtime: Runtime;
  readonly #kind: Kind;
  readonly #byPlace = new Map<number, Deferred>();

  constructor(runtime: Runtime, kind: Kind) {
    this.#runtime = runtime;
    this.#kind = kind;
  }

  init(at: number, mapAddress: number, clock: number): number {
    const map = this.#runtime.mapAt(mapAddress);
    if (map === undefined) return EINVAL;
    if (this.#byPlace.has(at)) return EBUSY;
    this.#byPlace.set(at, { map, clock, callback: undefined, cancel: undefined, isRunning: false });
    return 0;
  }

  setCallback(at: number, callback: number): number {
    const deferred = this.#byPlace.get(at);
    if (deferred === undefined) return EINVAL;
    deferred.callback = callback;
    return 0;
  }

  /** @param delayOf how long to wait; starting again replaces what was pending */
  start(at: number, delayOf: (clock: number) => number): number {
    const deferred = this.#byPlace.get(at);
    if (deferred?.callback === undefined) return EINVAL;
    deferred.cancel?.();
    deferred.cancel = this.#runtime.schedule(Math.max(0, delayOf(deferred.clock)), () => this.#run(at, deferred));
    return 0;
  }

  /** @returns 1 if it was pending */
  cancel(at: number): number {
    const deferred = this.#byPlace.get(at);
    if (deferred === undefined) return EINVAL;
    if (deferred.isRunning) return EDEADLK;
    const wasPending = deferred.cancel !== undefined;
    deferred.cancel?.();
    deferred.cancel = undefined;
    deferred.callback = undefined;
    return wasPending ? 1 : 0;
  }

  /** The value that it is in goes. */
  forget(at: number): void {
    this.#byPlace.get(at)?.cancel?.();
    this.#byPlace.delete(at);
  }

  #run(at: number, deferred: Deferred): void {
    const { map, callback } = deferred;
    deferred.cancel = undefined;
    const field = map.specialFields.find(({ kind }) => kind === this.#kind);
    const elements = map.elements();
    if (callback === undefined || field === undefined || elements === undefined) return;
    const wanted = at - field.offset;
    for (const [key, value] of elements) {
      if (value !== wanted) continue;
      passPointer(this.#runtime, 0, map.address);
      passPointer(this.#runtime, 1, key);
      passPointer(this.#runtime, 2, value);
      deferred.isRunning = true;
      try {
        this.#runtime.invoke(callback);
      } finally {
        deferred.isRunning = false;
      }
      return;
    }
  }
}

const known = new WeakMap<Runtime, Readonly<Record<Kind, DeferredCalls>>>();

function deferredCalls(runtime: Runtime, kind: Kind): DeferredCalls {
  let calls = known.get(runtime);
  if (calls === undefined) {
    calls = { timer: new DeferredCalls(runtime, 'timer'), workqueue: new DeferredCalls(runtime, 'workqueue') };
    known.set(runtime, calls);
  }
  return calls[kind];
}

/** Lets go of a timer or workqueue whose memory goes. */
export const forgetDeferred = (runtime: Runtime, kind: Kind, at: number): void =>
  deferredCalls(runtime, kind).forget(at);

/** Nanoseconds of a clock, as exact as a double is. */
function clockReader({ machine }: Runtime): (clock: number) => number {
  const now = new Uint32Array(2);
  const bootOffset = Number(machine.bootOffset);
  // CLOCK_TAI and CLOCK_REALTIME are the same where nobody has told the kernel of leap seconds.
  const realOffset = Number(machine.taiOffset ?? 0n);
  return (clock) => {
    machine.monotonic(now);
    const monotonic = toNumber(now[0] as number, now[1] as number);
    return monotonic + (clock === CLOCK_BOOTTIME ? bootOffset : clock === CLOCK_REALTIME ? realOffset : 0);
  };
}

export const timerHelpers: readonly FunctionDefinition[] = [
  {
    name: 'bpf_timer_init',
    signature: signature('p p q -> s'),
    make(runtime) {
      const timers = deferredCalls(runtime, 'timer');
      const clocks = [CLOCK_MONOTONIC, CLOCK_BOOTTIME];
      if (runtime.machine.taiOffset !== undefined) clocks.push(CLOCK_REALTIME);
      return (at: number, map: number, flags: number, flagsHigh: number) =>
        flagsHigh !== 0 || !clocks.includes(flags) ? EINVAL : timers.init(at, map, flags);
    },
  },
  {
    name: 'bpf_timer_set_callback',
    signature: signature('p i -> s'),
    make(runtime) {
      const timers = deferredCalls(runtime, 'timer');
      return (at: number, callback: number) => timers.setCallback(at, callback);
    },
  },
  {
    name: 'bpf_timer_start',
    signature: signature('p q q -> s'),
    make(runtime) {
      const timers = deferredCalls(runtime, 'timer');
      const clockNow = clockReader(runtime);
      return (at: number, ns: number, nsHigh: number, flags: number, flagsHigh: number) => {
        if ((flags & ~(BPF_F_TIMER_ABS | BPF_F_TIMER_CPU_PIN)) !== 0 || flagsHigh !== 0) return EINVAL;
        const time = toNumber(ns, nsHigh);
        return timers.start(at, (clock) => ((flags & BPF_F_TIMER_ABS) === 0 ? time : time - clockNow(clock)));
      };
    },
  },
  {
    name: 'bpf_timer_cancel',
    signature: signature('p -> s'),
    make(runtime) {
      const timers = deferredCalls(runtime, 'timer');
      return (at: number) => timers.cancel(at);
    },
  },
];

export const workqueueKfuncs: readonly FunctionDefinition[] = [
  {
    name: 'bpf_wq_init',
    signature: signature('p p i -> s'),
    make(runtime) {
      const queues = deferredCalls(runtime, 'workqueue');
      return (at: number, map: number, flags: number) => (flags === 0 ? queues.init(at, map, 0) : EINVAL);
    },
  },
  {
    name: 'bpf_wq_set_callback_impl',
    signature: signature('p i i -> s'),
    make(runtime) {
      const queues = deferredCalls(runtime, 'workqueue');
      return (at: number, callback: number, flags: number) => (flags === 0 ? queues.setCallback(at, callback) : EINVAL);
    },
  },
  {
    name: 'bpf_wq_start',
    signature: signature('p i -> s'),
    make(runtime) {
      const queues = deferredCalls(runtime, 'workqueue');
      return (at: number, flags: number) => (flags === 0 ? queues.start(at, () => 0) : EINVAL);
    },
  },
];

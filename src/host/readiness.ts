/**
 * Waiting until the kernel has something to read at a descriptor. Node has no word for that: poll(2) is called in a
 * thread of its pool, once for all who wait, since each call takes a thread for as long as it lasts. Who comes or goes
 * meanwhile ends it through an eventfd, and it begins again.
 */
import { readSync, writeSync } from 'node:fs';
import { failure } from './failure.ts';
import { callLibc, pollDescriptors } from './foreign.ts';
import { littleEndian } from './structs.ts';

/* struct pollfd: int fd; short events; short revents. */
const POLLFD = 8;
const EVENTS = 4;
const REVENTS = 6;
const POLLIN = 1;

const EFD_CLOEXEC = 0o2000000;
const EFD_NONBLOCK = 0o4000;
const ONE = new Uint8Array(BigUint64Array.of(1n).buffer);

/**
 * Milliseconds that a call lasts at most. Node ends only when its threads are idle: what ends it without a word (a worker
 * that is terminated) waits for so long.
 */
const LONGEST = 1000;

interface Waiter {
  readonly fd: number;
  readonly done: (error?: unknown) => void;
}

const waiters = new Set<Waiter>();
let bell: number | undefined;
let polling = false;

/**
 * Resolves when there is something to read, when the descriptor is of no use any more, or at the signal.
 * @throws BpfiterError if the system does not let anybody wait
 */
export function readable(fd: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const waiter: Waiter = {
      fd,
      done: (error) => {
        signal.removeEventListener('abort', stop);
        waiters.delete(waiter);
        if (error === undefined) resolve();
        else reject(error);
      },
    };
    const stop = (): void => {
      waiter.done();
      ring();
    };
    if (signal.aborted) {
      resolve();
      return;
    }
    signal.addEventListener('abort', stop, { once: true });
    waiters.add(waiter);
    if (polling) ring();
    else void poll();
  });
}

/** Ends the call that is under way. */
function ring(): void {
  if (polling && bell !== undefined) writeSync(bell, ONE);
}

async function poll(): Promise<void> {
  polling = true;
  try {
    while (waiters.size > 0) await pollOnce();
  } catch (error) {
    for (const waiter of [...waiters]) waiter.done(error);
  }
  polling = false;
}

async function pollOnce(): Promise<void> {
  bell ??= openBell();
  const waiting = [...waiters];
  const descriptors = [bell, ...waiting.map(({ fd }) => fd)];
  const bytes = new ArrayBuffer(descriptors.length * POLLFD);
  const view = new DataView(bytes);
  descriptors.forEach((fd, index) => {
    view.setInt32(index * POLLFD, fd, littleEndian);
    view.setInt16(index * POLLFD + EVENTS, POLLIN, littleEndian);
  });
  await pollDescriptors(new Uint8Array(bytes), descriptors.length, LONGEST);
  if (view.getInt16(REVENTS, littleEndian) !== 0) readSync(bell, new Uint8Array(8));
  waiting.forEach((waiter, index) => {
    if (view.getInt16((index + 1) * POLLFD + REVENTS, littleEndian) !== 0) waiter.done();
  });
}

function openBell(): number {
  const fd = callLibc('eventfd', 0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) throw failure(-fd, 'make an eventfd');
  process.on('exit', ring);
  return fd;
}

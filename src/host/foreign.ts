/**
 * The foreign functions that the room uses, through koffi: bpf(2) itself and the few calls of libc that Node has no
 * word for. They are bound at the first call, never by an import (koffi.ts).
 *
 * Every call returns the result, or the negative errno; turning that into an error is left to the callers.
 * Functions are bound once with fixed signatures, and buffers are passed as they are (facts/performance.md, start-up).
 */
import { BpfiterError } from '../errors.ts';
import { type ForeignFunction, type ForeignValue, type Koffi, loadKoffi, type WaitingFunction } from '../koffi.ts';

/** Number of bpf(2) by Node's name of the architecture (asm/unistd.h of each). */
const bpfNumbers: Readonly<Record<string, number>> = {
  x64: 321,
  arm64: 280,
  riscv64: 280,
  loong64: 280,
  ppc64: 361,
  s390x: 351,
  ia32: 357,
  arm: 386,
};

/** libc's prototypes. Addresses that are not buffers are plain integers: `long`. */
const prototypes = {
  syscall: ['long', ['long', 'long', 'void *', 'long']],
  fcntl: ['int', ['int', 'int', 'long']],
  mount: ['int', ['str', 'str', 'str', 'unsigned long', 'str']],
  umount2: ['int', ['str', 'int']],
  prlimit: ['int', ['int', 'int', 'void *', 'void *']],
  mmap: ['long', ['uint64', 'size_t', 'int', 'int', 'int', 'long']],
  munmap: ['int', ['uint64', 'size_t']],
  eventfd: ['int', ['unsigned int', 'int']],
} as const satisfies Record<string, readonly [result: string, parameters: readonly string[]]>;

type FunctionName = keyof typeof prototypes;

interface Foreign {
  readonly koffi: Koffi;
  readonly bpfNumber: number;
  readonly functions: Readonly<Record<FunctionName, ForeignFunction>>;
  readonly poll: () => WaitingFunction;
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

let bound: Foreign | undefined;

function foreign(): Foreign {
  bound ??= bind();
  return bound;
}

function bind(): Foreign {
  const bpfNumber = bpfNumbers[process.arch];
  if (process.platform !== 'linux' || bpfNumber === undefined) {
    throw new BpfiterError(
      'unsupported',
      `the host kernel can be used on Linux only, and this is ${process.platform} on ${process.arch}`,
    );
  }
  let koffi: Koffi;
  try {
    koffi = loadKoffi();
  } catch (cause) {
    throw new BpfiterError('unsupported', "the host kernel needs the package 'koffi': run `npm install koffi`", {
      cause,
    });
  }
  // The running program itself: libc is part of it, whatever its file is called.
  const library = koffi.load(null);
  const lazily = (name: FunctionName): ForeignFunction => {
    let target: ForeignFunction | undefined;
    return (...values) => {
      target ??= library.func(name, prototypes[name][0], prototypes[name][1]);
      return target(...values);
    };
  };
  return {
    koffi,
    bpfNumber,
    functions: {
      syscall: library.func('syscall', prototypes.syscall[0], prototypes.syscall[1]),
      fcntl: lazily('fcntl'),
      mount: lazily('mount'),
      umount2: lazily('umount2'),
      prlimit: lazily('prlimit'),
      mmap: lazily('mmap'),
      munmap: lazily('munmap'),
      eventfd: lazily('eventfd'),
    },
    poll: once(() => library.func('poll', 'int', ['void *', 'unsigned long', 'int'])),
  };
}

/** Calls bpf(2) without a look at the result. @returns what the kernel returns, or the negative errno */
export function rawBpf(command: number, attributes: Uint8Array, size: number): number {
  const { koffi, bpfNumber, functions } = foreign();
  const result = Number(functions.syscall(bpfNumber, command, attributes, size));
  return result < 0 ? -koffi.errno() : result;
}

/** Calls a function of libc that returns -1 on failure. @returns its result, or the negative errno */
export function callLibc(name: Exclude<FunctionName, 'syscall'>, ...values: ForeignValue[]): number {
  const { koffi, functions } = foreign();
  const result = Number(functions[name](...values));
  return result === -1 ? -koffi.errno() : result;
}

/**
 * poll(2) in a thread of Node's pool: there is one such call at a time (readiness.ts), for the pool is small.
 * @param descriptors `struct pollfd` each, in memory of its own; what happened is written there
 * @param timeout in milliseconds
 */
export function pollDescriptors(descriptors: Uint8Array, count: number, timeout: number): Promise<void> {
  return new Promise((resolve, reject) => {
    // What it returns is of no use: an interrupted call has nothing to report, as one for nothing.
    foreign()
      .poll()
      .async(descriptors, count, timeout, (error) => (error === null ? resolve() : reject(error)));
  });
}

/** Where a buffer lies. It stays there for as long as it is referenced: only whoever keeps it may keep the address. */
export const addressOf = (buffer: Uint8Array): bigint => foreign().koffi.address(buffer);

/** Memory that is not V8's (an mmap) as bytes. Using them after the memory is unmapped ends the process. */
export const viewOf = (address: bigint, length: number): Uint8Array =>
  new Uint8Array(foreign().koffi.view(address, length));

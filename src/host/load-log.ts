/**
 * Loading with a log: what the verifier (or the BTF checker) writes while it loads something, whole.
 *
 * A load is first tried without a log, which costs nothing, or with one of statistics; only if it fails is it repeated
 * with messages, for the reason: the kernel leaves some of them out of a log that was asked for statistics alone.
 * A log that does not fit makes the load fail with ENOSPC, whatever the verdict; kernels since 6.4 tell its true size
 * then. The load is repeated with a larger buffer.
 */
import { constants } from 'node:os';
import { BPF_LOG_LEVEL1, BPF_LOG_LEVEL2 } from '../uapi/index.ts';
import { closeDescriptor } from './descriptor.ts';
import { cString } from './structs.ts';

const { ENOSPC } = constants.errno;

export interface LogBuffer {
  readonly level: number;
  readonly bytes: Uint8Array;
}

/** What one try of a load gives. */
export interface LoadTry {
  /** A descriptor or the negative errno. */
  readonly result: number;
  /** Bytes that the whole log takes, if the kernel tells (6.4), else 0. */
  readonly logSize: number;
}

export interface LoadOutcome {
  /** A descriptor, which the caller owns, or the negative errno. */
  readonly result: number;
  readonly log: string;
}

const FIRST_SIZE = 1 << 20;
/** The kernel refuses more (UINT_MAX >> 2). */
const LAST_SIZE = (1 << 30) - 1;

/** Without one of these a log holds statistics, but not every message. */
const MESSAGES = BPF_LOG_LEVEL1 | BPF_LOG_LEVEL2;

/** @param level of the log that is asked for in any case; one without messages is raised for a load that fails */
export function loadWithLog(level: number, load: (log: LogBuffer | undefined) => LoadTry): LoadOutcome {
  if ((level & MESSAGES) !== 0) return loadAtLevel(level, load);
  const outcome = level === 0 ? { result: load(undefined).result, log: '' } : loadAtLevel(level, load);
  return outcome.result >= 0 ? outcome : loadAtLevel(level | BPF_LOG_LEVEL1, load);
}

function loadAtLevel(level: number, load: (log: LogBuffer) => LoadTry): LoadOutcome {
  let size = FIRST_SIZE;
  for (;;) {
    const bytes = new Uint8Array(size);
    const { result, logSize } = load({ level, bytes });
    const cut = result === -ENOSPC || logSize > size;
    if (!cut || size === LAST_SIZE) return { result, log: cString(bytes) };
    if (result >= 0) closeDescriptor(result);
    size = Math.min(LAST_SIZE, Math.max(4 * size, logSize));
  }
}

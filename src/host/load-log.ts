/**
 * Loading with a log: what the verifier (or the BTF checker) writes while it loads something, whole.
 *
 * A load is first tried without a log, which costs nothing; only if it fails is it repeated with one, for the reason.
 * A log that does not fit makes the load fail with ENOSPC, whatever the verdict; kernels since 6.4 tell its true size
 * then. The load is repeated with a larger buffer.
 */
import { constants } from 'node:os';
import { BPF_LOG_LEVEL1 } from '../uapi/index.ts';
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

/** @param level of the log that is asked for in any case; 0 if only a failure needs one */
export function loadWithLog(level: number, load: (log: LogBuffer | undefined) => LoadTry): LoadOutcome {
  if (level === 0) {
    const { result } = load(undefined);
    if (result >= 0) return { result, log: '' };
  }
  let size = FIRST_SIZE;
  for (;;) {
    const bytes = new Uint8Array(size);
    const { result, logSize } = load({ level: level === 0 ? BPF_LOG_LEVEL1 : level, bytes });
    const cut = result === -ENOSPC || logSize > size;
    if (!cut || size === LAST_SIZE) return { result, log: cString(bytes) };
    if (result >= 0) closeDescriptor(result);
    size = Math.min(LAST_SIZE, Math.max(4 * size, logSize));
  }
}

/** Lines of statistics that end a log. */
const statistics = /^(processed \d+ insns|verification time|stack depth|peak_states|max_states)/;

/** The line of a log that says why: the last one that is no statistics. */
export function decisiveLine(log: string): string | undefined {
  const lines = log.split('\n').map((line) => line.trim());
  return lines.findLast((line) => line !== '' && !statistics.test(line));
}

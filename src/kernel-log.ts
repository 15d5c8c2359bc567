/**
 * What can be read out of a verifier log: the line that says why, and the statistics that Linux appends
 * (print_verification_stats in kernel/bpf/verifier.c; the times at log level 4 only). A message of the kernel need not
 * end with a newline, so that the statistics may begin in the middle of a line.
 */

export interface LogStatistics {
  readonly insns: number;
  readonly states: number;
  readonly peakStates: number;
  readonly usec: number;
}

const statisticsPattern = /(verification time \d+ usec\n(stack depth .*\n)?)?processed \d+ insns.*\s*$/;

/** Where the statistics begin; the end of a log that has none. */
function statisticsStart(log: string): number {
  // Only the end is looked at: logs have up to a gigabyte, and the statistics a few lines.
  const start = Math.max(0, log.length - 1000);
  const found = log.slice(start).search(statisticsPattern);
  return found < 0 ? log.length : start + found;
}

/**
 * A jump whose line lost its end: at log level 1 the log is wound back to where a branch was pushed, behind the newline
 * over which the registers of the other branch have been written. What is said next stands on the same line.
 */
const woundBackJump = /^\d+: \([0-9a-f]{2}\) (?:if .*|may_)goto pc[+-]\d+ (?=[^ ;])/;

/** The last line that is neither empty nor a statistic, or undefined. */
export function decisiveLine(log: string): string | undefined {
  const text = log.slice(0, statisticsStart(log)).trimEnd();
  const line = text.slice(text.lastIndexOf('\n') + 1).trimStart();
  return line.replace(woundBackJump, '') || undefined;
}

/** Ends of messages of several lines, and how many lines before them the message begins. */
const CONTINUATIONS: readonly (readonly [end: RegExp, lines: number])[] = [
  [/^old state:/, 2],
  [/^use static function instead$/, 1],
  [/^a non-sleepable BPF program context$/, 2],
];

/** The decisive line as people want it: the kernel's last message may have several, of which the first says what is. */
export function reasonLine(log: string): string | undefined {
  const last = decisiveLine(log);
  const lines = last === undefined ? 0 : (CONTINUATIONS.find(([end]) => end.test(last))?.[1] ?? 0);
  if (last === undefined || lines === 0) return last;
  const before = log.slice(0, log.lastIndexOf(last)).trimEnd().split('\n');
  return before.at(-lines)?.replace(woundBackJump, '') || last;
}

/** Zero for what the log does not say. */
export function parseStatistics(log: string): LogStatistics {
  const statistics = log.slice(statisticsStart(log));
  const number = (pattern: RegExp) => Number(pattern.exec(statistics)?.[1] ?? 0);
  return {
    insns: number(/processed (\d+) insns/),
    states: number(/total_states (\d+)/),
    peakStates: number(/peak_states (\d+)/),
    usec: number(/verification time (\d+) usec/),
  };
}

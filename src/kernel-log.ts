/**
 * What can be read out of a verifier log: its last message, and the statistics that Linux appends at log level 4
 * (print_verification_stats in kernel/bpf/verifier.c).
 */

export interface LogStatistics {
  readonly insns: number;
  readonly states: number;
  readonly peakStates: number;
  readonly usec: number;
}

const statisticsLine = /^(processed \d+ insns|verification time \d+ usec|stack depth [\d+]+)/;

/** The last line that is neither empty nor a statistic, or undefined. */
export function lastMessage(log: string): string | undefined {
  const lines = log.split('\n');
  for (let i = lines.length - 1; i >= 0; i--) {
    const line = lines[i]?.trimEnd();
    if (line !== undefined && line !== '' && !statisticsLine.test(line)) return line;
  }
  return undefined;
}

/** Zero for what the log does not say. */
export function parseStatistics(log: string): LogStatistics {
  const number = (pattern: RegExp) => Number(pattern.exec(log)?.[1] ?? 0);
  return {
    insns: number(/^processed (\d+) insns/m),
    states: number(/^processed .* total_states (\d+)/m),
    peakStates: number(/^processed .* peak_states (\d+)/m),
    usec: number(/^verification time (\d+) usec/m),
  };
}

import { describe, expect, test } from 'vitest';
import { decisiveLine, parseStatistics, reasonLine } from '../src/kernel-log.ts';

const statistics = `verification time 29 usec
stack depth 48+16
processed 106 insns (limit 1000000) max_states_per_insn 1 total_states 7 peak_states 5 mark_read 0
`;

describe('the decisive line of a log', () => {
  const cases: readonly [what: string, log: string, line: string | undefined][] = [
    ['is its last', '0: R1=ctx()\nR0 !read_ok\n', 'R0 !read_ok'],
    ['stands before the statistics', `R0 !read_ok\n${statistics}`, 'R0 !read_ok'],
    ['stands before statistics without times', 'R0 !read_ok\nprocessed 1 insns (limit 1000000)\n', 'R0 !read_ok'],
    ['stands before those of old kernels', 'R0 !read_ok\nprocessed 1 insns, stack depth 0\n', 'R0 !read_ok'],
    ['may be glued to the statistics', `cannot call cb directly${statistics}`, 'cannot call cb directly'],
    ['may be glued to statistics without times', 'cannot call cb directlyprocessed 7 insns', 'cannot call cb directly'],
    ['is no empty line', `R0 !read_ok\n\n \n${statistics}\n`, 'R0 !read_ok'],
    ['is given without the blanks around it', '\t\tInvalid name \n', 'Invalid name'],
    [
      'may be glued to a jump that the log was wound back to',
      `513: (79) r1 = *(u64 *)(r10 -96)\n514: (15) if r1 == 0x0 goto pc+186 BPF program is too large. Processed 9 insn\n`,
      'BPF program is too large. Processed 9 insn',
    ],
    [
      'may be a jump with its registers',
      '9: (15) if r1 == 0x0 goto pc+1  ; R1=1\n',
      '9: (15) if r1 == 0x0 goto pc+1  ; R1=1',
    ],
    ['may say processed', 'func processed twice\n', 'func processed twice'],
    ['is missing from statistics alone', statistics, undefined],
    ['is missing from an empty log', '', undefined],
  ];
  test.each(cases)('%s', (_, log, line) => {
    expect(decisiveLine(log)).toBe(line);
  });
});

describe('the reason that a log gives', () => {
  const states = 'cur state: R1=1 R10=fp0\nold state: R1=1 R10=fp0\n';

  test('is the decisive line', () => {
    expect(reasonLine(`0: R1=ctx()\nR0 !read_ok\n${statistics}`)).toBe('R0 !read_ok');
    expect(reasonLine(statistics)).toBeUndefined();
  });

  test('stands before the states of a loop without an end', () => {
    expect(reasonLine(`1: (05) goto pc-1\ninfinite loop detected at insn 2\n${states}${statistics}`)).toBe(
      'infinite loop detected at insn 2',
    );
    expect(reasonLine('old state: R1=1')).toBe('old state: R1=1');
    expect(reasonLine('no calls in a lock,\nuse static function instead\n')).toBe('no calls in a lock,');
  });
});

describe('the statistics of a log', () => {
  test('are read wherever they begin', () => {
    const expected = { insns: 106, states: 7, peakStates: 5, usec: 29 };
    expect(parseStatistics(statistics)).toEqual(expected);
    expect(parseStatistics(`R0 !read_ok\n${statistics}`)).toEqual(expected);
    expect(parseStatistics(`cannot call cb directly${statistics}`)).toEqual(expected);
  });

  test('are zero where the kernel gave none', () => {
    expect(parseStatistics('R0 !read_ok\n')).toEqual({ insns: 0, states: 0, peakStates: 0, usec: 0 });
    expect(parseStatistics('processed 3 insns (limit 1000000)').insns).toBe(3);
  });
});

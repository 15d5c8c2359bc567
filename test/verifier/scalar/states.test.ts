/**
 * The states after every instruction, as the kernel prints them and as the verifier does. With BPFITER_RECORD=1 the
 * running kernel is asked anew first.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { describe, expect, test } from 'vitest';
import { kernelLogOf, logOf } from '../kernel-answers.ts';
import { describeRecorded } from '../recorded.ts';
import { answerCases, maps, stateCases } from './cases.ts';

const file = new URL('recorded-states.json', import.meta.url);

/** Lines of instructions and states; addresses and names of maps, how precision was tracked, and liveness aside. */
function statesOf(log: string): string[] {
  return log
    .split('\n')
    .filter((line) => /^(?:\d+: |from )/.test(line))
    .map((line) => line.replace(/ +/g, ' ').trimEnd())
    .map((line) => line.replace(/(\(18\) r\d = )0x\w+/, '$1address').replaceAll('map=values,', ''));
}

if (process.env.BPFITER_RECORD === '1') {
  const states = Object.fromEntries(stateCases.map((each) => [each.name, statesOf(kernelLogOf(each, maps))]));
  writeFileSync(file, `${JSON.stringify({ kernel: release(), states }, undefined, 2)}\n`);
}

interface Recording {
  readonly kernel: string;
  readonly states: Readonly<Record<string, readonly string[]>>;
}

const { kernel, states }: Recording = existsSync(file)
  ? JSON.parse(readFileSync(file, 'utf8'))
  : { kernel: 'no kernel', states: {} };

describe(`states are those of Linux ${kernel}`, () => {
  test.each(stateCases)('$name', (each) => {
    expect(statesOf(logOf(each, maps))).toEqual(states[each.name]);
  });
});

describeRecorded('arithmetic and jumps', answerCases, maps, new URL('recorded.json', import.meta.url));

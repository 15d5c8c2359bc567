/**
 * Runs a table of programs against the kernel's log at level 2: states after every instruction, paths, and where a saved
 * state covers what is left of one. With BPFITER_RECORD=1 the running kernel is asked anew first, and its lines are
 * written beside the table.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { describe, expect, test } from 'vitest';
import {
  type Case,
  type CaseMap,
  isProfiledKernel,
  kernelLogOf,
  logOf,
  needsKernelBtf,
  withNamedKfuncIds,
} from './kernel-answers.ts';

interface Recording {
  readonly kernel: string;
  readonly states: Readonly<Record<string, readonly string[]>>;
}

/** @param file of the recording */
export function describeRecordedStates(
  title: string,
  cases: readonly Case[],
  maps: Readonly<Record<string, CaseMap>>,
  file: URL,
): void {
  if (process.env.BPFITER_RECORD === '1') {
    const states = Object.fromEntries(cases.map((each) => [each.name, statesOf(kernelLogOf(each, maps), maps)]));
    writeFileSync(file, `${JSON.stringify({ kernel: release(), states }, undefined, 2)}\n`);
  }
  const { kernel, states }: Recording = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8'))
    : { kernel: 'no kernel', states: {} };
  describe(`${title}, as Linux ${kernel} logs it`, () => {
    for (const each of cases) {
      const isPossible = isProfiledKernel || !needsKernelBtf(each);
      test.skipIf(!isPossible)(`${each.name}${isPossible ? '' : ' (skipped: needs the BTF of Linux 6.18)'}`, () => {
        expect(statesOf(logOf(each, maps), maps)).toEqual(states[each.name]);
      });
    }
  });
}

/** Lines of instructions and states; addresses and names of maps, how precision was tracked, and liveness aside. */
function statesOf(log: string, maps: Readonly<Record<string, CaseMap>>): string[] {
  // The kernel's maps of these tests have no names.
  const names = new RegExp(`map=(?:${Object.keys(maps).join('|')}),`, 'g');
  return log
    .split('\n')
    .filter((line) => /^(?:\d+: |from )/.test(line))
    .map((line) => line.replace(/ +/g, ' ').trimEnd())
    .map((line) =>
      withNamedKfuncIds(line)
        .replace(/(\(18\) r\d = )0x\w+/, '$1address')
        .replaceAll(names, ''),
    );
}

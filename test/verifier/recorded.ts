/**
 * Runs a table of programs against what the kernel said of them. With BPFITER_RECORD=1 the running kernel is asked anew
 * first, and its answers are written beside the table.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { describe, expect, test } from 'vitest';
import {
  type Answer,
  askKernel,
  askVerifier,
  type Case,
  type CaseMap,
  isProfiledKernel,
  needsKernelBtf,
} from './kernel-answers.ts';

interface Recording {
  readonly kernel: string;
  readonly answers: Readonly<Record<string, Answer>>;
}

/** @param file of the recording */
export function describeRecorded(
  title: string,
  cases: readonly Case[],
  maps: Readonly<Record<string, CaseMap>>,
  file: URL,
): void {
  if (process.env.BPFITER_RECORD === '1') record(cases, maps, file);
  const { kernel, answers }: Recording = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8'))
    : { kernel: 'no kernel', answers: {} };
  describe(`${title}, as Linux ${kernel} decides`, () => {
    test('each program has its own name', () => {
      expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
    });
    for (const each of cases) {
      const isPossible = isProfiledKernel || !needsKernelBtf(each);
      test.skipIf(!isPossible)(`${each.name}${isPossible ? '' : ' (skipped: needs the BTF of Linux 6.18)'}`, () => {
        expect(askVerifier(each, maps)).toEqual(answers[each.name]);
      });
    }
  });
}

function record(cases: readonly Case[], maps: Readonly<Record<string, CaseMap>>, file: URL): void {
  const answers = Object.fromEntries(cases.map((each) => [each.name, askKernel(each, maps)]));
  writeFileSync(file, `${JSON.stringify({ kernel: release(), answers }, undefined, 2)}\n`);
}

/**
 * What is found out about programs, against the running kernel's log at level 2. The kernel's lines are recorded beside
 * the table (see recorded.ts).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { describe, expect, it } from 'vitest';
import {
  type Answer,
  askKernel,
  askVerifier,
  type Case,
  isProfiledKernel,
  kernelLogOf,
  logOf,
  needsKernelBtf,
  withNamedKfuncIds,
} from '../kernel-answers.ts';
import { cases } from './analysis-cases.ts';

interface Recording {
  readonly kernel: string;
  readonly unknownOpcodes: readonly number[];
  readonly logs: Readonly<Record<string, readonly string[]>>;
}

const OPCODES = Array.from({ length: 256 }, (_, code) => code);

const file = new URL('analysis.json', import.meta.url);
if (process.env.BPFITER_RECORD === '1') record();
const { kernel, unknownOpcodes, logs }: Recording = JSON.parse(readFileSync(file, 'utf8'));

describe(`analyses, as Linux ${kernel} does them`, () => {
  for (const each of cases) {
    const isPossible = isProfiledKernel || !needsKernelBtf(each);
    it.skipIf(!isPossible)(`${each.name}${isPossible ? '' : ' (skipped: needs the BTF of Linux 6.18)'}`, () => {
      expect(analysisOf(logOf(each, {}))).toEqual(logs[each.name]);
    });
  }

  it('knows the same opcodes', () => {
    expect(OPCODES.filter((code) => isUnknown(askVerifier(withOpcode(code), {})))).toEqual(unknownOpcodes);
  });
});

/** The functions, loops and live registers, and what becomes known of stack slots while paths are walked. */
function analysisOf(log: string): readonly string[] {
  const isAnalysis = /^(?:func#\d|[ \d]{3} +\d+: [.\d]{10} |\(\d[\d,]*\) )/;
  return log
    .split('\n')
    .filter((line) => isAnalysis.test(line))
    .map((line) => withNamedKfuncIds(line.trimEnd()));
}

function withOpcode(code: number): Case {
  return { name: 'an opcode', code: 'r0 = 0; r0 = 0; exit', patches: [[1, 'code', code]] };
}

function isUnknown({ message }: Answer): boolean {
  return message.startsWith('unknown opcode');
}

function record(): void {
  const recording: Recording = {
    kernel: release(),
    unknownOpcodes: OPCODES.filter((code) => isUnknown(askKernel(withOpcode(code), {}))),
    logs: Object.fromEntries(cases.map((each) => [each.name, analysisOf(kernelLogOf(each, {}))])),
  };
  writeFileSync(file, `${JSON.stringify(recording, undefined, 2)}\n`);
}

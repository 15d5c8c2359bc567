#!/usr/bin/env node
/** `bpfiter-conformance`: the plugin that the runner of the public conformance suite starts for each case. */
import { readFileSync } from 'node:fs';
import {
  conformanceUsage,
  decodeBase16,
  formatResult,
  parseConformanceArguments,
  runConformance,
} from '../conformance/index.ts';
import { BpfiterError } from '../errors.ts';

const STDIN = 0;

function main(words: readonly string[]): number {
  if (words.includes('--help')) {
    process.stdout.write(`${conformanceUsage}\n`);
    return 1;
  }
  try {
    const { program, debug, ...rest } = parseConformanceArguments(words);
    const text = program ?? readFileSync(STDIN, 'utf8');
    process.stdout.write(`${formatResult(runCase(text, debug, rest))}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof BpfiterError)) throw error;
    process.stderr.write(`bpfiter-conformance: ${error.message}\n`);
    return error.code === 'usage' ? 2 : 1;
  }
}

function runCase(text: string, debug: boolean, rest: Omit<Parameters<typeof runConformance>[0], 'program'>): bigint {
  try {
    return runConformance({ program: decodeBase16(text), ...rest });
  } catch (error) {
    if (debug && error instanceof BpfiterError && error.detail !== undefined) process.stderr.write(error.detail);
    throw error;
  }
}

process.exitCode = main(process.argv.slice(2));

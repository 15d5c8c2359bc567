/**
 * What docs/parity.md tells of: the rules that programs of these tests are about, and where the kernel's answers to them
 * are. Read by the tests and by `npm run docs`.
 */
import { readFileSync } from 'node:fs';
import { contexts } from '../../src/verifier/profile/linux-6.18/contexts.ts';
import { helperPrototypes } from '../../src/verifier/profile/linux-6.18/helpers.ts';
import { iteratorTargets } from '../../src/verifier/profile/linux-6.18/iterator-targets.ts';
import { kfuncs } from '../../src/verifier/profile/linux-6.18/kfuncs.ts';
import { limits } from '../../src/verifier/profile/linux-6.18/limits.ts';
import { programRules } from '../../src/verifier/profile/linux-6.18/program-types.ts';
import { rules as callRules } from './calls/cases.ts';
import { cases as pathCases } from './explore/cases.ts';
import { cases as analysisCases } from './flow/analysis-cases.ts';
import { rules as flowRules } from './flow/cases.ts';
import { rules as memoryRules } from './memory/cases.ts';
import { answerCases, stateCases } from './scalar/cases.ts';

/** Of the profile. */
export const tables = { contexts, helperPrototypes, iteratorTargets, kfuncs, limits, programRules };

export interface Rule {
  readonly area: string;
  readonly name: string;
  /** What of the kernel's is compared: its verdict and message, or its log line by line. */
  readonly compared: 'answer' | 'log';
  /** Of the kernel that gave the answers. */
  readonly release: string;
  /** Of each program: empty for one that was accepted, undefined where only the log is recorded. */
  readonly messages: readonly (string | undefined)[];
}

interface Answer {
  readonly verdict: string;
  readonly message: string;
}

interface Recording {
  readonly kernel: string;
  readonly answers?: Readonly<Record<string, Answer>>;
  readonly objects?: Readonly<Record<string, Readonly<Record<string, Answer>>>>;
}

interface Named {
  readonly name: string;
}

const read = (root: URL, path: string): string => readFileSync(new URL(`test/verifier/${path}`, root), 'utf8');
const messageOf = ({ verdict, message }: Answer): string => (verdict === 'accept' ? '' : message);

/** @param root of the repository */
export function readRules(root: URL): readonly Rule[] {
  const answered = (area: string, path: string, rules: Readonly<Record<string, readonly Named[]>>): Rule[] => {
    const { kernel, answers = {} }: Recording = JSON.parse(read(root, path));
    return Object.entries(rules).map(([name, cases]) => ({
      area,
      name,
      compared: 'answer',
      release: kernel,
      messages: cases.map((each) => {
        const answer = answers[each.name];
        if (answer === undefined) throw new Error(`${path} has no answer to '${each.name}'`);
        return messageOf(answer);
      }),
    }));
  };
  const logged = (area: string, path: string, name: string, cases: readonly Named[]): Rule => {
    const { kernel }: Recording = JSON.parse(read(root, path));
    return { area, name, compared: 'log', release: kernel, messages: cases.map(() => undefined) };
  };
  return [
    logged('Numbers', 'scalar/recorded-states.json', 'Ranges and known bits after every instruction', stateCases),
    ...answered('Numbers', 'scalar/recorded.json', { 'Arithmetic and jumps that are refused': answerCases }),
    ...answered('Memory', 'memory/recorded.json', memoryRules),
    ...answered('Helpers', 'calls/recorded.json', callRules),
    ...kfuncRules(root),
    ...answered('Programs as a whole', 'flow/recorded.json', flowRules),
    logged('Paths', 'flow/analysis.json', 'Live registers and stack slots, loops', analysisCases),
    logged('Paths', 'explore/recorded-states.json', 'Where paths meet', pathCases),
  ];
}

/** An object a rule: its source begins with what it is about. */
function kfuncRules(root: URL): Rule[] {
  const { kernel, objects = {} }: Recording = JSON.parse(read(root, 'kfuncs/recorded.json'));
  return Object.entries(objects).map(([object, answers]) => ({
    area: 'Kfuncs',
    name: /\/\* (.*?)\. What the kernel says/.exec(read(root, `kfuncs/fixtures/${object}.bpf.c`))?.[1] ?? object,
    compared: 'answer',
    release: kernel,
    messages: Object.values(answers).map(messageOf),
  }));
}

/** The text of a refusal. What is not known is left out, never guessed. */
import { decode } from '../../isa/index.ts';
import { flowMessages } from '../messages/flow.ts';
import type { Diagnostic, MessageCode } from '../messages/index.ts';
import type { VerifierProgram } from '../program.ts';
import { adviceOf } from './advice.ts';
import { decisionsOf } from './decisions.ts';
import type { Moment } from './moment.ts';
import { type Origin, originOf } from './origin.ts';
import { Places } from './places.ts';

/** The part of a VerifierResult that this is about. */
export interface Refusal {
  readonly diagnostic: Diagnostic | undefined;
  /** Undefined if the walk was not begun, or over. */
  readonly moment: Moment | undefined;
}

/**
 * Says for a person what a program was refused for, in a few lines: the source line, the message, what the registers
 * held that it is about and where that came from, the branches of the path, and what would mend it.
 *
 *     tasks.bpf.c:42: value = *key;
 *         R0 invalid mem access 'map_value_or_null'
 *         R0 may be NULL: it is map_value_or_null(...), the result of bpf_map_lookup_elem() at tasks.bpf.c:40
 *         by the branches
 *             tasks.bpf.c:38: if (pid) -> line 40
 *         to mend it: compare it with NULL, and use it only where it is not
 *
 * @returns lines without a last newline; empty if nothing was said, as of a program that was accepted
 */
export function diagnose({ diagnostic, moment }: Refusal, program: VerifierProgram): string {
  if (diagnostic === undefined) return '';
  const places = new Places(program);
  const facts = factsOf(diagnostic);
  const walked = diagnostic.code in flowMessages ? undefined : moment;
  const insn = walked?.path.at(-1) ?? placeOfFlow(diagnostic, facts, program);
  const lines: string[] = [firstLine(diagnostic.text)];
  if (walked !== undefined) {
    for (const register of registersOf(diagnostic, facts, program))
      lines.push(...registerLines(register, walked, program, places));
    lines.push(...acquisitions(diagnostic, walked, places));
    const decisions = decisionsOf(program.insns, walked, places);
    if (decisions.length > 0) lines.push('by the branches', ...decisions.map((line) => `    ${line}`));
  }
  const advice = adviceOf(diagnostic);
  if (advice !== undefined) lines.push(`to mend it: ${advice}`);
  const body = lines.map((line) => `    ${line}`);
  return [insn === undefined ? program.name : places.whole(insn), ...body].join('\n');
}

/** The further ones are states. */
const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';

type Facts = Readonly<Record<string, unknown>>;

const factsOf = ({ facts }: Diagnostic): Facts => (typeof facts === 'object' && facts !== null ? (facts as Facts) : {}); // any object is read as a record

/** Refusals of the program as a whole name their instruction or function, if they are about one. */
function placeOfFlow({ code }: Diagnostic, { insn, subprogram }: Facts, { functions }: VerifierProgram) {
  if (!(code in flowMessages)) return undefined;
  if (typeof insn === 'number') return insn;
  return typeof subprogram === 'number' ? functions[subprogram]?.insn : undefined;
}

/** Those that the message names; if it names none, what a load or store goes through, or what arithmetic is done on. */
function registersOf({ code, text, insn }: Diagnostic, { arg }: Facts, { insns }: VerifierProgram): number[] {
  const named = /\bR(10|\d)\b/.exec(firstLine(text))?.[1];
  if (named !== undefined) return [Number(named)];
  if (typeof arg === 'number') return [code === 'helper/possibly-null' ? arg : arg + 1];
  const instruction = decode(insns, insn);
  if ('base' in instruction) return instruction.base === 10 ? [] : [instruction.base];
  if (instruction.kind !== 'alu' || instruction.op === 'mov') return [];
  const { dst, source } = instruction;
  return 'register' in source && source.register !== dst ? [dst, source.register] : [dst];
}

function registerLines(register: number, moment: Moment, program: VerifierProgram, places: Places): string[] {
  const held = moment.registers.get(register);
  const origin = originOf(program.insns, moment, register);
  const from = originText(origin, places, moment.path.at(-1) ?? 0);
  if (register === moment.halfWritten) return from === '' ? [] : [`R${register} is ${from}`];
  if (held === undefined) return [`R${register} has no value here${from === '' ? '' : `: ${from}`}`];
  const source = from === '' || origin.kind === 'cleared' ? '' : `, ${from}`;
  if (held.includes('_or_null')) return [`R${register} may be NULL: it is ${held}${source}`];
  return [`R${register} is ${held === 'scalar()' ? 'a number of which nothing is known' : held}${source}`];
}

/** @param here the instruction that was refused, whose line is above anyway */
function originText(origin: Origin, places: Places, here: number): string {
  switch (origin.kind) {
    case 'result':
      return `the result of ${origin.callee}() at ${places.name(origin.insn)}`;
    case 'cleared':
      return `the call of ${origin.callee}() at ${places.name(origin.insn)} left nothing in it`;
    case 'loaded':
    case 'computed':
    case 'set':
      return places.name(origin.insn) === places.name(here)
        ? `${origin.kind} on this line`
        : `${origin.kind} at ${places.whole(origin.insn)}`;
    case 'argument':
      return 'an argument of the function';
    case 'never-set':
      return 'nothing on this path sets it';
    case 'unknown':
      return '';
  }
}

const HELD = new Set<string>([
  'unreleased-reference',
  'exit-would-leak',
  'exit-in-lock',
  'exit-in-irq-region',
  'call-in-lock',
  'global-call-in-lock',
  'lock/two',
  'lock/same',
] satisfies MessageCode[]);

/** Where that began which should have ended. */
const acquisitions = ({ code }: Diagnostic, { acquired }: Moment, places: Places): string[] =>
  HELD.has(code) ? acquired.map((insn) => `held since ${places.whole(insn)}`) : [];

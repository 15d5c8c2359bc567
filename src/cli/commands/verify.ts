/** `bpfiter verify OBJ...`: what a kernel says, or would say, of each program of each object. */
import { BpfiterError } from '../../errors.ts';
import { openObject } from '../../index.ts';
import { decisiveLine, type LogStatistics, parseStatistics, reasonLine } from '../../kernel-log.ts';
import type { ObjectProgram } from '../../object/index.ts';
import { readFile } from '../../read-file.ts';
import { errnoName, errnoNumber, programTypeName } from '../../uapi/index.ts';
import type { Command, Invocation } from '../command.ts';
import { baseName, fileSubjects, oneLine, without } from '../failures.ts';
import { type Judge, openJudge } from '../judges.ts';
import { programOf } from '../objects.ts';
import { write, writeLine } from '../output.ts';
import { parseNumber } from '../words.ts';

/** Instructions processed, states and time are 0 where the kernel did not say. */
interface Verdict extends LogStatistics {
  readonly verdict: 'accept' | 'reject' | 'unsupported';
  /** Positive, as libbpf's where the program did not get as far as the kernel; 0 for accept. */
  readonly errno: number;
  /** The kernel's last message line, or why the program did not get that far; empty for accept. */
  readonly message: string;
  /** The kind of failure; null for accept. */
  readonly code: string | null;
}

/** What is verified: in front of the verdict in each line. */
interface Subject {
  /** Base name of the object file. */
  readonly object: string;
  /** Empty, like what follows it, when the object itself could not be opened. */
  readonly program: string;
  readonly section: string;
  readonly type: string;
}

/** Statistics; a program that is refused is tried again with messages. */
const QUIET_LEVEL = 4;

export const verify: Command = {
  name: 'verify',
  summary: 'say for each program of each object whether the kernel accepts it, and why not',
  usage: ['verify OBJ... [--kernel KERNEL | --btf FILE] [--program NAME] [--log LEVEL] [--json]'],
  options: ['program', 'log', 'btf'],

  async run(invocation) {
    const { words, options } = invocation;
    const paths = [words.expect('OBJ, an object file,')];
    for (let path = words.take(); path !== undefined; path = words.take()) paths.push(path);
    const logLevel =
      options.log === undefined ? QUIET_LEVEL : parseNumber(options.log, 'a log level (1, 2, 4 or a sum of them)', 7);
    const judge = await openJudge(invocation);
    let exit = 0;
    for (const path of paths) exit = Math.max(exit, await verifyObject(invocation, judge, path, logLevel));
    return exit;
  },
};

async function verifyObject(invocation: Invocation, judge: Judge, path: string, logLevel: number): Promise<number> {
  const { options } = invocation;
  let bytes: Uint8Array;
  let programs: readonly ObjectProgram[];
  try {
    bytes = await readFile(path);
    const object = openObject(bytes, { name: baseName(path) });
    programs = options.program === undefined ? object.programs : [programOf(object, options.program)];
  } catch (error) {
    await printUnopened(invocation, path, error);
    return 2;
  }
  if (programs.length === 0 && invocation.jsonIndent === undefined) {
    process.stderr.write(`bpfiter: ${oneLine(path)}: it has no programs\n`);
  }
  let exit = 0;
  for (const { name, section, type } of programs) {
    const subject = { object: baseName(path), program: name, section, type: programTypeName(type) ?? String(type) };
    const { log, explanation, ...verdict } = await verdictOf(judge, bytes, subject, logLevel);
    if (verdict.verdict !== 'accept') exit = 1;
    // In JSON `message` is the kernel's last line whatever that says.
    const isLast = invocation.jsonIndent === undefined && verdict.message === decisiveLine(log);
    const message = (isLast ? reasonLine(log) : undefined) ?? verdict.message;
    await print(invocation, { ...subject, ...verdict, message }, options.log === undefined ? '' : log);
    if (explanation !== '' && invocation.jsonIndent === undefined) await writeLine(indented(explanation));
  }
  return exit;
}

async function verdictOf(
  judge: Judge,
  bytes: Uint8Array,
  subject: Subject,
  logLevel: number,
): Promise<Verdict & { readonly log: string; readonly explanation: string }> {
  try {
    const { log } = await judge.accept(bytes, subject.object, subject.program, logLevel);
    return { verdict: 'accept', errno: 0, message: '', ...parseStatistics(log), code: null, log, explanation: '' };
  } catch (error) {
    const verdict = failure(subject, error);
    const { detail = '', explanation = '' } = error instanceof BpfiterError ? error : {};
    return { ...verdict, log: detail, explanation };
  }
}

/** Below the verdict's line; source text is the object's, so that control characters are not to reach a terminal. */
const indented = (text: string): string =>
  text
    .split('\n')
    .map((line) => `    ${/^ */.exec(line)?.[0] ?? ''}${oneLine(line.trimStart())}`)
    .join('\n');

/** @throws the error itself if it is not about the object */
function failure({ program, section }: Subject, error: unknown): Verdict {
  if (!(error instanceof BpfiterError)) throw error;
  const { code, detail = '' } = error;
  const errno = error.errno ?? errnoNumber('EINVAL') ?? 0;
  // What the line says anyway is left out.
  const reason = without(
    error.message,
    `program '${program}' (section '${section}'): `,
    `program '${program}': `,
    `cannot load program '${program}' (${section}): `,
  ).replace(` (${errnoName(errno)})`, '');
  return {
    verdict: code === 'unsupported' ? 'unsupported' : 'reject',
    errno,
    message: decisiveLine(detail) ?? reason,
    ...parseStatistics(detail),
    code,
  };
}

async function print({ jsonIndent }: Invocation, line: Subject & Verdict, log: string): Promise<void> {
  if (jsonIndent !== undefined) {
    await writeLine(JSON.stringify(line, undefined, jsonIndent));
    return;
  }
  if (log !== '') await write(log.endsWith('\n') ? log : `${log}\n`);
  const outcome =
    line.verdict === 'accept'
      ? `${line.insns} insns, ${line.states} states, ${line.usec} usec`
      : `${line.message} [${errnoName(line.errno)}]`;
  await writeLine(oneLine(`${line.verdict.padEnd(11)} ${line.object}: ${line.program} (${line.section}): ${outcome}`));
}

/** An object that does not open is a failure of its own: with JSON a line like others, else one on stderr. */
async function printUnopened(invocation: Invocation, path: string, error: unknown): Promise<void> {
  const subject = { object: baseName(path), program: '', section: '', type: '' };
  const verdict = failure(subject, error);
  const message = without(verdict.message, ...fileSubjects(path));
  if (invocation.jsonIndent !== undefined) await print(invocation, { ...subject, ...verdict, message }, '');
  else process.stderr.write(`bpfiter: ${oneLine(`${path}: ${message}`)}\n`);
}

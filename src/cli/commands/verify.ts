/**
 * `bpfiter verify OBJ...`: what the kernel says of each program of each object. Every program is loaded alone, in an
 * object opened anew, so that one verdict does not hide the next (as veristat does).
 */
import { BpfiterError } from '../../errors.ts';
import { type Kernel, loadObject } from '../../index.ts';
import { decisiveLine, parseStatistics } from '../../kernel-log.ts';
import type { ObjectProgram } from '../../object/index.ts';
import { errnoName, programTypeName } from '../../uapi/index.ts';
import type { Command, Invocation } from '../command.ts';
import { programOf } from '../objects.ts';
import { write, writeLine } from '../output.ts';
import { parseNumber, Words } from '../words.ts';

/** One line of `verify --json`; the fields are stable. */
interface VerdictLine {
  /** Base name of the object file. */
  readonly object: string;
  /** Empty when the object itself could not be opened. */
  readonly program: string;
  readonly section: string;
  readonly type: string;
  readonly verdict: 'accept' | 'reject' | 'unsupported';
  /** Positive; 0 for accept. */
  readonly errno: number;
  /** The kernel's last message line, or why the program did not get as far as the kernel; empty for accept. */
  readonly message: string;
  /** Instructions processed, and states; 0 where the kernel did not say. */
  readonly insns: number;
  readonly states: number;
  readonly peakStates: number;
  /** Verification time. */
  readonly usec: number;
  /** The kind of failure; null for accept. */
  readonly code: string | null;
}

/** Statistics without the trace of states. */
const quietLevel = 4;

export const verify: Command = {
  name: 'verify',
  summary: 'say for each program of each object whether the kernel accepts it, and why not',
  usage: ['verify OBJ... [--kernel KERNEL] [--program NAME] [--log LEVEL] [--json]'],
  options: ['program', 'log'],

  async run(invocation) {
    const paths = invocation.words;
    if (paths.length === 0) new Words([]).expect('OBJ, an object file,');
    const { log, program } = invocation.options;
    const logLevel = log === undefined ? quietLevel : parseNumber(log, 'a log level (1, 2, 4 or a sum of them)', 7);
    const kernel = await invocation.openKernel();
    let exit = 0;
    for (const path of paths) {
      for await (const [line, text] of verdicts(kernel, path, program, logLevel)) {
        invocation.signal.throwIfAborted();
        exit = Math.max(exit, line.program === '' ? 2 : line.verdict === 'accept' ? 0 : 1);
        await print(invocation, path, line, log === undefined ? '' : text);
      }
    }
    return exit;
  },
};

/** A verdict and the log for each program; one line without a program for an object that does not open. */
async function* verdicts(
  kernel: Kernel,
  path: string,
  name: string | undefined,
  logLevel: number,
): AsyncGenerator<readonly [VerdictLine, string]> {
  const base = path.slice(path.lastIndexOf('/') + 1);
  let programs: readonly ObjectProgram[];
  try {
    const object = await loadObject(path);
    programs = name === undefined ? object.programs : [programOf(object, name)];
  } catch (error) {
    yield [failure({ object: base, program: '', section: '', type: '' }, error), ''];
    return;
  }
  for (const { name: program, section, type } of programs) {
    const subject = { object: base, program, section, type: programTypeName(type) ?? String(type) };
    try {
      const log = await loadAlone(kernel, path, program, logLevel);
      yield [{ ...subject, verdict: 'accept', errno: 0, message: '', ...parseStatistics(log), code: null }, log];
    } catch (error) {
      yield [failure(subject, error), error instanceof BpfiterError ? (error.detail ?? '') : ''];
    }
  }
}

async function loadAlone(kernel: Kernel, path: string, program: string, logLevel: number): Promise<string> {
  const object = await loadObject(path);
  // A question must not leave pins, nor be answered by maps that others have pinned.
  for (const map of object.maps) {
    map.pinByName = false;
    map.pinPath = undefined;
  }
  using loaded = await kernel.load(object, { programs: [program], logLevel });
  return loaded.program(program).log;
}

/** @throws the error itself if it is not about the object */
function failure(subject: Pick<VerdictLine, 'object' | 'program' | 'section' | 'type'>, error: unknown): VerdictLine {
  if (!(error instanceof BpfiterError)) throw error;
  const log = error.detail ?? '';
  return {
    ...subject,
    verdict: error.code === 'unsupported' ? 'unsupported' : 'reject',
    errno: error.errno ?? 0,
    message: decisiveLine(log) ?? error.message,
    ...parseStatistics(log),
    code: error.code,
  };
}

async function print({ options }: Invocation, path: string, line: VerdictLine, log: string): Promise<void> {
  if (options.json === true || options.pretty === true) {
    await writeLine(JSON.stringify(line, undefined, options.pretty === true ? 2 : 0));
    return;
  }
  if (log !== '') await write(log.endsWith('\n') ? log : `${log}\n`);
  const name = line.program === '' ? path : `${line.object}: ${line.program} (${line.section})`;
  const errno = line.errno === 0 ? '' : ` [${errnoName(line.errno) ?? line.errno}]`;
  const outcome =
    line.verdict === 'accept'
      ? `${line.insns} insns, ${line.states} states, ${line.usec} usec`
      : `${line.message}${errno}`;
  await writeLine(`${line.verdict.padEnd(11)} ${name}: ${outcome}`);
}

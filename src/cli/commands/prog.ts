/**
 * `bpfiter prog run OBJ`: runs programs once (BPF_PROG_TEST_RUN), prints what they return and what they wrote.
 * `prog dump` is prog-dump.ts's.
 */
import { BpfiterError } from '../../errors.ts';
import type { BpfObject, Kernel, LoadedObject, RunOptions } from '../../index.ts';
import type { ObjectProgram } from '../../object/index.ts';
import { readFile } from '../../read-file.ts';
import { formatJson } from '../../records/index.ts';
import {
  BPF_PROG_TYPE_CGROUP_SKB,
  BPF_PROG_TYPE_FLOW_DISSECTOR,
  BPF_PROG_TYPE_LWT_IN,
  BPF_PROG_TYPE_LWT_OUT,
  BPF_PROG_TYPE_LWT_SEG6LOCAL,
  BPF_PROG_TYPE_LWT_XMIT,
  BPF_PROG_TYPE_NETFILTER,
  BPF_PROG_TYPE_SCHED_ACT,
  BPF_PROG_TYPE_SCHED_CLS,
  BPF_PROG_TYPE_SOCKET_FILTER,
  BPF_PROG_TYPE_XDP,
} from '../../uapi/index.ts';
import type { Command, Invocation } from '../command.ts';
import { baseName, exitCode, naming, oneLine } from '../failures.ts';
import { changedMaps, flatten, type MapChange, mapsLeftOut, readMaps } from '../map-changes.ts';
import { isIterator, openObjectFile, programOf } from '../objects.ts';
import { OutputFailed, writeLine } from '../output.ts';
import { parseNumber } from '../words.ts';
import { dumpProgram } from './prog-dump.ts';

/** What a packet program sees if the user gives no packet: so many zero bytes. */
const DEFAULT_PACKET_SIZE = 64;

const packetTypes: ReadonlySet<number> = new Set([
  BPF_PROG_TYPE_SOCKET_FILTER,
  BPF_PROG_TYPE_SCHED_CLS,
  BPF_PROG_TYPE_SCHED_ACT,
  BPF_PROG_TYPE_XDP,
  BPF_PROG_TYPE_CGROUP_SKB,
  BPF_PROG_TYPE_LWT_IN,
  BPF_PROG_TYPE_LWT_OUT,
  BPF_PROG_TYPE_LWT_XMIT,
  BPF_PROG_TYPE_LWT_SEG6LOCAL,
  BPF_PROG_TYPE_FLOW_DISSECTOR,
  BPF_PROG_TYPE_NETFILTER,
]);

export const prog: Command = {
  name: 'prog',
  summary: 'run a program once, print its return value and the maps it wrote; print its instructions',
  usage: [
    'prog run OBJ [--program NAME | --all] [--context HEX|@FILE] [--data HEX|@FILE] [--repeat N]',
    'prog dump OBJ [--program NAME] [--wat]',
  ],
  options: ['source', 'program', 'all', 'context', 'data', 'repeat', 'wat'],

  async run(invocation) {
    const { words } = invocation;
    const action = words.expectKeyword('run', 'dump');
    refuseOptionsOf(action, invocation);
    if (action === 'dump') return dumpProgram(invocation);
    const path = words.expect('OBJ, the object file,');
    words.end();
    const given = await runOptions(invocation);
    const object = await openObjectFile(path);
    const programs = await naming(path, async () => choose(object, invocation));
    const kernel = await invocation.openKernel();
    return naming(path, () => runAll(invocation, kernel, object, programs, path, given));
  },
};

/** What only the other action takes. */
const optionsOf = { run: ['all', 'context', 'data', 'repeat'], dump: ['wat'] } as const;

function refuseOptionsOf(action: 'run' | 'dump', { options }: Invocation): void {
  for (const name of optionsOf[action === 'run' ? 'dump' : 'run']) {
    if (options[name] !== undefined) throw new BpfiterError('usage', `'prog ${action}' takes no --${name}`);
  }
}

async function runOptions({ options }: Invocation): Promise<RunOptions> {
  const { context, data, repeat } = options;
  return {
    ...(context !== undefined && { context: await bytesOf(context, '--context') }),
    ...(data !== undefined && { data: await bytesOf(data, '--data') }),
    ...(repeat !== undefined && { repeat: parseNumber(repeat, 'a number of runs', 0x7fffffff) }),
  };
}

/** `@FILE`, or hexadecimal digits with blanks between bytes if one likes. */
async function bytesOf(text: string, option: string): Promise<Uint8Array> {
  if (text.startsWith('@')) return readFile(text.slice(1));
  const digits = text.replaceAll(/\s/g, '').replace(/^0x/i, '');
  if (!/^([0-9a-f]{2})*$/i.test(digits)) {
    throw new BpfiterError('usage', `${option} takes pairs of hexadecimal digits, or @FILE, not '${text}'`);
  }
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function choose(object: BpfObject, { options }: Invocation): readonly ObjectProgram[] {
  if (options.all === true && options.program !== undefined) {
    throw new BpfiterError('usage', '--all and --program exclude each other');
  }
  if (options.program !== undefined) return [programOf(object, options.program)];
  const programs = object.programs.filter(({ autoload }) => autoload);
  if (options.all === true) return programs;
  const runnable = programs.filter((program) => !isIterator(program));
  if (runnable.length !== 1) {
    const names = runnable.map(({ name }) => name).join(', ');
    throw new BpfiterError(
      'usage',
      names === '' ? nothingToRun(programs) : `say which program with --program NAME, or --all; it has ${names}`,
    );
  }
  return runnable;
}

const nothingToRun = (programs: readonly ObjectProgram[]): string =>
  programs.length === 0 ? 'it has no program to run' : "it has iterator programs only, which 'bpfiter run' reads";

/** One object a line in JSON; the fields are stable. */
interface RunLine extends Outcome {
  /** Base name of the object file. */
  readonly object: string;
  readonly kernel: 'host' | 'embedded';
  readonly program: string;
  /** Why the program did not run; null if it did. */
  readonly error: string | null;
}

interface Outcome {
  /** Signed 32-bit. */
  readonly retval: number | null;
  /** Mean of the runs. */
  readonly durationNs: number | null;
  /** Hexadecimal; null if there is none. */
  readonly dataOut: string | null;
  /** Entries that the run added, changed or removed (value null), by map. */
  readonly maps: Readonly<Record<string, readonly MapChange[]>>;
}

async function runAll(
  invocation: Invocation,
  kernel: Kernel,
  object: BpfObject,
  programs: readonly ObjectProgram[],
  path: string,
  given: RunOptions,
): Promise<number> {
  const subject = { object: baseName(path), kernel: kernel.kind };
  const load = () =>
    kernel.load(object, {
      ...(invocation.options.all !== true && { programs: programs.map(({ name }) => name) }),
      logLevel: invocation.options.debug === true ? 1 : 0,
    });
  let exit = 0;
  const fails = async (error: unknown, program: string): Promise<void> => {
    if (!(error instanceof BpfiterError) || error instanceof OutputFailed) throw error;
    exit = Math.max(exit, exitCode(error));
    await printFailure(invocation, path, { ...subject, program, ...nothing, error: error.message });
  };
  let loaded: LoadedObject;
  try {
    loaded = await load();
  } catch (error) {
    // For people it is one failure, with all that is known of it.
    if (invocation.jsonIndent === undefined) throw error;
    for (const { name } of programs) await fails(error, name);
    return exit;
  }
  using _closing = loaded;
  for (const program of programs) {
    try {
      const outcome = await runOne(loaded, program, given);
      await print(invocation, { ...subject, program: program.name, ...outcome, error: null });
    } catch (error) {
      await fails(error, program.name);
    }
  }
  return exit;
}

async function runOne(loaded: LoadedObject, program: ObjectProgram, given: RunOptions): Promise<Outcome> {
  const needsPacket = given.data === undefined && packetTypes.has(program.type);
  const options = needsPacket ? { ...given, data: new Uint8Array(DEFAULT_PACKET_SIZE) } : given;
  const before = readMaps(loaded);
  for (const name of mapsLeftOut(before)) {
    process.stderr.write(`bpfiter: ${oneLine(`map '${name}' is too large for its changes to be told`)}\n`);
  }
  const { retval, durationNs, dataOut } = await loaded.program(program.name).run(options);
  return {
    retval,
    durationNs,
    dataOut: dataOut === undefined ? null : hex(dataOut),
    maps: changedMaps(loaded, before),
  };
}

/** Of a program that did not run. */
const nothing: Outcome = { retval: null, durationNs: null, dataOut: null, maps: {} };

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

async function print({ jsonIndent }: Invocation, line: RunLine): Promise<void> {
  if (jsonIndent !== undefined) {
    await writeLine(formatJson(line, jsonIndent));
    return;
  }
  await writeLine(`${line.program}: returned ${line.retval} in ${line.durationNs} ns`);
  if (line.dataOut !== null) await writeLine(`  data ${line.dataOut}`);
  for (const text of flatten(line.maps)) await writeLine(`  ${text}`);
}

async function printFailure(invocation: Invocation, path: string, line: RunLine): Promise<void> {
  if (invocation.jsonIndent !== undefined) await print(invocation, line);
  else process.stderr.write(`bpfiter: ${oneLine(`${path}: ${line.error}`)}\n`);
}

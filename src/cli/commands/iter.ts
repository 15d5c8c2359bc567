/**
 * `bpfiter iter pin` and `iter help`: bpftool's command, with its grammar, messages and exit codes (seeds/bpftool-iter.rst;
 * facts/iterators.md section 6). Where bpftool leaves the reason to libbpf's log, it is added to the message; and a
 * directory outside bpffs is refused instead of being hidden under a fresh mount (--mount asks for one).
 */
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { BpfiterError } from '../../errors.ts';
import { DEFAULT_BPFFS, isOnBpffs, mountBpffs } from '../../host/index.ts';
import {
  type BpfObject,
  type IterParameters,
  type Kernel,
  type KernelMap,
  type Link,
  type LoadedObject,
  type LoadOptions,
  loadObject,
  type MapSelector,
} from '../../index.ts';
import { mainThreadsOnly, type ObjectProgram, type ProgramTransform } from '../../object/index.ts';
import { errnoDescription } from '../../uapi/index.ts';
import type { Command, Invocation } from '../command.ts';
import { fileSubjects, oneLine, reasonOf, without } from '../failures.ts';
import { isIterator, targetOf } from '../objects.ts';
import { writeLine } from '../output.ts';
import { isPrefix, type Words } from '../words.ts';

const help = `Usage: bpfiter iter pin OBJ PATH [map MAP | task TASK_OPT]
       bpfiter iter help

       OBJ := /a/file/of/bpf_iter_target.o
       MAP := { id MAP_ID | pinned FILE | name MAP_NAME }
       TASK_OPT := { main_thread_only }
       OPTIONS := { {-j|--json} [{-p|--pretty}] | {-d|--debug} | --mount }
`;

const { EEXIST, EINVAL, EISDIR, ENOENT, EPERM } = constants.errno;

/** What bpftool exits with for -1. */
const generalFailure = 255;
/** The low bytes of libbpf's -4001, with which it says that a file is no object, and of its -4000 for a directory. */
const notAnObject = 95;
const notReadable = 96;
/** What bpftool was seen to exit with when the object has no program (a left-over ENOTSUP). */
const noProgram = 161;

/** Failures exit with the low byte of the negative errno. */
const exitOf = (error: unknown, fallback: number): number => 256 - ((errnoOf(error) ?? fallback) & 0xff);

const errnoOf = (error: unknown): number | undefined => (error instanceof BpfiterError ? error.errno : undefined);

/** A failure that carries bpftool's exit code. */
class IterFailure extends Error {
  readonly exit: number;
  /** Whether the help text follows. */
  readonly usage: boolean;
  readonly detail: string | undefined;

  constructor(message: string, options: { exit?: number; usage?: boolean; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.exit = options.exit ?? generalFailure;
    this.usage = options.usage === true;
    this.detail = options.cause instanceof BpfiterError ? options.cause.detail : undefined;
  }
}

export const iter: Command = {
  name: 'iter',
  summary: 'pin an iterator to a path, so that cat(1) reads it (as bpftool iter)',
  usage: [
    'iter pin OBJ PATH [map MAP | task TASK_OPT]',
    'iter help',
    '  MAP      := { id MAP_ID | pinned FILE | name MAP_NAME }',
    '  TASK_OPT := { main_thread_only }',
  ],
  options: ['mount', 'nomount', 'bpffs', 'mapcompat'],

  async run(invocation) {
    const { words, jsonIndent } = invocation;
    const word = words.take();
    if (word === undefined || isPrefix(word, 'help')) {
      process.stderr.write(help);
      return 0;
    }
    if (!isPrefix(word, 'pin')) {
      process.stderr.write(help);
      return generalFailure;
    }
    try {
      await pin(invocation);
    } catch (error) {
      return reportFailure(error, invocation);
    }
    if (jsonIndent !== undefined) await writeLine('');
    return 0;
  },
};

async function reportFailure(error: unknown, { options, jsonIndent }: Invocation): Promise<number> {
  if (!(error instanceof IterFailure)) throw error;
  if (options.debug === true && error.detail !== undefined) process.stderr.write(`${error.detail.trimEnd()}\n`);
  // bpftool indents by four where everything else here does by two.
  if (jsonIndent !== undefined) await writeLine(JSON.stringify({ error: error.message }, undefined, 2 * jsonIndent));
  else process.stderr.write(`Error: ${oneLine(error.message)}\n`);
  if (error.usage) process.stderr.write(help);
  return error.exit;
}

async function pin({ words, options, openLastingKernel }: Invocation): Promise<void> {
  if (words.left < 2) {
    throw new IterFailure(`'pin' needs at least 2 arguments, ${words.left} found`, { usage: true });
  }
  const path = words.expect('OBJ');
  const target = words.expect('PATH');
  const { map, mainThreadOnly } = parsePinWords(words);

  using opened = map === undefined ? undefined : openMap(await failing('', openLastingKernel), map);
  const object = await openObject(path);
  const program = object.programs[0];
  if (program === undefined) throw new IterFailure(`can't find bpf program in objfile ${path}`, { exit: noProgram });
  if (mainThreadOnly) requireTaskIterator(program);

  const kernel = await failing(`can't load objfile ${path}: `, openLastingKernel);
  const logLevel = options.debug === true ? 1 : 0;
  using loaded = await load(kernel, object, path, {
    logLevel,
    ...(mainThreadOnly && { transform: onlyFor(program, mainThreadsOnly(kernel.btf())) }),
  });
  using link = attach(loaded, program, opened === undefined ? {} : { map: opened });
  pinLink(link, program, target, options.mount === true);
}

/** @throws IterFailure with the prefix and the reason, for whatever fails */
async function failing<T>(prefix: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof BpfiterError)) throw error;
    throw new IterFailure(`${prefix}${error.message}`, { cause: error });
  }
}

/** With `mount`, a bpffs is mounted on the directory first; the mount goes again if pinning fails. */
function pinLink(link: Link, program: ObjectProgram, path: string, mount: boolean): void {
  let undo = () => {};
  try {
    if (mount) undo = mountBpffs(dirname(path));
    link.pin(path);
  } catch (error) {
    undo();
    throw new IterFailure(pinMessage(program, path, error, mount), { cause: error });
  }
}

/** bpftool's words, which tell a bad place from a name that bpffs refuses. */
function pinMessage(program: ObjectProgram, path: string, error: unknown, mount: boolean): string {
  const directory = dirname(path);
  const errno = errnoOf(error);
  const reason = without(reasonOf(error), `cannot pin at '${path}': `);
  if (errno === EEXIST) return `can't pin BPF object: path '${path}' already exists`;
  if (errno === ENOENT && !existsSync(directory)) return `can't pin BPF object: dir '${directory}' doesn't exist`;
  if (isOnBpffs(directory)) return `pin_iter failed for program ${program.name} to path ${path}: ${reason}`;
  if (mount || errno !== EPERM) return `can't pin BPF object: ${reason}`;
  return `can't pin BPF object: dir '${directory}' is not in a BPF file system; pin under ${DEFAULT_BPFFS}, or have one mounted on a missing or empty directory with --mount`;
}

/** `[map MAP | task TASK_OPT]`, with bpftool's messages for the first. */
function parsePinWords(words: Words): { map?: MapSelector; mainThreadOnly: boolean } {
  const word = words.peek();
  const parsed = { mainThreadOnly: false, ...parsePinParameter(words, word) };
  if (words.left > 0) throw new IterFailure(`unexpected word: '${words.peek()}'`);
  return parsed;
}

function parsePinParameter(words: Words, word: string | undefined): { map?: MapSelector; mainThreadOnly?: boolean } {
  if (word === undefined) return {};
  if (words.takeKeyword('map')) return { map: parseMap(words) };
  if (!words.takeKeyword('task')) throw new IterFailure(`expected 'map' or 'task', got: '${word}'?`);
  const option = words.take();
  if (option === undefined) throw new IterFailure("'task' needs an argument: main_thread_only");
  if (!isPrefix(option, 'main_thread_only')) throw new IterFailure(`expected 'main_thread_only', got: '${option}'?`);
  return { mainThreadOnly: true };
}

function parseMap(words: Words): MapSelector {
  const found = words.left;
  const keyword = words.take();
  const value = words.take();
  if (keyword === undefined || value === undefined) {
    throw new IterFailure(`'map' needs at least 2 arguments, ${found} found`);
  }
  if (isPrefix(keyword, 'id')) {
    if (!/^(\d+|0x[0-9a-f]+)$/i.test(value)) throw new IterFailure(`can't parse ${value} as ID`);
    return { id: Number(value) >>> 0 };
  }
  if (isPrefix(keyword, 'name')) {
    if (value.length > 15) throw new IterFailure("can't parse name");
    return { name: value };
  }
  if (isPrefix(keyword, 'pinned')) return { pinned: value };
  throw new IterFailure(`expected 'id', 'name' or 'pinned', got: '${keyword}'?`);
}

/** bpftool says the errno's sentence; what has none is said in our words. */
function openMap(kernel: Kernel, map: MapSelector): KernelMap {
  try {
    return kernel.openMap(map);
  } catch (error) {
    throw new IterFailure(mapMessage(map, error), { cause: error });
  }
}

function mapMessage(map: MapSelector, error: unknown): string {
  const errno = errnoOf(error);
  const reason = errno === ENOENT ? errnoDescription(errno) : reasonOf(error);
  if ('id' in map) return `get map by id (${map.id}): ${reason}`;
  if ('pinned' in map)
    return `bpf obj get (${map.pinned}): ${without(reason, `no map is pinned at '${map.pinned}': `)}`;
  return reason.replace(/^several maps are named '.*'/, 'several maps match this handle');
}

async function openObject(path: string): Promise<BpfObject> {
  try {
    return await loadObject(path);
  } catch (error) {
    const malformed = error instanceof BpfiterError && error.code === 'malformed';
    const exit = malformed ? notAnObject : errnoOf(error) === EISDIR ? notReadable : exitOf(error, ENOENT);
    throw new IterFailure(`can't open objfile ${path}: ${without(reasonOf(error), ...fileSubjects(path))}`, {
      exit,
      cause: error,
    });
  }
}

function requireTaskIterator(program: ObjectProgram): void {
  if (!isIterator(program) || !['task', 'task_file'].includes(targetOf(program))) {
    throw new IterFailure(
      `'task main_thread_only' works on iter/task and iter/task_file programs, not on ${program.name} (${program.section})`,
    );
  }
}

/** All programs of the object are loaded, but only the first becomes the iterator. */
const onlyFor =
  (program: ObjectProgram, transform: ProgramTransform): ProgramTransform =>
  (linked) =>
    linked.program === program ? transform(linked) : linked;

async function load(kernel: Kernel, object: BpfObject, path: string, options: LoadOptions): Promise<LoadedObject> {
  try {
    return await kernel.load(object, options);
  } catch (error) {
    throw new IterFailure(`can't load objfile ${path}: ${without(reasonOf(error), ...fileSubjects(path))}`, {
      exit: exitOf(error, EINVAL),
      cause: error,
    });
  }
}

function attach(loaded: LoadedObject, { name, section }: ObjectProgram, parameters: IterParameters): Link {
  try {
    return loaded.program(name).attachIter(parameters);
  } catch (error) {
    const reason = without(reasonOf(error), `cannot attach program '${name}' (${section}): `);
    throw new IterFailure(`attach_iter failed for program ${name}: ${reason}`, {
      exit: exitOf(error, EINVAL),
      cause: error,
    });
  }
}

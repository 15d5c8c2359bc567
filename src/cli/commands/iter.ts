/**
 * `bpfiter iter pin` and `iter help`: bpftool's command, with its grammar, messages and exit codes (seeds/bpftool-iter.rst;
 * facts/iterators.md section 6). Where bpftool leaves the reason to libbpf's log, it is added to the message; and a
 * directory outside bpffs is refused instead of being hidden under a fresh mount (--mount asks for one).
 */
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { BpfiterError } from '../../errors.ts';
import { isOnBpffs, mountBpffs } from '../../host/index.ts';
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
import type { Command, Invocation } from '../command.ts';
import { isIterator, targetOf } from '../objects.ts';
import { writeLine } from '../output.ts';
import { isPrefix, Words } from '../words.ts';

const help = `Usage: bpfiter iter pin OBJ PATH [map MAP | task TASK_OPT]
       bpfiter iter help

       OBJ := /a/file/of/bpf_iter_target.o
       MAP := { id MAP_ID | pinned FILE | name MAP_NAME }
       TASK_OPT := { main_thread_only }
       OPTIONS := { {-j|--json} [{-p|--pretty}] | {-d|--debug} | --mount }
`;

const { EEXIST, EINVAL, ENOENT } = constants.errno;

/** What bpftool exits with for -1. */
const generalFailure = 255;
/** The low byte of libbpf's -4001, with which it says that a file is no object. */
const notAnObject = 95;
/** What bpftool was seen to exit with when the object has no program (a left-over ENOTSUP). */
const noProgram = 161;

/** Failures exit with the low byte of the negative errno. */
const exitOf = (error: unknown, fallback: number): number =>
  256 - ((error instanceof BpfiterError && error.errno !== undefined ? error.errno : fallback) & 0xff);

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

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
  usage: ['iter pin OBJ PATH [map MAP | task TASK_OPT]', 'iter help'],
  options: ['mount', 'nomount', 'bpffs', 'mapcompat'],

  async run(invocation) {
    const words = new Words(invocation.words);
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
      await pin(invocation, words);
    } catch (error) {
      return reportFailure(error, invocation);
    }
    if (invocation.options.json === true || invocation.options.pretty === true) await writeLine('');
    return 0;
  },
};

async function reportFailure(error: unknown, { options }: Invocation): Promise<number> {
  if (!(error instanceof IterFailure)) throw error;
  if (options.debug === true && error.detail !== undefined) process.stderr.write(`${error.detail.trimEnd()}\n`);
  if (options.json === true || options.pretty === true) {
    await writeLine(JSON.stringify({ error: error.message }, undefined, options.pretty === true ? 4 : 0));
  } else {
    process.stderr.write(`Error: ${error.message}\n`);
  }
  if (error.usage) process.stderr.write(help);
  return error.exit;
}

async function pin(invocation: Invocation, words: Words): Promise<void> {
  if (words.left < 2) {
    throw new IterFailure(`'pin' needs at least 2 arguments, ${words.left} found`, { usage: true });
  }
  const path = words.expect('OBJ');
  const target = words.expect('PATH');
  const { map, mainThreadOnly } = parsePinWords(words);

  const kernel = await invocation.openKernel();
  const parameters: IterParameters = map === undefined ? {} : { map: openMap(kernel, map) };
  const object = await openObject(path);
  const program = object.programs[0];
  if (program === undefined) throw new IterFailure(`can't find bpf program in objfile ${path}`, { exit: noProgram });
  if (mainThreadOnly) requireTaskIterator(program);

  const logLevel = invocation.options.debug === true ? 1 : 0;
  using loaded = await load(kernel, object, path, {
    logLevel,
    ...(mainThreadOnly && { transform: onlyFor(program, mainThreadsOnly(kernel.btf())) }),
  });
  using link = attach(loaded, program, parameters);
  pinLink(link, program, target, invocation.options.mount === true);
}

/** With `mount`, a bpffs is mounted on the directory first; the mount goes again if pinning fails. */
function pinLink(link: Link, program: ObjectProgram, path: string, mount: boolean): void {
  let undo = () => {};
  try {
    if (mount) undo = mountBpffs(dirname(path));
    link.pin(path);
  } catch (error) {
    undo();
    throw new IterFailure(pinMessage(program, path, error), { cause: error });
  }
}

/** bpftool's words, which tell a bad place from a name that bpffs refuses. */
function pinMessage(program: ObjectProgram, path: string, error: unknown): string {
  const errno = error instanceof BpfiterError ? error.errno : undefined;
  const directory = dirname(path);
  if (errno === EEXIST) return `can't pin BPF object: path '${path}' already exists`;
  if (errno === ENOENT) return `can't pin BPF object: dir '${directory}' doesn't exist`;
  if (!isOnBpffs(directory)) return `can't pin BPF object: ${reason(error)}`;
  return `pin_iter failed for program ${program.name} to path ${path}: ${reason(error)}`;
}

/** `[map MAP | task TASK_OPT]`, with bpftool's messages for the first. */
function parsePinWords(words: Words): { map?: MapSelector; mainThreadOnly: boolean } {
  const word = words.peek();
  if (word === undefined) return { mainThreadOnly: false };
  if (words.takeKeyword('map')) return { map: parseMap(words), mainThreadOnly: false };
  if (words.takeKeyword('task')) {
    const option = words.take();
    if (option === undefined) throw new IterFailure("'task' needs an argument: main_thread_only");
    if (!isPrefix(option, 'main_thread_only')) throw new IterFailure(`expected 'main_thread_only', got: '${option}'?`);
    return { mainThreadOnly: true };
  }
  throw new IterFailure(`expected 'map' or 'task', got: '${word}'?`);
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

function openMap(kernel: Kernel, map: MapSelector): KernelMap {
  try {
    return kernel.openMap(map);
  } catch (error) {
    if ('id' in map) throw new IterFailure(`get map by id (${map.id}): ${reason(error)}`, { cause: error });
    if ('pinned' in map) throw new IterFailure(`bpf obj get (${map.pinned}): ${reason(error)}`, { cause: error });
    throw new IterFailure(reason(error), { cause: error });
  }
}

async function openObject(path: string): Promise<BpfObject> {
  try {
    return await loadObject(path);
  } catch (error) {
    throw new IterFailure(`can't open objfile ${path}: ${reason(error)}`, {
      exit: error instanceof BpfiterError && error.code === 'malformed' ? notAnObject : exitOf(error, ENOENT),
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
    throw new IterFailure(`can't load objfile ${path}: ${reason(error)}`, {
      exit: exitOf(error, EINVAL),
      cause: error,
    });
  }
}

function attach(loaded: LoadedObject, { name }: ObjectProgram, parameters: IterParameters): Link {
  try {
    return loaded.program(name).attachIter(parameters);
  } catch (error) {
    throw new IterFailure(`attach_iter failed for program ${name}: ${reason(error)}`, {
      exit: exitOf(error, EINVAL),
      cause: error,
    });
  }
}

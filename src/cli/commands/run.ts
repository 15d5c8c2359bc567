/** `bpfiter run OBJ`: load, verify, attach, read to the end, print; nothing is left behind. */
import { BpfiterError } from '../../errors.ts';
import type { BpfObject, IterParameters, Kernel, KernelMap } from '../../index.ts';
import { checkParameters } from '../../iter-parameters.ts';
import { mainThreadsOnly, type ObjectProgram } from '../../object/index.ts';
import type { Command, Invocation } from '../command.ts';
import { naming } from '../failures.ts';
import { iteratorsOf, openObjectFile, targetOf } from '../objects.ts';
import { type Format, formats, makePrinter } from '../print-sessions.ts';
import { type IterWords, parseIterWords } from '../words.ts';

export const run: Command = {
  name: 'run',
  summary: 'load an object, run its iterator programs to the end, print what they write',
  usage: [
    'run OBJ [map MAP | task TASK | cgroup CGROUP] [--program NAME] [--record TYPE] [--format FORMAT]',
    '  MAP    := { id MAP_ID | name MAP_NAME | pinned FILE }',
    '  TASK   := { pid PID | tid TID | main_thread_only }',
    '  CGROUP := { PATH | id CGROUP_ID } [order ORDER]',
    '  ORDER  := { self_only | descendants_pre | descendants_post | ancestors_up | children }',
    '  FORMAT := { text | json | ndjson | table }',
  ],
  options: ['source', 'program', 'record', 'format'],

  async run(invocation) {
    const { words, options } = invocation;
    const path = words.expect('OBJ, the object file,');
    const iterWords = parseIterWords(words);
    words.end();
    const format = chooseFormat(invocation);

    const object = await openObjectFile(path);
    const programs = await naming(path, async () => {
      const chosen = iteratorsOf(object, options.program);
      for (const program of chosen) checkWords(program, iterWords);
      return chosen;
    });
    // What is wrong with a kernel or its source is nothing of the object's.
    const kernel = await invocation.openKernel();
    return naming(path, () => runAll(invocation, kernel, object, programs, iterWords, format));
  },
};

function chooseFormat({ options, jsonIndent }: Invocation): Format {
  const fallback: Format = jsonIndent !== undefined ? 'json' : options.record === undefined ? 'text' : 'table';
  const format = formats.find((name) => name === (options.format ?? fallback));
  if (format === undefined) {
    throw new BpfiterError('usage', `--format takes ${formats.join(', ')}, not '${options.format}'`);
  }
  if (format === 'text' && options.record !== undefined) {
    throw new BpfiterError('usage', '--format text prints what the program writes, it goes without --record');
  }
  if (format !== 'text' && options.record === undefined) {
    const asked = options.format === undefined ? 'JSON' : `--format ${format}`;
    throw new BpfiterError('usage', `${asked} needs --record TYPE, the struct that the program writes`);
  }
  return format;
}

function checkWords(program: ObjectProgram, words: IterWords): void {
  const target = targetOf(program);
  if (words.mainThreadOnly === true && target !== 'task' && target !== 'task_file') {
    throw new BpfiterError(
      'usage',
      `main_thread_only works on iter/task and iter/task_file, not on iter/${target} (program '${program.name}')`,
    );
  }
  // The map may be one of the object's own, so that only its presence can be checked before loading.
  const { mainThreadOnly: _, ...parameters } = words;
  checkParameters(target, parameters);
}

async function runAll(
  invocation: Invocation,
  kernel: Kernel,
  object: BpfObject,
  programs: readonly ObjectProgram[],
  words: IterWords,
  format: Format,
): Promise<number> {
  const printer = makePrinter(object, {
    format,
    record: invocation.options.record,
    several: programs.length > 1,
    indent: invocation.jsonIndent ?? 0,
  });
  using loaded = await kernel.load(object, {
    programs: programs.map((program) => program.name),
    logLevel: invocation.options.debug === true ? 1 : 0,
    ...(words.mainThreadOnly === true && { transform: mainThreadsOnly(kernel.btf()) }),
  });
  const parameters = resolveParameters(words, loaded.maps);
  for (const program of programs) {
    const { id, log } = loaded.program(program.name);
    invocation.debug(`program ${program.name}: loaded with id ${id}${log && `\n${log.trimEnd()}`}`);
    using link = loaded.program(program.name).attachIter(parameters);
    await printer.print(program, link.open());
  }
  await printer.end();
  return 0;
}

/** A map that the object declares goes before one of the same name elsewhere in the kernel. */
function resolveParameters(words: IterWords, own: readonly KernelMap[]): IterParameters {
  const { map, task, cgroup } = words;
  if (map !== undefined) {
    const declared = 'name' in map ? own.find((candidate) => candidate.name === map.name) : undefined;
    return { map: declared ?? map };
  }
  if (task !== undefined) return { task };
  if (cgroup !== undefined) return { cgroup };
  return {};
}

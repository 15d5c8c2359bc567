#!/usr/bin/env node
/**
 * The command line: finds the command, checks its options, runs it, and turns what is thrown into one line on stderr
 * and an exit code (0 done; 1 the kernel or the program refused; 2 usage or unreadable input). Commands are imported
 * when they are called, so that none pays for another's start-up. A signal ends the process as it is: what the kernel
 * made for it goes with its descriptors.
 */
import { parseArgs } from 'node:util';
import type { Source } from '../embedded/index.ts';
import { BpfiterError } from '../errors.ts';
import type { Kernel } from '../kernel.ts';
import type { WatchedReader } from '../procfs-node/index.ts';
import { type Command, type OptionName, type OptionValues, optionTable } from './command.ts';
import { enableCompileCache } from './compile-cache.ts';
import { exitCode, oneLine, reasonOf } from './failures.ts';
import { finishOutput, OutputClosed, write, writeLine } from './output.ts';
import { isPrefix, Words } from './words.ts';

/** In the order in which prefixes are tried. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./commands/run.ts')).run,
  iter: async () => (await import('./commands/iter.ts')).iter,
  verify: async () => (await import('./commands/verify.ts')).verify,
  prog: async () => (await import('./commands/prog.ts')).prog,
  targets: async () => (await import('./commands/targets.ts')).targets,
  link: async () => (await import('./commands/link.ts')).link,
  btf: async () => (await import('./commands/btf.ts')).btf,
  record: async () => (await import('./commands/record.ts')).record,
};

const generalOptions: readonly OptionName[] = ['help', 'version', 'debug', 'json', 'pretty', 'kernel'];

function parse(argv: readonly string[]): { words: string[]; options: OptionValues } {
  try {
    const { positionals, values } = parseArgs({ args: [...argv], options: optionTable, allowPositionals: true });
    return { words: positionals, options: values };
  } catch (error) {
    // node:util explains at length; its first sentence says what is wrong, save of a value that looks like an option.
    const message = error instanceof Error ? (error.message.split(/\. |\.?\n/)[0] ?? '') : String(error);
    const missing = /^Option '(?:.*, )?(--[a-z-]+) <value>' argument missing$/.exec(message)?.[1];
    if (missing !== undefined) throw new BpfiterError('usage', `${missing} needs a value`);
    const dashed = /^Option '(.*)' argument is ambiguous$/.exec(message);
    if (dashed !== null) {
      // The long form is the last one named: `-p, --program <value>`.
      const name = dashed[1]?.match(/--[a-z-]+/)?.[0] ?? dashed[1];
      throw new BpfiterError('usage', `${name} needs a value; one that begins with a dash is written ${name}=VALUE`);
    }
    throw new BpfiterError('usage', `${message[0]?.toLowerCase()}${message.slice(1)}`);
  }
}

async function findCommand(word: string): Promise<Command> {
  const name = Object.keys(commands).find((candidate) => isPrefix(word, candidate));
  const load = name === undefined ? undefined : commands[name];
  if (load === undefined) {
    throw new BpfiterError('usage', `no command '${word}'; there are: ${Object.keys(commands).join(', ')}`);
  }
  return load();
}

function checkOptions(command: Command, options: OptionValues): void {
  const taken = new Set<string>([...generalOptions, ...command.options]);
  const wrong = Object.keys(options).find((name) => !taken.has(name));
  if (wrong !== undefined) throw new BpfiterError('usage', `'${command.name}' takes no option --${wrong}`);
  const { kernel } = options;
  if (kernel !== undefined && !['auto', 'host', 'embedded'].includes(kernel)) {
    throw new BpfiterError('usage', `--kernel takes auto, host or embedded, not '${kernel}'`);
  }
}

function optionHelp(names: readonly OptionName[]): string {
  return names
    .map((name) => {
      const option: { short?: string; value?: string; help: string } = optionTable[name];
      const short = option.short === undefined ? '    ' : `-${option.short}, `;
      const value = option.value === undefined ? '' : ` ${option.value}`;
      return `  ${short}${`--${name}${value}`.padEnd(32)} ${option.help}\n`;
    })
    .join('');
}

async function generalHelp(): Promise<string> {
  const all = await Promise.all(Object.values(commands).map((load) => load()));
  const lines = all.map((command) => `  ${command.name.padEnd(8)} ${command.summary}\n`).join('');
  return `Usage: bpfiter [OPTIONS] COMMAND\n\n${lines}\nOptions:\n${optionHelp(generalOptions)}\n'bpfiter COMMAND --help' tells about one command.\n`;
}

function commandHelp(command: Command): string {
  // What begins with blanks goes on with the line above it.
  const usage = command.usage.map((line) => `  ${line.startsWith(' ') ? '' : 'bpfiter '}${line}\n`).join('');
  return `${command.summary}\n\nUsage:\n${usage}\nOptions:\n${optionHelp([...command.options, ...generalOptions])}`;
}

/** One line on stderr; with -d the detail (usually a verifier log) before it. @returns the exit code */
function report(error: unknown, debug: boolean): number {
  if (error instanceof OutputClosed) return 0;
  const known = error instanceof BpfiterError;
  const detail = known ? error.detail : (error as Error | undefined)?.stack;
  if (debug && detail !== undefined) process.stderr.write(`${detail.trimEnd()}\n`);
  process.stderr.write(`bpfiter: ${known ? '' : 'internal error: '}${oneLine(reasonOf(error))}\n`);
  return known ? exitCode(error) : 1;
}

async function main(argv: readonly string[]): Promise<number> {
  let debug = argv.includes('-d') || argv.includes('--debug');
  try {
    const { words, options } = parse(argv);
    debug = options.debug === true;
    const exit = await dispatch(words, options);
    await finishOutput();
    return exit;
  } catch (error) {
    return report(error, debug);
  }
}

async function dispatch([word, ...rest]: readonly string[], options: OptionValues): Promise<number> {
  if (options.version === true || word === 'version') {
    const { version } = await import('../version.ts');
    await writeLine(options.json === true ? JSON.stringify({ version }) : `bpfiter v${version}`);
    return 0;
  }
  if (word === 'help' && rest[0] !== undefined) {
    await write(commandHelp(await findCommand(rest[0])));
    return 0;
  }
  if (word === undefined || word === 'help') {
    await write(await generalHelp());
    return word === undefined && options.help !== true ? 2 : 0;
  }
  const command = await findCommand(word);
  if (options.help === true) {
    await write(commandHelp(command));
    return 0;
  }
  checkOptions(command, options);
  return invoke(command, rest, options);
}

type KernelChoice = 'auto' | 'host' | 'embedded';

/** Why the choice was left to us and fell on the embedded kernel, as a clause. */
async function whyEmbedded({ kind }: Kernel, choice: KernelChoice): Promise<string> {
  if (kind !== 'embedded' || choice !== 'auto') return '';
  const { hostUsable } = await import('../host/index.ts');
  const permission = hostUsable();
  return permission.ok ? '' : `: ${permission.reason}`;
}

async function invoke(command: Command, words: readonly string[], options: OptionValues): Promise<number> {
  let kernel: Kernel | undefined;
  const debug = (message: string) => {
    if (options.debug === true) process.stderr.write(`bpfiter: ${message}\n`);
  };
  let snapshot: WatchedReader | undefined;
  const openSnapshot = async (path: string): Promise<Source> => {
    const { openReader, openSource, WatchedReader } = await import('../procfs-node/index.ts');
    // Watching costs a little for each file that is read.
    if (options.debug !== true) return openSource(path);
    snapshot = new WatchedReader(await openReader(path));
    const { procfsSource } = await import('../embedded/index.ts');
    return procfsSource(snapshot);
  };
  const open = async (chosen: KernelChoice): Promise<Kernel> => {
    if (kernel === undefined) {
      const { openKernel } = await import('../index.ts');
      kernel = await openKernel({
        kernel: chosen,
        ...(options.source !== undefined && { source: await openSnapshot(options.source) }),
        onTrace: (line) => process.stderr.write(`${oneLine(line)}\n`),
        onUnreadable: (unreadable) => {
          for (const [what, count] of unreadable)
            debug(`'${what}' of ${count} object${count === 1 ? '' : 's'} is not known`);
        },
      });
      // Finding out why takes longer than loading a program.
      if (options.debug === true) debug(`using the ${kernel.kind} kernel${await whyEmbedded(kernel, chosen)}`);
    }
    return kernel;
  };
  const choice = (options.kernel ?? 'auto') as KernelChoice; // checked by checkOptions()
  try {
    return await command.run({
      words: new Words(words, command.name),
      options,
      jsonIndent: options.pretty === true ? 2 : options.json === true ? 0 : undefined,
      debug,
      openKernel: () => open(choice),
      openEmbeddedKernel: async () => {
        if (choice !== 'host') return open('embedded');
        throw new BpfiterError('usage', 'the host kernel cannot do this; leave out --kernel host');
      },
      openLastingKernel: async () => {
        if (choice !== 'embedded') return open('host');
        throw new BpfiterError('unsupported', 'the embedded kernel ends with this command, and its links and pins too');
      },
    });
  } finally {
    if (snapshot !== undefined) {
      const { snapshotGaps } = await import('./snapshot-gaps.ts');
      for (const gap of snapshotGaps(snapshot.name, snapshot.missing)) debug(gap);
    }
    kernel?.close();
  }
}

enableCompileCache();
process.exitCode = await main(process.argv.slice(2));

/** What a command is, and the state that the main program hands to it. One file a command under commands/. */
import type { Kernel } from '../kernel.ts';
import type { Words } from './words.ts';

/** All options of the command line, by long name; which of them a command takes is `Command.options`. */
export const optionTable = {
  help: { type: 'boolean', short: 'h', help: 'print help' },
  version: { type: 'boolean', short: 'V', help: 'print the version' },
  debug: { type: 'boolean', short: 'd', help: 'say on stderr what is done and why, with verifier logs' },
  json: { type: 'boolean', short: 'j', help: 'print JSON' },
  pretty: { type: 'boolean', short: 'p', help: 'print indented JSON' },
  kernel: { type: 'string', value: 'auto|host|embedded', help: 'which kernel (default: auto)' },
  source: { type: 'string', value: 'FILE|DIR', help: 'objects of the embedded kernel: a snapshot (default: /proc)' },
  program: { type: 'string', value: 'NAME', help: 'only this program of the object' },
  record: { type: 'string', value: 'TYPE', help: 'decode the output as a stream of this struct of the object' },
  format: { type: 'string', value: 'FORMAT', help: 'form of the output' },
  log: {
    type: 'string',
    value: 'LEVEL',
    help: "print the verifier's log: 1 branches, 2 every instruction, 4 statistics",
  },
  type: { type: 'string', value: 'NAME', help: 'only this type, with those it needs' },
  btf: { type: 'string', value: 'FILE', help: "BTF of the kernel to verify for (default: the running kernel's)" },
  base: { type: 'string', value: 'FILE', help: 'BTF that a split BTF file is based on' },
  context: { type: 'string', value: 'HEX|@FILE', help: 'context handed to the program' },
  data: { type: 'string', value: 'HEX|@FILE', help: 'packet or buffer handed to the program' },
  repeat: { type: 'string', value: 'N', help: 'run so many times' },
  include: {
    type: 'string',
    value: 'LIST',
    help: 'what to record beside the processes themselves',
  },
  redact: { type: 'boolean', help: 'replace addresses, and the values of arguments and environments' },
  'max-size': { type: 'string', value: 'SIZE', help: 'give up rather than write more (bytes, or with K, M, G)' },
  all: { type: 'boolean', help: 'every program of the object in turn' },
  wat: { type: 'boolean', help: 'the WebAssembly that the embedded kernel makes of the program, as text' },
  mount: { type: 'boolean', help: 'mount a bpffs on the directory of PATH if it is empty or missing' },
  // What bpftool's generic option parser takes as well; accepted by `iter` so that its command lines work unchanged.
  bpffs: { type: 'boolean', short: 'f', help: 'show the pinned paths' },
  nomount: { type: 'boolean', short: 'n', help: 'accepted for bpftool compatibility: nothing is mounted unasked' },
  mapcompat: { type: 'boolean', short: 'm', help: 'accepted for bpftool compatibility: no effect' },
} as const satisfies Record<string, OptionDescription>;

interface OptionDescription {
  readonly type: 'boolean' | 'string';
  readonly short?: string;
  readonly value?: string;
  readonly help: string;
}

export type OptionName = keyof typeof optionTable;

export type OptionValues = {
  readonly [Name in OptionName]?: (typeof optionTable)[Name]['type'] extends 'boolean' ? boolean : string;
};

export interface Invocation {
  readonly words: Words;
  readonly options: OptionValues;
  /** Spaces a level of JSON; undefined where no JSON is wanted. */
  readonly jsonIndent: number | undefined;
  /** Opens the kernel that the options choose; closed by the main program. */
  openKernel(): Promise<Kernel>;
  /**
   * The same for what is to outlast the command, or was there before it: the host kernel.
   * @throws BpfiterError `unsupported` if the options choose the embedded one
   */
  openLastingKernel(): Promise<Kernel>;
  /**
   * The embedded kernel, for what only it can do.
   * @throws BpfiterError `usage` if the options choose the other one
   */
  openEmbeddedKernel(): Promise<Kernel>;
  /** Says something on stderr if `-d` was given. */
  debug(message: string): void;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Lines of the grammar, without the program's name. */
  readonly usage: readonly string[];
  /** Beside the general ones (help, version, debug, json, pretty, kernel). */
  readonly options: readonly OptionName[];
  /** @returns the exit code */
  run(invocation: Invocation): Promise<number>;
}

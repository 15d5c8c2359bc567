/**
 * The plugin protocol of the public suite bpf_conformance: the program as base16 on standard input (or after
 * `--program`), the memory as base16 in the first argument, r0 in hexadecimal on standard output. Source: README.md and
 * libbpf_plugin/libbpf_plugin.cc of https://github.com/Alan-Jowett/bpf_conformance.
 */
import { BpfiterError } from '../errors.ts';

export const conformanceUsage =
  'usage: bpfiter-conformance [--program BASE16] [MEMORY as base16] [--debug] [--elf] [--xdp-prolog]';

export interface ConformanceArguments {
  /** Base16; undefined: it comes on standard input. */
  readonly program: string | undefined;
  readonly memory: Uint8Array;
  /** Says why a program was refused. */
  readonly debug: boolean;
  /** The program is an object file. */
  readonly elf: boolean;
  /** The program begins with code that takes its memory out of an xdp_md: the suite's `--xdp_prolog true`. */
  readonly xdpProlog: boolean;
}

/** @throws BpfiterError `usage` */
export function parseConformanceArguments(words: readonly string[]): ConformanceArguments {
  const rest = [...words];
  const options = new Set<string>();
  let program: string | undefined;
  let memory: Uint8Array | undefined;
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--program') {
      program = rest.shift();
      if (program === undefined) throw new BpfiterError('usage', '--program needs the program');
    } else if (['--debug', '--elf', '--xdp-prolog'].includes(word)) options.add(word);
    else if (word.startsWith('--') || memory !== undefined) {
      throw new BpfiterError('usage', `unexpected argument '${word}'`);
    } else memory = decodeBase16(word);
  }
  return {
    program,
    memory: memory ?? new Uint8Array(),
    debug: options.has('--debug'),
    elf: options.has('--elf'),
    xdpProlog: options.has('--xdp-prolog'),
  };
}

/** Pairs of digits, with blanks between them or without. @throws BpfiterError `malformed` */
export function decodeBase16(text: string): Uint8Array {
  const digits = text.replaceAll(/\s+/g, '');
  if (!/^([0-9a-f]{2})*$/i.test(digits)) {
    throw new BpfiterError('malformed', 'the bytes are not written as pairs of hexadecimal digits');
  }
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** As the suite reads it: no prefix, no leading zeros. */
export const formatResult = (r0: bigint): string => BigInt.asUintN(64, r0).toString(16);

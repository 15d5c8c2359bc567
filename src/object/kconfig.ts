/**
 * The values of `.kconfig` externs: numbers, words and strings of the kernel's configuration (`CONFIG_HZ`), and a few
 * that the loader makes up about the kernel (`LINUX_KERNEL_VERSION`). Where the externs lie in the map is
 * extern-declarations.ts's subject, finding the configuration of a running kernel its host's.
 *
 * Facts: libbpf 1.8, bpf_object__resolve_externs() and the functions it calls in src/libbpf.c. As there, strings are
 * taken as they stand between their quotes, escapes included.
 */
import { checkText } from '../arguments.ts';
import { BpfiterError } from '../errors.ts';
import type { KconfigExtern } from './model.ts';
import type { LinkTarget } from './target.ts';

const CONFIG_PREFIX = 'CONFIG_';
const BUILTIN_PREFIX = 'LINUX_';
/** enum libbpf_tristate */
const TRISTATE: ReadonlyMap<string, number> = new Map([
  ['n', 0],
  ['y', 1],
  ['m', 2],
]);

/** What the loader itself knows about a kernel. */
const BUILTINS: ReadonlyMap<string, (target: LinkTarget) => bigint> = new Map([
  ['LINUX_KERNEL_VERSION', (target: LinkTarget) => BigInt(target.kernelVersion())],
  ['LINUX_HAS_BPF_COOKIE', (target: LinkTarget) => (target.supports('bpf-cookie') ? 1n : 0n)],
  ['LINUX_HAS_SYSCALL_WRAPPER', (target: LinkTarget) => (target.supports('syscall-wrapper') ? 1n : 0n)],
]);

/**
 * Reads kernel configuration text, as /proc/config.gz has it when unpacked.
 * @param origin for messages: a file's name, or what else the text is
 * @returns what stands after the `=` by what stands before it; the first of several wins
 * @throws BpfiterError `malformed`
 */
export function parseKconfig(text: string, origin: string): ReadonlyMap<string, string> {
  checkText('parseKconfig()', 'lines like CONFIG_X=y (a string)', text);
  const values = new Map<string, string>();
  for (const [index, line] of text.split('\n').entries()) {
    if (!line.startsWith(CONFIG_PREFIX)) continue;
    const equals = line.indexOf('=');
    const name = equals < 0 ? line : line.slice(0, equals);
    const value = equals < 0 ? '' : line.slice(equals + 1);
    if (value === '') {
      throw new BpfiterError(
        'malformed',
        `${origin}:${index + 1}: '${name}' has no value; write ${name}=y, =m, =42 or ="text"`,
      );
    }
    if (!values.has(name)) values.set(name, value);
  }
  return values;
}

/**
 * Writes the values into the contents of the `.kconfig` map.
 * @param overrides configuration text that goes before the kernel's own
 * @throws BpfiterError `not-found` for an extern that is not weak and has no value, or if there is no configuration;
 *   `malformed` for a value that the extern's type cannot hold; `unsupported` for an unknown `LINUX_*`
 */
export function fillKconfig(
  contents: Uint8Array,
  externs: readonly KconfigExtern[],
  target: LinkTarget,
  overrides?: string,
): void {
  const view = new DataView(contents.buffer, contents.byteOffset, contents.byteLength);
  const given = overrides === undefined ? undefined : parseKconfig(overrides, 'kconfig option');
  let system: ReadonlyMap<string, string> | undefined;
  for (const extern of externs) {
    if (!extern.name.startsWith(CONFIG_PREFIX)) {
      writeNumber(view, extern, builtin(extern, target));
      continue;
    }
    let value = given?.get(extern.name);
    if (value === undefined) {
      system ??= configuration(target, extern);
      value = system.get(extern.name);
    }
    if (value !== undefined) writeConfigured(view, extern, value);
    else if (!extern.weak) {
      throw new BpfiterError('not-found', `extern '${extern.name}': the kernel's configuration does not have it`);
    }
  }
}

function configuration(target: LinkTarget, { name }: KconfigExtern): ReadonlyMap<string, string> {
  const system = target.kconfig();
  if (system !== undefined) return system;
  throw new BpfiterError(
    'not-found',
    `extern '${name}': the kernel's configuration is not available (/boot/config-<release>, /proc/config.gz)`,
  );
}

function builtin({ name, weak }: KconfigExtern, target: LinkTarget): bigint {
  const compute = BUILTINS.get(name);
  if (compute !== undefined) return compute(target);
  if (weak && name.startsWith(BUILTIN_PREFIX)) return 0n;
  throw new BpfiterError(
    'unsupported',
    `extern '${name}' is no configuration option; known are ${CONFIG_PREFIX}* and ${[...BUILTINS.keys()].join(', ')}`,
  );
}

/** Writes what stands after the `=`: its first character says what it is. */
function writeConfigured(view: DataView, extern: KconfigExtern, value: string): void {
  const [first = ''] = value;
  const state = TRISTATE.get(first);
  if (state !== undefined) writeTristate(view, extern, first, state);
  else if (first === '"') writeString(view, extern, value);
  else if (extern.valueType === 'int' || extern.valueType === 'char') {
    writeNumber(view, extern, parseNumber(extern, value));
  } else throw unfit(extern, value, 'an integer');
}

function writeTristate(view: DataView, extern: KconfigExtern, letter: string, state: number): void {
  switch (extern.valueType) {
    case 'bool':
      if (letter === 'm') throw unfit(extern, letter, 'a tristate or char');
      view.setUint8(extern.offset, state);
      break;
    case 'tristate':
      view.setUint32(extern.offset, state, true);
      break;
    case 'char':
      view.setUint8(extern.offset, letter.charCodeAt(0));
      break;
    default:
      throw unfit(extern, letter, 'a bool, tristate or char');
  }
}

/** Cut where the array ends, with room for the NUL. */
function writeString(view: DataView, extern: KconfigExtern, quoted: string): void {
  if (extern.valueType !== 'char-array') throw unfit(extern, quoted, 'an array of char');
  if (quoted.length < 2 || !quoted.endsWith('"')) {
    throw new BpfiterError('malformed', `extern '${extern.name}': string ${quoted} has no closing quote`);
  }
  const bytes = new TextEncoder().encode(quoted.slice(1, -1)).subarray(0, extern.size - 1);
  for (let at = 0; at < extern.size; at++) view.setUint8(extern.offset + at, bytes[at] ?? 0);
}

/** Decimal, hexadecimal (0x) or octal (0), as C's strtoull reads them: a minus sign wraps around 64 bits. */
function parseNumber({ name }: KconfigExtern, value: string): bigint {
  const [, sign = '', digits = ''] = /^\s*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)$/.exec(value) ?? [];
  if (digits === '') throw new BpfiterError('malformed', `extern '${name}': '${value}' is not an integer`);
  const magnitude = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  if (magnitude !== BigInt.asUintN(64, magnitude)) {
    throw new BpfiterError('malformed', `extern '${name}': '${value}' does not fit into 64 bits`);
  }
  return BigInt.asUintN(64, sign === '-' ? -magnitude : magnitude);
}

/** @param value as 64 bits */
function writeNumber(view: DataView, extern: KconfigExtern, value: bigint): void {
  const { valueType, size, offset, signed } = extern;
  if (valueType !== 'int' && valueType !== 'char' && valueType !== 'bool') {
    throw unfit(extern, String(value), 'an integer, char or bool');
  }
  const bits = size * 8;
  const fits =
    valueType === 'bool'
      ? value <= 1n
      : size === 8 || value === BigInt.asUintN(64, signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value));
  if (!fits) {
    const shown = signed ? BigInt.asIntN(64, value) : value;
    throw new BpfiterError('malformed', `extern '${extern.name}': ${shown} does not fit into ${describe(extern)}`);
  }
  for (let at = 0; at < size; at++) view.setUint8(offset + at, Number((value >> BigInt(at * 8)) & 0xffn));
}

function unfit(extern: KconfigExtern, value: string, needed: string): BpfiterError {
  const message = `extern '${extern.name}' is ${describe(extern)}, but its value ${value} needs ${needed}`;
  return new BpfiterError('malformed', message);
}

function describe({ valueType, size, signed }: KconfigExtern): string {
  switch (valueType) {
    case 'int':
      return `${signed ? 'a signed' : 'an unsigned'} integer of ${size} bytes`;
    case 'char-array':
      return `an array of ${size} chars`;
    default:
      return `a ${valueType}`;
  }
}

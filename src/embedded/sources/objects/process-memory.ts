/**
 * Memory of a described process: what its areas hold, and its arguments and environment, which lie where the kernel puts
 * them: at the end of the stack, the environment right behind the arguments. All else cannot be read.
 * Facts: create_elf_tables() and setup_arg_pages() of Linux 6.18 for where that is; proc_pid_cmdline(5), environ(7).
 */
import type { AreaDescription, TaskDescription } from './descriptions.ts';

/** End of the stack on x86-64, of processes that are described without one. */
const STACK_END = 0x7ffffffff000;
const ALIGNMENT = 16;
const encoder = new TextEncoder();

/** Where the arguments and the environment begin and end, as mm_struct has it; zeros if there are none. */
export interface ArgumentRanges {
  readonly arguments: readonly [start: number, end: number];
  readonly environment: readonly [start: number, end: number];
}

interface Piece {
  readonly start: number;
  readonly bytes: Uint8Array;
}

export const isStack = ({ path }: AreaDescription): boolean => path === '[stack]';

/** Bytes of the arguments and of the environment, each string with its NUL. */
export function argumentBytes({ arguments: args = [], environment = {} }: TaskDescription): [Uint8Array, Uint8Array] {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return [joined(args), joined(variables)];
}

const joined = (strings: readonly string[]): Uint8Array => encoder.encode(strings.map((text) => `${text}\0`).join(''));

export function argumentRanges(task: TaskDescription): ArgumentRanges {
  const [args, environment] = argumentBytes(task);
  const size = args.length + environment.length;
  if (size === 0) return { arguments: [0, 0], environment: [0, 0] };
  const end = task.areas?.find(isStack)?.end ?? STACK_END;
  const start = end - Math.ceil(size / ALIGNMENT) * ALIGNMENT;
  const between = start + args.length;
  return { arguments: [start, between], environment: [between, between + environment.length] };
}

/** @returns the bytes from that address on, as many as there are up to the size */
export function readMemory(task: TaskDescription, address: number, size: number): Uint8Array {
  const pieces = piecesOf(task);
  const found = new Uint8Array(size);
  let length = 0;
  while (length < size) {
    const at = address + length;
    const piece = pieces.find(({ start, bytes }) => start <= at && at < start + bytes.length);
    if (piece === undefined) break;
    const bytes = piece.bytes.subarray(at - piece.start).subarray(0, size - length);
    found.set(bytes, length);
    length += bytes.length;
  }
  return found.subarray(0, length);
}

function piecesOf(task: TaskDescription): Piece[] {
  const [args, environment] = argumentBytes(task);
  const ranges = argumentRanges(task);
  const areas = (task.areas ?? []).map(({ start, end, contents }) => {
    if (contents === undefined) return { start, bytes: new Uint8Array() };
    const bytes = new Uint8Array(end - start);
    bytes.set(contents);
    return { start, bytes };
  });
  // Arguments come first: they lie in the stack, whatever else that holds.
  return [{ start: ranges.arguments[0], bytes: args }, { start: ranges.environment[0], bytes: environment }, ...areas];
}

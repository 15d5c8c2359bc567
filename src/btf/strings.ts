/**
 * The string section of a BTF blob, and the rule that splits a flavour off a type's name.
 * A split blob's offsets continue those of its base, so a table knows where it begins and asks its base for what
 * lies before. Strings are decoded when asked for and remembered by offset.
 */
import { BpfiterError } from '../errors.ts';

const UNDERSCORE = 0x5f;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

export class StringTable {
  readonly base: StringTable | undefined;
  readonly bytes: Uint8Array;
  /** Offset of the first byte. */
  readonly start: number;
  /** Offset after the last byte: where the strings of a blob split on this one begin. */
  readonly end: number;
  readonly #name: string;
  readonly #decoded = new Map<number, string>();

  /** @throws BpfiterError `malformed` unless the section begins and ends as it must */
  constructor(bytes: Uint8Array, base: StringTable | undefined, name: string) {
    const split = base !== undefined;
    if (bytes.length === 0 ? !split : bytes[bytes.length - 1] !== 0) {
      throw new BpfiterError('malformed', `${name}: BTF string section does not end with a NUL`);
    }
    if (!split && bytes[0] !== 0) {
      throw new BpfiterError(
        'malformed',
        `${name}: BTF string section does not begin with an empty string (split BTF needs its base)`,
      );
    }
    this.base = base;
    this.bytes = bytes;
    this.start = base?.end ?? 0;
    this.end = this.start + bytes.length;
    this.#name = name;
  }

  /** The table of the chain that holds this offset. */
  owner(offset: number): StringTable {
    if (offset >= this.start && offset < this.end) return this;
    if (offset >= this.start || this.base === undefined) {
      throw new BpfiterError(
        'malformed',
        `${this.#name}: BTF string offset ${offset} lies beyond the string section, which ends at ${this.end}`,
      );
    }
    return this.base.owner(offset);
  }

  at(offset: number): string {
    const known = this.#decoded.get(offset);
    if (known !== undefined) return known;
    const owner = this.owner(offset);
    const text = owner === this ? decode(this.bytes, offset - this.start) : owner.at(offset);
    this.#decoded.set(offset, text);
    return text;
  }
}

function decode(bytes: Uint8Array, from: number): string {
  let end = from;
  while (end < bytes.length && bytes[end] !== 0) end++;
  return decoder.decode(bytes.subarray(from, end));
}

/** The name's UTF-8 with a NUL after it. */
export function encodeName(name: string): Uint8Array {
  return encoder.encode(`${name}\0`);
}

/** A name as it may stand in a message: on one line, whatever is in it. */
export function printable(name: string): string {
  return JSON.stringify(name).slice(1, -1);
}

/**
 * Bytes of a NUL-terminated name before its flavour. A flavour begins at the last place where exactly three
 * underscores stand between two other characters (libbpf: bpf_core_essential_name_len).
 */
export function essentialLength(bytes: Uint8Array, from: number): number {
  let at = from;
  let essential = -1;
  let underscores = 0;
  for (let byte = bytes[at] ?? 0; byte !== 0; byte = bytes[++at] ?? 0) {
    if (byte === UNDERSCORE) {
      underscores++;
      continue;
    }
    if (underscores === 3 && at - 3 > from) essential = at - 3 - from;
    underscores = 0;
  }
  return essential < 0 ? at - from : essential;
}

/** A type's name without its `___flavour`: `task_struct___v5` -> `task_struct`. */
export function essentialName(name: string): string {
  const bytes = encodeName(name);
  return decoder.decode(bytes.subarray(0, essentialLength(bytes, 0)));
}

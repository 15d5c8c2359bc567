/**
 * Arguments as callers without types give them: one line that says which call takes what, and what it got, in place of
 * whatever the engine makes of it deep inside. For what users call; rooms trust one another.
 */
import { BpfiterError } from './errors.ts';

const LONGEST_SHOWN = 40;

/** A value as messages show it: `"text"`, `5`, `an array`. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN)}...` : value);
  }
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return describeObject(value);
  return typeof value === 'function' || typeof value === 'symbol' ? `a ${typeof value}` : String(value);
}

/** By its class, where that says more than that it is an object. */
function describeObject(value: object): string {
  const { name = '' } = (Object.getPrototypeOf(value) as object | null)?.constructor ?? {};
  if (name === '' || name === 'Object') return 'an object';
  return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`;
}

/**
 * @param call as the caller wrote it: `openObject()`
 * @param takes `the bytes of an object file (Uint8Array)`
 */
export function wrongArgument(call: string, takes: string, given: unknown): BpfiterError {
  return new BpfiterError('usage', `${call} takes ${takes}, not ${describeValue(given)}`);
}

/** Whether it is a Uint8Array, or a Buffer; of another realm too, as test runners give them. */
export const isBytes = (value: unknown): value is Uint8Array =>
  value instanceof Uint8Array ||
  (ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]');

/** @throws BpfiterError `usage` unless it is bytes */
export function checkBytes(call: string, takes: string, given: unknown): void {
  if (!isBytes(given)) throw wrongArgument(call, `${takes} (Uint8Array)`, given);
}

/** @throws BpfiterError `usage` unless it is a string */
export function checkText(call: string, takes: string, given: unknown): void {
  if (typeof given !== 'string') throw wrongArgument(call, takes, given);
}

/** Where something is pinned. @throws BpfiterError `usage` unless it is a string */
export const checkPath = (path: unknown): void => checkText('a pin', 'a path (a string)', path);

/** @throws BpfiterError `usage` unless it is an object that has all of these properties, or methods */
export function checkObject(call: string, takes: string, given: unknown, has: readonly string[] = []): void {
  if (typeof given !== 'object' || given === null || !has.every((name) => name in given)) {
    throw wrongArgument(call, takes, given);
  }
}

/**
 * Options, of which none may be misspelt: it would be ignored without a word.
 * @throws BpfiterError `usage` unless it is an object without others than these
 */
export function checkOptionNames(call: string, given: unknown, names: readonly string[]): void {
  const takes = `options (${names.join(', ')})`;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw wrongArgument(call, takes, given);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new BpfiterError('usage', `${call} takes ${takes}, not '${unknown}'`);
}

/** @throws BpfiterError `usage` unless it is BTF, as far as can be seen from here */
export function checkBtf(call: string, given: unknown): void {
  checkObject(call, 'BTF: object.btf, kernel.btf() or Btf.parse(bytes)', given, ['kindOf', 'nameOf']);
}

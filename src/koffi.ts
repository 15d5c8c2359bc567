/**
 * koffi, through which functions of libc are called that Node has no word for, or a slow one. It is an optional
 * dependency of several megabytes: it is loaded by the first who asks, never by an import.
 */
import { createRequire } from 'node:module';

export type ForeignValue = number | bigint | string | Uint8Array | null;
export type ForeignFunction = (...values: ForeignValue[]) => number | bigint;
/** The same function, called in a thread of Node's pool. */
export interface WaitingFunction {
  async(...values: [...ForeignValue[], (error: Error | null, result: number) => void]): void;
}

export interface ForeignLibrary {
  func(name: string, result: string, parameters: readonly string[]): ForeignFunction & WaitingFunction;
}

/** The little of koffi that is used; its own types would have to be installed to compile. */
export interface Koffi {
  load(path: null): ForeignLibrary;
  errno(): number;
  address(value: Uint8Array): bigint;
  view(address: bigint, length: number): ArrayBuffer;
}

/** @throws what Node throws for a package that is not installed, or not built for this machine */
export function loadKoffi(): Koffi {
  return createRequire(import.meta.url)('koffi');
}

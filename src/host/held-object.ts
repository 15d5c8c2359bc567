/**
 * What maps, programs and links have in common: a descriptor that holds the kernel's object until it is closed, and
 * pins that hold it from then on.
 */
import { closeSync } from 'node:fs';
import { BpfiterError } from '../errors.ts';
import { pin } from './bpffs.ts';

/** Owns its descriptor. Using it after `close` is a `usage` error and never reaches another file. */
export abstract class HeldObject implements Disposable {
  /** For messages: `map 'x'`. */
  protected readonly what: string;
  #fd: number;

  /** Takes over the descriptor. */
  constructor(fd: number, what: string) {
    this.#fd = fd;
    this.what = what;
  }

  get fd(): number {
    if (this.#fd < 0) throw new BpfiterError('usage', `${this.what} is closed`);
    return this.#fd;
  }

  /** @throws BpfiterError `usage` for a path outside bpffs or with a dot, `not-found`, `refused` if it exists */
  pin(path: string): void {
    pin(this.fd, path, this.what);
  }

  /** Closing twice does nothing. */
  close(): void {
    if (this.#fd < 0) return;
    const fd = this.#fd;
    this.#fd = -1;
    closeSync(fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

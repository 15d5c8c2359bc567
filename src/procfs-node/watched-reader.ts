/**
 * Watches what is read of a snapshot, to tell afterwards which kinds of things were asked for that it does not have at
 * all: they were left out when it was recorded, and programs find nothing where there was something.
 */
import { type FileStatus, type ProcReader, UNREADABLE, VANISHED } from '../embedded/index.ts';
import type { Recordable } from './record.ts';

/** Where record() puts each kind. */
const PLACES: readonly (readonly [kind: Recordable, path: RegExp])[] = [
  ['threads', /^\/proc\/\d+\/task$/],
  ['files', /^\/proc\/\d+\/fd(info)?(\/|$)/],
  ['maps', /^\/proc\/\d+\/maps$/],
  ['arguments', /^\/proc\/\d+\/cmdline$/],
  ['environment', /^\/proc\/\d+\/environ$/],
  ['stacks', /\/(stack|syscall)$/],
  ['network', /^\/proc\/net\//],
  ['symbols', /^\/proc\/kallsyms$/],
  ['lists', /^\/proc\/slabinfo$|^\/sys\/kernel\//],
  ['cgroups', /\/cgroup\.(procs|threads|stat)$/],
];

type Missing = typeof VANISHED | typeof UNREADABLE;

export class WatchedReader implements ProcReader {
  readonly #reader: ProcReader;
  readonly #asked = new Set<Recordable>();
  readonly #found = new Set<Recordable>();

  constructor(reader: ProcReader) {
    this.#reader = reader;
  }

  /** Kinds that were asked for, and of which nothing was there. */
  get missing(): readonly Recordable[] {
    return [...this.#asked].filter((kind) => !this.#found.has(kind));
  }

  get name(): string {
    return this.#reader.name;
  }

  get recorded(): boolean {
    return this.#reader.recorded;
  }

  get buffer(): Uint8Array {
    return this.#reader.buffer;
  }

  read(path: string): number {
    const length = this.#reader.read(path);
    this.#note(path, length !== VANISHED);
    return length;
  }

  readAt(path: string, position: number, size: number): number {
    return this.#reader.readAt?.(path, position, size) ?? 0;
  }

  list(path: string): readonly string[] | Missing {
    const names = this.#reader.list(path);
    // Every process has one thread, its leader; that says nothing.
    this.#note(path, names !== VANISHED && (names === UNREADABLE || !path.endsWith('/task') || names.length > 1));
    return names;
  }

  link(path: string): string | Missing {
    const link = this.#reader.link(path);
    this.#note(path, link !== VANISHED);
    return link;
  }

  status(path: string): FileStatus | Missing {
    return this.#reader.status(path);
  }

  close(): void {
    this.#reader.close();
  }

  #note(path: string, found: boolean): void {
    const kind = PLACES.find(([, pattern]) => pattern.test(path))?.[0];
    if (kind === undefined) return;
    this.#asked.add(kind);
    if (found) this.#found.add(kind);
  }
}

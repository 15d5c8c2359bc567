/** Namespaces: one struct for each, by its number. From the links of /proc/PID/ns. */
import type { KernelMemory } from '../../memory/kernel-memory.ts';
import type { Model } from '../../model/index.ts';
import type { Arena } from '../pool.ts';
import { type ProcReader, UNREADABLE, VANISHED } from './reader.ts';
import { countUnreadable, type SessionState } from './tasks.ts';

export class Namespaces {
  readonly #memory: KernelMemory;
  readonly #model: Model;
  readonly #reader: ProcReader;
  readonly #arena: Arena;
  readonly #offsets = new Map<string, number>();
  #network: number | undefined;

  constructor(memory: KernelMemory, model: Model, reader: ProcReader, arena: Arena) {
    this.#memory = memory;
    this.#model = model;
    this.#reader = reader;
    this.#arena = arena;
  }

  /** @param directory of a task @param link `uts` @returns offset of the struct, 0 where it is not told */
  of(directory: string, link: string, struct: string, session: SessionState): number {
    const text = this.#reader.link(`${directory}/ns/${link}`);
    if (text === UNREADABLE) countUnreadable(session, 'ns', directory);
    return this.#named(text, struct);
  }

  /** The network that the reader is in, of which the tables of /proc/net tell; 0 where it is not told. */
  network(): number {
    if (this.#network === undefined) {
      const self = this.#reader.link('/proc/self');
      const isTold = self !== VANISHED && self !== UNREADABLE;
      this.#network = isTold ? this.#named(this.#reader.link(`/proc/${self}/ns/net`), 'net') : 0;
    }
    return this.#network;
  }

  #named(text: string | typeof VANISHED | typeof UNREADABLE, struct: string): number {
    if (text === VANISHED || text === UNREADABLE) return 0;
    const inum = Number(/\[(\d+)\]$/.exec(text)?.[1]);
    return Number.isNaN(inum) ? 0 : this.numbered(struct, inum);
  }

  numbered(struct: string, inum: number): number {
    const key = `${struct} ${inum}`;
    let offset = this.#offsets.get(key);
    if (offset === undefined) {
      const layout = this.#model.layoutOf(struct);
      offset = this.#arena.take(layout.size);
      this.#memory.u32[(offset + layout.field('ns.inum').offset) >> 2] = inum;
      this.#offsets.set(key, offset);
    }
    return offset;
  }

  clear(): void {
    this.#offsets.clear();
    this.#network = undefined;
  }
}

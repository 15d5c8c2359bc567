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
  }
}

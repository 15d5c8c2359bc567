/**
 * A small /proc in memory for tests: files by path, links and statuses; what is not there has vanished, what is null
 * may not be read.
 */
import { type FileStatus, type ProcReader, UNREADABLE, VANISHED } from '../../../src/embedded/index.ts';

export interface Snapshot {
  readonly files: Record<string, string | null>;
  readonly links?: Record<string, string | null>;
  readonly statuses?: Record<string, Partial<FileStatus>>;
}

export class SnapshotReader implements ProcReader {
  readonly name = 'a test';
  readonly recorded = true;
  buffer = new Uint8Array(0);
  /** Every path that was read, listed or followed. */
  readonly asked: string[] = [];
  readonly #snapshot: Snapshot;

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
  }

  read(path: string): number {
    this.asked.push(path);
    const text = this.#snapshot.files[path];
    if (text === undefined) return VANISHED;
    if (text === null) return UNREADABLE;
    this.buffer = new TextEncoder().encode(text);
    return this.buffer.length;
  }

  list(path: string): readonly string[] | typeof VANISHED | typeof UNREADABLE {
    const { files, links = {}, statuses = {} } = this.#snapshot;
    if (files[path] === null) return UNREADABLE;
    const names = new Set<string>();
    for (const known of [...Object.keys(files), ...Object.keys(links), ...Object.keys(statuses)]) {
      if (known.startsWith(`${path}/`)) names.add(known.slice(path.length + 1).split('/', 1)[0] as string);
    }
    return names.size === 0 ? VANISHED : [...names];
  }

  link(path: string): string | typeof VANISHED | typeof UNREADABLE {
    this.asked.push(path);
    const text = this.#snapshot.links?.[path];
    return text === undefined ? VANISHED : text === null ? UNREADABLE : text;
  }

  status(path: string): FileStatus | typeof VANISHED {
    const status = this.#snapshot.statuses?.[path];
    if (status === undefined) return VANISHED;
    return { dev: 0, ino: 0, mode: 0, nlink: 1, uid: 0, gid: 0, rdev: 0, size: 0, ...status };
  }

  close(): void {}
}

/** A line of `stat`. @param columns by number, from 3 on; the others are 0 */
export function statLine(pid: number, comm: string, columns: Record<number, string | number> = {}): string {
  const rest = Array.from(
    { length: 50 },
    (_, index) => columns[index + 3] ?? (index === 0 ? 'S' : index === 17 ? 1 : 0),
  );
  return `${pid} (${comm}) ${rest.join(' ')}\n`;
}

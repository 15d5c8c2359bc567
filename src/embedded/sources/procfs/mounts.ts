/**
 * Mounts, from mountinfo: which file system a path is on, and where in it.
 * Facts: the columns of mountinfo are those of proc(5).
 */
import { decodeName } from '../../file-names.ts';
import { type ProcReader, UNREADABLE } from './reader.ts';
import { countUnreadable, type SessionState } from './tasks.ts';

export interface Mount {
  readonly id: number;
  readonly parent: number;
  /** As the kernel has it: major << 20 | minor. */
  readonly device: number;
  /** Path in the file system that is mounted. */
  readonly root: string;
  /** Where. */
  readonly point: string;
  readonly fs: string;
  /** What is mounted, as mount(8) shows it. */
  readonly source: string;
}

export class Mounts {
  readonly #reader: ProcReader;
  readonly #byId = new Map<number, Mount>();
  /** Directories of tasks whose mounts were read: the mounts of pipes, sockets and the like stand in no mountinfo. */
  readonly #asked = new Set<string>();
  /** Last mounted first: later mounts hide earlier ones. */
  #list: readonly Mount[] | undefined;

  constructor(reader: ProcReader) {
    this.#reader = reader;
  }

  /** Reads them once; the mounts of other namespaces when a file of one is met. @param directory of a task */
  byId(id: number, directory: string, session: SessionState): Mount | undefined {
    this.#own(session);
    const known = this.#byId.get(id);
    if (known !== undefined || this.#asked.has(directory)) return known;
    this.#asked.add(directory);
    this.#read(`${directory}/mountinfo`, session);
    return this.#byId.get(id);
  }

  known(id: number): Mount | undefined {
    return this.#byId.get(id);
  }

  /** The mount that a path is on; on that device if there are several. */
  ofPath(path: string, device: number | undefined, session: SessionState): Mount | undefined {
    let found: Mount | undefined;
    for (const mount of this.#own(session)) {
      if (device !== undefined && mount.device !== device) continue;
      if (isBelow(path, mount.point) && mount.point.length > (found?.point.length ?? -1)) found = mount;
    }
    return found;
  }

  /** Where a file system of that type is mounted. */
  pointOf(fs: string, session: SessionState): string | undefined {
    return this.#own(session).find((mount) => mount.fs === fs)?.point;
  }

  clear(): void {
    this.#list = undefined;
    this.#byId.clear();
    this.#asked.clear();
  }

  #own(session: SessionState): readonly Mount[] {
    this.#list ??= this.#read('/proc/self/mountinfo', session) ?? this.#read('/proc/1/mountinfo', session) ?? [];
    return this.#list;
  }

  #read(path: string, session: SessionState): readonly Mount[] | undefined {
    const length = this.#reader.read(path);
    if (length === UNREADABLE) countUnreadable(session, 'mountinfo', '');
    if (length < 0) return undefined;
    const text = decodeName(this.#reader.buffer.subarray(0, length));
    const mounts = text.split('\n').flatMap((line) => parseMount(line) ?? []);
    for (const mount of mounts) this.#byId.set(mount.id, mount);
    return mounts.reverse();
  }
}

const isBelow = (path: string, directory: string): boolean =>
  directory === '/' || path === directory || path.startsWith(`${directory}/`);

/** `22 27 0:21 / /proc rw,relatime shared:5 - proc proc rw` */
function parseMount(line: string): Mount | undefined {
  const [mount = '', filesystem = ''] = line.split(' - ');
  const [id, parent, device = '', root = '', point = ''] = mount.split(' ');
  const [fs = '', source = ''] = filesystem.split(' ');
  if (id === undefined || parent === undefined || fs === '') return undefined;
  const [major = 0, minor = 0] = device.split(':').map(Number);
  return {
    id: Number(id),
    parent: Number(parent),
    device: major * 1048576 + minor,
    root: unescapeOctal(root),
    point: unescapeOctal(point),
    fs,
    source: unescapeOctal(source),
  };
}

/** `\040` is a space. */
export const unescapeOctal = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

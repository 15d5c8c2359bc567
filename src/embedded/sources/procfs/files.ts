/**
 * Open files out of /proc/PID/fd and fdinfo, and the files that a process runs, works in and maps. Which descriptors
 * share one open file /proc does not tell: each has a file of its own.
 * Facts: fs/proc/fd.c of Linux 6.18 (flags with O_CLOEXEC added to those of the file), proc(5).
 */
import type { KernelMemory } from '../../memory/kernel-memory.ts';
import type { Model, StructLayout } from '../../model/index.ts';
import { type Arena, Pool } from '../pool.ts';
import type { FileCursor } from '../source.ts';
import { put64, putPointer, putWords } from '../write-memory.ts';
import { BpfFiles } from './bpf-files.ts';
import { hashOf, NumberReader } from './bytes.ts';
import { isSame, mayBeDeleted, nameOf } from './deleted-files.ts';
import { type FileKind, fileKind, NO_OPERATIONS, operationsOf, readFunction } from './file-kinds.ts';
import type { FileTree, Place } from './file-tree.ts';
import { kernelDevice, pathIn } from './file-tree.ts';
import type { Mount, Mounts } from './mounts.ts';
import { numbersIn } from './numbers.ts';
import { type FileStatus, type ProcReader, UNREADABLE, VANISHED } from './reader.ts';
import { countUnreadable, type SessionState, type TaskRecord } from './tasks.ts';

/** Which parts of a file a session asks for. */
export interface FilePlan {
  /** The link that names it: for path, inode, operations, private data. */
  readonly link: boolean;
  readonly path: boolean;
  readonly inode: boolean;
  readonly operations: boolean;
  readonly privateData: boolean;
  /** fdinfo: position, flags, the mount, the number of the inode. */
  readonly information: boolean;
  /** stat(2). */
  readonly status: boolean;
}

/** A file that is known by its name, and the structs of it once somebody asked for them. */
export interface NamedFile {
  place: Place;
  readonly kind: FileKind;
  readonly mount: Mount | undefined;
  /** As fdinfo told it, where that was read. */
  readonly mountId?: number;
  operations?: string;
  inode?: number;
  dentry?: number;
  vfsmount?: number;
}

/** Objects of the kernel that files point to and others know, by offset. */
export interface OtherObjects {
  /** A variable with operations. */
  operations(name: string): number;
  /** The struct socket whose inode has that number; undefined where no table tells of it. */
  socket(inode: number, session: SessionState): number | undefined;
  /** The name of its file. */
  socketName(inode: number, session: SessionState): string | undefined;
}

/** What a link leads to. */
interface Placed extends NamedFile {
  readonly mountId: number;
  /** As fdinfo told it. */
  readonly ino: number;
}

/** Where a path leads: a path that is only shown needs none of these. */
const STRUCTS_OF_PATHS = ['inode', 'dentry', 'vfsmount', 'mount', 'super_block'];
const STATUS_FIELDS = ['i_mode', 'i_uid', 'i_gid', 'i_nlink', 'i_rdev', 'i_size'];

export function filePlan(session: SessionState): FilePlan {
  const { needs } = session.plan;
  const file = (...members: string[]) => needs.any('file', members);
  const path = file('f_path');
  const inode = file('f_inode') || needs.mentions('inode');
  const operations = file('f_op');
  const privateData = file('private_data');
  return {
    path,
    inode,
    operations,
    privateData,
    link: path || inode || operations || privateData,
    information:
      inode ||
      operations ||
      privateData ||
      file('f_pos', 'f_flags', 'f_mode') ||
      (path && STRUCTS_OF_PATHS.some((struct) => needs.mentions(struct))),
    status: needs.any('inode', STATUS_FIELDS) || needs.has('super_block', 's_dev'),
  };
}

type Link = ReturnType<ProcReader['link']>;
const LINKS_AT_ONCE = 256;

const SOCKET_OPERATIONS = 'socket_file_ops';
const O_ACCMODE = 0o3;
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;
const FMODE_READ = 1;
const FMODE_WRITE = 2;
const FMODE_PATH = 0x4000;

export class FileTable {
  readonly #memory: KernelMemory;
  readonly #model: Model;
  readonly #reader: ProcReader;
  readonly #arena: Arena;
  readonly #tree: FileTree;
  readonly #mounts: Mounts;
  readonly #pool: Pool;
  readonly #layout: StructLayout;
  readonly #place: Readonly<Record<'pos' | 'flags' | 'mode' | 'operations' | 'inode' | 'mount' | 'dentry', number>>;
  readonly #others: OtherObjects;
  readonly #bpfFiles: BpfFiles;
  /** Of open files, by process and descriptor; a process has them from 0 on. */
  readonly #open = new Map<number, number[]>();
  /** Of files that a process runs or maps, by a text for each. */
  readonly #mapped = new Map<string, number>();
  /** What the links of that text led to last: many descriptors are of the same file. */
  readonly #placed = new Map<string, Placed>();
  readonly #numbers = new NumberReader();
  readonly #information = { pos: [0, 0], flags: 0, mount: 0, ino: 0, hasIno: false, length: 0 };

  constructor(
    memory: KernelMemory,
    model: Model,
    reader: ProcReader,
    arena: Arena,
    tree: FileTree,
    mounts: Mounts,
    others: OtherObjects,
  ) {
    this.#memory = memory;
    this.#model = model;
    this.#reader = reader;
    this.#arena = arena;
    this.#tree = tree;
    this.#mounts = mounts;
    this.#others = others;
    this.#bpfFiles = new BpfFiles(memory, model, arena);
    this.#layout = model.layoutOf('file');
    const at = (path: string) => this.#layout.field(path).offset;
    this.#place = {
      pos: at('f_pos'),
      flags: at('f_flags'),
      mode: at('f_mode'),
      operations: at('f_op'),
      inode: at('f_inode'),
      mount: at('f_path.mnt'),
      dentry: at('f_path.dentry'),
    };
    this.#pool = new Pool(memory, this.#layout.size, arena.use);
  }

  get size(): number {
    let open = 0;
    for (const files of this.#open.values()) open += Object.keys(files).length;
    return open + this.#mapped.size + this.#placed.size;
  }

  clear(): void {
    this.#open.clear();
    this.#mapped.clear();
    this.#placed.clear();
    this.#bpfFiles.clear();
    this.#pool.clear();
  }

  /** Descriptors, ascending; none where they may not be read. */
  descriptors(record: TaskRecord, session: SessionState): readonly number[] {
    const numbers = numbersIn(this.#reader, `${record.directory}/fd`);
    if (numbers === UNREADABLE) countUnreadable(session, 'fd', record.directory);
    return typeof numbers === 'number' ? [] : numbers;
  }

  /** The open files, by descriptor. Their links are read some at a time, which is faster than with programs in between. */
  walk(record: TaskRecord, plan: FilePlan, session: SessionState): FileCursor {
    const descriptors = this.descriptors(record, session);
    let links: readonly Link[] = [];
    let next = 0;
    const cursor = {
      fd: 0,
      next: () => {
        while (next < descriptors.length) {
          const place = next % LINKS_AT_ONCE;
          if (plan.link && place === 0) {
            links = this.#links(record, descriptors.slice(next, next + LINKS_AT_ONCE));
          }
          cursor.fd = descriptors[next++] as number;
          const file = this.#opened(record, cursor.fd, links[place] ?? '', plan, session);
          if (file !== 0) return file;
        }
        return 0;
      },
    };
    return cursor;
  }

  /** The open file, as it is now; 0 if it was closed meanwhile. */
  open(record: TaskRecord, fd: number, plan: FilePlan, session: SessionState): number {
    return this.#opened(record, fd, plan.link ? this.#link(record, fd) : '', plan, session);
  }

  #links(record: TaskRecord, descriptors: readonly number[]): readonly Link[] {
    const links = this.#reader.links?.(`${record.directory}/fd`, descriptors);
    return links ?? descriptors.map((fd) => this.#link(record, fd));
  }

  #link({ directory }: TaskRecord, fd: number): Link {
    return this.#reader.link(`${directory}/fd/${fd}`);
  }

  #opened(record: TaskRecord, fd: number, text: Link, plan: FilePlan, session: SessionState): number {
    const { directory, tgid } = record;
    let link = '';
    if (plan.link) {
      if (text === VANISHED) return 0;
      if (text === UNREADABLE) countUnreadable(session, 'fd', directory);
      else link = text;
    }
    if (plan.information && !this.#readInformation(directory, fd, session)) return 0;
    const file = this.#offsetOf(tgid, fd);
    if (plan.information) this.#putInformation(file);
    if (plan.link && link !== '') {
      const status = plan.status ? this.#status(`${directory}/fd/${fd}`) : undefined;
      const placed = plan.information
        ? this.#placedAt(link, directory, fd, this.#ino(status), status, session)
        : this.#placedByPath(link, directory, fd, session);
      this.#put(file, placed, status, plan);
      if (plan.operations) this.#putOperations(file, placed, `${directory}/fd/${fd}`, status, session);
      if (plan.privateData) this.#putPrivateData(file, placed, directory, session);
    }
    return file;
  }

  /** A file that a link of /proc/PID names: exe, cwd, root. @returns undefined where it is not told */
  named(record: TaskRecord, link: string, session: SessionState): NamedFile | undefined {
    const shown = this.#reader.link(`${record.directory}/${link}`);
    if (shown === UNREADABLE) countUnreadable(session, link, record.directory);
    if (shown === VANISHED || shown === UNREADABLE) return undefined;
    const status = this.#status(`${record.directory}/${link}`);
    const path = this.#nameOf(shown, record.directory, link);
    const mount = this.#mounts.ofPath(path, status && kernelDevice(status.dev), session);
    const kind = fileKind(shown, path, mount?.fs);
    return { place: placeOf(shown, path, kind, mount, status?.ino ?? 0, status), kind, mount };
  }

  /** Writes a struct path. */
  putPath(at: number, place: Place, mount: Mount | undefined): void {
    const path = this.#model.layoutOf('path');
    putPointer(this.#memory, at + path.field('mnt').offset, this.#mountOf(mount));
    putPointer(this.#memory, at + path.field('dentry').offset, this.#tree.dentry(place, undefined));
  }

  /** The file that a process maps, by where it is: every area of it has the same. */
  mapped(key: string, named: NamedFile, plan: FilePlan): number {
    const known = this.#mapped.get(key);
    if (known !== undefined) return known;
    const file = this.#pool.take();
    this.#mapped.set(key, file);
    this.#put(file, named, undefined, plan);
    if (plan.operations)
      putPointer(this.#memory, file + this.#place.operations, this.#others.operations(named.kind.operations));
    return file;
  }

  #ino(status: FileStatus | undefined): number {
    return this.#information.hasIno ? this.#information.ino : (status?.ino ?? 0);
  }

  /** Of a file whose path is only shown: the mount that it seems to be on gives the same path. */
  #placedByPath(link: string, directory: string, fd: number, session: SessionState): Placed {
    const known = this.#placed.get(link);
    // One file of that name may be deleted, and another there.
    if (known !== undefined && !mayBeDeleted(link)) return known;
    const path = this.#nameOf(link, directory, `fd/${fd}`);
    const mount = link.startsWith('/') ? this.#mounts.ofPath(path, undefined, session) : undefined;
    return this.#makePlaced(link, path, mount, 0, 0, undefined);
  }

  /** @param directory of the task, for the mounts that it sees */
  #placedAt(
    link: string,
    directory: string,
    fd: number,
    ino: number,
    status: FileStatus | undefined,
    session: SessionState,
  ): Placed {
    const mountId = this.#information.mount;
    const known = this.#placed.get(link);
    // Where there is no mount the device comes from the status, of this file and not of the last one.
    if (known?.ino === ino && known.mountId === mountId && (known.mount !== undefined || status === undefined)) {
      return known;
    }
    // Pipes, sockets and the like are on mounts that nobody sees.
    const mount = link.startsWith('/') ? this.#mounts.byId(mountId, directory, session) : undefined;
    const placed = this.#makePlaced(link, this.#nameOf(link, directory, `fd/${fd}`), mount, mountId, ino, status);
    const { needs } = session.plan;
    const isNamed = placed.kind.operations === SOCKET_OPERATIONS && needs.any('dentry', ['d_name']);
    if (isNamed) this.#nameSocket(placed, directory, session);
    return placed;
  }

  #nameSocket(placed: Placed, directory: string, session: SessionState): void {
    const { place } = placed;
    const name = this.#others.socketName(place.ino, session);
    if (name === undefined) countUnreadable(session, 'socket', directory);
    else placed.place = { ...place, path: name };
  }

  #makePlaced(
    link: string,
    path: string,
    mount: Mount | undefined,
    mountId: number,
    ino: number,
    status: FileStatus | undefined,
  ): Placed {
    const kind = fileKind(link, path, mount?.fs);
    const placed = { place: placeOf(link, path, kind, mount, ino, status), kind, mount, mountId, ino };
    this.#placed.set(link, placed);
    return placed;
  }

  /** @param link below the directory of the process */
  #nameOf(shown: string, directory: string, link: string): string {
    return nameOf(this.#reader, directory, shown, (found) => {
      const own = this.#status(`${directory}/${link}`);
      return own !== undefined && isSame(own, found);
    });
  }

  #offsetOf(tgid: number, fd: number): number {
    let files = this.#open.get(tgid);
    if (files === undefined) {
      files = [];
      this.#open.set(tgid, files);
    }
    const offset = files[fd] ?? this.#pool.take();
    files[fd] = offset;
    return offset;
  }

  #status(path: string): FileStatus | undefined {
    const status = this.#reader.status(path);
    return status === VANISHED || status === UNREADABLE ? undefined : status;
  }

  #put(file: number, placed: NamedFile, status: FileStatus | undefined, plan: FilePlan): void {
    const { inode, mount, dentry } = this.#place;
    const memory = this.#memory;
    if (plan.inode || plan.path) {
      if (placed.inode === undefined || status !== undefined) placed.inode = this.#tree.inode(placed.place, status);
      putPointer(memory, file + inode, placed.inode);
    }
    if (!plan.path) return;
    placed.dentry ??= this.#tree.dentry(placed.place, undefined);
    placed.vfsmount ??= this.#vfsmountOf(placed);
    putPointer(memory, file + mount, placed.vfsmount);
    putPointer(memory, file + dentry, placed.dentry);
  }

  /** fdinfo was read. @param path of the link */
  #putOperations(
    file: number,
    placed: Placed,
    path: string,
    status: FileStatus | undefined,
    session: SessionState,
  ): void {
    const { kind } = placed;
    placed.operations ??=
      kind.isOfMode === true ? operationsOf(kind, (status ?? this.#status(path))?.mode) : kind.operations;
    const name = (this.#information.flags & O_PATH) === 0 ? placed.operations : NO_OPERATIONS;
    putPointer(this.#memory, file + this.#place.operations, this.#others.operations(name));
    const { needs } = session.plan;
    if (needs.has('file_operations', 'read_iter') && readFunction(name) === undefined) {
      countUnreadable(session, 'file_operations', path);
    }
  }

  /** 0 for what is on a mount of which nothing is known. */
  #vfsmountOf({ mount, mountId = 0, place, kind }: NamedFile): number {
    if (mount !== undefined || mountId === 0 || kind.isUnseen !== true) return this.#mountOf(mount);
    return this.#tree.ownMount(mountId, place);
  }

  #mountOf(mount: Mount | undefined): number {
    return mount === undefined ? 0 : this.#tree.mount(mount, (id) => this.#mounts.known(id));
  }

  /** `pos:\t0`, `flags:\t0100000`, `mnt_id:\t24`, `ino:\t3`. */
  #readInformation(directory: string, fd: number, session: SessionState): boolean {
    const reader = this.#reader;
    const length = reader.read(`${directory}/fdinfo/${fd}`);
    const information = this.#information;
    information.length = Math.max(0, length);
    information.hasIno = false;
    information.mount = 0;
    information.flags = 0;
    information.pos[0] = 0;
    information.pos[1] = 0;
    if (length === VANISHED) return false;
    if (length === UNREADABLE) {
      countUnreadable(session, 'fdinfo', directory);
      return true;
    }
    const { buffer } = reader;
    const numbers = this.#numbers;
    for (let at = 0; at < length; ) {
      const end = lineEnd(buffer, at, length);
      const colon = buffer.indexOf(0x3a, at);
      if (colon < 0 || colon >= end) break;
      numbers.at = colon + 1;
      const key = hashOf(buffer, at, colon);
      if (key === POS && numbers.decimal(buffer, end)) {
        information.pos[0] = numbers.low;
        information.pos[1] = numbers.high;
      } else if (key === FLAGS && numbers.octal(buffer, end)) information.flags = numbers.number;
      else if (key === MNT_ID && numbers.decimal(buffer, end)) information.mount = numbers.number;
      else if (key === INO && numbers.decimal(buffer, end)) {
        information.ino = numbers.number;
        information.hasIno = true;
        break;
      }
      at = end + 1;
    }
    return true;
  }

  #putInformation(file: number): void {
    const { pos, flags } = this.#information;
    const at = this.#place;
    const [low = 0, high = 0] = pos;
    putWords(this.#memory, file + at.pos, low, high);
    this.#memory.u32[(file + at.flags) >> 2] = flags & ~O_CLOEXEC;
    const access = flags & O_ACCMODE;
    const mode =
      (flags & O_PATH) !== 0
        ? FMODE_PATH
        : access === 0
          ? FMODE_READ
          : access === 1
            ? FMODE_WRITE
            : FMODE_READ | FMODE_WRITE;
    this.#memory.u32[(file + at.mode) >> 2] = mode;
  }

  #putPrivateData(file: number, { kind, place }: Placed, directory: string, session: SessionState): void {
    const at = file + this.#layout.field('private_data').offset;
    let data = 0;
    if (kind.operations === 'eventfd_fops') data = this.#eventContext();
    else if (kind.operations === SOCKET_OPERATIONS) {
      const socket = this.#others.socket(place.ino, session);
      if (socket === undefined) countUnreadable(session, 'socket', directory);
      else data = socket;
    } else data = this.#bpfObject(kind, directory, session);
    putPointer(this.#memory, at, data);
  }

  /** fdinfo was read last. */
  #bpfObject({ operations }: FileKind, directory: string, session: SessionState): number {
    if (!operations.startsWith('bpf_')) return 0;
    const object = this.#bpfFiles.of(operations, this.#informationText());
    if (object === undefined) return 0;
    if (this.#bpfFiles.isUntold(session.plan.needs)) countUnreadable(session, 'bpf', directory);
    return object;
  }

  #informationText(): string {
    return new TextDecoder().decode(this.#reader.buffer.subarray(0, this.#information.length));
  }

  /** fdinfo was read last: `eventfd-count: 0`, `eventfd-id: 7`, `eventfd-semaphore: 0`. */
  #eventContext(): number {
    const text = this.#informationText();
    const value = (key: string, radix: number) =>
      Number.parseInt(text.match(`eventfd-${key}:\\s*([0-9a-f]+)`)?.[1] ?? '0', radix);
    const layout = this.#model.layoutOf('eventfd_ctx');
    const context = this.#arena.take(layout.size);
    put64(this.#memory, context + layout.field('count').offset, value('count', 16));
    this.#memory.i32[(context + layout.field('id').offset) >> 2] = value('id', 10);
    this.#memory.u32[(context + layout.field('flags').offset) >> 2] = value('semaphore', 10);
    return context;
  }
}

export function placeOf(
  link: string,
  name: string,
  kind: FileKind,
  mount: Mount | undefined,
  ino: number,
  status: FileStatus | undefined,
): Place {
  const device = mount?.device ?? (status === undefined ? kind.fs : kernelDevice(status.dev));
  const number = ino || Number(/\[(\d+)\]$/.exec(link)?.[1] ?? 0);
  const placed = mount !== undefined && link.startsWith('/');
  const path = placed ? pathIn(mount, name) : kind.name;
  return { device, fs: kind.fs, ino: number, path, shown: link };
}

function lineEnd(bytes: Uint8Array, at: number, length: number): number {
  const found = bytes.indexOf(0x0a, at);
  return found < 0 || found > length ? length : found;
}

const encoder = new TextEncoder();
const keyOf = (text: string): number => {
  const bytes = encoder.encode(text);
  return hashOf(bytes, 0, bytes.length);
};
const POS = keyOf('pos');
const FLAGS = keyOf('flags');
const MNT_ID = keyOf('mnt_id');
const INO = keyOf('ino');

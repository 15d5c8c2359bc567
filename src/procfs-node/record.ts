/**
 * Records what the embedded kernel's objects come from: the files of /proc that its sources read, as entries of a tar
 * archive that they can read again, and anybody can look into. Processes that vanish meanwhile are left out from there
 * on; what may not be read is counted.
 */
import {
  decodeName,
  type FileStatus,
  formatStatus,
  mayBeDeleted,
  type ProcReader,
  placesOf,
  STATUS_LIST,
  tarEnd,
  tarEntry,
  UNREADABLE,
  VANISHED,
} from '../embedded/index.ts';
import { AddressRedactor, redactArguments, redactEnvironment, redactStack, redactSymbols } from './redact.ts';

/** What a snapshot may have beside the processes themselves. */
export const RECORDABLE = [
  'threads',
  'files',
  'maps',
  'cgroups',
  'network',
  'lists',
  'symbols',
  'stacks',
  'arguments',
  'environment',
] as const;
export type Recordable = (typeof RECORDABLE)[number];

/** What programs may ask for, save what is long or full of secrets: symbols, stacks, command lines, environments. */
export const RECORDED_BY_DEFAULT: readonly Recordable[] = ['threads', 'files', 'maps', 'cgroups', 'network', 'lists'];

export interface RecordOptions {
  readonly include: ReadonlySet<Recordable>;
  /** Command lines, environments and addresses with something else in the place of what is private: see redact.ts. */
  readonly redact: boolean;
  /** Told after each process. */
  readonly onProgress?: (done: number, of: number) => void;
}

export interface Recorded {
  readonly processes: number;
  readonly threads: number;
  /** What may not be read, and of how many processes. */
  readonly unreadable: ReadonlyMap<string, number>;
}

/** Of every thread. */
const THREAD_FILES = ['stat', 'status', 'schedstat', 'io', 'loginuid', 'sessionid'];
/** Of every process. */
const PROCESS_FILES = [...THREAD_FILES, 'cgroup', 'limits', 'oom_score_adj'];
const PROCESS_LINKS = ['exe', 'cwd', 'root'];
const SYSTEM_FILES = ['/proc/loadavg', '/proc/uptime', '/proc/version', '/proc/tty/drivers'];
/** Of the network namespace that the recorder is in. */
const NETWORK_FILES = ['tcp', 'tcp6', 'udp', 'udp6', 'unix', 'netlink', 'ipv6_route'].map(
  (name) => `/proc/net/${name}`,
);

/** A line of maps with an inode and a name that may be a deleted file's. */
const MAPPED_FILE = /^\S+ \S+ \S+ \S+ [1-9]\d*\s+(\/.* \(deleted\))$/gm;

/** @param write takes one piece of the archive after the other */
export async function record(
  reader: ProcReader,
  options: RecordOptions,
  write: (piece: Uint8Array) => Promise<void>,
): Promise<Recorded> {
  return new Recorder(reader, options, write).run();
}

class Recorder {
  readonly #reader: ProcReader;
  readonly #options: RecordOptions;
  readonly #write: (piece: Uint8Array) => Promise<void>;
  readonly #unreadable = new Map<string, number>();
  readonly #statuses: string[] = [];
  /** Mount namespaces of which mountinfo is recorded. */
  readonly #mounts = new Set<string>();
  #threads = 0;

  constructor(reader: ProcReader, options: RecordOptions, write: (piece: Uint8Array) => Promise<void>) {
    this.#reader = reader;
    this.#options = options;
    this.#write = write;
  }

  async run(): Promise<Recorded> {
    const { include, onProgress } = this.#options;
    for (const path of SYSTEM_FILES) await this.#file(path);
    if (include.has('network')) await this.#network();
    // The process that records: the one that programs run in when the archive is read.
    await this.#link('/proc/self');
    const processes = this.#list('/proc').filter((name) => /^\d+$/.test(name));
    let done = 0;
    for (const name of processes) {
      await this.#process(`/proc/${name}`);
      done++;
      onProgress?.(done, processes.length);
    }
    if (include.has('cgroups')) await this.#cgroups(this.#cgroupRoot());
    if (include.has('lists')) await this.#lists();
    // Stacks are told by symbols.
    if (include.has('symbols') || include.has('stacks')) await this.#symbols();
    await this.#put(STATUS_LIST, new TextEncoder().encode(this.#statuses.join('')));
    await this.#write(tarEnd());
    return { processes: done, threads: this.#threads, unreadable: this.#unreadable };
  }

  async #process(directory: string): Promise<void> {
    const { include } = this.#options;
    // Without this file there is no process (any more).
    if (!(await this.#file(`${directory}/stat`))) return;
    for (const name of PROCESS_FILES.slice(1)) await this.#file(`${directory}/${name}`);
    await this.#links(`${directory}/ns`);
    for (const name of PROCESS_LINKS) await this.#link(`${directory}/${name}`, true);
    await this.#ownMounts(directory);
    if (include.has('maps')) await this.#maps(directory);
    if (include.has('arguments')) await this.#file(`${directory}/cmdline`, redactArguments);
    if (include.has('environment')) await this.#file(`${directory}/environ`, redactEnvironment);
    if (include.has('stacks')) await this.#kernelStack(directory);
    if (include.has('files')) {
      await this.#links(`${directory}/fd`, true);
      for (const name of this.#list(`${directory}/fdinfo`)) await this.#file(`${directory}/fdinfo/${name}`);
    }
    const threads = this.#list(`${directory}/task`);
    for (const thread of threads) {
      // The leader has its own counters there, where the file of the process has sums.
      if (`/proc/${thread}` !== directory && !include.has('threads')) continue;
      this.#threads++;
      for (const name of THREAD_FILES) await this.#file(`${directory}/task/${thread}/${name}`);
      const hasOwnStack = include.has('stacks') && `/proc/${thread}` !== directory;
      if (hasOwnStack) await this.#kernelStack(`${directory}/task/${thread}`);
    }
  }

  /** Where a thread stands in the kernel, and with which system call: its registers are secrets of the process. */
  async #kernelStack(directory: string): Promise<void> {
    await this.#file(`${directory}/stack`, redactStack);
    if (!this.#options.redact) await this.#file(`${directory}/syscall`);
  }

  async #network(): Promise<void> {
    const addresses = new AddressRedactor();
    for (const path of NETWORK_FILES) await this.#file(path, (bytes) => addresses.redact(bytes));
  }

  /** Mounts of a namespace that no process before it is in; and those that are looked up below /proc/self. */
  async #ownMounts(directory: string): Promise<void> {
    const namespace = this.#reader.link(`${directory}/ns/mnt`);
    const isOwn = directory === `/proc/${this.#reader.link('/proc/self')}`;
    if (typeof namespace !== 'string' || (this.#mounts.has(namespace) && !isOwn)) return;
    this.#mounts.add(namespace);
    await this.#file(`${directory}/mountinfo`);
  }

  async #maps(directory: string): Promise<void> {
    const bytes = await this.#file(`${directory}/maps`);
    if (bytes === undefined) return;
    for (const [, shown = ''] of decodeName(bytes).matchAll(MAPPED_FILE)) this.#lookUp(directory, shown);
  }

  #cgroupRoot(): string {
    const length = this.#reader.read('/proc/self/mountinfo');
    const text = new TextDecoder().decode(this.#reader.buffer.subarray(0, Math.max(0, length)));
    return /^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2 /m.exec(text)?.[1] ?? '/sys/fs/cgroup';
  }

  async #cgroups(directory: string): Promise<void> {
    this.#status(directory);
    for (const name of ['cgroup.procs', 'cgroup.threads', 'cgroup.stat']) await this.#file(`${directory}/${name}`);
    for (const name of this.#list(directory)) {
      const status = this.#reader.status(`${directory}/${name}`);
      if (typeof status === 'object' && (status.mode & 0o170000) === 0o040000)
        await this.#cgroups(`${directory}/${name}`);
    }
  }

  /** Slab caches and dma-bufs. */
  async #lists(): Promise<void> {
    await this.#file('/sys/kernel/debug/dma_buf/bufinfo');
    if (!(await this.#file('/proc/slabinfo'))) return;
    for (const name of this.#list('/sys/kernel/slab')) await this.#file(`/sys/kernel/slab/${name}/object_size`);
  }

  async #symbols(): Promise<void> {
    if (await this.#file('/proc/kallsyms', redactSymbols)) this.#status('/proc/kallsyms');
  }

  async #links(directory: string, withStatus = false): Promise<void> {
    for (const name of this.#list(directory)) await this.#link(`${directory}/${name}`, withStatus);
  }

  async #link(path: string, withStatus = false): Promise<void> {
    const link = this.#reader.link(path);
    if (link === UNREADABLE) this.#count(path);
    if (typeof link !== 'string') return;
    await this.#write(tarEntry({ path: path.slice(1), link }));
    if (!withStatus) return;
    this.#status(path);
    this.#lookUp(path.split('/', 3).join('/'), link);
  }

  /** What is found by a name that looks like a deleted file's: it may be that of a file which is there. */
  #lookUp(directory: string, shown: string): void {
    if (mayBeDeleted(shown)) for (const place of placesOf(directory, shown)) this.#status(place);
  }

  #status(path: string): void {
    const status = this.#reader.status(path);
    if (status !== VANISHED && status !== UNREADABLE) this.#statuses.push(formatStatus(path, plain(status)));
  }

  /** @returns what was read, as it was */
  async #file(path: string, redact?: (bytes: Uint8Array) => Uint8Array): Promise<Uint8Array | undefined> {
    const length = this.#reader.read(path);
    if (length === UNREADABLE) this.#count(path);
    if (length < 0) return undefined;
    const bytes = this.#reader.buffer.slice(0, length);
    await this.#put(path, this.#options.redact && redact !== undefined ? redact(bytes) : bytes);
    return bytes;
  }

  async #put(path: string, contents: Uint8Array): Promise<void> {
    await this.#write(tarEntry({ path: path.slice(1), contents }));
  }

  #list(path: string): readonly string[] {
    const names = this.#reader.list(path);
    if (names === UNREADABLE) this.#count(path);
    return names === VANISHED || names === UNREADABLE ? [] : names;
  }

  #count(path: string): void {
    // Of processes the kind of file; others are there once.
    const ofProcess = /^\/proc\/\d+\/(?:task\/\d+\/)?([^/]+)/.exec(path)?.[1];
    const what = ofProcess ?? path;
    this.#unreadable.set(what, (this.#unreadable.get(what) ?? 0) + 1);
  }
}

/** Only what the list has; the live reader's objects have more. */
const plain = ({ dev, ino, mode, nlink, uid, gid, rdev, size }: FileStatus): FileStatus => ({
  dev,
  ino,
  mode,
  nlink,
  uid,
  gid,
  rdev,
  size,
});

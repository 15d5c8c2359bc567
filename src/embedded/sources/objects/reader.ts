/**
 * Shows a description as the files of /proc that a system of such objects would have, so that everything above is the
 * same for it as for a live system.
 */
import { type FileStatus, type ProcReader, VANISHED } from '../procfs/reader.ts';
import { DescribedSockets } from './described-sockets.ts';
import type {
  AreaDescription,
  FileDescription,
  SlabCacheDescription,
  SystemDescription,
  TaskDescription,
  ThreadDescription,
} from './descriptions.ts';
import { readMemory } from './process-memory.ts';
import {
  bufinfoText,
  cgroupText,
  informationText,
  kallsymsText,
  limitsText,
  mapsText,
  slabinfoText,
  stackText,
  statText,
  statusText,
  syscallText,
} from './texts.ts';

const S_IFREG = 0o100644;
const S_IFDIR = 0o040755;
const encoder = new TextEncoder();

/** A file is made when it is read. */
type Text = () => string;

export class DescriptionReader implements ProcReader {
  readonly name = 'objects';
  readonly recorded = true;
  buffer = new Uint8Array(0);
  readonly sockets: DescribedSockets | undefined;
  /** By the file with their memory. */
  readonly #tasks: ReadonlyMap<string, TaskDescription>;
  readonly #texts = new Map<string, Text>();
  readonly #links = new Map<string, string>();
  readonly #statuses = new Map<string, FileStatus>();
  readonly #names = new Map<string, Set<string>>();
  readonly #inodes = new Map<string, number>();

  constructor({
    tasks,
    cgroups = [],
    slabCaches,
    dmaBuffers,
    sockets,
    symbols,
    current,
    congestionControls = CONGESTION_CONTROLS,
  }: SystemDescription) {
    this.#tasks = new Map(tasks.map((task) => [`/proc/${task.pid}/mem`, task]));
    this.#text('/proc/self/mountinfo', () => MOUNTS);
    this.#enter('/proc/self', String(current ?? tasks[0]?.pid ?? 0));
    this.#link('/proc/self/ns/pid', `pid:[${NAMESPACES.pid}]`);
    for (const [index, task] of tasks.entries()) this.#task(task, index);
    this.#cgroup('/', 1);
    for (const { path, id } of cgroups) this.#cgroup(path, id);
    for (const { cgroup = '/' } of tasks) this.#cgroup(cgroup, undefined);
    this.#members(tasks);
    if (slabCaches !== undefined) this.#slabCaches(slabCaches);
    if (dmaBuffers !== undefined) this.#text('/sys/kernel/debug/dma_buf/bufinfo', () => bufinfoText(dmaBuffers));
    if (sockets !== undefined) {
      this.sockets = new DescribedSockets(sockets, congestionControls);
      this.#sockets(this.sockets);
    }
    if (symbols !== undefined) this.#plainFile('/proc/kallsyms', () => kallsymsText(symbols));
  }

  read(path: string): number {
    const text = this.#texts.get(path);
    if (text === undefined) return VANISHED;
    this.buffer = encoder.encode(text());
    return this.buffer.length;
  }

  readAt(path: string, position: number, size: number): number {
    const task = this.#tasks.get(path);
    if (task === undefined) return 0;
    this.buffer = readMemory(task, position, size).slice();
    return this.buffer.length;
  }

  list(path: string): readonly string[] | typeof VANISHED {
    const names = this.#names.get(path);
    return names === undefined ? VANISHED : [...names];
  }

  link(path: string): string | typeof VANISHED {
    return this.#links.get(path) ?? VANISHED;
  }

  status(path: string): FileStatus | typeof VANISHED {
    return this.#statuses.get(path) ?? VANISHED;
  }

  close(): void {}

  #task(task: TaskDescription, index: number): void {
    const { pid, threads = [], files = [], areas = [], namespaces = {}, exe, cwd = '/', root = '/' } = task;
    const directory = `/proc/${pid}`;
    const count = threads.length + 1;
    const whole = { ...task, startTime: task.startTime ?? index * 1e9 };
    this.#thread(directory, task, { ...whole, tid: pid }, count);
    this.#thread(`${directory}/task/${pid}`, task, { ...whole, tid: pid }, count);
    for (const thread of threads) {
      const started = { ...thread, startTime: thread.startTime ?? whole.startTime };
      this.#thread(`${directory}/task/${thread.tid}`, task, started, count);
    }
    this.#text(`${directory}/cgroup`, () => cgroupText(task));
    this.#text(`${directory}/limits`, () => limitsText(task));
    this.#text(`${directory}/oom_score_adj`, () => `${task.oomScoreAdj ?? 0}\n`);
    this.#text(`${directory}/maps`, () => mapsText(areas, (area) => this.#inodeOf(area)));
    for (const [name, number] of Object.entries({ ...NAMESPACES, ...namespaces })) {
      this.#link(`${directory}/ns/${name}`, `${name.replace('_for_children', '')}:[${number}]`);
    }
    for (const [name, path] of Object.entries({ cwd, root }))
      this.#file(`${directory}/${name}`, { path, mode: S_IFDIR });
    if (exe !== undefined) this.#file(`${directory}/exe`, { path: exe });
    this.#directory(`${directory}/fd`);
    for (const file of files) {
      this.#file(`${directory}/fd/${file.fd}`, file);
      this.#text(`${directory}/fdinfo/${file.fd}`, () => informationText(file, this.#inodeOf(file)));
    }
  }

  #thread(
    directory: string,
    task: TaskDescription,
    thread: ThreadDescription & { readonly tid: number },
    threads: number,
  ): void {
    this.#text(`${directory}/stat`, () => statText(task, thread, threads));
    this.#text(`${directory}/status`, () => statusText(task, thread, threads));
    this.#text(`${directory}/schedstat`, () => `${thread.runTime ?? 0} ${thread.runDelay ?? 0} 0\n`);
    const { stack, registers } = thread;
    if (registers !== undefined) this.#text(`${directory}/syscall`, () => syscallText(registers));
    if (stack !== undefined) this.#text(`${directory}/stack`, () => stackText(stack));
    this.#text(`${directory}/loginuid`, () => `${task.loginUid ?? 4294967295}`);
    this.#text(`${directory}/sessionid`, () => '4294967295');
    this.#text(
      `${directory}/io`,
      () => 'rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\nread_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n',
    );
  }

  #file(path: string, file: Omit<FileDescription, 'fd'>): void {
    this.#link(path, file.path);
    const kind = file.path.startsWith('/') ? '' : (file.path.split(':', 1)[0] ?? '');
    const { mode = MODES[kind] ?? S_IFREG, size = 0, uid = 0, gid = 0 } = file;
    const dev = file.path.startsWith('/') ? DEVICE : (UNMOUNTED[kind] ?? 3);
    this.#statuses.set(path, { dev, ino: this.#inodeOf(file), mode, nlink: 1, uid, gid, rdev: 0, size });
  }

  /** The number that is given, that stands in brackets, or that this path has here. */
  #inodeOf({ ino, path = '' }: Pick<FileDescription | AreaDescription, 'ino' | 'path'>): number {
    if (ino !== undefined) return ino;
    const own = /\[(\d+)\]$/.exec(path)?.[1];
    if (own !== undefined) return Number(own);
    if (!path.startsWith('/')) return 0;
    const known = this.#inodes.get(path) ?? this.#inodes.size + 1000;
    this.#inodes.set(path, known);
    return known;
  }

  #cgroup(path: string, id: number | undefined): void {
    const directory = path === '/' ? CGROUPS : `${CGROUPS}${path}`;
    if (this.#statuses.has(directory)) return;
    if (path !== '/') this.#cgroup(path.slice(0, path.lastIndexOf('/')) || '/', undefined);
    const ino = id ?? this.#statuses.size + 100;
    this.#directory(directory);
    this.#statuses.set(directory, { dev: DEVICE, ino, mode: S_IFDIR, nlink: 2, uid: 0, gid: 0, rdev: 0, size: 0 });
  }

  #members(tasks: readonly TaskDescription[]): void {
    const members = new Map<string, TaskDescription[]>();
    for (const task of tasks) {
      const { cgroup = '/' } = task;
      members.set(cgroup, [...(members.get(cgroup) ?? []), task]);
    }
    for (const [path, own] of members) {
      const directory = path === '/' ? CGROUPS : `${CGROUPS}${path}`;
      const lines = (numbers: readonly number[]) => numbers.map((number) => `${number}\n`).join('');
      this.#text(`${directory}/cgroup.procs`, () => lines(own.map(({ pid }) => pid)));
      this.#text(`${directory}/cgroup.threads`, () =>
        lines(own.flatMap(({ pid, threads = [] }) => [pid, ...threads.map(({ tid }) => tid)])),
      );
    }
  }

  #slabCaches(caches: readonly SlabCacheDescription[]): void {
    this.#text('/proc/slabinfo', () => slabinfoText(caches));
    for (const { name, objectSize } of caches)
      this.#text(`/sys/kernel/slab/${name}/object_size`, () => `${objectSize}\n`);
  }

  #sockets(sockets: DescribedSockets): void {
    for (const path of sockets.paths) this.#plainFile(path, () => sockets.text(path));
  }

  #plainFile(path: string, text: Text): void {
    this.#text(path, text);
    this.#statuses.set(path, { dev: 0, ino: 0, mode: S_IFREG, nlink: 1, uid: 0, gid: 0, rdev: 0, size: 0 });
  }

  #text(path: string, text: Text): void {
    this.#texts.set(path, text);
    this.#list(path);
  }

  #link(path: string, text: string): void {
    this.#enter(path, text);
    this.#list(path);
  }

  /** A link that no listing shows. */
  #enter(path: string, text: string): void {
    this.#links.set(path, text);
  }

  #directory(path: string): void {
    if (!this.#names.has(path)) this.#names.set(path, new Set());
    this.#list(path);
  }

  #list(path: string): void {
    const slash = path.lastIndexOf('/');
    if (slash < 0) return;
    const directory = path.slice(0, slash);
    const names = this.#names.get(directory);
    if (names === undefined) {
      this.#names.set(directory, new Set([path.slice(slash + 1)]));
      this.#list(directory);
    } else names.add(path.slice(slash + 1));
  }
}

const CONGESTION_CONTROLS = ['reno', 'cubic'];
const DEVICE = 0xfe00;
/** Devices of file systems that nobody mounts, by what their files begin with. */
const UNMOUNTED: Readonly<Record<string, number>> = { socket: 8, pipe: 13, anon_inode: 14 };
/** Modes of what is no regular file, by the same. */
const MODES: Readonly<Record<string, number>> = { socket: 0o140777, pipe: 0o010600 };
const CGROUPS = '/sys/fs/cgroup';
const MOUNTS = `20 20 254:0 / / rw - ext4 /dev/root rw\n21 20 0:25 / ${CGROUPS} rw - cgroup2 cgroup2 rw\n`;

/** Numbers of the namespaces that a system begins with. */
const NAMESPACES = {
  cgroup: 4026531835,
  ipc: 4026531839,
  mnt: 4026531841,
  net: 4026531840,
  pid: 4026531836,
  pid_for_children: 4026531836,
  time: 4026531834,
  time_for_children: 4026531834,
  user: 4026531837,
  uts: 4026531838,
};

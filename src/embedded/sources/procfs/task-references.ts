/**
 * Fills what a task points to besides other tasks: numbers by pid namespace, namespaces, limits, groups, its terminal,
 * counters of its memory. Each only where somebody reads it.
 * Facts: fs/proc/base.c, fs/proc/array.c of Linux 6.18; proc(5).
 */
import type { KernelMemory } from '../../memory/kernel-memory.ts';
import type { Model } from '../../model/index.ts';
import type { Arena } from '../pool.ts';
import { put64, putNumber, putPointer, putText, putWords } from '../write-memory.ts';
import { lineValue } from './bytes.ts';
import type { MapsText } from './maps-text.ts';
import type { Namespaces } from './namespaces.ts';
import { type ProcReader, UNREADABLE } from './reader.ts';
import type { TaskPlan } from './task-plan.ts';
import { countUnreadable, type SessionState, type TaskRecord } from './tasks.ts';
import { terminalName } from './terminals.ts';

/** Members of nsproxy: the link of /proc/PID/ns and the struct. */
const NAMESPACES: readonly (readonly [member: string, link: string, struct: string])[] = [
  ['uts_ns', 'uts', 'uts_namespace'],
  ['ipc_ns', 'ipc', 'ipc_namespace'],
  ['mnt_ns', 'mnt', 'mnt_namespace'],
  ['pid_ns_for_children', 'pid_for_children', 'pid_namespace'],
  ['net_ns', 'net', 'net'],
  ['time_ns', 'time', 'time_namespace'],
  ['time_ns_for_children', 'time_for_children', 'time_namespace'],
  ['cgroup_ns', 'cgroup', 'cgroup_namespace'],
];

/** Lines of `limits` by RLIMIT_*. */
const LIMITS = [
  'Max cpu time',
  'Max file size',
  'Max data size',
  'Max stack size',
  'Max core file size',
  'Max resident set',
  'Max processes',
  'Max open files',
  'Max locked memory',
  'Max address space',
  'Max file locks',
  'Max pending signals',
  'Max msgqueue size',
  'Max nice priority',
  'Max realtime priority',
  'Max realtime timeout',
];

/** Lines of `status` by the counters of rss_stat, in kB. */
const COUNTERS = ['RssFile', 'RssAnon', 'VmSwap', 'RssShmem'];
const PAGE_KB = 4;
/** By enum pid_type; a thread's own number is not of the process. */
const PID_LISTS = [undefined, 'NStgid', 'NSpgid', 'NSsid'];

export class TaskReferences {
  readonly #memory: KernelMemory;
  readonly #model: Model;
  readonly #reader: ProcReader;
  readonly #arena: Arena;
  readonly #namespaces: Namespaces;
  readonly #maps: MapsText;
  /** `struct pid` by the numbers that it has, the outermost first. */
  readonly #pids = new Map<string, number>();
  readonly #terminals = new Map<number, number>();
  /** What a task has of its own, by what and its struct. */
  readonly #own = new Map<string, number>();
  readonly #decoder = new TextDecoder();

  constructor(
    memory: KernelMemory,
    model: Model,
    reader: ProcReader,
    arena: Arena,
    namespaces: Namespaces,
    maps: MapsText,
  ) {
    this.#maps = maps;
    this.#memory = memory;
    this.#model = model;
    this.#reader = reader;
    this.#arena = arena;
    this.#namespaces = namespaces;
  }

  get size(): number {
    return this.#pids.size + this.#terminals.size + this.#own.size;
  }

  clear(): void {
    this.#pids.clear();
    this.#terminals.clear();
    this.#own.clear();
  }

  fill(record: TaskRecord, plan: TaskPlan, session: SessionState): void {
    const { hosts } = record;
    if (plan.pids || plan.groups || plan.counters || plan.pending) this.#fillFromStatus(record, plan, session);
    if (plan.heap && record.hasMemory) this.#fillHeap(record, session);
    if (plan.namespaces && !record.zombie) this.#fillNamespaces(record, session);
    if (plan.userNamespace && hosts.cred !== 0) {
      const namespace = this.#namespaces.of(record.directory, 'user', 'user_namespace', session);
      putPointer(this.#memory, hosts.cred + this.#at('cred', 'user_ns'), namespace);
    }
    if (plan.limits && hosts.signal_struct !== 0) this.#fillLimits(record, session);
    if (plan.terminal && hosts.signal_struct !== 0) this.#fillTerminal(record);
  }

  #fillFromStatus(record: TaskRecord, plan: TaskPlan, session: SessionState): void {
    const { hosts } = record;
    const length = this.#reader.read(`${record.directory}/status`);
    if (length === UNREADABLE) countUnreadable(session, 'status', record.directory);
    if (length < 0) return;
    // Taken out of the buffer, which the namespaces below do not need but other files may.
    const bytes = this.#reader.buffer.slice(0, length);
    const value = (key: string) => lineValue(bytes, length, key);
    if (plan.pids) this.#fillPids(record, value, session);
    if (plan.pending) {
      const pending = (host: number, path: string, struct: string, key: string) => {
        if (host === 0) return;
        const bits = BigInt(`0x${value(key) ?? '0'}`);
        const at = host + this.#at(struct, path);
        putWords(this.#memory, at, Number(bits & 0xffffffffn), Number(bits >> 32n));
      };
      pending(hosts.task_struct, 'pending.signal.sig', 'task_struct', 'SigPnd');
      pending(hosts.signal_struct, 'shared_pending.signal.sig', 'signal_struct', 'ShdPnd');
    }
    if (plan.groups && hosts.cred !== 0) this.#fillGroups(hosts.cred, value('Groups') ?? '');
    if (plan.counters && record.hasMemory) {
      const at = hosts.mm_struct + this.#at('mm_struct', 'rss_stat');
      const { size } = this.#model.layoutOf('percpu_counter');
      COUNTERS.forEach((key, index) => {
        put64(this.#memory, at + index * size, Number.parseInt(value(key) ?? '0', 10) / PAGE_KB);
      });
    }
  }

  /** Where the last area of the heap ends; where there is none, the heap is empty. */
  #fillHeap(record: TaskRecord, session: SessionState): void {
    const length = this.#maps.read(record, session);
    if (length === 0) return;
    const end = this.#maps.heapEnd(length);
    put64(this.#memory, record.hosts.mm_struct + this.#at('mm_struct', 'brk'), end);
  }

  #fillPids(record: TaskRecord, value: (key: string) => string | undefined, session: SessionState): void {
    const { hosts } = record;
    const namespace = this.#namespaces.of(record.directory, 'pid', 'pid_namespace', session);
    const outermost = this.#namespaces.of('/proc/self', 'pid', 'pid_namespace', session);
    const pid = (key: string) => this.#pid(value(key) ?? '', outermost, namespace);
    const depth = (value('NSpid') ?? '').split(/\s+/).length - 1;
    if (namespace !== 0) putNumber(this.#memory, namespace + this.#at('pid_namespace', 'level'), 4, depth);
    putPointer(this.#memory, hosts.task_struct + this.#at('task_struct', 'thread_pid'), pid('NSpid'));
    if (hosts.signal_struct === 0) return;
    const pids = hosts.signal_struct + this.#at('signal_struct', 'pids');
    PID_LISTS.forEach((key, index) => {
      if (key !== undefined) putPointer(this.#memory, pids + index * 8, pid(key));
    });
  }

  /**
   * @param text `1234\t7\t1`, the outermost first; 0 is what a namespace says of a session or group from outside of it,
   * and what all say of that of init and the kernel threads
   */
  #pid(text: string, outermost: number, innermost: number): number {
    const words = text.split(/\s+/).filter((number) => number !== '');
    if (words.length === 0) return 0;
    const deepest = words.findLastIndex((number) => number !== '0');
    const numbers = words.slice(0, Math.max(deepest, 0) + 1);
    const key = numbers.join(' ');
    const known = this.#pids.get(key);
    if (known !== undefined) return known;
    const pid = this.#model.layoutOf('pid');
    const upid = this.#model.layoutOf('upid');
    const offset = this.#arena.take(pid.size + numbers.length * upid.size);
    this.#pids.set(key, offset);
    putNumber(this.#memory, offset + pid.field('level').offset, 4, numbers.length - 1);
    const first = offset + pid.field('numbers').offset;
    numbers.forEach((number, level) => {
      const at = first + level * upid.size;
      putNumber(this.#memory, at + upid.field('nr').offset, 4, Number(number));
      const namespace = level === words.length - 1 ? innermost : level === 0 ? outermost : 0;
      putPointer(this.#memory, at + upid.field('ns').offset, namespace);
    });
    return offset;
  }

  /** How deep a namespace is only the processes in it tell: of another one than the task's own it may not be known. */
  #countOtherLevel({ directory }: TaskRecord, namespace: number, session: SessionState): void {
    if (namespace === 0 || !session.plan.needs.has('pid_namespace', 'level')) return;
    if (namespace !== this.#namespaces.of(directory, 'pid', 'pid_namespace', session)) {
      countUnreadable(session, 'pid_for_children', directory);
    }
  }

  #fillNamespaces(record: TaskRecord, session: SessionState): void {
    const proxy = this.#ownBlock(record, 'nsproxy');
    putPointer(this.#memory, record.hosts.task_struct + this.#at('task_struct', 'nsproxy'), proxy);
    for (const [member, link, struct] of NAMESPACES) {
      if (!session.plan.needs.has('nsproxy', member)) continue;
      const namespace = this.#namespaces.of(record.directory, link, struct, session);
      putPointer(this.#memory, proxy + this.#at('nsproxy', member), namespace);
      if (link === 'pid_for_children') this.#countOtherLevel(record, namespace, session);
    }
  }

  #ownBlock(record: TaskRecord, struct: string): number {
    const key = `${struct} ${record.hosts.task_struct}`;
    const offset = this.#own.get(key) ?? this.#arena.take(this.#model.layoutOf(struct).size);
    this.#own.set(key, offset);
    return offset;
  }

  #fillGroups(cred: number, text: string): void {
    const groups = text.split(/\s+/).filter((group) => group !== '');
    const key = `groups ${cred} ${groups.length}`;
    const layout = this.#model.layoutOf('group_info');
    const offset = this.#own.get(key) ?? this.#arena.take(layout.size + groups.length * 4);
    this.#own.set(key, offset);
    putNumber(this.#memory, offset + layout.field('ngroups').offset, 4, groups.length);
    const first = offset + layout.field('gid').offset;
    groups.forEach((group, index) => {
      this.#memory.u32[(first + index * 4) >> 2] = Number(group);
    });
    putPointer(this.#memory, cred + this.#at('cred', 'group_info'), offset);
  }

  #fillLimits(record: TaskRecord, session: SessionState): void {
    const length = this.#reader.read(`${record.directory}/limits`);
    if (length === UNREADABLE) countUnreadable(session, 'limits', record.directory);
    if (length < 0) return;
    const text = this.#decoder.decode(this.#reader.buffer.subarray(0, length));
    const at = record.hosts.signal_struct + this.#at('signal_struct', 'rlim');
    for (const line of text.split('\n')) {
      const index = LIMITS.findIndex((name) => line.startsWith(name));
      if (index < 0) continue;
      const [soft, hard] = line.slice(26).trim().split(/\s+/);
      putLimit(this.#memory, at + index * 16, soft);
      putLimit(this.#memory, at + index * 16 + 8, hard);
    }
  }

  #fillTerminal(record: TaskRecord): void {
    const at = record.hosts.signal_struct + this.#at('signal_struct', 'tty');
    const device = record.terminal;
    let offset = device === 0 ? 0 : this.#terminals.get(device);
    if (offset === undefined) {
      const layout = this.#model.layoutOf('tty_struct');
      offset = this.#arena.take(layout.size);
      this.#terminals.set(device, offset);
      const { name, index } = terminalName(this.#reader, device);
      putText(this.#memory, offset + layout.field('name').offset, name, layout.field('name').size);
      putNumber(this.#memory, offset + layout.field('index').offset, 4, index);
    }
    putPointer(this.#memory, at, offset);
  }

  #at(struct: string, path: string): number {
    return this.#model.layoutOf(struct).field(path).offset;
  }
}

function putLimit(memory: KernelMemory, at: number, text: string | undefined): void {
  if (text === undefined) return;
  const value = text === 'unlimited' ? 0xffffffffffffffffn : BigInt(text);
  putWords(memory, at, Number(value & 0xffffffffn), Number(value >> 32n));
}

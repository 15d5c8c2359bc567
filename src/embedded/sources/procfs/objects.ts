/**
 * The objects of one kernel out of /proc: the tables of tasks, files, areas and control groups, the sessions that look
 * at them, and what is kept. Memory is given back when the last session ends and nothing is held any more.
 */
import { encodeName } from '../../file-names.ts';
import { jiffies } from '../../jiffies.ts';
import type { KernelMemory } from '../../memory/kernel-memory.ts';
import type { Model } from '../../model/index.ts';
import type { Machine } from '../../runtime.ts';
import { type KernelAddress, KernelSymbols, type SymbolForm } from '../lists/kernel-symbols.ts';
import { ObjectLists, type SocketFiles } from '../lists/object-lists.ts';
import { SocketCalls } from '../lists/socket-calls.ts';
import { Needs } from '../needs.ts';
import { Arena } from '../pool.ts';
import type { KernelObjects, ObjectList, ObjectSession, SocketStruct } from '../source.ts';
import { putPointer } from '../write-memory.ts';
import { AreaTable, SPECIAL_OPERATIONS } from './areas.ts';
import { lineValue } from './bytes.ts';
import { CgroupTable } from './cgroups.ts';
import { readFunction } from './file-kinds.ts';
import { FileTree } from './file-tree.ts';
import { FileTable, filePlan } from './files.ts';
import { KernelStacks } from './kernel-stacks.ts';
import { procLists } from './lists.ts';
import { MapsText } from './maps-text.ts';
import { Mounts } from './mounts.ts';
import { Namespaces } from './namespaces.ts';
import { type ProcReader, UNREADABLE, VANISHED } from './reader.ts';
import { Registers } from './registers.ts';
import { ProcfsSession } from './session.ts';
import { type TaskPlan, taskPlan } from './task-plan.ts';
import { TaskReferences } from './task-references.ts';
import { processNumbers, threadNumbers } from './task-walks.ts';
import { countUnreadable, type SessionState, type TaskRecord, TaskTable } from './tasks.ts';
import { UserMemory } from './user-memory.ts';

/** What the session of a program that reads nothing needs of `current`. */
const OF_CURRENT = Needs.of(['task_struct.comm']);

/** Before its name (symbol_add()). */
const FUNCTION_SIZE = 8;
/**
 * Bytes of places after which a session whose programs keep no pointers gives back what it walked over. Enough for what
 * many tasks share (their parents, files, namespaces), and for 2,000 tasks: walks so long cost what they always did.
 */
const FORGET_AT = 1 << 20;

const WORD = 0x1_0000_0000;
const USER_END_HIGH = 0x8000;

export class ProcfsObjects implements KernelObjects {
  inUse?: () => boolean;
  /** Lists that only the kernel itself keeps. */
  readonly lists: ObjectLists;
  readonly socketCalls: SocketCalls | undefined;
  readonly reader: ProcReader;
  readonly model: Model;
  readonly tasks: TaskTable;
  readonly files: FileTable;
  readonly areas: AreaTable;
  readonly cgroups: CgroupTable;
  readonly stacks: KernelStacks;
  readonly registers: Registers;
  readonly memory: KernelMemory;
  readonly #arena: Arena;
  readonly #tree: FileTree;
  readonly #mounts: Mounts;
  readonly #maps: MapsText;
  readonly #namespaces: Namespaces;
  readonly #references: TaskReferences;
  readonly #userMemory: UserMemory;
  readonly #plans = new WeakMap<Needs, TaskPlan>();
  readonly #sessions = new Set<ProcfsSession>();
  readonly #held = new Map<number, number>();
  readonly #sockets = new WeakMap<SessionState, SocketFiles>();
  /** Variables of the kernel: they stay. */
  readonly #variables = new Map<string, number>();
  /** As they were when something first asked for them, until everything is given back. */
  #symbols: KernelSymbols | undefined;
  readonly #current: TaskRecord;
  /** Bytes of places at which the next question is whether they can be given back. */
  #forgetAt = FORGET_AT;

  constructor(memory: KernelMemory, model: Model, reader: ProcReader, machine: Machine) {
    this.memory = memory;
    this.model = model;
    this.reader = reader;
    this.#arena = new Arena(memory);
    const arena = this.#arena;
    this.#mounts = new Mounts(reader);
    this.#maps = new MapsText(memory, reader);
    this.#tree = new FileTree(memory, model, arena, (fs) => this.#countType(fs));
    this.#namespaces = new Namespaces(memory, model, reader, arena);
    this.#references = new TaskReferences(memory, model, reader, arena, this.#namespaces, this.#maps);
    this.files = new FileTable(memory, model, reader, arena, this.#tree, this.#mounts, {
      operations: (name) => this.#variable(name),
      socket: (inode, session) => this.#socketFiles(session).socket(inode),
      socketName: (inode, session) => this.#socketFiles(session).name(inode),
    });
    this.areas = new AreaTable(memory, model, reader, this.#maps, arena, this.files, this.#mounts, (name) =>
      this.#variable(name),
    );
    this.cgroups = new CgroupTable(memory, model, reader, arena, this.#mounts);
    this.tasks = new TaskTable(memory, model, reader, arena, (record, plan, session) =>
      this.#fillReferences(record, plan, session),
    );
    this.#userMemory = new UserMemory(reader);
    this.stacks = new KernelStacks(reader, () => this.#kernelSymbols());
    this.socketCalls = reader.sockets && new SocketCalls(memory, model, reader.sockets);
    this.lists = new ObjectLists(
      memory,
      model,
      procLists(reader),
      () => jiffies(machine),
      () => this.#namespaces.network(),
      (at, record) => this.socketCalls?.enter(at, record),
    );
    this.registers = new Registers(memory, model, reader, arena);
    this.#current = this.#findCurrent();
  }

  hasList(kind: ObjectList): boolean {
    return this.lists.has(kind);
  }

  socketAt(object: number): SocketStruct | undefined {
    return this.lists.socketAt(object);
  }

  get currentTask(): number {
    return this.#current.hosts.task_struct;
  }

  symbol(name: string): number | undefined {
    if (name === 'init_task') return this.tasks.idle.hosts.task_struct;
    return isOperations(name) ? this.#variable(name) : undefined;
  }

  session(needs: Needs, forgets = false): ObjectSession {
    let plan = this.#plans.get(needs);
    if (plan === undefined) {
      plan = taskPlan(this.model, needs);
      this.#plans.set(needs, plan);
    }
    const session = new ProcfsSession(this, plan, forgets);
    this.#sessions.add(session);
    this.tasks.load(this.#current.tid, this.#current.tgid, session, true);
    return session;
  }

  ended(session: ProcfsSession): void {
    this.#sessions.delete(session);
    this.#giveBack();
  }

  /** Whether so much was walked over that it should be given back. @param ahead tasks are among it that are to come */
  isFull(ahead: boolean): boolean {
    return this.#arena.use.bytes >= this.#forgetAt + (ahead ? FORGET_AT : 0);
  }

  /** Gives back what a session has walked over, unless somebody else may know of it. @returns whether it did */
  forget(session: ProcfsSession): boolean {
    if (this.#sessions.size > 1 || this.#isHeld) {
      // Not to be asked for each object that is still to come.
      this.#forgetAt = this.#arena.use.bytes + FORGET_AT;
      return false;
    }
    this.#clear();
    this.tasks.load(this.#current.tid, this.#current.tgid, session, true);
    return true;
  }

  /** How many objects have a place that JavaScript knows of: for tests, which cannot see its memory. */
  get count(): number {
    const { tasks, files, areas } = this;
    return [tasks, files, areas, this.#tree, this.#references].reduce((sum, { size }) => sum + size, 0);
  }

  pidOfDescriptor(fd: number): number | undefined {
    const { reader } = this;
    // The descriptors of this process are not those of whoever recorded an archive.
    const length = reader.recorded ? VANISHED : reader.read(`/proc/self/fdinfo/${fd}`);
    const pid = length < 0 ? undefined : lineValue(reader.buffer, length, 'Pid');
    return pid === undefined ? undefined : Number(pid);
  }

  hold(object: number): void {
    this.#held.set(object, (this.#held.get(object) ?? 0) + 1);
  }

  release(object: number): void {
    const count = this.#held.get(object);
    if (count === undefined) throw new RangeError(`nothing holds the object at 0x${object.toString(16)}`);
    if (count > 1) this.#held.set(object, count - 1);
    else this.#held.delete(object);
    this.#giveBack();
  }

  userMemory(task: number, low: number, high: number, size: number): Uint8Array {
    const record = this.tasks.at(task);
    // Above are no addresses of users, and none that a number could not hold.
    if (record === undefined || high >>> 0 >= USER_END_HIGH) return new Uint8Array();
    return this.#userMemory.read(record, (high >>> 0) * WORD + (low >>> 0), size);
  }

  symbolText(address: KernelAddress, form: SymbolForm): string | undefined {
    return this.#kernelSymbols()?.textOf(address, form);
  }

  #kernelSymbols(): KernelSymbols | undefined {
    const records = this.#symbols === undefined ? this.lists.symbols() : undefined;
    if (records !== undefined) this.#symbols = new KernelSymbols(records);
    return this.#symbols;
  }

  pathText(path: number): string | undefined {
    const dentry = this.model.layoutOf('path').field('dentry').offset;
    return this.#tree.shown(this.memory.u32[(path + dentry) >> 2] as number);
  }

  close(): void {
    this.#sessions.clear();
    this.#held.clear();
    delete this.inUse;
    this.#giveBack();
    this.reader.close();
  }

  /** The process of a thread; undefined if there is none of that number. */
  processOf(tid: number): number | undefined {
    const { reader } = this;
    // Threads have directories of their own that no listing shows; an archive has only what was listed.
    const length = reader.read(`/proc/${tid}/status`);
    const own = length < 0 ? undefined : lineValue(reader.buffer, length, 'Tgid');
    if (own !== undefined) return Number(own);
    if (!reader.recorded) return undefined;
    const processes = processNumbers(reader);
    if (processes.includes(tid)) return tid;
    return processes.find((tgid) => threadNumbers(reader, tgid).includes(tid));
  }

  /** Whether something beside sessions speaks of objects by their place. */
  get #isHeld(): boolean {
    return this.#held.size > 0 || this.inUse?.() === true;
  }

  #giveBack(): void {
    if (this.#sessions.size > 0 || this.#isHeld) return;
    this.#symbols = undefined;
    this.#clear();
    this.#maps.end();
  }

  #clear(): void {
    this.#forgetAt = FORGET_AT;
    this.tasks.clear([...new Set([this.tasks.idle, this.#current])]);
    for (const table of [
      this.files,
      this.areas,
      this.cgroups,
      this.#tree,
      this.#namespaces,
      this.#references,
      this.#mounts,
      this.#maps,
      this.lists,
      this.registers,
    ]) {
      table.clear();
    }
    this.socketCalls?.clear();
    this.#arena.clear();
  }

  #fillReferences(record: TaskRecord, plan: TaskPlan, session: SessionState): void {
    const { hosts } = record;
    this.#references.fill(record, plan, session);
    if (plan.cgroups) {
      const at = this.model.layoutOf('task_struct').field('cgroups').offset;
      putPointer(this.memory, hosts.task_struct + at, this.cgroups.setOf(record, session));
    }
    if (plan.directories && record.hasDirectories) {
      const layout = this.model.layoutOf('fs_struct');
      for (const [member, link] of [
        ['root', 'root'],
        ['pwd', 'cwd'],
      ] as const) {
        const named = this.files.named(record, link, session);
        if (named !== undefined)
          this.files.putPath(hosts.fs_struct + layout.field(member).offset, named.place, named.mount);
      }
    }
    if (plan.program && record.hasMemory) {
      const named = this.files.named(record, 'exe', session);
      const at = hosts.mm_struct + this.model.layoutOf('mm_struct').field('exe_file').offset;
      const file = named === undefined ? 0 : this.files.mapped(`${record.tgid} exe`, named, filePlan(session));
      putPointer(this.memory, at, file);
    }
    if (record.hasFiles) this.#fillFiles(record, plan, session);
  }

  #fillFiles(record: TaskRecord, plan: TaskPlan, session: SessionState): void {
    const { files_struct: files } = record.hosts;
    const layout = this.model.layoutOf('files_struct');
    const table = files + layout.field('fdtab').offset;
    putPointer(this.memory, files + layout.field('fdt').offset, table);
    if (!plan.table) return;
    const descriptors = this.files.descriptors(record, session);
    const array = this.#arena.take(((descriptors.at(-1) ?? -1) + 1) * 8);
    const wanted = filePlan(session);
    for (const fd of descriptors) {
      putPointer(this.memory, array + fd * 8, this.files.open(record, fd, wanted, session));
    }
    putPointer(this.memory, table + this.model.layoutOf('fdtable').field('fd').offset, array);
  }

  /** Sockets that files are. The tables are read once a session. */
  #socketFiles(session: SessionState): SocketFiles {
    let files = this.#sockets.get(session);
    if (files === undefined) {
      files = this.lists.socketFiles(session.plan.needs, (what, where) => countUnreadable(session, what, where));
      this.#sockets.set(session, files);
    }
    return files;
  }

  /** A type of file systems whose number is not known: those who read it are told. */
  #countType(fs: string): void {
    for (const session of this.#sessions) {
      if (session.needs.has('super_block', 's_magic')) countUnreadable(session, 's_magic', fs);
    }
  }

  #variable(name: string): number {
    let offset = this.#variables.get(name);
    if (offset === undefined) {
      offset = this.memory.allocate(8);
      this.#variables.set(name, offset);
      if (name === SPECIAL_OPERATIONS) putPointer(this.memory, offset, this.#variable(SPECIAL_NAME));
      const read = readFunction(name);
      if (typeof read === 'string') {
        const { offset: at } = this.model.layoutOf('file_operations').field('read_iter');
        putPointer(this.memory, offset + at, this.#function(read));
      }
    }
    return offset;
  }

  /** A function of the kernel, of which there are only the address and the name. */
  #function(name: string): number {
    let offset = this.#variables.get(name);
    if (offset === undefined) {
      const text = encodeName(name);
      offset = this.memory.allocate(FUNCTION_SIZE + text.length + 1);
      this.memory.u8.set(text, offset + FUNCTION_SIZE);
      this.memory.runtime.symbol_add(offset);
      this.#variables.set(name, offset);
    }
    return offset;
  }

  /** The task that runs programs: this process, or the one that recorded an archive, or the first. */
  #findCurrent(): TaskRecord {
    const session = { plan: taskPlan(this.model, OF_CURRENT), closed: new Map<string, Set<string>>() };
    const self = this.reader.link('/proc/self');
    const numbers = self === VANISHED || self === UNREADABLE ? [1] : [Number(self), 1];
    for (const number of numbers) {
      const record = this.tasks.loadForGood(number, session);
      if (record !== undefined) return record;
    }
    return this.tasks.idle;
  }
}

/** Variables of the kernel that say by their address what kind of file one is. */
const isOperations = (name: string): boolean =>
  /_(file_ops|fops|file_operations|vm_ops|vmops)$/.test(name) || name === SPECIAL_NAME;

/** The function that names such areas: only its address matters. */
const SPECIAL_NAME = 'special_mapping_name';

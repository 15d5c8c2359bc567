/**
 * Where the objects that programs look at come from, as the iterators and helpers of the embedded kernel see it:
 * processes out of /proc or a snapshot of it (procfs/), or objects that somebody wrote down (objects/).
 *
 * Objects are structs of the model in linear memory; everything here speaks of them by offset, 0 for none. A source
 * fills the fields that the programs of a session can read (Needs), and no others: they are zero then, and nobody can
 * tell. The same kernel object has the same offset for as long as a session or a hold on it lives (but see forget()),
 * and its own fields (`task->mm`, `file->f_inode`) are there when it is handed out.
 *
 * Processes come and go while one walks: an object that vanished before it could be read is not handed out, one that
 * vanished later keeps what was read. What the reader may not look into is handed out with what can be read, and is
 * counted (`unreadable`).
 */
import type { KernelMemory } from '../memory/kernel-memory.ts';
import type { Model } from '../model/index.ts';
import type { Machine } from '../runtime.ts';
import type { KernelAddress, SymbolForm } from './lists/kernel-symbols.ts';
import type { SocketCalls } from './lists/socket-calls.ts';
import type { Needs } from './needs.ts';

export type { KernelAddress, SymbolForm } from './lists/kernel-symbols.ts';
export type { SocketCalls } from './lists/socket-calls.ts';

/** A place where objects come from, not yet tied to a kernel. */
export interface Source {
  /** For messages: `/proc`, a file, `objects`. */
  readonly name: string;
  /** Whether it is a snapshot: what it does not have was not recorded. */
  readonly recorded?: boolean;
  /**
   * Ties it to the memory of a kernel that has this model. Called once by each kernel that is given the source.
   * @param machine whose clock timers go by; the JavaScript engine's if absent
   */
  open(memory: KernelMemory, model: Model, machine?: Machine): KernelObjects;
}

/**
 * Objects of which the kernel keeps one list: slab caches, newest first; dma-bufs; symbols in the order of kallsyms,
 * each in the same struct kallsym_iter after the other; sockets and routes of the source's network namespace.
 */
export type ObjectList =
  | 'kmem_cache'
  | 'dma_buf'
  | 'kallsym_iter'
  | 'tcp_sock'
  | 'udp_sock'
  | 'unix_sock'
  | 'netlink_sock'
  | 'fib6_info';

/** What a socket is: those of the list tcp_sock are of three kinds. */
export type SocketStruct =
  | 'tcp_sock'
  | 'tcp_timewait_sock'
  | 'tcp_request_sock'
  | 'udp_sock'
  | 'unix_sock'
  | 'netlink_sock';

/** The objects of one embedded kernel. */
export interface KernelObjects {
  /**
   * Starts a session: a walk, a run of a program, or whatever else wants objects to stay where they are for a while.
   * Sessions may overlap.
   * @param forgets no program of it keeps pointers from one call to the next, so that forget() may give objects back
   */
  session(needs: Needs, forgets?: boolean): ObjectSession;
  /** Offset of the task_struct of `current`, which always has at least pid, tgid, comm and group_leader. */
  readonly currentTask: number;
  /** Address of an object that is a kernel variable: `init_task`, `init_pid_ns`, `socket_file_ops`. */
  symbol(name: string): number | undefined;
  /** Whether sessions can walk that list; programs that need one which is not there are not loaded. */
  hasList(kind: ObjectList): boolean;
  /** What an object is, if it is a socket that some session walked to; undefined for all else. */
  socketAt(object: number): SocketStruct | undefined;
  /** What programs do to sockets; undefined where these are not the source's to change. */
  readonly socketCalls?: SocketCalls | undefined;
  /** Number of the process that a pidfd of this process stands for; undefined for any other descriptor. */
  pidOfDescriptor(fd: number): number | undefined;
  /** Keeps an object when its session ends (a reference that a program took); counts. */
  hold(object: number): void;
  release(object: number): void;
  /**
   * Given by the kernel: whether something of its own speaks of objects by their offsets (values in storage maps);
   * then none is given back, so that no other object can be taken for one of them.
   */
  inUse?: () => boolean;
  /**
   * Memory of a task's process from an address on: up to `size` bytes, fewer where it breaks off, none where there is
   * nothing, or nothing that may be known.
   */
  userMemory(task: number, low: number, high: number, size: number): Uint8Array;
  /** What Linux prints of an address of its own, by its symbol; undefined where the symbol is not known. */
  symbolText(address: KernelAddress, form: SymbolForm): string | undefined;
  /** The path of a struct path as /proc shows it (d_path); undefined for what this source did not make. */
  pathText(path: number): string | undefined;
  close(): void;
}

export interface ObjectSession {
  readonly needs: Needs;

  /**
   * The task with the lowest number from `pid` on, for walks in the order of numbers: every thread counts. Number 0,
   * the idle task, is never among them. @returns 0 if there is none
   */
  taskFrom(pid: number): number;
  /** The task (a thread or a process) with that number, filled; 0 if there is none. */
  taskByPid(pid: number): number;
  /**
   * Threads of a task's process in the order of the thread list: the leader first. From a task that is not the leader
   * (open-coded walks begin at the given one) the later ones: pass it as `from`.
   */
  threads(from: number): Cursor;
  /**
   * Processes in the order of the task list, the idle task (init_task) first: by start time, then number.
   * @param threads each process's threads behind it
   */
  taskList(threads: boolean): Cursor;

  /** Whether the task has a table of open files; a zombie has none. */
  hasFiles(task: number): boolean;
  /** Whether its table is the one of its leader, so that walks over files show it once. */
  sharesFilesWithLeader(task: number): boolean;
  /** Open files by number. */
  files(task: number): FileCursor;
  /** The file of one descriptor, filled; 0 if it has none. */
  file(task: number, fd: number): number;

  /** Whether it has an address space: kernel threads and zombies have none. */
  hasMemory(task: number): boolean;
  /** Areas in ascending order, the first the one with the lowest vm_end above the address. */
  memoryAreas(task: number, addressLow: number, addressHigh: number): Cursor;
  /** All areas, for a walk that may forget them one by one. */
  walkMemory(task: number): PartCursor;

  /** Whether it has a stack in the kernel; a zombie has given it back. */
  hasStack(task: number): boolean;
  /**
   * Addresses that a task which does not run would return to in the kernel, the innermost first, `depth` at most.
   * @returns undefined where they are not known (and counted)
   */
  kernelStack(task: number, depth: number): readonly KernelAddress[] | undefined;

  /**
   * Offset of the struct pt_regs that a task left user space with; what of it is not known is 0 (and counted).
   */
  registers(task: number): number;

  /** Cgroup by its id, or the root of the default hierarchy for 0; 0 if there is none. */
  cgroup(id: bigint): number;
  /** Cgroup by the path of its directory, as a user of the source's machine writes it; 0 if there is none. */
  cgroupAt(path: string): number;
  cgroupId(cgroup: number): bigint;
  /** 0 for the root. */
  cgroupParent(cgroup: number): number;
  /** Children of a cgroup in the order in which they were made. */
  cgroupChildren(cgroup: number): Cursor;
  /** Tasks of that very cgroup. @param processes leaders only */
  cgroupTasks(cgroup: number, processes: boolean): Cursor;

  /** The objects of a list that the source has. */
  list(kind: ObjectList): ListCursor;

  /** What is not known: the file that may not be read (`status`, `fd`), or what no file tells, and of how many objects. */
  readonly unreadable: ReadonlyMap<string, number>;
  /**
   * To be called between two objects of a walk, while no program runs: if many were walked over, and nobody else can
   * know of them, they are given back. All offsets that were handed out mean nothing then; cursors go on.
   * @returns whether that was done
   */
  forget(): boolean;
  /** Ends it: what nothing holds is given back. */
  close(): void;
}

/** Objects one after the other. */
export interface Cursor {
  /** Offset of the next object, 0 at the end, and again if asked again. */
  next(): number;
}

/** Objects that are looked up some at a time. */
export interface PartCursor extends Cursor {
  /** Whether there are some whose turn is still to come: the session must not forget them. */
  readonly isAhead: boolean;
  /** To be called unless it came to its end. */
  close(): void;
}

export interface ListCursor extends Cursor {
  /** What an iterator tells beside the object that next() returned last: of sockets, whose it is and in which bucket. */
  readonly numbers: readonly number[];
}

export interface FileCursor extends Cursor {
  /** Descriptor of the file that next() returned last. */
  readonly fd: number;
}

/**
 * Objects that somebody writes down for a unit test: plain data, with defaults for all that a test does not care about.
 */
import type { SocketDescription } from './socket-descriptions.ts';

export interface SystemDescription {
  readonly tasks: readonly TaskDescription[];
  /** Control groups by path, with the number of each; those that tasks name and the root exist anyway. */
  readonly cgroups?: readonly CgroupDescription[];
  /** Slab caches, newest first. Absent: there is no such list, and programs that need it do not load. */
  readonly slabCaches?: readonly SlabCacheDescription[];
  /** Buffers that devices share, oldest first. Absent: there is no such list. */
  readonly dmaBuffers?: readonly DmaBufferDescription[];
  /**
   * Sockets of the tasks' network. Absent: there are no such lists. Files of tasks that are sockets (`socket:[NUMBER]`)
   * must be among them then.
   */
  readonly sockets?: readonly SocketDescription[];
  /** Names of the congestion controls that there are (`TCP_CONGESTION`). Default `reno` and `cubic`. */
  readonly congestionControls?: readonly string[];
  /**
   * Symbols of the kernel in the order of /proc/kallsyms: its own by their addresses, then those of modules. A symbol
   * ends where the next one begins; the last is there for that alone. Absent: there is no such list.
   */
  readonly symbols?: readonly SymbolDescription[];
  /** Number of the process that runs programs; the first of the tasks if absent. */
  readonly current?: number;
}

export interface ThreadDescription {
  /** Letter of its state as in ps(1). Default `S`: it sleeps. */
  readonly state?: 'R' | 'S' | 'D' | 'T' | 't' | 'Z' | 'X' | 'I' | 'P';
  /** Name, of up to 15 bytes. Default `task` and the number. */
  readonly comm?: string;
  /** PF_* bits. Default 0, or those of a kernel thread. */
  readonly flags?: number;
  /** -20 to 19. Default 0. */
  readonly nice?: number;
  /** SCHED_*. Default 0. */
  readonly policy?: number;
  readonly realTimePriority?: number;
  /** Processor that it ran on last. Default 0. */
  readonly cpu?: number;
  /** Nanoseconds since boot; /proc has them in steps of 10 ms. Default: tasks begin one after the other. */
  readonly startTime?: number;
  /** Nanoseconds in user mode and in the kernel, in steps of 10 ms. Default 0. */
  readonly userTime?: number;
  readonly systemTime?: number;
  /** Nanoseconds on a processor, and waiting for one. Default 0. */
  readonly runTime?: number;
  readonly runDelay?: number;
  readonly minorFaults?: number;
  readonly majorFaults?: number;
  readonly voluntarySwitches?: number;
  readonly involuntarySwitches?: number;
  /**
   * Addresses that it would return to in the kernel, the innermost first: what bpf_get_task_stack() gives. Absent: they
   * are not known, and it gives -EFAULT.
   */
  readonly stack?: readonly bigint[];
  /** What it left user space with: what bpf_task_pt_regs() points to. Absent: not known, and all are 0. */
  readonly registers?: RegistersDescription;
}

export interface TaskDescription extends ThreadDescription {
  readonly pid: number;
  /** Number of the parent, which must be one of the tasks, or 0: the idle task. Default 0. */
  readonly parent?: number;
  readonly kernelThread?: boolean;
  /** As wait(2) has it. Default 0. */
  readonly exitCode?: number;
  /** The other threads, in the order of their creation. */
  readonly threads?: readonly (ThreadDescription & { readonly tid: number })[];
  /** One number for real, effective, saved and file-system user, or all four. Default 0. */
  readonly uid?: number | readonly [number, number, number, number];
  readonly gid?: number | readonly [number, number, number, number];
  readonly groups?: readonly number[];
  /** Effective and permitted capabilities, as bits. Default 0. */
  readonly capabilities?: bigint;
  /** Process group and session. Default 0: none. */
  readonly processGroup?: number;
  readonly session?: number;
  /** kB by line of /proc/PID/status: `VmSize`, `RssAnon`, ... Default: nothing is mapped. */
  readonly memory?: Readonly<Record<string, number>>;
  /**
   * Its command line, the name of the program first. It lies at the end of the area `[stack]`, or where that would be:
   * programs find it by mm_struct's `arg_start` and `arg_end`, and read it. Default: none.
   */
  readonly arguments?: readonly string[];
  /** Variables by name; right behind the arguments, by `env_start` and `env_end`. Default: none. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Program, working directory, root: paths. */
  readonly exe?: string;
  readonly cwd?: string;
  readonly root?: string;
  readonly files?: readonly FileDescription[];
  readonly areas?: readonly AreaDescription[];
  /** Path in the default hierarchy. Default `/`. */
  readonly cgroup?: string;
  /** Numbers by name of the link in /proc/PID/ns: `net`, `pid`, ... Default: one number each for all tasks. */
  readonly namespaces?: Readonly<Record<string, number>>;
  /** Soft and hard limits by the name in /proc/PID/limits: `Max open files`. */
  readonly limits?: Readonly<Record<string, readonly [number | 'unlimited', number | 'unlimited']>>;
  readonly loginUid?: number;
  readonly oomScoreAdj?: number;
}

export interface FileDescription {
  readonly fd: number;
  /** As readlink(1) shows it in /proc/PID/fd: a path, `socket:[123]`, `pipe:[7]`, `anon_inode:[eventfd]`. */
  readonly path: string;
  /** O_* bits. Default 0: for reading. */
  readonly flags?: number;
  readonly pos?: number;
  /** Number of the inode. Default: that in the path, or one for each path. */
  readonly ino?: number;
  /** st_mode. Default: of a socket 0140777, of a pipe 010600, else a regular file of mode 0644. */
  readonly mode?: number;
  readonly size?: number;
  readonly uid?: number;
  readonly gid?: number;
}

export interface AreaDescription {
  readonly start: number;
  readonly end: number;
  /** `r-xp`. Default `rw-p`. */
  readonly permissions?: string;
  /** File that is mapped, or a name in brackets: `[heap]`, `[anon:cache]`. */
  readonly path?: string;
  readonly offset?: number;
  readonly ino?: number;
  /** What its memory begins with, the rest being zeros. Default: not known, so that programs cannot read it (EFAULT). */
  readonly contents?: Uint8Array;
}

export interface SlabCacheDescription {
  readonly name: string;
  /** Bytes of an object. */
  readonly objectSize: number;
  /** Bytes from one object to the next. Default: those of an object. */
  readonly size?: number;
  /** Default: as many as fit into the pages. */
  readonly objectsPerSlab?: number;
  /** A power of two. Default 1. */
  readonly pagesPerSlab?: number;
}

export interface DmaBufferDescription {
  /** Up to 31 bytes, without a line break. Default: nobody has named it. */
  readonly name?: string;
  /** Bytes; whole pages. Default: one page. */
  readonly size?: number;
  /** Who made it. Default `system`. */
  readonly exporter?: string;
  /** Number of its inode. Default: counted from 1. */
  readonly ino?: number;
}

/** What /proc/PID/syscall tells. */
export interface RegistersDescription {
  /** Where its program stands, and the end of its stack. */
  readonly ip: bigint;
  readonly sp: bigint;
  /** Number of the system call that it waits in, with its six arguments. Default: in none. */
  readonly systemCall?: number;
  readonly systemCallArguments?: readonly bigint[];
}

export interface SymbolDescription {
  readonly name: string;
  /** From 0xffff000000000000 on. */
  readonly address: bigint;
  /** One letter, as nm(1) has it. Default `T`. */
  readonly type?: string;
  /** Default: the kernel itself. */
  readonly module?: string;
}

export interface CgroupDescription {
  readonly path: string;
  readonly id?: number;
}

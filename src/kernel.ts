/**
 * The interface that both kernels implement: the host kernel (src/host) and the embedded one.
 * Everything above the two kernels (api, command line, most tests) is written against these types only.
 */
import type { Btf } from './btf/index.ts';
import type { BpfObject, LinkedProgram, LinkTarget } from './object/index.ts';
import type { IterSession } from './session.ts';

/** Order in which a cgroup iterator walks (enum bpf_cgroup_iter_order). */
export type CgroupOrder = 'self_only' | 'descendants_pre' | 'descendants_post' | 'ancestors_up' | 'children';

/** How a map is named by a user; a KernelMap of the same kernel serves as well. */
export type MapSelector =
  | { readonly fd: number; readonly id?: never; readonly pinned?: never; readonly name?: never }
  | { readonly id: number; readonly fd?: never; readonly pinned?: never; readonly name?: never }
  | { readonly pinned: string; readonly fd?: never; readonly id?: never; readonly name?: never }
  | { readonly name: string; readonly fd?: never; readonly id?: never; readonly pinned?: never };

/** How a link is named by a user. */
export type LinkSelector =
  | { readonly id: number; readonly pinned?: never }
  | { readonly pinned: string; readonly id?: never };

/** At most one of the three may be given. Numbers are in the caller's pid namespace. */
export type TaskSelector =
  | {
      /** One thread. */
      readonly tid?: number;
      readonly pid?: never;
      readonly pidFd?: never;
    }
  | {
      /** All threads of one process (its tgid). */
      readonly pid?: number;
      readonly tid?: never;
      readonly pidFd?: never;
    }
  | {
      /** As `pid`, by pidfd. */
      readonly pidFd?: number;
      readonly tid?: never;
      readonly pid?: never;
    };

/** At most one of path, fd and id; none means the root of the default hierarchy. */
export type CgroupSelector = { readonly order: CgroupOrder } & (
  | { readonly path?: string; readonly fd?: never; readonly id?: never }
  | { readonly fd?: number; readonly path?: never; readonly id?: never }
  | { readonly id?: bigint; readonly path?: never; readonly fd?: never }
);

/** Parameters of an iterator link (union bpf_iter_link_info). */
export interface IterParameters {
  readonly map?: KernelMap | MapSelector;
  readonly task?: TaskSelector;
  readonly cgroup?: CgroupSelector;
}

/** What the kernel tells about an iterator link (struct bpf_link_info). */
export interface LinkInfo {
  readonly id: number;
  /** `iter`, `tracing`, ... as bpftool names them. */
  readonly type: string;
  readonly programId: number;
  /** For iterator links. */
  readonly targetName?: string;
  readonly mapId?: number;
  readonly tid?: number;
  readonly pid?: number;
  readonly cgroupId?: bigint;
  readonly cgroupOrder?: CgroupOrder | 'order_unspec' | 'unknown';
}

export interface KernelMap extends Disposable {
  readonly name: string;
  /** BPF_MAP_TYPE_*. */
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly id: number;
  /** The value, or undefined if there is none; per-CPU maps give one 8-byte-aligned block a possible CPU. */
  lookup(key: Uint8Array): Uint8Array | undefined;
  /** @param flags BPF_ANY (0), BPF_NOEXIST (1), BPF_EXIST (2), BPF_F_LOCK (4) */
  update(key: Uint8Array, value: Uint8Array, flags?: number): void;
  /** @returns whether the key was there */
  delete(key: Uint8Array): boolean;
  keys(): Iterable<Uint8Array>;
  entries(): Iterable<readonly [key: Uint8Array, value: Uint8Array]>;
  freeze(): void;
  pin(path: string): void;
  close(): void;
}

export interface RunOptions {
  readonly context?: Uint8Array;
  readonly data?: Uint8Array;
  /** How often to run it, 2^31 - 1 at most; 0 and none are once. The result is the last one's. */
  readonly repeat?: number;
  /** BPF_F_TEST_* */
  readonly flags?: number;
}

export interface RunResult {
  /** Signed 32-bit. */
  readonly retval: number;
  /** Mean duration of a run. */
  readonly durationNs: number;
  readonly dataOut?: Uint8Array;
  readonly contextOut?: Uint8Array;
}

export interface Link extends Disposable {
  info(): LinkInfo;
  /** Starts a session: namespaces are those of the caller, at this moment. */
  open(): IterSession;
  pin(path: string): void;
  /** Replaces the program of later sessions; with `expected`, only if that is the current one. */
  update(program: Program, expected?: Program): void;
  detach(): void;
  close(): void;
}

export interface Program extends Disposable {
  readonly name: string;
  readonly section: string;
  /** BPF_PROG_TYPE_*. */
  readonly type: number;
  readonly expectedAttachType: number;
  readonly id: number;
  /** The verifier's log, if one was asked for. */
  readonly log: string;
  attachIter(parameters?: IterParameters): Link;
  run(options?: RunOptions): Promise<RunResult>;
  pin(path: string): void;
  close(): void;
}

export interface LoadOptions {
  /** Names of the programs to load; all that are marked for loading if absent. */
  readonly programs?: readonly string[];
  /** Verifier log: 0 none, 1 branches and states, 2 every instruction, 4 statistics; bits may be combined. */
  readonly logLevel?: number;
  /** Changes each program after linking; see mainThreadsOnly() of the object room. */
  readonly transform?: (program: LinkedProgram) => LinkedProgram;
  /** Directory for maps that ask to be pinned by name; /sys/fs/bpf if absent. */
  readonly pinRoot?: string;
}

/** A loaded object; closing it closes the programs and maps that nothing else holds. */
export interface LoadedObject extends Disposable {
  readonly object: BpfObject;
  readonly programs: readonly Program[];
  readonly maps: readonly KernelMap[];
  /** @throws BpfiterError `not-found` */
  program(name: string): Program;
  /** @throws BpfiterError `not-found` */
  map(name: string): KernelMap;
  close(): void;
}

export interface Kernel extends Disposable {
  readonly kind: 'host' | 'embedded';
  /** The kernel's BTF. @throws BpfiterError `unsupported` where it has none */
  btf(): Btf;
  /** What objects are linked against. */
  readonly target: LinkTarget;
  /**
   * Links the object against this kernel, creates its maps and loads its programs.
   * @throws BpfiterError `refused` with the program's name in the message and the verifier's log as `detail`
   */
  load(object: BpfObject, options?: LoadOptions): Promise<LoadedObject>;
  openMap(selector: MapSelector): KernelMap;
  /** Opens a pinned link. */
  openLink(selector: LinkSelector): Link;
  links(): Iterable<LinkInfo>;
  close(): void;
}

/**
 * Parameters of an iterator as the kernel takes them (`union bpf_iter_link_info`), and what its answers to them mean.
 * Which target takes which parameter stands in src/iter-parameters.ts; sources: facts/iterators.md 1.3-1.5, 2.7.
 */
import { closeSync, constants as fileConstants, openSync, readFileSync, statfsSync } from 'node:fs';
import { constants } from 'node:os';
import { BpfiterError } from '../errors.ts';
import { checkPidOfDescriptor, checkTaskNumber } from '../iter-parameters.ts';
import type { CgroupSelector, IterParameters, KernelMap, MapSelector, TaskSelector } from '../kernel.ts';
import { cgroupIterOrderId, mapTypeName } from '../uapi/index.ts';
import { cgroupIterInfo, mapIterInfo, taskIterInfo } from './attributes.ts';
import { HostMap } from './maps.ts';

const { EACCES, EBADF, EINVAL, ENOENT, ENOTDIR, EPERM, ESRCH } = constants.errno;

/** A parameter ready for BPF_LINK_CREATE. */
export interface PreparedParameters {
  /** Absent: no parameter. */
  readonly info?: Uint8Array;
  /** What an errno of the kernel means for this parameter. */
  explain(errno: number): string | undefined;
  /** Closes what was opened for it; the link holds the rest. */
  release(): void;
}

const nothing: PreparedParameters = { explain: () => undefined, release: () => {} };

/** @param openMap finds a map that is named by id, path, name or descriptor */
export function prepareParameters(
  { map, task, cgroup }: IterParameters,
  openMap: (selector: MapSelector) => HostMap,
): PreparedParameters {
  if (map !== undefined) return prepareMap(map, openMap);
  if (task !== undefined) return prepareTask(task);
  if (cgroup !== undefined) return prepareCgroup(cgroup);
  return nothing;
}

function prepareMap(map: KernelMap | MapSelector, openMap: (selector: MapSelector) => HostMap): PreparedParameters {
  if ('lookup' in map && !(map instanceof HostMap)) {
    throw new BpfiterError('usage', `map '${map.name}' is of another kernel than the program`);
  }
  const own = map instanceof HostMap ? undefined : openMap(map as MapSelector); // the other arm is excluded above
  const chosen = own ?? (map as HostMap);
  const { name, type, keySize, valueSize } = chosen;
  return {
    info: mapIterInfo.create({ map_fd: chosen.fd }).bytes,
    explain: (errno) => {
      if (errno === EINVAL) return `the target does not iterate over maps of type ${mapTypeName(type) ?? type}`;
      if (errno === EPERM) return `map '${name}' belongs to one program alone`;
      if (errno !== EACCES) return undefined;
      return `the program reads beyond the key (${keySize} bytes) or the value (${valueSize} bytes) of map '${name}'`;
    },
    release: () => own?.close(),
  };
}

function prepareTask({ tid, pid, pidFd }: TaskSelector): PreparedParameters {
  // The kernel takes any number; one that is nobody's would silently give no output.
  if (tid !== undefined) requireTask(tid, 'thread');
  if (pid !== undefined) requireLeader(pid);
  if (pidFd !== undefined) requireProcess(pidFd);
  return {
    info: taskIterInfo.create({ tid, pid, pid_fd: pidFd }).bytes,
    explain: (errno) => (errno === EBADF ? `descriptor ${pidFd} is no pidfd` : undefined),
    release: () => {},
  };
}

function requireTask(id: number, noun: string): void {
  checkTaskNumber(id, noun);
  try {
    process.kill(id, 0);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ESRCH') throw new BpfiterError('not-found', `there is no ${noun} ${id}`, { errno: ESRCH });
    // Anything else (EPERM) says that it exists.
  }
}

/** A number of a thread that is not its process's first selects nothing; say so instead. */
function requireLeader(pid: number): void {
  requireTask(pid, 'process');
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return; // hidden, or gone since: nothing more can be said
  }
  const leader = Number(/^Tgid:\s*(\d+)$/m.exec(status)?.[1] ?? pid);
  if (leader !== pid) {
    throw new BpfiterError('not-found', `there is no process ${pid}: it is a thread of process ${leader} (use tid)`, {
      errno: ESRCH,
    });
  }
}

/** A pidfd of a process whose tasks can be chosen; whether it is a pidfd at all is for the kernel to say. */
function requireProcess(pidFd: number): void {
  requireExpressible(pidFd, 'pidfd');
  let information: string;
  try {
    information = readFileSync(`/proc/self/fdinfo/${pidFd}`, 'latin1');
  } catch {
    return; // no descriptor, or no /proc
  }
  const line = /^Pid:\s*(-?\d+)$/m.exec(information);
  if (line === null) return;
  const pid = Number(line[1]);
  checkPidOfDescriptor(pidFd, pid);
  requireLeader(pid);
}

/** To the kernel 0 says that there is no descriptor; it would take the parameter for absent. */
function requireExpressible(fd: number, noun: string): void {
  if (Number.isInteger(fd) && fd > 0) return;
  throw new BpfiterError('usage', `descriptor ${fd} cannot be used as a ${noun}: it must be above 0`);
}

const CGROUP_MAGICS: ReadonlySet<number> = new Set([0x27e0eb, 0x63677270]);

function prepareCgroup({ path, fd, id, order }: CgroupSelector): PreparedParameters {
  if (fd !== undefined) requireExpressible(fd, 'cgroup');
  if (id === 0n) throw new BpfiterError('usage', '0 is no id of a cgroup');
  const opened = path === undefined ? undefined : openCgroup(path);
  const what = path === undefined ? `descriptor ${fd}` : `'${path}'`;
  return {
    info: cgroupIterInfo.create({ order: cgroupIterOrderId(order), cgroup_fd: opened ?? fd, cgroup_id: id }).bytes,
    explain: (errno) => {
      if (errno === EBADF) return `${what} is no cgroup directory`;
      if (errno === ENOENT) return `there is no cgroup with id ${id}`;
      return errno === EINVAL ? `this kernel does not know the order '${order}'` : undefined;
    },
    release: () => {
      if (opened !== undefined) closeSync(opened);
    },
  };
}

function openCgroup(path: string): number {
  let fd: number;
  try {
    fd = openSync(path, fileConstants.O_RDONLY | fileConstants.O_DIRECTORY);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    const errno = code === 'ENOTDIR' ? ENOTDIR : code === 'EACCES' ? EACCES : ENOENT;
    const why = { [ENOTDIR]: 'it is no directory', [EACCES]: 'it may not be read' }[errno] ?? 'no such directory';
    throw new BpfiterError('not-found', `cannot open the cgroup '${path}': ${why}`, { cause, errno });
  }
  if (CGROUP_MAGICS.has(statfsSync(path).type >>> 0)) return fd;
  closeSync(fd);
  throw new BpfiterError('not-found', `'${path}' is no cgroup: it is not in a cgroup file system`, { errno: EBADF });
}

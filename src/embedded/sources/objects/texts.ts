/** The texts of files of /proc for described objects. Facts: proc(5). */
import type {
  AreaDescription,
  DmaBufferDescription,
  FileDescription,
  RegistersDescription,
  SlabCacheDescription,
  SymbolDescription,
  TaskDescription,
  ThreadDescription,
} from './descriptions.ts';
import { argumentRanges } from './process-memory.ts';

type Thread = ThreadDescription & { readonly tid: number };

const TICK_NS = 10_000_000;
const PF_KTHREAD = 0x200000;
const SIGCHLD = 17;
const COLUMNS = 52;
export const SYSTEM_CALL_ARGUMENTS = 6;

export function statText(task: TaskDescription, thread: Thread, threads: number): string {
  const { exitCode = 0, kernelThread = false, memory = {} } = task;
  const ranges = argumentRanges(task);
  const ticks = (ns = 0) => ns / TICK_NS;
  const { flags = kernelThread ? PF_KTHREAD : 0, nice = 0, policy = 0, realTimePriority = 0 } = thread;
  const priority = realTimePriority > 0 ? -1 - realTimePriority : 20 + nice;
  const columns: Record<number, number | string> = {
    3: thread.state ?? 'S',
    4: task.parent ?? 0,
    5: task.processGroup ?? 0,
    6: task.session ?? 0,
    9: flags,
    10: thread.minorFaults ?? 0,
    12: thread.majorFaults ?? 0,
    14: ticks(thread.userTime),
    15: ticks(thread.systemTime),
    18: priority,
    19: nice,
    20: threads,
    22: ticks(thread.startTime),
    23: (memory.VmSize ?? 0) * 1024,
    38: thread.tid === task.pid ? SIGCHLD : -1,
    39: thread.cpu ?? 0,
    40: realTimePriority,
    41: policy,
    48: ranges.arguments[0],
    49: ranges.arguments[1],
    50: ranges.environment[0],
    51: ranges.environment[1],
    52: exitCode,
  };
  const rest = Array.from({ length: COLUMNS - 2 }, (_, index) => columns[index + 3] ?? 0);
  return `${thread.tid} (${commOf(thread)}) ${rest.join(' ')}\n`;
}

const commOf = ({ comm, tid }: Thread): string => comm ?? `task${tid}`;

export function statusText(task: TaskDescription, thread: Thread, threads: number): string {
  const four = (ids: TaskDescription['uid'] = 0) => (typeof ids === 'number' ? [ids, ids, ids, ids] : ids).join('\t');
  const capabilities = (task.capabilities ?? 0n).toString(16).padStart(16, '0');
  const none = '0000000000000000';
  const lines: Record<string, string | number> = {
    Name: commOf(thread),
    Umask: '0022',
    Tgid: task.pid,
    Pid: thread.tid,
    PPid: task.parent ?? 0,
    TracerPid: 0,
    Uid: four(task.uid),
    Gid: four(task.gid),
    FDSize: Math.max(64, ...(task.files ?? []).map(({ fd }) => fd + 1)),
    Groups: (task.groups ?? []).join(' '),
    NStgid: task.pid,
    NSpid: thread.tid,
    NSpgid: task.processGroup ?? 0,
    NSsid: task.session ?? 0,
    Threads: threads,
    SigPnd: none,
    ShdPnd: none,
    SigBlk: none,
    SigIgn: none,
    SigCgt: none,
    CapInh: none,
    CapPrm: capabilities,
    CapEff: capabilities,
    CapBnd: capabilities,
    CapAmb: none,
    Seccomp: 0,
    Seccomp_filters: 0,
    Cpus_allowed: 1,
    voluntary_ctxt_switches: thread.voluntarySwitches ?? 0,
    nonvoluntary_ctxt_switches: thread.involuntarySwitches ?? 0,
  };
  const sizes = Object.entries(task.memory ?? {}).map(([key, size]) => `${key}:\t${size} kB\n`);
  return [...Object.entries(lines).map(([key, value]) => `${key}:\t${value}\n`), ...sizes].join('');
}

export const cgroupText = ({ cgroup = '/' }: TaskDescription): string => `0::${cgroup}\n`;

export function limitsText({ limits = {} }: TaskDescription): string {
  return Object.entries(limits)
    .map(([name, [soft, hard]]) => `${name.padEnd(26)}${String(soft).padEnd(21)}${String(hard).padEnd(21)}units\n`)
    .join('');
}

/** Files with a path are on the mount 20, the root; the others are on none that is listed. */
export function informationText({ flags = 0, pos = 0, path }: FileDescription, ino: number): string {
  const mount = path.startsWith('/') ? 20 : 9;
  return `pos:\t${pos}\nflags:\t0${flags.toString(8)}\nmnt_id:\t${mount}\nino:\t${ino}\n`;
}

const PAGE_SIZE = 4096;

/** /proc/slabinfo: of the numbers only those that the list of slab caches is made from. */
export function slabinfoText(caches: readonly SlabCacheDescription[]): string {
  const lines = caches.map(({ name, objectSize, size = objectSize, pagesPerSlab = 1, ...cache }) => {
    const objects = cache.objectsPerSlab ?? Math.floor((pagesPerSlab * PAGE_SIZE) / size);
    return `${name} 0 0 ${size} ${objects} ${pagesPerSlab} : tunables 0 0 0 : slabdata 0 0 0\n`;
  });
  return `slabinfo - version: 2.1\n# name\n${lines.join('')}`;
}

/** /sys/kernel/debug/dma_buf/bufinfo. */
export function bufinfoText(buffers: readonly DmaBufferDescription[]): string {
  const digits = (value: number) => String(value).padStart(8, '0');
  const lines = buffers.map(
    ({ name = '<none>', size = PAGE_SIZE, exporter = 'system', ino }, index) =>
      `${digits(size)}\t00000002\t00080007\t00000001\t${exporter}\t${digits(ino ?? index + 1)}\t${name}\n`,
  );
  return `\nDma-buf Objects:\n${lines.join('')}`;
}

export const stackText = (addresses: readonly bigint[]): string =>
  addresses.map((address) => `[<0>] 0x${address.toString(16)}\n`).join('');

/** /proc/PID/syscall. */
export function syscallText({ ip, sp, systemCall, systemCallArguments = [] }: RegistersDescription): string {
  const hex = (value: bigint) => `0x${value.toString(16)}`;
  if (systemCall === undefined) return `-1 ${hex(sp)} ${hex(ip)}\n`;
  const values = Array.from({ length: SYSTEM_CALL_ARGUMENTS }, (_, index) => hex(systemCallArguments[index] ?? 0n));
  return `${systemCall} ${values.join(' ')} ${hex(sp)} ${hex(ip)}\n`;
}

export const kallsymsText = (symbols: readonly SymbolDescription[]): string =>
  symbols
    .map(({ name, address, type = 'T', module }) => {
      const line = `${address.toString(16).padStart(16, '0')} ${type} ${name}`;
      return module === undefined ? `${line}\n` : `${line}\t[${module}]\n`;
    })
    .join('');

export function mapsText(areas: readonly AreaDescription[], inodeOf: (area: AreaDescription) => number): string {
  return areas
    .map((area) => {
      const { start, end, permissions = 'rw-p', path = '', offset = 0 } = area;
      const ino = inodeOf(area);
      const device = ino === 0 ? '00:00' : 'fe:00';
      const hex = (value: number, width: number) => value.toString(16).padStart(width, '0');
      const line = `${hex(start, 8)}-${hex(end, 8)} ${permissions} ${hex(offset, 8)} ${device} ${ino}`;
      return `${path === '' ? line : `${line.padEnd(73)}${path.replaceAll('\n', '\\012')}`}\n`;
    })
    .join('');
}

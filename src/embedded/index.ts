/** The embedded kernel: verifies, compiles and runs programs inside this process. No I/O, any JavaScript engine. */
export { decodeName } from './file-names.ts';
export { EmbeddedKernel, type EmbeddedKernelOptions, openEmbeddedKernel } from './kernel.ts';
export { writeNanoseconds } from './machine.ts';
export { PerfEventArrayMap } from './maps/perf-event-array.ts';
export { RingBufferMap, UserRingBufferMap } from './maps/ring-buffer.ts';
export { addressOf, KERNEL_BASE } from './memory/address.ts';
export {
  btfOf,
  EmbeddedTarget,
  type EmbeddedTargetOptions,
  embeddedProfile,
  layoutOf,
  Model,
  model,
  modelParts,
} from './model/index.ts';
export { EmbeddedProgram } from './program.ts';
export { type RawProgram, runRaw } from './raw-program.ts';
export type { Machine } from './runtime.ts';
export { Needs } from './sources/needs.ts';
export {
  type AreaDescription,
  type CgroupDescription,
  type DmaBufferDescription,
  type FileDescription,
  type NetlinkSocketDescription,
  objectsSource,
  type RegistersDescription,
  type SlabCacheDescription,
  type SocketDescription,
  type SocketOptions,
  type SymbolDescription,
  type SystemDescription,
  type TaskDescription,
  type TcpSocketDescription,
  type ThreadDescription,
  type UdpSocketDescription,
  type UnixSocketDescription,
} from './sources/objects/index.ts';
export {
  type FileStatus,
  formatStatus,
  mayBeDeleted,
  numbersOf,
  openArchive,
  type ProcReader,
  parseStatusList,
  placesOf,
  procfsSource,
  STATUS_LIST,
  tarEnd,
  tarEntry,
  UNREADABLE,
  VANISHED,
} from './sources/procfs/index.ts';
export type { Cursor, FileCursor, KernelObjects, ObjectSession, Source } from './sources/source.ts';
export type { UserArgument, UserTarget } from './targets/index.ts';

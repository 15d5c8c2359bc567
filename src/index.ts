/**
 * bpfiter: load, verify, run, pin and read BPF iterators.
 *
 * @example
 * import { loadObject, openKernel } from 'bpfiter';
 *
 * using kernel = await openKernel();
 * using loaded = await kernel.load(await loadObject('programs/task.bpf.o'));
 * using link = loaded.program('dump_task').attachIter();
 * for await (const line of link.open().lines()) console.log(line);
 */
import { checkText, describeValue, isBytes, wrongArgument } from './arguments.ts';
import type { EmbeddedKernelOptions, Source } from './embedded/index.ts';
import { BpfiterError } from './errors.ts';
import type { Kernel } from './kernel.ts';
import { BpfObject, openObject } from './object/index.ts';
import { readFile } from './read-file.ts';
import { type RecordLayout, type RecordValue, recordLayout } from './records/index.ts';

export { BpfiterError, type ErrorCode } from './errors.ts';
export { GlobalVariables } from './global-variables.ts';
export type {
  CgroupOrder,
  CgroupSelector,
  IterParameters,
  Kernel,
  KernelMap,
  Link,
  LinkInfo,
  LinkSelector,
  LoadedObject,
  LoadOptions,
  MapSelector,
  Program,
  RunOptions,
  RunResult,
  TaskSelector,
} from './kernel.ts';
export { type BpfObject, openObject } from './object/index.ts';
export { type RecordInputOf, type RecordLayout, type RecordReader, recordLayout } from './records/index.ts';
export { isRingBuffer, isUserRingBuffer, type RingBuffer, type UserRingBuffer } from './ring-buffer.ts';
export { IterSession } from './session.ts';
export { type MapTypes, TypedMap } from './typed-map.ts';
export { version } from './version.ts';

export interface OpenKernelOptions {
  /**
   * `auto` (the default): the host kernel where bpf(2) is permitted, the kernel has BTF and no source is given, else the
   * embedded one.
   */
  readonly kernel?: 'auto' | 'host' | 'embedded';
  /** Where the embedded kernel has its objects from; /proc of this machine if absent. The host kernel takes none. */
  readonly source?: Source;
  /** Of the embedded kernel: called with each line that programs write by bpf_trace_printk(). */
  readonly onTrace?: (line: string) => void;
  /** Of the embedded kernel: called with what its source does not know (EmbeddedKernelOptions). */
  readonly onUnreadable?: (unreadable: ReadonlyMap<string, number>) => void;
}

/**
 * Opens a kernel to load objects into.
 * @throws BpfiterError `not-permitted` or `unsupported` where `host` was asked for and bpf(2) cannot be used, saying
 *   why; `usage` for a source with `host`
 */
export async function openKernel(options: OpenKernelOptions = {}): Promise<Kernel> {
  const { kernel = 'auto', source, onTrace, onUnreadable } = checked(options);
  if (kernel === 'host' && source !== undefined) {
    throw new BpfiterError('usage', 'a source is for the embedded kernel; the host kernel has its own objects');
  }
  if (kernel === 'host' || (kernel === 'auto' && source === undefined && (await isHostUsable()))) {
    const { openHostKernel } = await import('./host/index.ts');
    return openHostKernel();
  }
  const { openEmbeddedKernel } = await import('./embedded/index.ts');
  return openEmbeddedKernel({
    ...(source === undefined ? await thisMachine() : { source }),
    ...(onTrace !== undefined && { onTrace }),
    ...(onUnreadable !== undefined && { onUnreadable }),
  });
}

/** What types tell those who use them: others would silently get another kernel than the one they named. */
function checked(options: OpenKernelOptions): OpenKernelOptions {
  if (typeof options !== 'object' || options === null) {
    throw new BpfiterError(
      'usage',
      `openKernel() takes an object, { kernel: 'host' } for one, not ${describeValue(options)}`,
    );
  }
  const { kernel = 'auto', source } = options;
  if (!['auto', 'host', 'embedded'].includes(kernel)) {
    throw new BpfiterError('usage', `there is no kernel '${kernel}': auto, host or embedded`);
  }
  if (source !== undefined && typeof source.open !== 'function') {
    throw new BpfiterError('usage', 'a source is what openSource(path) or objectsSource() gives');
  }
  return options;
}

async function isHostUsable(): Promise<boolean> {
  const { hostUsable } = await import('./host/index.ts');
  return hostUsable().ok;
}

/** The processes of this machine, with its clocks and processors. */
async function thisMachine(): Promise<Pick<EmbeddedKernelOptions, 'source' | 'machine'>> {
  const { nodeMachine } = await import('./procfs-node/index.ts');
  return { source: await openSource(), machine: nodeMachine() };
}

/**
 * Opens what the embedded kernel has its objects from: the running system's /proc, or a snapshot of one.
 * @param path of a directory that has `proc`, or of a `.tar` or `.tar.gz` of one (`bpfiter record` writes such);
 *   absent, the running system
 * @throws BpfiterError `not-found`; `malformed` for what is neither; `unsupported` on a system without /proc
 */
export async function openSource(path?: string): Promise<Source> {
  if (path !== undefined) checkText('openSource()', 'the path of a snapshot or directory', path);
  const { openSource: open } = await import('./procfs-node/index.ts');
  return open(path);
}

/**
 * Parses a BPF object from a file or from bytes.
 * @param source path, file URL, or the object's bytes
 * @throws BpfiterError `not-found` if the file cannot be read, `malformed` if it is no BPF object, `usage`
 */
export async function loadObject(
  source: string | URL | Uint8Array,
  options: { readonly name?: string } = {},
): Promise<BpfObject> {
  if (isBytes(source)) return openObject(source, options);
  if (typeof source !== 'string' && !(source instanceof URL)) {
    throw wrongArgument('loadObject()', "a path, a file's URL or the bytes of an object (Uint8Array)", source);
  }
  const path = typeof source === 'string' ? source : source.pathname;
  const name = options.name ?? path.slice(path.lastIndexOf('/') + 1);
  return openObject(await readFile(source), { ...options, name });
}

/**
 * The layout of the records that an object's programs write with bpf_seq_write().
 * @param type name of the struct, as in the object's source
 * @throws BpfiterError `usage` if the object has no BTF, `not-found` if it has no such type
 */
export function recordLayoutOf<T = { readonly [field: string]: RecordValue }>(
  object: BpfObject,
  type: string,
): RecordLayout<T> {
  if (!(object instanceof BpfObject)) {
    throw wrongArgument('recordLayoutOf()', 'an object that loadObject() gave', object);
  }
  if (object.btf === undefined) {
    throw new BpfiterError('usage', `${object.name}: records need an object with BTF (compile it with clang -g)`);
  }
  return recordLayout<T>(object.btf, type);
}

/**
 * What the running kernel can do, found out by trying: each feature of the object room's table has a probe here, which
 * loads the smallest thing that needs the feature and throws it away. Versions alone would not do, since distributions
 * carry features back. Answers are kept for the process.
 *
 * Facts: what tells a kernel with a feature from one without it, as libbpf 1.8 has found out (src/features.c).
 */
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { BtfBuilder, type NewType } from '../btf/index.ts';
import { encodeAll, type Instruction } from '../isa/index.ts';
import { checkFeature, FEATURES, type Feature, type FeatureEntry } from '../object/index.ts';
import {
  BPF_CGROUP_INET_SOCK_CREATE,
  BPF_F_MMAPABLE,
  BPF_LINK_CREATE,
  BPF_MAP_TYPE_ARRAY,
  BPF_PERF_EVENT,
  BPF_PROG_BIND_MAP,
  BPF_PROG_TYPE_CGROUP_SOCK,
  BPF_PROG_TYPE_KPROBE,
  BPF_PROG_TYPE_SOCKET_FILTER,
  BPF_PROG_TYPE_TRACEPOINT,
  BPF_TRACE_UPROBE_MULTI,
  helperId,
} from '../uapi/index.ts';
import { bindMapAttributes, btfInfo, linkCreateAttributes, uprobeMultiAttributes } from './attributes.ts';
import { loadBtf } from './btf-load.ts';
import { closeDescriptor } from './descriptor.ts';
import { describe } from './ids.ts';
import { kernelSymbol } from './kallsyms.ts';
import { readKernelBtf } from './kernel-btf.ts';
import { tryCreateMap } from './maps.ts';
import { loadProgram, type ProgramToLoad } from './program-load.ts';
import { cText, littleEndian } from './structs.ts';
import { tryBpf } from './syscall.ts';
import { exit, returnZero, setRegister } from './tiny-programs.ts';

const { EBADF, EINVAL } = constants.errno;

export interface KernelFeature extends FeatureEntry {
  /** Asks the kernel, every time. */
  probe(): boolean;
}

/** Uses a descriptor, which may be a negative errno instead, and closes it. */
function withDescriptor(fd: number, use: (fd: number) => boolean): boolean {
  if (fd < 0) return false;
  try {
    return use(fd);
  } finally {
    closeDescriptor(fd);
  }
}

const worked = (fd: number): boolean => withDescriptor(fd, () => true);

type Probe = Partial<Omit<ProgramToLoad, 'insns'>> & {
  readonly type: number;
  readonly insns?: readonly Instruction[];
};

const load = ({ insns, ...program }: Probe): number =>
  loadProgram({ license: 'GPL', ...program, insns: insns === undefined ? returnZero : encodeAll(insns) }).result;

const loads = (program: Probe): boolean => worked(load(program));

const createArray = (valueSize: number, flags = 0): number =>
  tryCreateMap({ map_type: BPF_MAP_TYPE_ARRAY, key_size: 4, value_size: valueSize, max_entries: 1, map_flags: flags });

const call = (helper: string): Instruction => ({
  kind: 'call',
  target: { kind: 'helper', id: helperId(helper) ?? -1 },
});

const loadMapValue = (fd: number, off: number): Instruction => ({
  kind: 'ld_imm64',
  dst: 1,
  source: { kind: 'map_value', fd, off },
});

/** Types get the ids 1, 2, ... in their order. */
function btfOf(types: readonly NewType[]): Uint8Array {
  const builder = new BtfBuilder({ littleEndian });
  for (const type of types) builder.add(type);
  return builder.bytes();
}

const loadsBtf = (types: readonly NewType[]): boolean => worked(loadBtf(btfOf(types)).result);

const int: NewType = {
  kind: 'int',
  name: 'int',
  size: 4,
  signed: true,
  char: false,
  bool: false,
  bits: 32,
  bitOffset: 0,
};
const variable: NewType = { kind: 'var', name: 'x', type: 1, linkage: 'static' };
const dataSection = (name: string): NewType => ({
  kind: 'datasec',
  name,
  size: 4,
  entries: [{ type: 2, offset: 0, size: 4 }],
});
/** `void x(int a)`. */
const functionOf = (linkage: 'static' | 'global'): readonly NewType[] => [
  int,
  { kind: 'func_proto', returnType: 0, parameters: [{ name: 'a', type: 1 }] },
  { kind: 'func', name: 'x', type: 2, linkage },
];

/** How symbols of system calls begin where each has a wrapper that takes the registers, by Node's architecture. */
const wrapperPrefixes: Readonly<Record<string, string>> = {
  x64: '__x64_sys_',
  ia32: '__ia32_sys_',
  arm64: '__arm64_sys_',
  s390x: '__s390x_sys_',
  riscv64: '__riscv_sys_',
};

/** Either says that programs can be attached to functions of the kernel. */
const kprobeSigns = ['/sys/bus/event_source/devices/kprobe/type', '/sys/kernel/tracing/kprobe_events'];

/** Where there are no kprobes, nothing can be attached to system calls, and the answer is no, as for libbpf. */
function probeSyscallWrapper(): boolean {
  const prefix = wrapperPrefixes[process.arch];
  if (prefix === undefined || !kprobeSigns.some((path) => existsSync(path))) return false;
  const name = `${prefix}bpf`;
  // BTF answers at once; the list of symbols takes the kernel 40 ms.
  return readKernelBtf()?.find(name, 'func') !== undefined || kernelSymbol(name) !== 'missing';
}

const probes: Readonly<Record<Feature, () => boolean>> = {
  'prog-name': () => loads({ type: BPF_PROG_TYPE_SOCKET_FILTER, name: 'probe' }),

  'expected-attach-type': () =>
    loads({ type: BPF_PROG_TYPE_CGROUP_SOCK, expectedAttachType: BPF_CGROUP_INET_SOCK_CREATE }),

  'syscall-wrapper': probeSyscallWrapper,

  btf: () => loadsBtf([int]),
  'btf-func': () => loadsBtf(functionOf('static')),
  'btf-func-global': () => loadsBtf(functionOf('global')),
  'btf-datasec': () => loadsBtf([int, variable, dataSection('.data')]),
  'btf-datasec-qmark': () => loadsBtf([int, variable, dataSection('?.data')]),
  'btf-float': () => loadsBtf([{ kind: 'float', name: 'float', size: 4 }]),
  'btf-decl-tag': () => loadsBtf([int, variable, { kind: 'decl_tag', name: 'tag', type: 2, componentIndex: -1 }]),
  'btf-type-tag': () => loadsBtf([int, { kind: 'type_tag', name: 'tag', type: 1 }, { kind: 'ptr', type: 2 }]),
  'btf-enum64': () => loadsBtf([{ kind: 'enum64', name: 'e', size: 8, signed: false, values: [] }]),
  'btf-layout': () => worked(loadBtf(withLayout(btfOf([int]))).result),

  'global-data': () =>
    withDescriptor(createArray(32), (mapFd) =>
      loads({
        type: BPF_PROG_TYPE_SOCKET_FILTER,
        insns: [
          loadMapValue(mapFd, 16),
          { kind: 'store', size: 8, base: 1, off: 0, source: { immediate: 42 } },
          setRegister(0, 0),
          exit,
        ],
      }),
    ),

  'array-mmap': () => worked(createArray(4, BPF_F_MMAPABLE)),

  'probe-read-kernel': () =>
    loads({
      type: BPF_PROG_TYPE_TRACEPOINT,
      insns: [
        { kind: 'alu', width: 64, op: 'mov', dst: 1, source: { register: 10 } },
        { kind: 'alu', width: 64, op: 'add', dst: 1, source: { immediate: -8 } },
        setRegister(2, 8),
        setRegister(3, 0),
        call('bpf_probe_read_kernel'),
        exit,
      ],
    }),

  'prog-bind-map': () =>
    withDescriptor(createArray(32), (map_fd) =>
      withDescriptor(
        load({ type: BPF_PROG_TYPE_SOCKET_FILTER }),
        (prog_fd) => tryBpf(BPF_PROG_BIND_MAP, bindMapAttributes.create({ prog_fd, map_fd })) >= 0,
      ),
    ),

  // The kernels that take the fields of the name are those that have BTF of modules.
  'module-btf': () =>
    withDescriptor(loadBtf(btfOf([int])).result, (fd) => {
      const name = new Uint8Array(16);
      try {
        describe(fd, btfInfo.create({ name, name_len: name.length }), 'a BTF object');
        return true;
      } catch {
        return false;
      }
    }),

  // Came with the same version as this helper, whose presence costs least to see.
  'memcg-account': () => loads({ type: BPF_PROG_TYPE_SOCKET_FILTER, insns: [call('bpf_ktime_get_coarse_ns'), exit] }),

  // A kernel that knows such links gets as far as looking for the event.
  'perf-link': () =>
    withDescriptor(load({ type: BPF_PROG_TYPE_TRACEPOINT }), (prog_fd) => {
      const attributes = linkCreateAttributes.create({ prog_fd, target_fd: -1, attach_type: BPF_PERF_EVENT });
      return tryBpf(BPF_LINK_CREATE, attributes) === -EBADF;
    }),

  'uprobe-multi-link': () =>
    withDescriptor(
      load({ type: BPF_PROG_TYPE_KPROBE, expectedAttachType: BPF_TRACE_UPROBE_MULTI }),
      // Of a directory; and the first kernels that had them filtered threads in place of processes: those fail later
      // than at the impossible process.
      (fd) => linkUprobes(fd, 0) === -EBADF && linkUprobes(fd, -1) === -EINVAL,
    ),

  'bpf-cookie': () => loads({ type: BPF_PROG_TYPE_TRACEPOINT, insns: [call('bpf_get_attach_cookie'), exit] }),
  'arg-ctx-tag': probeArgumentTag,
  'ldimm64-full-range-offset': probeFullRangeOffset,
};

function linkUprobes(prog_fd: number, pid: number): number {
  const attributes = uprobeMultiAttributes.create({
    prog_fd,
    attach_type: BPF_TRACE_UPROBE_MULTI,
    path: cText('/'),
    offsets: new Uint8Array(8),
    cnt: 1,
    pid,
  });
  const result = tryBpf(BPF_LINK_CREATE, attributes);
  if (result >= 0) closeDescriptor(result);
  return result;
}

/** A subprogram calls a helper that takes nothing but a context, with an argument that only the tag says to be one. */
function probeArgumentTag(): boolean {
  const btf = btfOf([
    int, // 1
    { kind: 'ptr', type: 0 }, // 2: void *
    { kind: 'func_proto', returnType: 1, parameters: [{ name: 'a', type: 2 }] }, // 3
    { kind: 'func', name: 'program', type: 3, linkage: 'global' }, // 4
    { kind: 'func_proto', returnType: 1, parameters: [{ name: 'b', type: 2 }] }, // 5
    { kind: 'func', name: 'subprogram', type: 5, linkage: 'global' }, // 6
    { kind: 'decl_tag', name: 'arg:ctx', type: 6, componentIndex: 0 },
  ]);
  return withDescriptor(loadBtf(btf).result, (btfFd) =>
    loads({
      type: BPF_PROG_TYPE_KPROBE,
      insns: [{ kind: 'call', target: { kind: 'subprogram', off: 1 } }, exit, call('bpf_get_func_ip'), exit],
      btfFd,
      // Instruction and id of the function that begins there.
      funcInfo: { recordSize: 8, bytes: littleEndianWords(0, 4, 2, 6) },
    }),
  );
}

function littleEndianWords(...words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => {
    view.setUint32(index * 4, word, true);
  });
  return bytes;
}

/** Refused either way: older kernels mind the offset itself, newer ones that it lies outside the value. */
function probeFullRangeOffset(): boolean {
  return withDescriptor(createArray(1), (mapFd) => {
    const insns = encodeAll([loadMapValue(mapFd, 1 << 30), exit]);
    const { result, log } = loadProgram({ type: BPF_PROG_TYPE_SOCKET_FILTER, insns, license: 'GPL' });
    return !worked(result) && log.includes('invalid access to map value pointer');
  });
}

const HEADER_SIZE = 24;

/** Puts a table of record sizes into a blob: two more words in the header, and an entry for each of the kinds 0 and 1. */
function withLayout(btf: Uint8Array): Uint8Array {
  const layout = Uint8Array.of(0, 0, 0, 0, 4, 0, 0, 0);
  const bytes = new Uint8Array(btf.length + 8 + layout.length);
  bytes.set(btf.subarray(0, HEADER_SIZE));
  bytes.set(btf.subarray(HEADER_SIZE), HEADER_SIZE + 8);
  bytes.set(layout, btf.length + 8);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, HEADER_SIZE + 8, littleEndian);
  view.setUint32(HEADER_SIZE, btf.length - HEADER_SIZE, littleEndian);
  view.setUint32(HEADER_SIZE + 4, layout.length, littleEndian);
  return bytes;
}

/** Every feature of the object room's table, as a value that asks this kernel. */
export const kernelFeatures: readonly KernelFeature[] = Array.from(FEATURES.values(), (entry) => ({
  ...entry,
  probe: probes[entry.name],
}));

const answers = new Map<Feature, boolean>();

/** Whether the running kernel has a feature; asked once a process. */
export function hostSupports(feature: Feature): boolean {
  checkFeature('hostSupports()', feature);
  let answer = answers.get(feature);
  if (answer === undefined) {
    answer = probes[feature]();
    answers.set(feature, answer);
  }
  return answer;
}

/**
 * BPF_PROG_LOAD: one program into the kernel, with the verifier's log.
 * Sources: kernel/bpf/syscall.c (bpf_prog_load), kernel/bpf/verifier.c (check_btf_func, check_btf_line) for the
 * retry after E2BIG.
 */
import { constants } from 'node:os';
import { BPF_PROG_LOAD } from '../uapi/index.ts';
import { programLoadAttributes } from './attributes.ts';
import { type LoadOutcome, loadWithLog } from './load-log.ts';
import { raiseMemoryLimit } from './privilege.ts';
import { cText, littleEndian, words32 } from './structs.ts';
import { tryBpf } from './syscall.ts';
import { toNativeOrder } from './tiny-programs.ts';

const { E2BIG, EAGAIN } = constants.errno;

/** How often a load is tried that a signal interrupted; as libbpf. */
const MAX_TRIES = 5;

/** Records of func_info or line_info: 32-bit words, little-endian. */
export interface InfoRecords {
  readonly recordSize: number;
  readonly bytes: Uint8Array;
}

export interface ProgramToLoad {
  /** Cut to 15 bytes; none for a kernel that takes no names. */
  readonly name?: string | undefined;
  readonly type: number;
  /** Little-endian slots of 8 bytes. */
  readonly insns: Uint8Array;
  readonly license: string;
  readonly kernelVersion?: number;
  readonly flags?: number;
  readonly ifindex?: number;
  readonly expectedAttachType?: number;
  readonly attachBtfId?: number;
  /** The program or the module's BTF that `attachBtfId` belongs to. */
  readonly attachFd?: number | undefined;
  readonly btfFd?: number | undefined;
  readonly funcInfo?: InfoRecords | undefined;
  readonly lineInfo?: InfoRecords | undefined;
  /** Descriptors that instructions refer to by index. */
  readonly fdArray?: readonly number[];
}

/** @param logLevel BPF_LOG_LEVEL1, BPF_LOG_LEVEL2 and BPF_LOG_STATS, or 0 for a log only of a failure */
export function loadProgram(program: ProgramToLoad, logLevel = 0): LoadOutcome {
  raiseMemoryLimit();
  const { funcInfo, lineInfo, fdArray = [] } = program;
  const attributes = programLoadAttributes.create({
    prog_type: program.type,
    insns: toNativeOrder(program.insns),
    insn_cnt: program.insns.length / 8,
    license: cText(program.license),
    kern_version: program.kernelVersion,
    prog_flags: program.flags,
    prog_name: program.name,
    prog_ifindex: program.ifindex,
    expected_attach_type: program.expectedAttachType,
    attach_btf_id: program.attachBtfId,
    attach_prog_fd: program.attachFd,
    prog_btf_fd: program.btfFd,
    func_info: funcInfo && nativeWords(funcInfo.bytes),
    func_info_rec_size: funcInfo?.recordSize,
    func_info_cnt: funcInfo && funcInfo.bytes.length / funcInfo.recordSize,
    line_info: lineInfo && nativeWords(lineInfo.bytes),
    line_info_rec_size: lineInfo?.recordSize,
    line_info_cnt: lineInfo && lineInfo.bytes.length / lineInfo.recordSize,
    fd_array: fdArray.length === 0 ? undefined : words32(fdArray),
  });
  return loadWithLog(logLevel, (log) => {
    attributes.set('log_level', log?.level);
    attributes.set('log_buf', log?.bytes);
    attributes.set('log_size', log?.bytes.length);
    let result = tryLoad(attributes);
    if (result === -E2BIG && cutRecords(attributes, program)) result = tryLoad(attributes);
    return { result, logSize: attributes.number('log_true_size') };
  });
}

type LoadAttributes = ReturnType<typeof programLoadAttributes.create>;

function tryLoad(attributes: LoadAttributes): number {
  for (let tries = 1; ; tries += 1) {
    const result = tryBpf(BPF_PROG_LOAD, attributes);
    if (result !== -EAGAIN || tries === MAX_TRIES) return result;
  }
}

/**
 * A kernel whose records are shorter than those it is given refuses non-zero bytes at their ends with E2BIG, and
 * puts its own size into the attributes. Those bytes are cleared.
 * @returns whether anything was changed
 */
function cutRecords(attributes: LoadAttributes, { funcInfo, lineInfo }: ProgramToLoad): boolean {
  const funcSize = attributes.number('func_info_rec_size');
  const lineSize = attributes.number('line_info_rec_size');
  if (funcInfo !== undefined && funcSize < funcInfo.recordSize) {
    attributes.set('func_info', withClearedEnds(funcInfo, funcSize));
    attributes.set('func_info_rec_size', funcInfo.recordSize);
    return true;
  }
  if (lineInfo !== undefined && lineSize < lineInfo.recordSize) {
    attributes.set('line_info', withClearedEnds(lineInfo, lineSize));
    attributes.set('line_info_rec_size', lineInfo.recordSize);
    return true;
  }
  return false;
}

function withClearedEnds({ recordSize, bytes }: InfoRecords, known: number): Uint8Array {
  const cleared = nativeWords(bytes).slice();
  for (let at = 0; at < cleared.length; at += recordSize) cleared.fill(0, at + known, at + recordSize);
  return cleared;
}

function nativeWords(bytes: Uint8Array): Uint8Array {
  if (littleEndian) return bytes;
  return new Uint8Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)).map(
    (_, index) => bytes[(index & ~3) + (3 - (index & 3))] ?? 0,
  );
}

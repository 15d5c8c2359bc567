/**
 * BTF into the kernel and out of it.
 */
import { BPF_BTF_LOAD } from '../uapi/index.ts';
import { btfInfo, btfLoadAttributes } from './attributes.ts';
import { describe } from './ids.ts';
import { type LoadOutcome, loadWithLog } from './load-log.ts';
import { raiseMemoryLimit } from './privilege.ts';
import { cString } from './structs.ts';
import { tryBpf } from './syscall.ts';

/** @param bytes a whole BTF blob in this machine's byte order */
export function loadBtf(bytes: Uint8Array): LoadOutcome {
  raiseMemoryLimit();
  return loadWithLog(0, (log) => {
    const attributes = btfLoadAttributes.create({
      btf: bytes,
      btf_size: bytes.length,
      btf_log_buf: log?.bytes,
      btf_log_size: log?.bytes.length,
      btf_log_level: log?.level,
    });
    return { result: tryBpf(BPF_BTF_LOAD, attributes), logSize: attributes.number('btf_log_true_size') };
  });
}

export interface BtfDescription {
  readonly id: number;
  /** `vmlinux`, or a module's name; empty for the BTF of a program. */
  readonly name: string;
  readonly size: number;
  /** Whether it belongs to the kernel or to a module. */
  readonly ofKernel: boolean;
}

const MODULE_NAME_LENGTH = 64;

/** Kernels before 5.11 know no names; theirs are empty. */
export function describeBtf(fd: number): BtfDescription {
  const name = new Uint8Array(MODULE_NAME_LENGTH);
  const info = describe(fd, btfInfo.create({ name, name_len: name.length }), 'a BTF object');
  return {
    id: info.number('id'),
    name: cString(name),
    size: info.number('btf_size'),
    ofKernel: info.number('kernel_btf') !== 0,
  };
}

/** The bytes of a loaded BTF object. @param size as its description says */
export function readBtf(fd: number, size: number): Uint8Array {
  const btf = new Uint8Array(size);
  describe(fd, btfInfo.create({ btf, btf_size: size }), 'a BTF object');
  return btf;
}

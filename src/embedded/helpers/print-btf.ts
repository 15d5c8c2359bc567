/**
 * Helpers that show objects by their types: into memory and into the file of an iterator. How they look is
 * format/btf-show.ts's.
 *
 * Facts: kernel/trace/bpf_trace.c of Linux 6.12; facts/iterators.md 5.2. Types are those of this kernel's BTF.
 */
import { seqRoom } from '../iter/seq-file.ts';
import type { Runtime } from '../runtime.ts';
import { EVERY_FIELD } from '../sources/needs.ts';
import { type FunctionDefinition, signature } from './definition.ts';
import { EINVAL, ENOENT } from './errno.ts';
import { BTF_F_ALL, BtfShow } from './format/btf-show.ts';
import { ByteSink } from './format/byte-sink.ts';

/** struct btf_ptr: 0 the object's address   8 its type   12 flags, which nobody reads. */
const BTF_PTR_SIZE = 16;
const TYPE_ID = 8;

/** @returns `show` appends the text of the object that a struct btf_ptr tells of to the sink; gives 0 or an errno */
function shower(runtime: Runtime) {
  const sink = new ByteSink(runtime.memory);
  const shown = new BtfShow(runtime.btf, runtime.memory, sink);
  const show = (at: number, flags: number): number => {
    const { view } = runtime.memory;
    const id = view.getUint32(at + TYPE_ID, true);
    return shown.show(id, view.getInt32(at, true), view.getInt32(at + 4, true), flags);
  };
  return { sink, show };
}

/** The errno of arguments that are wrong before anything is shown, or 0. */
function argumentErrno({ btf, memory }: Runtime, at: number, size: number, flags: number, flagsHigh: number): number {
  if ((flags & ~BTF_F_ALL) !== 0 || flagsHigh !== 0 || size !== BTF_PTR_SIZE) return EINVAL;
  const id = memory.view.getUint32(at + TYPE_ID, true);
  if (id === 0) return EINVAL;
  return id < btf.endId ? 0 : ENOENT;
}

export const printBtfFunctions: readonly FunctionDefinition[] = [
  {
    name: 'bpf_snprintf_btf',
    reads: [EVERY_FIELD],
    signature: signature('p i p i q -> s'),
    make(runtime) {
      const { sink, show } = shower(runtime);
      return (to: number, size: number, at: number, atSize: number, flags: number, flagsHigh: number) => {
        const errno = argumentErrno(runtime, at, atSize, flags, flagsHigh);
        if (errno !== 0) return errno;
        sink.open(to, to + size - 1);
        const status = show(at, flags);
        const length = sink.at - to;
        // Where nothing was written, not even an end is.
        if (length > 0) runtime.memory.u8[to + Math.min(length, size - 1)] = 0;
        return status === 0 ? length : status;
      };
    },
  },
  {
    name: 'bpf_seq_printf_btf',
    reads: [EVERY_FIELD],
    signature: signature('p p i q -> s'),
    make(runtime) {
      const { sink, show } = shower(runtime);
      return (seq: number, at: number, atSize: number, flags: number, flagsHigh: number) => {
        const errno = argumentErrno(runtime, at, atSize, flags, flagsHigh);
        if (errno !== 0) return errno;
        const { start, end } = seqRoom(runtime.memory, seq);
        sink.open(start, end);
        const status = show(at, flags);
        // That the file is full is left for its reader to find out.
        runtime.memory.runtime.seq_commit(seq, sink.at - start);
        return status;
      };
    },
  },
];

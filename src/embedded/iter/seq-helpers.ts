/**
 * Helpers that write into the seq_file of an iterator program. What formats mean, and how objects are shown by their
 * types, stands in helpers/; here is where the text goes, and what becomes of too much of it.
 * Source: kernel/trace/bpf_trace.c of Linux 6.18; facts/iterators.md 5.2.
 */
import { type FunctionDefinition, signature } from '../helpers/definition.ts';
import { printerOf, valueCount } from '../helpers/print.ts';
import { seqCommit, seqRoom, seqWrite } from './seq-file.ts';

export const seqHelpers: readonly FunctionDefinition[] = [
  {
    name: 'bpf_seq_write',
    signature: signature('p p i -> s'),
    make:
      ({ memory }) =>
      (seq: number, data: number, length: number) =>
        seqWrite(memory, seq, data, length >>> 0),
  },
  {
    name: 'bpf_seq_printf',
    signature: signature('p p i p i -> s'),
    make(runtime) {
      const { memory } = runtime;
      const printer = printerOf(runtime);
      return (seq: number, at: number, size: number, values: number, valuesSize: number) => {
        const count = valueCount(values, valuesSize);
        if (count < 0) return count;
        const format = printer.format(at, size, count);
        if (typeof format === 'number') return format;
        const { start, end } = seqRoom(memory, seq);
        const length = printer.print(format, values, start, end);
        return length < 0 ? length : seqCommit(memory, seq, length);
      };
    },
  },
];

/**
 * Helpers that write bytes into the seq_file of an iterator program. Those that format (bpf_seq_printf,
 * bpf_seq_printf_btf) stand with the format engine in helpers/; they write into seqRoom() and end with seqCommit().
 * Source: kernel/trace/bpf_trace.c of Linux 6.18; facts/iterators.md 5.2.
 */
import { type FunctionDefinition, signature } from '../helpers/definition.ts';
import { seqWrite } from './seq-file.ts';

export const seqHelpers: readonly FunctionDefinition[] = [
  {
    name: 'bpf_seq_write',
    signature: signature('p p i -> s'),
    make:
      ({ memory }) =>
      (seq: number, data: number, length: number) =>
        seqWrite(memory, seq, data, length >>> 0),
  },
];

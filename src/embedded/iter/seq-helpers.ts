/**
 * Helpers that write into the seq_file of an iterator program: where the text goes, and what becomes of too much of it.
 * bpf_seq_printf is the runtime's (runtime-wasm/assembly/print.ts); helpers/print-btf.ts shows objects by their types.
 * Source: kernel/trace/bpf_trace.c of Linux 6.18; facts/iterators.md 5.2.
 */
import { type FunctionDefinition, signature } from '../helpers/definition.ts';
import { inWasm } from '../helpers/in-wasm.ts';
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
  inWasm('bpf_seq_printf', 'p p i p i -> s', (wasm) => wasm.seq_printf),
];

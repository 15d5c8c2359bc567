/**
 * Helpers that write into the seq_file of an iterator program, in the runtime's wasm (runtime-wasm/assembly/print.ts,
 * seq-file.ts); helpers/print-btf.ts shows objects by their types.
 * Source: kernel/trace/bpf_trace.c of Linux 6.18; facts/iterators.md 5.2.
 */
import type { FunctionDefinition } from '../helpers/definition.ts';
import { inWasm } from '../helpers/in-wasm.ts';

export const seqHelpers: readonly FunctionDefinition[] = [
  inWasm('bpf_seq_write', 'p p i -> s', (wasm) => wasm.seq_write),
  inWasm('bpf_seq_printf', 'p p i p i -> s', (wasm) => wasm.seq_printf),
];

/**
 * Helpers that print formats into memory and to the trace pipe. What formats mean, and the printing itself, is the
 * runtime's (runtime-wasm/assembly/print.ts); iter/seq-helpers.ts prints into the files of iterators.
 *
 * Facts: kernel/bpf/helpers.c and kernel/trace/bpf_trace.c of Linux 6.12.
 */
import type { Runtime } from '../runtime.ts';
import { type FunctionDefinition, signature } from './definition.ts';
import { inWasm } from './in-wasm.ts';
import { write64 } from './words.ts';

const VALUE_SIZE = 8;
/** Of bpf_trace_printk, which has its values in registers. */
const TRACE_VALUES = 3;
/** Bytes of a line for the trace pipe, with its end (MAX_BPRINTF_BUF). */
const LINE_SIZE = 1024;

/** @returns prints a format and values as a line; gives the length of the text as the kernel counts it */
export function tracer(runtime: Runtime) {
  const wasm = runtime.memory.runtime;
  const { memory } = runtime;
  const line = memory.allocate(LINE_SIZE);
  return (at: number, size: number, values: number, count: number): number => {
    const format = wasm.format_at(at, size, count);
    if (format < 0) return format;
    const length = wasm.format_print(format, values, line, line + LINE_SIZE - 1);
    if (length >= 0) runtime.trace(memory.text(line, Math.min(length, LINE_SIZE - 1)));
    return length;
  };
}

export const printFunctions: readonly FunctionDefinition[] = [
  inWasm('bpf_snprintf', 'p i p p i -> s', (wasm) => wasm.snprintf),
  {
    name: 'bpf_trace_printk',
    signature: signature('p i q q q -> s'),
    make(runtime) {
      const trace = tracer(runtime);
      const values = runtime.memory.allocate(TRACE_VALUES * VALUE_SIZE);
      return (
        at: number,
        size: number,
        a: number,
        aHigh: number,
        b: number,
        bHigh: number,
        c: number,
        cHigh: number,
      ) => {
        write64(runtime.memory, values, a, aHigh);
        write64(runtime.memory, values + 8, b, bHigh);
        write64(runtime.memory, values + 16, c, cHigh);
        return trace(at, size, values, TRACE_VALUES);
      };
    },
  },
  {
    name: 'bpf_trace_vprintk',
    signature: signature('p i p i -> s'),
    make(runtime) {
      const wasm = runtime.memory.runtime;
      const trace = tracer(runtime);
      return (at: number, size: number, values: number, valuesSize: number) => {
        const count = wasm.format_values(values, valuesSize);
        return count < 0 ? count : trace(at, size, values, count);
      };
    },
  },
];

/**
 * Helpers that print formats: into memory and to the trace pipe. What formats mean is format/'s;
 * iter/seq-helpers.ts prints them into iterators' files.
 *
 * Facts: kernel/bpf/helpers.c and kernel/trace/bpf_trace.c of Linux 6.12.
 */
import type { Runtime } from '../runtime.ts';
import { type FunctionDefinition, signature } from './definition.ts';
import { EINVAL } from './errno.ts';
import { FormatPrinter, MAX_VALUES } from './format/printer.ts';
import { write64 } from './words.ts';

const VALUE_SIZE = 8;
/** Of bpf_trace_printk, which has its values in registers. */
const TRACE_VALUES = 3;
/** Bytes of a line for the trace pipe, with its end (MAX_BPRINTF_BUF). */
const LINE_SIZE = 1024;
/** bpf_snprintf is not told how long its format is: the verifier saw the NUL. */
const UNBOUNDED = 0x7fffffff;

/** How many values that many bytes are. @returns an errno where they are none, or too many */
export function valueCount(values: number, size: number): number {
  if (size % VALUE_SIZE !== 0 || size > MAX_VALUES * VALUE_SIZE || size < 0 || (size !== 0 && values === 0))
    return EINVAL;
  return size / VALUE_SIZE;
}

const printers = new WeakMap<Runtime, FormatPrinter>();

/** The printer that the helpers of a kernel share, and with it their formats and the key of their hashes. */
export function printerOf(runtime: Runtime): FormatPrinter {
  let printer = printers.get(runtime);
  if (printer === undefined) {
    printer = new FormatPrinter(runtime);
    printers.set(runtime, printer);
  }
  return printer;
}

/** @returns prints a format and values as a line; gives the length of the text as the kernel counts it */
export function tracer(runtime: Runtime) {
  const printer = printerOf(runtime);
  const { memory } = runtime;
  const line = memory.allocate(LINE_SIZE);
  return (at: number, size: number, values: number, count: number): number => {
    const format = printer.format(at, size, count);
    if (typeof format === 'number') return format;
    const length = printer.print(format, values, line, line + LINE_SIZE - 1);
    if (length >= 0) runtime.trace(memory.text(line, Math.min(length, LINE_SIZE - 1)));
    return length;
  };
}

export const printFunctions: readonly FunctionDefinition[] = [
  {
    name: 'bpf_snprintf',
    signature: signature('p i p p i -> s'),
    make(runtime) {
      const printer = printerOf(runtime);
      return (to: number, size: number, at: number, values: number, valuesSize: number) => {
        const count = valueCount(values, valuesSize);
        if (count < 0) return count;
        const format = printer.format(at, UNBOUNDED, count);
        if (typeof format === 'number') return format;
        const length = printer.print(format, values, to, to + size);
        if (length < 0) return length;
        if (size > 0) runtime.memory.u8[to + Math.min(length, size - 1)] = 0;
        return length + 1;
      };
    },
  },
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
      const trace = tracer(runtime);
      return (at: number, size: number, values: number, valuesSize: number) => {
        const count = valueCount(values, valuesSize);
        return count < 0 ? count : trace(at, size, values, count);
      };
    },
  },
];

/**
 * What the engine throws when a program does what no verified program should, as an error that names the program and
 * the instruction. V8 says where: `...(wasm://wasm/MODULE-HASH:wasm-function[N]:0xOFFSET)` in its stack traces.
 */
import { BpfiterError } from '../errors.ts';
import type { CodePlaces, CompiledProgram } from './compile.ts';
import { webAssembly } from './web-assembly.ts';

/** @returns the same error if it is none of the engine's */
export function failureOf(error: unknown, compiled: CompiledProgram): unknown {
  const isTrap = error instanceof webAssembly.RuntimeError;
  const isOverflow = error instanceof RangeError && /call stack/i.test(error.message);
  if (!isTrap && !isOverflow) return error;
  const { stack = '' } = error as Error;
  const place = /wasm:\/\/wasm\/([^\s:]*?)(?:-[0-9a-f]+)?:wasm-function\[\d+\]:0x([0-9a-f]+)/.exec(stack);
  // The test of a function's prologue is the one such instruction that verified programs get to.
  const isStackUp = error.message === 'unreachable';
  const what = isOverflow ? 'calls go too deep' : isStackUp ? 'the stack is used up' : error.message;
  return new BpfiterError('refused', `program '${compiled.name}'${whereabouts(place, compiled)}: ${what}`, {
    cause: error,
  });
}

function whereabouts(place: RegExpExecArray | null, compiled: CompiledProgram): string {
  const [, module = '', offset = ''] = place ?? [];
  if (module !== compiled.moduleName) return '';
  const insn = insnAt(compiled.places, Number.parseInt(offset, 16));
  return insn === undefined ? '' : `, instruction ${insn}`;
}

/** The instruction whose code an offset in the module is in. */
function insnAt({ offsets, insns }: CodePlaces, offset: number): number | undefined {
  let low = 0;
  let high = offsets.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((offsets[middle] as number) <= offset) low = middle + 1;
    else high = middle;
  }
  return insns[low - 1];
}

/** Functions of the runtime's wasm (runtime-wasm/) as functions that programs call. */
import type { Callee } from '../../jit/index.ts';
import { LinearMemory } from '../memory/linear-memory.ts';
import type { Runtime } from '../runtime.ts';
import type { RuntimeExports } from '../runtime-wasm/runtime-wasm.ts';
import { type FunctionDefinition, signature } from './definition.ts';

/** The memory of a kernel, with the runtime's module over it. */
export function memoryOf({ memory }: Runtime): LinearMemory {
  if (memory instanceof LinearMemory) return memory;
  throw new TypeError('this memory has no runtime');
}

export const wasmOf = (runtime: Runtime): RuntimeExports => memoryOf(runtime).runtime;

/** A helper that is one of the runtime's functions. */
export const inWasm = (name: string, text: string, pick: (wasm: RuntimeExports) => Callee): FunctionDefinition => ({
  name,
  signature: signature(text),
  make: (runtime) => pick(wasmOf(runtime)),
});

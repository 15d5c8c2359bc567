/** Functions of the runtime's wasm (runtime-wasm/) as functions that programs call. */
import type { Callee } from '../../jit/index.ts';
import type { RuntimeExports } from '../runtime-wasm/runtime-wasm.ts';
import { type FunctionDefinition, signature } from './definition.ts';

/** A helper that is one of the runtime's functions. */
export const inWasm = (name: string, text: string, pick: (wasm: RuntimeExports) => Callee): FunctionDefinition => ({
  name,
  signature: signature(text),
  make: (runtime) => pick(runtime.memory.runtime),
});

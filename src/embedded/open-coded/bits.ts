/**
 * bpf_iter_bits: the numbers of the bits that are set in an array of 64-bit words, ascending; in wasm, as it may be
 * called once a bit (runtime-wasm/assembly/bits.ts). Source: kernel/bpf/helpers.c of Linux 6.18; facts/iterators.md 3.3.
 */
import { type FunctionDefinition, signature } from '../helpers/definition.ts';
import { LinearMemory } from '../memory/linear-memory.ts';
import type { Runtime } from '../runtime.ts';
import type { RuntimeExports } from '../runtime-wasm/runtime-wasm.ts';

function wasmOf({ memory }: Runtime): RuntimeExports {
  if (memory instanceof LinearMemory) return memory.runtime;
  throw new TypeError('this memory has no runtime beside it');
}

export const bitsIterator: readonly FunctionDefinition[] = [
  {
    name: 'bpf_iter_bits_new',
    signature: signature('p q i -> s'),
    make: (runtime) => wasmOf(runtime).bits_new,
  },
  {
    name: 'bpf_iter_bits_next',
    signature: signature('p -> p'),
    make: (runtime) => wasmOf(runtime).bits_next,
  },
  {
    name: 'bpf_iter_bits_destroy',
    signature: signature('p -> v'),
    make: (runtime) => wasmOf(runtime).bits_destroy,
  },
];

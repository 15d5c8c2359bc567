/**
 * bpf_iter_bits: the numbers of the bits that are set in an array of 64-bit words, ascending; in wasm, as it may be
 * called once a bit (runtime-wasm/assembly/bits.ts). Source: kernel/bpf/helpers.c of Linux 6.18; facts/iterators.md 3.3.
 */
import type { FunctionDefinition } from '../helpers/definition.ts';
import { inWasm } from '../helpers/in-wasm.ts';

export const bitsIterator: readonly FunctionDefinition[] = [
  inWasm('bpf_iter_bits_new', 'p q i -> s', (wasm) => wasm.bits_new),
  inWasm('bpf_iter_bits_next', 'p -> p', (wasm) => wasm.bits_next),
  inWasm('bpf_iter_bits_destroy', 'p -> v', (wasm) => wasm.bits_destroy),
];

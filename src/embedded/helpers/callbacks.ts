/** Calls of functions of the program: their five arguments go through ARGUMENT_BLOCK, as addresses or numbers. */
import { ARGUMENT_BLOCK } from '../../jit/index.ts';
import type { Runtime } from '../runtime.ts';
import { write64, writePointer } from './words.ts';

const WORD_SIZE = 8;

/** Sets an argument that is a number. @param index 0 for the first */
export function passNumber({ memory }: Runtime, index: number, low: number, high = 0): void {
  write64(memory, ARGUMENT_BLOCK + index * WORD_SIZE, low, high);
}

/** Sets an argument that is a pointer. @param offset 0 for NULL */
export function passPointer({ memory }: Runtime, index: number, offset: number): void {
  writePointer(memory, ARGUMENT_BLOCK + index * WORD_SIZE, offset);
}

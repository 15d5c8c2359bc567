/**
 * Reads the memory of a task's process, which the source of objects tells: all or nothing of a number of bytes, or a
 * string up to its end.
 *
 * Facts: bpf_copy_from_user_task() and copy_user_str_sleepable() in kernel/bpf/helpers.c, __copy_remote_vm_str() in
 * mm/memory.c of Linux 6.18.
 */
import type { Runtime } from '../runtime.ts';
import { type FunctionDefinition, signature } from './definition.ts';
import { EFAULT, EINVAL } from './errno.ts';
import { zeroBytes } from './words.ts';

/** @returns the bytes from there on that can be read, at most `size` */
const bytesOf = ({ objects }: Runtime, task: number, low: number, high: number, size: number): Uint8Array =>
  objects?.userMemory(task, low, high, size) ?? new Uint8Array();

/** @returns 0 or an errno, and then nothing is written */
export function readTask(runtime: Runtime, task: number, to: number, size: number, low: number, high: number): number {
  if (size === 0) return 0;
  const bytes = bytesOf(runtime, task, low, high, size);
  if (bytes.length < size) return EFAULT;
  runtime.memory.u8.set(bytes, to);
  return 0;
}

/** @returns bytes written with the NUL at the end, which stands there even if the string is longer, or an errno */
export function readTaskString(
  runtime: Runtime,
  task: number,
  to: number,
  size: number,
  low: number,
  high: number,
): number {
  if (size === 0) return 0;
  const { u8 } = runtime.memory;
  const bytes = bytesOf(runtime, task, low, high, size);
  const end = bytes.indexOf(0);
  if (end < 0 && bytes.length < size) return EFAULT;
  const length = end < 0 ? size - 1 : end;
  u8.set(bytes.subarray(0, length), to);
  u8[to + length] = 0;
  return length + 1;
}

export const userMemory: readonly FunctionDefinition[] = [
  {
    name: 'bpf_copy_from_user_task',
    signature: signature('p i q p q -> s'),
    make:
      (runtime) =>
      (to: number, size: number, low: number, high: number, task: number, flags: number, flagsHigh: number) => {
        // The destination stays as it is where the flags are refused.
        if ((flags | flagsHigh) !== 0) return EINVAL;
        const result = readTask(runtime, task, to, size, low, high);
        if (result < 0) zeroBytes(runtime.memory, to, size);
        return result;
      },
  },
];

/** bpf_probe_read_kernel and bpf_probe_read_kernel_str, which every BPF_CORE_READ is made of. */
import { isReadable, memoryEnd, read_error } from './addresses.ts';
import { copy } from './bytes.ts';
import { EFAULT } from './errno.ts';

/** @returns 0 or an errno, and then nothing is written */
export function read_kernel(to: u32, size: u32, low: u32, high: u32): i32 {
  const error = read_error(low, high, size);
  if (error === 0) copy(to, low, size);
  return error;
}

/**
 * Copies a string with its end, cut to `size`; as strncpy_from_kernel_nofault().
 * @returns bytes written, or an errno with nothing of use written
 */
export function read_kernel_str(to: u32, size: u32, low: u32, high: u32): i32 {
  if (size === 0) return 0;
  const error = read_error(low, high, 1);
  if (error !== 0) return error;
  const room = <u32>min<u64>(size, memoryEnd() - low);
  for (let i: u32 = 0; i < room; i++) {
    const byte = load<u8>(low + i);
    store<u8>(to + i, byte);
    if (byte === 0) return i + 1;
  }
  if (room < size) return EFAULT;
  store<u8>(to + size - 1, 0);
  return size;
}

/** As the helper: where nothing could be read, there are zeros. */
export function probe_read_kernel(to: u32, size: u32, low: u32, high: u32): i32 {
  // Most are pointers and numbers.
  if (size === 8 && isReadable(low, high, 8)) {
    store<u64>(to, load<u64>(low));
    return 0;
  }
  const result = read_kernel(to, size, low, high);
  if (result < 0) memory.fill(to, 0, size);
  return result;
}

export function probe_read_kernel_str(to: u32, size: u32, low: u32, high: u32): i32 {
  const result = read_kernel_str(to, size, low, high);
  if (result < 0) memory.fill(to, 0, size);
  return result;
}

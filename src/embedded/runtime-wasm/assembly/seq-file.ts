/** Appending to the seq_file of an iterator: the struct that iter/seq-file.ts describes. */
import { EOVERFLOW } from './errno.ts';

export const SEQ_BUF = 0;
export const SEQ_SIZE = 8;
export const SEQ_COUNT = 24;

/**
 * Takes what was written behind the text into the file.
 * @param length of the output, also if it was more than there was room for
 * @returns 0 or -EOVERFLOW; then the file is full, and nothing of this object will be seen
 */
export function seq_commit(seq: u32, length: u32): i32 {
  const used = load<u32>(seq, SEQ_COUNT);
  const room = load<u32>(seq, SEQ_SIZE);
  // The last byte of the buffer is never used.
  const fits = <u64>used + length < room;
  store<u32>(seq, fits ? used + length : room, SEQ_COUNT);
  return fits ? 0 : EOVERFLOW;
}

/** As bpf_seq_write(). */
export function seq_write(seq: u32, data: u32, length: u32): i32 {
  const used = load<u32>(seq, SEQ_COUNT);
  if (<u64>used + length < load<u32>(seq, SEQ_SIZE)) memory.copy(load<u32>(seq, SEQ_BUF) + used, data, length);
  return seq_commit(seq, length);
}

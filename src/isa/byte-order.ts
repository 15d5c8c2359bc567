/**
 * Byte order of instructions. The package keeps them little-endian; objects for big-endian machines have off and imm
 * swapped, and dst in the upper nibble of its byte (the registers are C bit fields there).
 */
import { checkBytes } from '../arguments.ts';
import { BpfiterError } from '../errors.ts';
import { BPF_INSN_SIZE } from './opcodes.ts';

/**
 * Big-endian slots as little-endian ones, or the reverse; the argument stays as it is.
 * @throws BpfiterError `malformed` unless the bytes are a whole number of slots
 */
export function swapByteOrder(bytes: Uint8Array): Uint8Array {
  checkBytes('swapByteOrder()', 'the bytes of instructions', bytes);
  if (bytes.length % BPF_INSN_SIZE !== 0)
    throw new BpfiterError(
      'malformed',
      `${bytes.length} bytes are no whole number of ${BPF_INSN_SIZE}-byte instructions`,
    );
  const swapped = new Uint8Array(bytes);
  const view = new DataView(swapped.buffer);
  for (let at = 0; at < swapped.length; at += BPF_INSN_SIZE) {
    const registers = view.getUint8(at + 1);
    view.setUint8(at + 1, (registers >> 4) | (registers << 4));
    view.setUint16(at + 2, view.getUint16(at + 2), true);
    view.setUint32(at + 4, view.getUint32(at + 4), true);
  }
  return swapped;
}

/** Source lines of a linked program's instructions, from the line info that goes to the kernel with it. */
import type { Btf } from '../btf/index.ts';
import type { LinkedProgram } from './linked.ts';

export interface SourceLine {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The line itself as far as the compiler kept it; empty if it did not. */
  readonly text: string;
}

const COLUMN_BITS = 10;

/** The record that covers an instruction: the last that begins at or before it. */
export function sourceLine(btf: Btf, { lineInfo }: LinkedProgram, insn: number): SourceLine | undefined {
  if (lineInfo === undefined) return undefined;
  const { bytes, recordSize } = lineInfo;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let low = 0;
  let high = bytes.length / recordSize;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (view.getUint32(middle * recordSize, true) <= insn) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return undefined;
  const at = (low - 1) * recordSize;
  const place = view.getUint32(at + 12, true);
  return {
    file: btf.string(view.getUint32(at + 4, true)),
    line: place >>> COLUMN_BITS,
    column: place & ((1 << COLUMN_BITS) - 1),
    text: btf.string(view.getUint32(at + 8, true)),
  };
}

/**
 * The tag of a program: the first 8 bytes of a SHA-256 over its instructions, in which maps are left out, so that the
 * same code has the same tag whatever maps it was given. After bpf_prog_calc_tag() of Linux 6.18.
 */
import { BPF_INSN_SIZE, BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE, InstructionView, LD_IMM64 } from '../isa/index.ts';

const TAG_SIZE = 8;

/** @param insns as they are loaded */
export async function programTag(insns: Uint8Array): Promise<Uint8Array> {
  const bytes = insns.slice();
  const view = new DataView(bytes.buffer);
  const code = new InstructionView(bytes);
  for (let insn = 0; insn < code.length; insn += code.slots(insn)) {
    if (code.code(insn) !== LD_IMM64) continue;
    if (code.src(insn) !== BPF_PSEUDO_MAP_FD && code.src(insn) !== BPF_PSEUDO_MAP_VALUE) continue;
    view.setInt32(insn * BPF_INSN_SIZE + 4, 0, true);
    view.setInt32((insn + 1) * BPF_INSN_SIZE + 4, 0, true);
  }
  const digest = await globalThis.crypto.subtle.digest('SHA-256', bytes);
  return new Uint8Array(digest, 0, TAG_SIZE);
}

/**
 * The instructions that linking looks for, and the one it writes where something is missing.
 */
import { BPF_CALL, BPF_JMP, BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, type InstructionView } from '../isa/index.ts';

const CALL = BPF_JMP | BPF_CALL;

export const isCall = (insns: InstructionView, at: number): boolean => insns.code(at) === CALL;

/** A call within the object, whose immediate is a distance in slots. */
export const isSubprogramCall = (insns: InstructionView, at: number): boolean =>
  isCall(insns, at) && insns.src(at) === BPF_PSEUDO_CALL && insns.dst(at) === 0 && insns.off(at) === 0;

export const isFunctionAddress = (insns: InstructionView, at: number): boolean =>
  insns.isLdImm64(at) && insns.src(at) === BPF_PSEUDO_FUNC;

/** Makes a slot a call of a helper that does not exist: harmless where it is never reached, refused where it is. */
export function poison(insns: InstructionView, at: number, marker: number): void {
  insns.set(at, CALL, 0, 0, 0, marker);
}

/**
 * Relocates the instructions of one program onto a kernel's types (CO-RE: compile once, run everywhere). For each
 * relocation: read what it asks of the object's types, find the candidates among the kernel's types, let every
 * candidate that fits give its answer, and write the one answer into the instruction, or poison that.
 *
 * A relocation that finds nothing is no error, the program may be prepared for that; one that contradicts its
 * instruction, or has two different answers, is.
 *
 * Facts: results equal those of libbpf 1.8, instruction for instruction.
 */
import type { Btf } from '../../btf/index.ts';
import { BpfiterError } from '../../errors.ts';
import { InstructionView } from '../../isa/index.ts';
import { answerFor, answerForNothing, type CoreAnswer } from './answer.ts';
import type { Candidate, CoreTargets } from './candidates.ts';
import { explainMismatch, explainSizeChange } from './explain.ts';
import { BPF_CORE_TYPE_ID_LOCAL, coreKindName } from './kinds.ts';
import { type Mismatch, matchSubject } from './match.ts';
import { patchInstruction, poisonInstruction } from './patch.ts';
import {
  describeSubject,
  describeType,
  membersOf,
  nameSubject,
  readSubject,
  type Subject,
  wordText,
} from './subject.ts';

/** A record of `.BTF.ext`, its instruction counted from the beginning of the program. */
export interface CoreRelocation {
  /** Index of the instruction slot. */
  readonly insn: number;
  /** In the object's BTF. */
  readonly typeId: number;
  /** Indices separated by colons; see subject.ts. */
  readonly access: string;
  /** BPF_CORE_* */
  readonly kind: number;
}

export interface CoreOutcome {
  readonly insn: number;
  /** BPF_CORE_* */
  readonly kind: number;
  /** What was asked for, for people: `struct task_struct.pid (0:12 @ offset 8)`. */
  readonly local: string;
  /**
   * Of a field: what lies on the way to it and the field itself, as `struct.member`, and the struct that it is, if it is
   * one, as `struct`; of the size of a type, the struct. Empty for all else.
   */
  readonly members: readonly string[];
  readonly result: /** The kernel has it, and the instruction has the kernel's number. */
    | 'resolved'
    /** The kernel does not have it, and the instruction has the number that says so. */
    | 'absent'
    /** There is no number that would be right: the instruction is poisoned. */
    | 'poisoned';
  /** The types of the kernel that fitted; if none did, those that were tried. */
  readonly candidates: readonly Candidate[];
  /** In one clause why there is no answer, for `absent` and `poisoned`. */
  readonly message: string | undefined;
}

/**
 * Patches the instructions in place. Relocations of one object must come in their order in the file, program by
 * program, with the same targets.
 * @param insns instruction slots of 8 bytes, little-endian
 * @param program for messages
 * @param local the object's BTF
 * @throws BpfiterError `malformed` for a relocation that contradicts types or instruction, `relocation` for one
 *   with several answers or an answer that does not fit, `unsupported` for an unknown kind or without kernel BTF
 */
export function relocateProgram(
  insns: Uint8Array,
  program: { readonly name: string },
  relocations: readonly CoreRelocation[],
  local: Btf,
  targets: CoreTargets,
): readonly CoreOutcome[] {
  const view = new InstructionView(insns);
  return relocations.map((relocation) => {
    try {
      return relocate(view, relocation, local, targets);
    } catch (error) {
      throw withContext(error, program, relocation, local);
    }
  });
}

function relocate(insns: InstructionView, relocation: CoreRelocation, local: Btf, targets: CoreTargets): CoreOutcome {
  const { insn, kind, typeId } = relocation;
  if (insn < 0 || insn >= insns.length) {
    throw new BpfiterError('malformed', `the program has only ${insns.length} instructions`);
  }
  if (targets.kernel === undefined) throw new BpfiterError('unsupported', 'this kernel has no BTF');
  const subject = readSubject(local, typeId, relocation.access, kind);
  const outcome = { insn, kind, local: describeSubject(subject), members: membersOf(subject, kind) };
  const expected = answerFor(subject, kind);
  if (kind === BPF_CORE_TYPE_ID_LOCAL) {
    patchInstruction(insns, insn, expected, expected);
    return { ...outcome, result: 'resolved', candidates: [], message: undefined };
  }

  const candidates = targets.candidatesFor(local, typeId);
  const { matching, answer, mismatches } = askAll(subject, kind, candidates);
  if (matching.length > 0) targets.narrow(local, typeId, matching);

  if (answer !== undefined) {
    if (patchInstruction(insns, insn, expected, answer) === undefined) {
      return { ...outcome, result: 'resolved', candidates: matching, message: undefined };
    }
    poisonInstruction(insns, insn);
    return { ...outcome, result: 'poisoned', candidates: matching, message: explainSizeChange(expected, answer) };
  }
  const message = explainMismatch(subject, candidates, mismatches);
  const nothing = answerForNothing(kind);
  if (nothing === undefined) poisonInstruction(insns, insn);
  else patchInstruction(insns, insn, expected, nothing);
  return { ...outcome, result: nothing === undefined ? 'poisoned' : 'absent', candidates, message };
}

interface Answers {
  readonly matching: readonly Candidate[];
  /** Of the first that fits; the others agree. */
  readonly answer: CoreAnswer | undefined;
  readonly mismatches: readonly Mismatch[];
}

/** @throws BpfiterError `relocation` if candidates disagree */
function askAll(subject: Subject, kind: number, candidates: readonly Candidate[]): Answers {
  const matching: Candidate[] = [];
  const mismatches: Mismatch[] = [];
  let first: { readonly found: Subject; readonly answer: CoreAnswer } | undefined;
  for (const candidate of candidates) {
    const found = matchSubject(subject, kind, candidate.btf, candidate.id);
    if (found.kind === 'mismatch') {
      mismatches.push(found);
      continue;
    }
    const answer = answerFor(found, kind);
    if (first === undefined) first = { found, answer };
    else mustAgree(first.found, first.answer, found, answer);
    matching.push(candidate);
  }
  return { matching, answer: first?.answer, mismatches };
}

/** Fields must lie at the same bit even if only their existence is asked for. */
function mustAgree(one: Subject, answer: CoreAnswer, other: Subject, otherAnswer: CoreAnswer): void {
  const sameBit = one.kind !== 'field' || other.kind !== 'field' || one.bitOffset === other.bitOffset;
  const { low, high } = answer.value;
  if (sameBit && low === otherAnswer.value.low && high === otherAnswer.value.high) return;
  const side = (subject: Subject, { value }: CoreAnswer) =>
    `${wordText(value, true)} for ${describeSubject(subject)} [type ${subject.rootId} of ${subject.btf.name}]`;
  throw new BpfiterError('relocation', `the kernel has two answers: ${side(one, answer)}, ${side(other, otherAnswer)}`);
}

/** Names program, instruction, kind and field in front of what went wrong. */
function withContext(
  error: unknown,
  program: { readonly name: string },
  relocation: CoreRelocation,
  local: Btf,
): unknown {
  if (!(error instanceof BpfiterError)) return error;
  const { insn, kind, typeId, access } = relocation;
  const code = error.code === 'usage' ? 'malformed' : error.code;
  const message =
    `program '${program.name}': CO-RE relocation ${coreKindName(kind)} of ${nameRelocation(local, typeId, access, kind)} ` +
    `at instruction ${insn}: ${error.message}`;
  return new BpfiterError(code, message, { cause: error });
}

/** The field's name if it can be told, else at least the type and the access string. */
function nameRelocation(local: Btf, typeId: number, access: string, kind: number): string {
  try {
    return nameSubject(readSubject(local, typeId, access, kind));
  } catch {
    try {
      return `${describeType(local, typeId)} (${access})`;
    } catch {
      return `type ${typeId} (${access})`;
    }
  }
}

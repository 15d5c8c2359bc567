/**
 * Says in one clause why the kernel has no answer to a relocation.
 */
import { BTF_KIND_ARRAY, type Btf, kindName } from '../../btf/index.ts';
import type { CoreAnswer } from './answer.ts';
import type { Candidate } from './candidates.ts';
import type { Mismatch } from './match.ts';
import { arrayLength } from './records.ts';
import { describeType, nameSteps, type Subject } from './subject.ts';

/**
 * `struct task_struct of vmlinux has no member 'pids'`.
 * @param mismatches of each candidate
 */
export function explainMismatch(
  subject: Subject,
  candidates: readonly Candidate[],
  mismatches: readonly Mismatch[],
): string {
  const [first] = mismatches;
  if (candidates.length === 0 || first === undefined) {
    return `neither the kernel nor its modules have a ${describeType(subject.btf, subject.rootId)}`;
  }
  // Where there are several, the one that came closest tells most.
  const closest = mismatches.reduce((best, other) => (other.followed > best.followed ? other : best), first);
  return explainOne(subject, closest);
}

function explainOne(subject: Subject, { why, btf, typeId, followed }: Mismatch): string {
  const there = `${describeType(btf, typeId)} of ${btf.name}`;
  switch (subject.kind) {
    case 'type':
      return `${there} is declared differently`;
    case 'enumerator':
      return why === 'missing' ? `${there} has no value '${subject.name}'` : `${there} is not an enum`;
    case 'field': {
      const path = nameSteps(subject.steps.slice(0, followed + 1));
      const step = subject.steps[followed];
      switch (why) {
        case 'missing':
          return `${there} has no member '${step?.name ?? ''}'`;
        case 'out-of-bounds':
          return `the array has ${arrayLength(btf, typeId)} elements in ${btf.name}, and element ${step?.index ?? 0} is asked for`;
        case 'not-nested':
          return `${there} has no ${step?.name === undefined ? 'elements' : `member '${step.name}'`}`;
        case 'incompatible':
          return `'${path.replace(/^\./, '')}' is ${describeShape(btf, typeId)} in ${btf.name}, which is another sort of type`;
      }
    }
  }
}

/** Types of members are often nameless: `a pointer`, `an array`. */
function describeShape(btf: Btf, typeId: number): string {
  const id = btf.skipModifiersAndTypedefs(typeId);
  if (btf.kindOf(id) === BTF_KIND_ARRAY) return `an array of ${arrayLength(btf, id)}`;
  return btf.nameOf(id) === '' ? `of kind ${kindName(btf.kindOf(id))}` : describeType(btf, id);
}

export function explainSizeChange(expected: CoreAnswer, answer: CoreAnswer): string {
  const from = expected.access?.size ?? 0;
  const to = answer.access?.size ?? 0;
  return (
    `the field has ${from} bytes in the object and ${to} in the kernel, ` +
    'and only pointers and unsigned integers may differ so'
  );
}

/**
 * Says in one clause why the kernel has no answer to a relocation.
 */
import { BTF_KIND_ARRAY, BTF_KIND_FLOAT, BTF_KIND_INT, BTF_KIND_PTR, type Btf, kindName } from '../../btf/index.ts';
import type { CoreAnswer } from './answer.ts';
import type { Candidate } from './candidates.ts';
import type { Mismatch } from './match.ts';
import { arrayLength, essential } from './records.ts';
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
    const kind = kindName(subject.btf.kindOf(subject.rootId));
    return `the kernel and its modules have no ${kind} ${essential(subject.btf.nameOf(subject.rootId))}`;
  }
  // Where there are several, the one that came closest tells most.
  const closest = mismatches.reduce((best, other) => (other.followed > best.followed ? other : best), first);
  return explainOne(subject, closest);
}

function explainOne(subject: Subject, { why, btf, rootId, typeId, followed }: Mismatch): string {
  const root = describeType(btf, rootId);
  switch (subject.kind) {
    case 'type':
      return `${root} of ${btf.name} is declared differently`;
    case 'enumerator':
      return `${root} of ${btf.name} ${why === 'missing' ? `has no value '${subject.name}'` : 'is not an enum'}`;
    case 'field': {
      const step = subject.steps[followed];
      const wanted = step?.name === undefined ? `element ${step?.index ?? 0}` : `member '${step.name}'`;
      const pathTo = (count: number) => nameSteps(subject.steps.slice(0, count)).replace(/^\./, '');
      const path = pathTo(followed);
      const there = path === '' ? `${root} of ${btf.name}` : `'${path}' of ${root} in ${btf.name}`;
      switch (why) {
        case 'missing':
          return `${there} has no ${wanted}`;
        case 'out-of-bounds':
          return `${there} has ${arrayLength(btf, typeId)} elements, and none with index ${step?.index ?? 0}`;
        case 'not-nested':
          return `${there} is ${describeShape(btf, typeId)} and has no ${wanted}`;
        case 'incompatible':
          return `'${pathTo(followed + 1)}' of ${root} in ${btf.name} is ${describeShape(btf, typeId)}, another sort of type than in the object`;
      }
    }
  }
}

/** A type as one speaks of it: `struct file`, `an array of 16`, `a pointer`, `'long int'`. */
function describeShape(btf: Btf, typeId: number): string {
  const id = btf.skipModifiersAndTypedefs(typeId);
  const kind = btf.kindOf(id);
  if (kind === BTF_KIND_ARRAY) return `an array of ${arrayLength(btf, id)}`;
  if (kind === BTF_KIND_PTR) return 'a pointer';
  if (kind === BTF_KIND_INT || kind === BTF_KIND_FLOAT) return `'${btf.nameOf(id)}'`;
  return describeType(btf, id);
}

export function explainSizeChange(expected: CoreAnswer, answer: CoreAnswer): string {
  const from = expected.access?.size ?? 0;
  const to = answer.access?.size ?? 0;
  return (
    `the field has ${from} bytes in the object and ${to} in the kernel, ` +
    'and only pointers and unsigned integers may differ so'
  );
}

/**
 * Checks of an object's BTF before anything relies on it: every type that is referred to exists, and functions have
 * prototypes. Class Btf finds such faults only when it meets them, which for a loader may be after the first map was made.
 *
 * Facts: libbpf 1.8, btf_validate_type() in src/btf.c.
 */
import { BTF_KIND_FUNC, BTF_KIND_FUNC_PROTO, type Btf, KINDS } from '../btf/index.ts';
import { BpfiterError } from '../errors.ts';

/** Words that every record begins with. */
const HEAD_WORDS = 3;

/** @throws BpfiterError `malformed` */
export function checkReferences(btf: Btf): void {
  for (let id = btf.firstId; id < btf.endId; id++) {
    const kind = btf.kindOf(id);
    const record = KINDS[kind];
    if (record === undefined) continue;
    const { typeWords, words, entryWords, entryTypeWord } = record;
    for (const word of typeWords) checkReference(btf, id, btf.rawWord(id, word));
    if (kind === BTF_KIND_FUNC && btf.kindOf(btf.referencedType(id)) !== BTF_KIND_FUNC_PROTO)
      throw new BpfiterError('malformed', `${btf.name}: BTF function '${btf.nameOf(id)}' has no prototype`);
    if (entryTypeWord === undefined) continue;
    const count = btf.vlenOf(id);
    for (let entry = 0; entry < count; entry++)
      checkReference(btf, id, btf.rawWord(id, HEAD_WORDS + words + entry * entryWords + entryTypeWord));
  }
}

function checkReference(btf: Btf, id: number, reference: number): void {
  if (reference >= btf.endId)
    throw new BpfiterError(
      'malformed',
      `${btf.name}: BTF type ${id} refers to type ${reference}, but ids end at ${btf.endId - 1}`,
    );
}

/**
 * One pass over the type section: where each record begins. This is all that opening a blob costs; what a record
 * says is read when it is asked for. The pass makes every later read of a record safe, because it proves that each
 * lies within the section and that its strings lie within the string section; references to other types are
 * checked when they are followed.
 */
import { BpfiterError } from '../errors.ts';
import { HEAD_WORDS, KINDS } from './kinds.ts';
import { BTF_KIND_UNKN } from './types.ts';

export const kindOfInfo = (info: number): number => (info >>> 24) & 0x7f;
export const vlenOfInfo = (info: number): number => info & 0xffffff;
export const flagOfInfo = (info: number): boolean => info >>> 31 === 1;

const MAX_KIND = 0x7f;

/** The parts of the table of kinds that the pass needs, as it needs them; indexed by kind. */
interface RecordSizes {
  /** Words after the common three; -1 for kinds of which neither we nor the blob knows. */
  readonly words: Int32Array;
  readonly entryWords: Int32Array;
  readonly namedEntries: Uint8Array;
}

/** @param layout the blob's own table of record sizes, used for kinds that are not in ours */
function recordSizes(layout: Uint8Array): RecordSizes {
  const words = new Int32Array(MAX_KIND + 1).fill(-1);
  const entryWords = new Int32Array(MAX_KIND + 1);
  const namedEntries = new Uint8Array(MAX_KIND + 1);
  for (let kind = 0; kind * 4 < layout.length && kind <= MAX_KIND; kind++) {
    const info = layout[kind * 4] ?? 0;
    const element = layout[kind * 4 + 1] ?? 0;
    if (info % 4 !== 0 || element % 4 !== 0) continue;
    words[kind] = info / 4;
    entryWords[kind] = element / 4;
  }
  KINDS.forEach((entry, kind) => {
    words[kind] = entry.words;
    entryWords[kind] = entry.entryWords;
    namedEntries[kind] = entry.namedEntries ? 1 : 0;
  });
  words[BTF_KIND_UNKN] = -1;
  return { words, entryWords, namedEntries };
}

/**
 * @param words the type section
 * @param stringEnd the end of the strings, base's included
 * @returns index of the first word of each type's record, the first type at 0
 * @throws BpfiterError `malformed`; `unsupported` for a kind of unknown size
 */
export function buildTypeTable(
  words: Uint32Array,
  layout: Uint8Array,
  stringEnd: number,
  firstId: number,
  name: string,
): Uint32Array {
  const sizes = recordSizes(layout);
  const starts = new Uint32Array(Math.floor(words.length / HEAD_WORDS));
  let count = 0;
  let at = 0;
  while (at + HEAD_WORDS <= words.length) {
    // In bounds by the loop's condition.
    const nameOffset = words[at] as number;
    const info = words[at + 1] as number;
    const kind = kindOfInfo(info);
    const fixed = sizes.words[kind] as number;
    if (fixed < 0) throw unknownKind(kind, firstId + count, name);
    if (nameOffset >= stringEnd && nameOffset !== 0) throw badString(nameOffset, firstId + count, name);

    const entryWords = sizes.entryWords[kind] as number;
    const entries = at + HEAD_WORDS + fixed;
    const end = entries + (entryWords === 0 ? 0 : vlenOfInfo(info) * entryWords);
    if (end > words.length) throw cutShort(firstId + count, name);
    if (sizes.namedEntries[kind] === 1) {
      for (let entry = entries; entry < end; entry += entryWords) {
        const offset = words[entry] as number;
        if (offset >= stringEnd && offset !== 0) throw badString(offset, firstId + count, name);
      }
    }
    starts[count++] = at;
    at = end;
  }
  if (at !== words.length) throw cutShort(firstId + count, name);
  return starts.slice(0, count);
}

function unknownKind(kind: number, id: number, name: string): BpfiterError {
  return kind === BTF_KIND_UNKN
    ? new BpfiterError('malformed', `${name}: BTF type ${id} has kind 0`)
    : new BpfiterError('unsupported', `${name}: BTF type ${id} has kind ${kind}, which is not supported`);
}

function badString(offset: number, id: number, name: string): BpfiterError {
  return new BpfiterError('malformed', `${name}: BTF type ${id} has a name at ${offset}, beyond the string section`);
}

function cutShort(id: number, name: string): BpfiterError {
  return new BpfiterError('malformed', `${name}: BTF type ${id} is cut short by the end of the type section`);
}

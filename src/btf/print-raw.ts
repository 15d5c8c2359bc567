/**
 * BTF as text, one type after the other with its id: the text of `bpftool btf dump file X format raw`, byte for byte.
 * Reads records rather than the objects of types.ts, so that a type which those cannot express (an unknown linkage, a
 * kind of tomorrow) is printed and not refused.
 */
import { checkBtf } from '../arguments.ts';
import type { Btf } from './btf.ts';
import { HEAD_WORDS, KINDS } from './kinds.ts';
import {
  BTF_KIND_ARRAY,
  BTF_KIND_DATASEC,
  BTF_KIND_DECL_TAG,
  BTF_KIND_ENUM,
  BTF_KIND_ENUM64,
  BTF_KIND_FLOAT,
  BTF_KIND_FUNC,
  BTF_KIND_FUNC_PROTO,
  BTF_KIND_FWD,
  BTF_KIND_INT,
  BTF_KIND_STRUCT,
  BTF_KIND_UNION,
  BTF_KIND_VAR,
} from './types.ts';

export interface PrintRawOptions {
  /** Only these; all of the blob itself, without its base, if absent. */
  readonly ids?: Iterable<number> | undefined;
}

const ENCODINGS: Readonly<Record<number, string>> = { 0: '(none)', 1: 'SIGNED', 2: 'CHAR', 4: 'BOOL' };
const LINKAGES = ['static', 'global', 'extern'];

/** Every line ends with a newline. */
export function printRaw(btf: Btf, { ids }: PrintRawOptions = {}): string {
  checkBtf('printRaw()', btf);
  const pieces: string[] = [];
  if (ids === undefined) for (let id = btf.firstId; id < btf.endId; id++) pieces.push(rawType(btf, id));
  else for (const id of ids) pieces.push(rawType(btf, id));
  return pieces.join('');
}

function rawType(btf: Btf, id: number): string {
  const kind = btf.kindOf(id);
  const heading = `[${id}] ${KINDS[kind]?.name.toUpperCase() ?? 'UNKNOWN'} ${quoted(btf, btf.nameOffsetOf(id))}`;
  return `${heading}${details(btf, id, kind)}\n`;
}

function details(btf: Btf, id: number, kind: number): string {
  const word = (index: number) => btf.rawWord(id, HEAD_WORDS + index);
  const vlen = btf.vlenOf(id);
  const flag = btf.kindFlagOf(id);
  const sizeOrType = btf.rawWord(id, 2);
  const entries = (print: (index: number) => string) =>
    Array.from({ length: vlen }, (_, index) => `\n\t${print(index)}`).join('');

  switch (kind) {
    case BTF_KIND_INT: {
      const bits = word(0);
      const encoding = ENCODINGS[(bits >>> 24) & 0xf] ?? 'UNKN';
      return ` size=${sizeOrType} bits_offset=${(bits >>> 16) & 0xff} nr_bits=${bits & 0xff} encoding=${encoding}`;
    }
    case BTF_KIND_ARRAY:
      return ` type_id=${word(0)} index_type_id=${word(1)} nr_elems=${word(2)}`;
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
      return ` size=${sizeOrType} vlen=${vlen}${entries((index) => {
        const offset = word(index * 3 + 2);
        const bits = flag ? offset >>> 24 : 0;
        const place = `bits_offset=${flag ? offset & 0xffffff : offset}${bits === 0 ? '' : ` bitfield_size=${bits}`}`;
        return `${quoted(btf, word(index * 3))} type_id=${word(index * 3 + 1)} ${place}`;
      })}`;
    case BTF_KIND_ENUM:
      return ` encoding=${flag ? 'SIGNED' : 'UNSIGNED'} size=${sizeOrType} vlen=${vlen}${entries((index) => {
        const value = word(index * 2 + 1);
        return `${quoted(btf, word(index * 2))} val=${flag ? value | 0 : value}`;
      })}`;
    case BTF_KIND_ENUM64:
      return ` encoding=${flag ? 'SIGNED' : 'UNSIGNED'} size=${sizeOrType} vlen=${vlen}${entries((index) => {
        const value = BigInt(word(index * 3 + 1)) | (BigInt(word(index * 3 + 2)) << 32n);
        return `${quoted(btf, word(index * 3))} val=${flag ? `${BigInt.asIntN(64, value)}LL` : `${value}ULL`}`;
      })}`;
    case BTF_KIND_FWD:
      return ` fwd_kind=${flag ? 'union' : 'struct'}`;
    case BTF_KIND_FUNC:
      return ` type_id=${sizeOrType} linkage=${LINKAGES[vlen] ?? '(unknown)'}`;
    case BTF_KIND_FUNC_PROTO:
      return ` ret_type_id=${sizeOrType} vlen=${vlen}${entries(
        (index) => `${quoted(btf, word(index * 2))} type_id=${word(index * 2 + 1)}`,
      )}`;
    case BTF_KIND_VAR:
      return ` type_id=${sizeOrType}, linkage=${LINKAGES[word(0)] ?? '(unknown)'}`;
    case BTF_KIND_DATASEC:
      return ` size=${sizeOrType} vlen=${vlen}${entries((index) => {
        const type = word(index * 3);
        const variable = type < btf.endId ? ` (${kindAndName(btf, type)})` : '';
        return `type_id=${type} offset=${word(index * 3 + 1)} size=${word(index * 3 + 2)}${variable}`;
      })}`;
    case BTF_KIND_FLOAT:
      return ` size=${sizeOrType}`;
    case BTF_KIND_DECL_TAG:
      return ` type_id=${sizeOrType} component_idx=${word(0) | 0}`;
    default:
      // Pointers, qualifiers, typedefs, type tags; a kind without references has nothing more to show.
      return (KINDS[kind]?.typeWords.length ?? 0) > 0 ? ` type_id=${sizeOrType}` : '';
  }
}

const quoted = (btf: Btf, nameOffset: number): string => `'${nameOffset === 0 ? '(anon)' : btf.string(nameOffset)}'`;

function kindAndName(btf: Btf, id: number): string {
  const kind = KINDS[btf.kindOf(id)];
  const name = kind === undefined || id === 0 ? 'UNKNOWN' : kind.name.toUpperCase();
  return `${name} ${quoted(btf, btf.nameOffsetOf(id))}`;
}

/**
 * Walking structs by offset: what lies at an offset of a type, through nested structs, unions, arrays and a last array
 * without a length; and whether a pointer into one struct points to a struct of another type.
 * After btf_struct_walk, btf_struct_access and btf_struct_ids_match of kernel/bpf/btf.c.
 */
import {
  BTF_KIND_ARRAY,
  BTF_KIND_CONST,
  BTF_KIND_ENUM,
  BTF_KIND_ENUM64,
  BTF_KIND_FLOAT,
  BTF_KIND_INT,
  BTF_KIND_PTR,
  BTF_KIND_RESTRICT,
  BTF_KIND_STRUCT,
  BTF_KIND_TYPE_TAG,
  BTF_KIND_TYPEDEF,
  BTF_KIND_UNION,
  BTF_KIND_VOLATILE,
  type Btf,
} from '../../btf/index.ts';
import type { Env } from '../environment.ts';
import { EACCES, EFAULT, EINVAL } from '../errno.ts';
import { MEM_PERCPU, MEM_RCU, MEM_USER, PTR_UNTRUSTED } from '../register-types.ts';

/** What a walk needs of the environment: saying why something is not there. */
export type WalkReporter = Pick<Env, 'say' | 'unsupported'>;

/** What an access at an offset reads. */
export interface Walked {
  /** `untrusted`: a pointer to no struct, which can be read as untrusted memory. */
  readonly kind: 'scalar' | 'pointer' | 'untrusted';
  /** `pointer`: the struct that it points to. */
  readonly typeId: number;
  /** `pointer`: flags of register-types.ts from tags, and PTR_UNTRUSTED out of a union. */
  readonly flags: number;
  /** `pointer`: name of the member. */
  readonly field: string;
}

const SCALAR: Walked = { kind: 'scalar', typeId: 0, flags: 0, field: '' };
const UNTRUSTED: Walked = { kind: 'untrusted', typeId: 0, flags: 0, field: '' };

/** Structs in structs; only a struct that contains itself goes deeper. */
const DEEPEST = 64;
/** Links from a member to what has a size; the kernel follows no more. */
const LONGEST_CHAIN = 32;
const U32_MAX = 0xffff_ffff;

const WORDS_OF_HEAD = 3;
const WORDS_OF_MEMBER = 3;

/** Accesses that were walked once: programs read the same fields again and again. */
const walkedOf = new WeakMap<Btf, Map<number, Walked>>();
const CACHED_OFFSETS = 0x4_0000;
const MOST_CACHED = 100_000;

/**
 * Looks up what an access reads; says why not.
 * @returns the errno (positive) where the access is refused
 */
export function walkStruct(env: WalkReporter, btf: Btf, typeId: number, off: number, size: number): Walked | number {
  const cacheable = off < CACHED_OFFSETS && size <= 8;
  const key = (typeId * CACHED_OFFSETS + off) * 16 + size;
  let cache = walkedOf.get(btf);
  if (cacheable) {
    const known = cache?.get(key);
    if (known !== undefined) return known;
  }
  const walked = walk(env, btf, typeId, off, size);
  if (cacheable && typeof walked !== 'number') {
    if (cache === undefined || cache.size >= MOST_CACHED) {
      cache = new Map();
      walkedOf.set(btf, cache);
    }
    cache.set(key, walked);
  }
  return walked;
}

function walk(env: WalkReporter, btf: Btf, typeId: number, off: number, size: number): Walked | number {
  const walker = new Walker(env, btf);
  let id = typeId;
  let at = off;
  for (let depth = 0; depth < DEEPEST; depth++) {
    const found = walker.step(id, at, size);
    if (found !== NESTED) return found;
    id = walker.nested;
    at = 0;
  }
  env.unsupported(`a struct that contains structs ${DEEPEST} deep`);
}

/**
 * Whether `off` bytes into a struct there is a struct of the needed type: the struct itself, or one that it begins with
 * or contains there.
 * @param strict only the struct itself, at offset 0
 */
export function structIdsMatch(
  env: WalkReporter,
  btf: Btf,
  typeId: number,
  off: number,
  needBtf: Btf,
  needId: number,
  strict: boolean,
): boolean {
  if (off === 0 && isSameType(btf, typeId, needBtf, needId)) return true;
  if (strict) return false;
  const walker = new Walker(env, btf);
  let id = typeId;
  let at = off;
  for (let depth = 0; depth < DEEPEST; depth++) {
    if (walker.step(id, at, 1) !== NESTED) return false;
    id = walker.nested;
    if (isSameType(btf, id, needBtf, needId)) return true;
    at = 0;
  }
  env.unsupported(`a struct that contains structs ${DEEPEST} deep`);
}

/** Ids of a module's BTF go on where those of its base end. */
function isSameType(a: Btf, idInA: number, b: Btf, idInB: number): boolean {
  if (idInA !== idInB) return false;
  return a === b || ownerOf(a, idInA) === ownerOf(b, idInB);
}

const ownerOf = (btf: Btf, id: number): Btf =>
  btf.base !== undefined && id < btf.firstId ? ownerOf(btf.base, id) : btf;

/** The offset is that of a nested struct, `Walker.nested`. */
const NESTED = -1;

class Walker {
  /** Id of the nested struct that step() came upon, perhaps through typedefs. */
  nested = 0;
  readonly #env: WalkReporter;
  readonly #btf: Btf;
  #flags = 0;
  /** Where the nested struct begins that the offset is inside of. */
  #start = 0;
  // What #resolve() found; #elements is 0 for what is no array.
  #size = 0;
  #elements = 0;
  #kind = 0;
  #id = 0;
  #pointerId = 0;

  constructor(env: WalkReporter, btf: Btf) {
    this.#env = env;
    this.#btf = btf;
  }

  /** @returns what is there, NESTED, or an errno */
  step(id: number, offset: number, size: number): Walked | number {
    const btf = this.#btf;
    let struct = btf.skipModifiersAndTypedefs(id) as number;
    let off = offset;
    for (let depth = 0; depth < DEEPEST; depth++) {
      const kind = btf.kindOf(struct);
      if (kind !== BTF_KIND_STRUCT && kind !== BTF_KIND_UNION) {
        this.#env.say('memory/btf-no-struct', { type: nameOf(btf, struct) });
        return EINVAL;
      }
      // Of several members of a union only one is true. One with a single member is another spelling of it.
      if (kind === BTF_KIND_UNION && btf.vlenOf(struct) !== 1) this.#flags |= PTR_UNTRUSTED;
      if (off + size > btf.sizeOf(struct)) {
        const start = this.#startOfFlexibleArray(struct, off);
        const element = start < 0 ? 0 : this.#elementOfLast(struct);
        const elementKind = btf.kindOf(element);
        if (start >= 0 && elementKind === BTF_KIND_INT) return SCALAR;
        const isStruct = elementKind === BTF_KIND_STRUCT || elementKind === BTF_KIND_UNION;
        if (start < 0 || !isStruct || btf.sizeOf(element) === 0) {
          this.#env.say('memory/btf-beyond', { struct: nameOf(btf, struct), off, size });
          return EACCES;
        }
        off = (off - start) % btf.sizeOf(element);
        struct = element;
        continue;
      }
      const result = this.#member(struct, off, size);
      if (result !== INSIDE) return result;
      struct = btf.skipModifiersAndTypedefs(this.#id);
      off -= this.#start;
    }
    return this.#env.unsupported(`a struct that contains structs ${DEEPEST} deep`);
  }

  /**
   * Looks at the members of one struct.
   * @returns what is there, NESTED, an errno, or INSIDE: within the struct #id, which begins at #start
   */
  #member(struct: number, off: number, size: number): Walked | number {
    const btf = this.#btf;
    const count = btf.vlenOf(struct);
    const hasBitFields = btf.kindFlagOf(struct);
    for (let index = 0; index < count; index++) {
      const at = WORDS_OF_HEAD + index * WORDS_OF_MEMBER;
      const place = btf.rawWord(struct, at + 2);
      const bitOffset = hasBitFields ? place & 0xff_ffff : place;
      const bits = hasBitFields ? place >>> 24 : 0;
      let start = bitOffset >>> 3;
      if (off + size <= start) break;
      if (bits !== 0) {
        // Bit fields without a name have no member, so that an access may begin before this one.
        if (off <= start && Math.ceil((bitOffset + bits) / 8) <= off + size) return SCALAR;
        continue;
      }
      if (off < start) break;
      if (!this.#resolve(btf.rawWord(struct, at + 1))) {
        this.#env.say('memory/btf-sizeless', { member: this.#memberName(struct, at) });
        return EFAULT;
      }
      let memberSize = this.#size;
      const end = start + memberSize;
      if (off >= end) continue;
      if (this.#elements > 0) {
        // An array counts as its elements one after the other, however many dimensions it has.
        memberSize /= this.#elements;
        start += Math.floor((off - start) / memberSize) * memberSize;
      }
      switch (this.#kind) {
        case BTF_KIND_STRUCT:
        case BTF_KIND_UNION:
          if (off === start) {
            this.nested = this.#id;
            return NESTED;
          }
          this.#start = start;
          return INSIDE;
        case BTF_KIND_PTR:
          if (memberSize !== size || off !== start) {
            const facts = { member: this.#memberName(struct, at), struct: nameOf(btf, struct), off, size };
            this.#env.say('memory/btf-pointer-part', { ...facts, memberOff: start });
            return EACCES;
          }
          return this.#pointer(struct, at);
        default:
          // Numbers may be read in parts, and neighbours of an array together.
          if (off + size > end && (this.#flags & PTR_UNTRUSTED) === 0) {
            const facts = { member: this.#memberName(struct, at), struct: nameOf(btf, struct), off, size };
            this.#env.say('memory/btf-beyond-member', { ...facts, end });
            return EACCES;
          }
          return SCALAR;
      }
    }
    this.#env.say('memory/btf-hole', { struct: nameOf(btf, struct), off });
    return EINVAL;
  }

  #pointer(struct: number, at: number): Walked {
    const btf = this.#btf;
    const target = btf.referencedType(this.#pointerId);
    let flags = this.#flags;
    if (btf.kindOf(target) === BTF_KIND_TYPE_TAG && !btf.kindFlagOf(target)) flags |= TAGS[btf.nameOf(target)] ?? 0;
    const typeId = btf.skipModifiersAndTypedefs(target);
    const kind = btf.kindOf(typeId);
    if (kind !== BTF_KIND_STRUCT && kind !== BTF_KIND_UNION) return UNTRUSTED;
    return { kind: 'pointer', typeId, flags, field: this.#memberName(struct, at) };
  }

  /**
   * Finds out size, kind and, of arrays, number of elements and element of a member's type.
   * @returns false for what has no size
   */
  #resolve(type: number): boolean {
    const btf = this.#btf;
    let id = type;
    let elements = 1;
    let inArray = false;
    this.#id = type;
    for (let links = 0; links < LONGEST_CHAIN; links++) {
      const kind = btf.kindOf(id);
      switch (kind) {
        case BTF_KIND_INT:
        case BTF_KIND_ENUM:
        case BTF_KIND_ENUM64:
        case BTF_KIND_FLOAT:
        case BTF_KIND_STRUCT:
        case BTF_KIND_UNION:
        case BTF_KIND_PTR: {
          const size = kind === BTF_KIND_PTR ? btf.pointerSize : btf.sizeOf(id);
          if (elements * size > U32_MAX) return false;
          this.#size = elements * size;
          this.#elements = inArray ? elements : 0;
          this.#kind = kind;
          if (kind === BTF_KIND_PTR) this.#pointerId = id;
          // The id of an array's element stays as it is written, a typedef perhaps: ids are compared.
          if (!inArray) this.#id = id;
          return true;
        }
        case BTF_KIND_TYPEDEF:
        case BTF_KIND_VOLATILE:
        case BTF_KIND_CONST:
        case BTF_KIND_RESTRICT:
        case BTF_KIND_TYPE_TAG:
          id = btf.rawWord(id, 2);
          break;
        case BTF_KIND_ARRAY:
          inArray = true;
          elements *= btf.rawWord(id, WORDS_OF_HEAD + 2);
          if (elements > U32_MAX) return false;
          id = btf.rawWord(id, WORDS_OF_HEAD);
          this.#id = id;
          break;
        default:
          return false;
      }
    }
    return false;
  }

  /** @returns where the last member begins, if it is an array without a length and the offset lies in it; else -1 */
  #startOfFlexibleArray(struct: number, off: number): number {
    const btf = this.#btf;
    const count = btf.vlenOf(struct);
    if (count === 0) return -1;
    const at = WORDS_OF_HEAD + (count - 1) * WORDS_OF_MEMBER;
    const array = btf.skipModifiersAndTypedefs(btf.rawWord(struct, at + 1));
    if (btf.kindOf(array) !== BTF_KIND_ARRAY || btf.rawWord(array, WORDS_OF_HEAD + 2) !== 0) return -1;
    const place = btf.rawWord(struct, at + 2);
    const start = (btf.kindFlagOf(struct) ? place & 0xff_ffff : place) >>> 3;
    return off < start ? -1 : start;
  }

  #elementOfLast(struct: number): number {
    const btf = this.#btf;
    const at = WORDS_OF_HEAD + (btf.vlenOf(struct) - 1) * WORDS_OF_MEMBER;
    const array = btf.skipModifiersAndTypedefs(btf.rawWord(struct, at + 1));
    return btf.skipModifiersAndTypedefs(btf.rawWord(array, WORDS_OF_HEAD));
  }

  #memberName(struct: number, at: number): string {
    const name = this.#btf.string(this.#btf.rawWord(struct, at));
    return name === '' ? ANONYMOUS : name;
  }
}

/** The offset is inside a nested struct. */
const INSIDE = -2;
const ANONYMOUS = '(anon)';

const TAGS: Readonly<Record<string, number>> = { user: MEM_USER, percpu: MEM_PERCPU, rcu: MEM_RCU };

function nameOf(btf: Btf, id: number): string {
  const name = btf.nameOf(id);
  return name === '' ? ANONYMOUS : name;
}

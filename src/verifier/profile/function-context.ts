/**
 * Contexts that are the arguments of a function of the kernel: an array of 8-byte slots, one an argument (more for a
 * struct passed by value), and behind them the return value where the attach type has one. What a load gives follows
 * from the function's prototype in BTF: numbers and pointers to numbers or void are scalars, pointers to structs BTF
 * pointers, everything else cannot be read.
 *
 * Facts: how Linux 6.18 answers (1,601 tracepoints and 18 iterator targets, scripts/measure-profile.mjs); functions
 * that this kernel's machine does not let programs attach to (fentry, LSM) after kernel/bpf/btf.c of Linux 6.12.
 */
import {
  BTF_KIND_ENUM,
  BTF_KIND_ENUM64,
  BTF_KIND_INT,
  BTF_KIND_PTR,
  BTF_KIND_STRUCT,
  BTF_KIND_TYPE_TAG,
  BTF_KIND_UNION,
  type Btf,
  type FunctionPrototype,
} from '../../btf/index.ts';
import type { ContextAccess } from './types.ts';

/** Bytes of a slot. */
const SLOT = 8;
/** No program sees more slots (MAX_BPF_FUNC_ARGS). */
const MAX_SLOTS = 12;

export interface FunctionContextOptions {
  /** Parameters that programs do not see: the first of a tracepoint's. */
  readonly skip?: number;
  /** Pointers are valid for as long as the program runs. */
  readonly trusted: boolean;
  /** Arguments, counted from 0, that may be NULL. */
  readonly nullable?: readonly number[] | undefined;
  /** Arguments that may be an error in place of a pointer: they can be looked at as numbers only. */
  readonly errors?: readonly number[] | undefined;
  /** Pointers that differ from the rule, by argument. */
  readonly overrides?: ReadonlyMap<number, ContextAccess> | undefined;
  /** `any`: fexit; `int`: fmod_ret, which attaches to functions that return a number. */
  readonly returnValue?: 'any' | 'int' | undefined;
  /** What the return value is known to be. */
  readonly returnRange?: { readonly min: number; readonly max: number } | undefined;
  /** Pointers to one struct are pointers to another: `sock` to `tcp_sock`. */
  readonly promote?: Readonly<Record<string, string>> | undefined;
}

const scalar: ContextAccess = { register: 'scalar' };

export class FunctionContext {
  readonly #btf: Btf;
  readonly #prototype: FunctionPrototype;
  readonly #options: FunctionContextOptions;

  constructor(btf: Btf, prototype: FunctionPrototype, options: FunctionContextOptions) {
    this.#btf = btf;
    this.#prototype = prototype;
    this.#options = options;
  }

  /** @returns undefined where the kernel answers `invalid bpf_context access` */
  access(offset: number, size: number, write: boolean): ContextAccess | undefined {
    if (write || offset < 0 || offset >= MAX_SLOTS * SLOT || offset % SLOT !== 0) return undefined;
    const { skip = 0, returnValue, returnRange } = this.#options;
    const parameters = this.#prototype.parameters.slice(skip);
    let end = 0;
    for (const [argument, { type }] of parameters.entries()) {
      end += this.#slotBytes(type);
      if (offset < end) return this.#argument(type, size, argument);
    }
    if (returnValue === undefined || offset >= end + this.#slotBytes(this.#prototype.returnType)) return undefined;
    const type = this.#btf.skipModifiersAndTypedefs(this.#prototype.returnType);
    if (returnValue === 'int' && this.#btf.kindOf(type) !== BTF_KIND_INT) return undefined;
    const access = this.#argument(type, size, undefined);
    return access !== undefined && returnRange !== undefined ? { ...access, range: returnRange } : access;
  }

  /** 0 for void, which has no slot. */
  #slotBytes(id: number): number {
    const type = this.#btf.skipModifiersAndTypedefs(id);
    return type === 0 ? 0 : Math.ceil(this.#btf.sizeOfType(type) / SLOT) * SLOT;
  }

  #argument(id: number, size: number, argument: number | undefined): ContextAccess | undefined {
    const btf = this.#btf;
    const type = btf.skipModifiersAndTypedefs(id);
    switch (btf.kindOf(type)) {
      case BTF_KIND_INT:
        return btf.sizeOf(type) <= SLOT ? scalar : undefined;
      case BTF_KIND_ENUM:
      case BTF_KIND_ENUM64:
      case BTF_KIND_STRUCT:
      case BTF_KIND_UNION:
        return scalar;
      case BTF_KIND_PTR:
        return size === SLOT ? this.#pointer(type, argument) : undefined;
      default:
        return undefined;
    }
  }

  #pointer(pointer: number, argument: number | undefined): ContextAccess | undefined {
    const btf = this.#btf;
    const { trusted, nullable = [], errors = [], overrides, promote = {} } = this.#options;
    const override = argument === undefined ? undefined : overrides?.get(argument);
    if (override !== undefined) return override;
    const target = btf.referencedType(pointer);
    const struct = btf.skipModifiersAndTypedefs(target);
    const kind = btf.kindOf(struct);
    if (struct === 0 || kind === BTF_KIND_INT) return scalar;
    if (kind !== BTF_KIND_STRUCT && kind !== BTF_KIND_UNION) return undefined;
    if (argument !== undefined && errors.includes(argument)) return scalar;
    // Only a tag that stands first counts.
    const tag = btf.kindOf(target) === BTF_KIND_TYPE_TAG ? btf.nameOf(target) : '';
    const register = [
      tag === 'user' ? 'user_' : '',
      tag === 'percpu' ? 'percpu_' : '',
      trusted ? 'trusted_' : '',
      'ptr_',
      argument !== undefined && nullable.includes(argument) ? 'or_null_' : '',
    ].join('');
    const name = btf.nameOf(struct);
    const promoted = promote[name];
    if (promoted === undefined) return { register, btf: name, btfId: struct };
    return { register, btf: promoted, btfId: btf.find(promoted, 'struct') ?? struct };
  }
}

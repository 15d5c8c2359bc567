/**
 * Which types of the kernel may be what a type of the object stands for: those of the same name, flavours left out,
 * and the same kind. The kernel proper is asked first, and the modules only if it has none.
 *
 * Of several candidates all that fit must give the same answer. Those that did not fit one relocation of a local
 * type, while others did, are out of the race for the following ones of that type, as they are in libbpf; so the
 * order of relocations matters, and the lists belong to one object being linked.
 */
import { type Btf, kindName } from '../../btf/index.ts';
import { BpfiterError } from '../../errors.ts';
import type { ModuleBtf } from '../target.ts';
import { essential, isEnum, kindsCompatible } from './records.ts';

export interface Candidate {
  readonly btf: Btf;
  readonly id: number;
}

/** The types that one object's relocations are resolved against. */
export class CoreTargets {
  readonly kernel: Btf | undefined;
  readonly #modules: () => readonly ModuleBtf[];
  readonly #byName = new Map<string, readonly Candidate[]>();
  readonly #byLocalType = new WeakMap<Btf, Map<number, readonly Candidate[]>>();

  /** @param modules called only if the kernel proper does not have a type */
  constructor(kernel: Btf | undefined, modules: () => readonly ModuleBtf[]) {
    this.kernel = kernel;
    this.#modules = modules;
  }

  /** @throws BpfiterError `malformed` for an anonymous type, which cannot be found; `unsupported` without kernel BTF */
  candidatesFor(local: Btf, id: number): readonly Candidate[] {
    const known = this.#byLocalType.get(local)?.get(id);
    if (known !== undefined) return known;
    const name = essential(local.nameOf(id));
    if (name === '') throw new BpfiterError('malformed', 'types without a name cannot be looked for in the kernel');
    const candidates = this.#find(name, local.kindOf(id));
    this.narrow(local, id, candidates);
    return candidates;
  }

  /** Only these are candidates for that local type from now on. */
  narrow(local: Btf, id: number, candidates: readonly Candidate[]): void {
    let lists = this.#byLocalType.get(local);
    if (lists === undefined) {
      lists = new Map();
      this.#byLocalType.set(local, lists);
    }
    lists.set(id, candidates);
  }

  #find(name: string, kind: number): readonly Candidate[] {
    const key = `${isEnum(kind) ? 'enum' : kindName(kind)} ${name}`;
    const known = this.#byName.get(key);
    if (known !== undefined) return known;
    if (this.kernel === undefined) throw new BpfiterError('unsupported', 'this kernel has no BTF');
    let candidates = ofKind(this.kernel, name, kind);
    if (candidates.length === 0) candidates = this.#modules().flatMap(({ btf }) => ofKind(btf, name, kind));
    this.#byName.set(key, candidates);
    return candidates;
  }
}

/** A module's own types only: those that it shares with the kernel have been asked. */
function ofKind(btf: Btf, name: string, kind: number): readonly Candidate[] {
  return btf
    .findEssential(name)
    .filter((id) => id >= btf.firstId && kindsCompatible(btf.kindOf(id), kind))
    .map((id) => ({ btf, id }));
}

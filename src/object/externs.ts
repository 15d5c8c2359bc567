/**
 * Finds in the kernel what the `.ksyms` externs of an object name: addresses, variables and functions. Values of
 * `.kconfig` externs are kconfig.ts's subject; writing what is found into instructions is data-references.ts's.
 *
 * Facts: libbpf 1.8, bpf_object__resolve_ksyms_btf_id() and its callees in src/libbpf.c.
 */
import { BTF_KIND_FUNC, BTF_KIND_VAR, type Btf, essentialName, kindName } from '../btf/index.ts';
import { BpfiterError } from '../errors.ts';
import { typesCompatible } from './core/compatible-types.ts';
import type { KsymExtern, ObjectExtern } from './model.ts';
import { ESRCH, type LinkTarget, type ModuleBtf } from './target.ts';

/** What an extern turned out to be. Weak ones that the kernel does not have are in no list. */
export type ResolvedKsym =
  | { readonly kind: 'address'; readonly address: bigint }
  | {
      readonly kind: 'btf';
      /** Of the variable or function. */
      readonly btfId: number;
      readonly module: string | undefined;
    };

export interface ResolvedKsyms {
  readonly ksyms: ReadonlyMap<ObjectExtern, ResolvedKsym>;
  /** Modules with functions that are called; calls refer to them by 1 + their index. */
  readonly functionModules: readonly string[];
}

/** `off` of a call is a signed 16-bit number. */
const MOST_MODULES = 0x7fff - 1;

/**
 * @param local the object's BTF
 * @throws BpfiterError `relocation` for what the kernel does not have, or has as something else
 */
export function resolveKsyms(
  externs: readonly ObjectExtern[],
  local: Btf | undefined,
  target: LinkTarget,
): ResolvedKsyms {
  const ksyms = new Map<ObjectExtern, ResolvedKsym>();
  const functionModules: string[] = [];
  /** The first without an address. libbpf complains of those only when all that is typed was found. */
  let missing: KsymExtern | undefined;
  for (const extern of externs) {
    if (extern.kind === 'kconfig' || local === undefined) continue;
    const found = extern.typeId === 0 ? findAddress(extern, target) : findInBtf(extern, local, target);
    if (found === undefined) {
      if (extern.weak) continue;
      if (extern.typeId !== 0) throw notFound(extern);
      missing ??= extern;
      continue;
    }
    ksyms.set(extern, found);
    const module = found.kind === 'btf' && extern.kind === 'function' ? found.module : undefined;
    if (module === undefined || functionModules.includes(module)) continue;
    if (functionModules.length === MOST_MODULES)
      throw new BpfiterError(
        'unsupported',
        `extern '${extern.name}': functions of ${MOST_MODULES} modules are called already`,
      );
    functionModules.push(module);
  }
  if (missing !== undefined) throw notFound(missing);
  return { ksyms, functionModules };
}

function findAddress({ name }: KsymExtern, target: LinkTarget): ResolvedKsym | undefined {
  const address = target.symbol(name);
  if (address === 'ambiguous')
    throw new BpfiterError('relocation', `extern '${name}': the kernel has several symbols of that name`);
  return address === 'missing' ? undefined : { kind: 'address', address };
}

function notFound({ name, kind, typeId }: KsymExtern): BpfiterError {
  const untyped = typeId === 0;
  const where = untyped ? 'symbols of the kernel' : 'BTF of the kernel and its modules';
  const message = `extern '${name}': there is no such ${kind} in the ${where}`;
  return new BpfiterError('relocation', message, untyped ? { errno: ESRCH } : {});
}

interface Definition {
  readonly btf: Btf;
  readonly id: number;
  readonly module: ModuleBtf | undefined;
}

function findInBtf(extern: KsymExtern, local: Btf, target: LinkTarget): ResolvedKsym | undefined {
  const isFunction = extern.kind === 'function';
  // Functions may be declared more than once, with a flavour each.
  const name = isFunction ? essentialName(extern.name) : extern.name;
  const found = findDefinition(name, isFunction ? BTF_KIND_FUNC : BTF_KIND_VAR, target);
  if (found === undefined) return undefined;
  const { btf, id, module } = found;
  const type = isFunction ? btf.referencedType(id) : btf.skipModifiersAndTypedefs(btf.referencedType(id));
  if (compatible(local, extern.typeId, btf, type)) return { kind: 'btf', btfId: id, module: module?.name };
  if (isFunction && extern.weak) return undefined;
  throw new BpfiterError(
    'relocation',
    `extern '${extern.name}': the object declares ${isFunction ? 'another prototype' : describe(local, extern.typeId)} ` +
      `than ${module?.name ?? 'the kernel'} has${isFunction ? '' : ` (${describe(btf, type)})`}`,
  );
}

function findDefinition(name: string, kind: number, target: LinkTarget): Definition | undefined {
  const kernel = target.btf();
  const id = kernel?.find(name, kind);
  if (kernel !== undefined && id !== undefined) return { btf: kernel, id, module: undefined };
  for (const module of target.modules()) {
    const { btf } = module;
    const own = btf.findAll(name).find((candidate) => candidate >= btf.firstId && btf.kindOf(candidate) === kind);
    if (own !== undefined) return { btf, id: own, module };
  }
  return undefined;
}

/** Types too deep to be compared count as different. */
function compatible(local: Btf, localId: number, btf: Btf, id: number): boolean {
  try {
    return typesCompatible(local, localId, btf, id);
  } catch (error) {
    if (error instanceof BpfiterError && error.code === 'malformed') return false;
    throw error;
  }
}

function describe(btf: Btf, id: number): string {
  return `${kindName(btf.kindOf(id))} ${btf.nameOf(id)}`.trimEnd();
}

/**
 * How far pointers can be trusted: which registers are trusted or RCU-protected, where RCU protects, and which fields
 * stay trusted when they are read through a trusted pointer.
 * After is_trusted_reg, in_rcu_cs and btf_nested_type_is_trusted of the kernel.
 */
import { BTF_KIND_PTR, type Btf } from '../../btf/index.ts';
import type { Env } from '../environment.ts';
import { TRUSTED_FIELDS, type TrustedField, type TrustKind } from '../profile/linux-6.18/trusted-fields.ts';
import { REF_OBJ_ID, TYPE } from '../register.ts';
import {
  baseType,
  CONST_PTR_TO_MAP,
  MEM_ALLOC,
  MEM_RCU,
  NON_OWN_REF,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_TCP_SOCK,
  PTR_TRUSTED,
  typeFlags,
} from '../register-types.ts';

/** Flags of which one makes a pointer trusted, unless it has others (BPF_REG_TRUSTED_MODIFIERS). */
export const TRUSTED_MODIFIERS = MEM_ALLOC | PTR_TRUSTED | NON_OWN_REF;

/** Whether the type has flags that make it less than trusted: untrusted, maybe NULL, user, per-CPU, RCU, ... */
export const hasUnsafeModifiers = (type: number): boolean => (typeFlags(type) & ~TRUSTED_MODIFIERS) !== 0;

/** Pointers of these types are kernel objects that are always valid; kfuncs take them for BTF pointers. */
const isAlwaysTrusted = (base: number): boolean =>
  base === PTR_TO_SOCKET || base === PTR_TO_SOCK_COMMON || base === PTR_TO_TCP_SOCK || base === CONST_PTR_TO_MAP;

export function isTrusted(w: Int32Array, r: number): boolean {
  if (w[r + REF_OBJ_ID] !== 0) return true;
  const type = w[r + TYPE] as number;
  if (hasUnsafeModifiers(type)) return false;
  return isAlwaysTrusted(baseType(type)) || (type & TRUSTED_MODIFIERS) !== 0;
}

export const isRcu = (w: Int32Array, r: number): boolean => ((w[r + TYPE] as number) & MEM_RCU) !== 0;

/** Whether RCU-protected objects stay valid here: in an RCU section, under a lock, in a program that cannot sleep. */
export const inRcuSection = ({ state }: Env): boolean =>
  state.activeRcuLocks > 0 || state.activeLocks > 0 || !state.inSleepable;

/** `STRUCT.FIELD` -> kind and id of the struct that the field must point to. */
type TrustedFields = ReadonlyMap<string, { readonly kind: TrustKind; readonly pointee: number }>;

const listsOf = new WeakMap<Btf, TrustedFields>();

/** How a field that is read through a trusted pointer may be trusted, if it points to this struct. */
export function trustOfField(btf: Btf, struct: string, field: string, pointee: number): TrustKind | undefined {
  let list = listsOf.get(btf);
  if (list === undefined) {
    list = listOf(btf);
    listsOf.set(btf, list);
  }
  const found = list.get(`${struct}.${field}`);
  return found?.pointee === pointee ? found.kind : undefined;
}

const KINDS: readonly TrustKind[] = ['rcu', 'rcu_or_null', 'trusted', 'trusted_or_null'];

/** Structs that have trusted fields in 6.18, and one that gets some later. */
const STRUCTS: ReadonlySet<string> = new Set([...TRUSTED_FIELDS.map(({ struct }) => struct), 'vm_area_struct']);

/** The kernel's own list where its BTF has one, else the profile's. */
function listOf(btf: Btf): TrustedFields {
  const list = new Map<string, { kind: TrustKind; pointee: number }>();
  for (const struct of STRUCTS) {
    for (const kind of KINDS) {
      const id = btf.find(`${struct}__safe_${kind}`, 'struct');
      const type = id === undefined ? undefined : btf.type(id);
      if (type?.kind !== 'struct') continue;
      for (const member of type.members) {
        if (btf.kindOf(member.type) !== BTF_KIND_PTR) continue;
        const pointee = btf.skipModifiersAndTypedefs(btf.referencedType(member.type));
        list.set(`${struct}.${member.name}`, { kind, pointee });
      }
    }
  }
  if (list.size === 0) for (const entry of TRUSTED_FIELDS) addField(list, btf, entry);
  return list;
}

function addField(
  list: Map<string, { kind: TrustKind; pointee: number }>,
  btf: Btf,
  { struct, field, pointee, kind }: TrustedField,
): void {
  const id = btf.find(pointee, 'struct');
  if (id !== undefined) list.set(`${struct}.${field}`, { kind, pointee: id });
}

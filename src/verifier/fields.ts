/**
 * Special fields of map values and of types that programs allocate: locks, timers, kptrs, list heads, tree roots, ...
 * Found in BTF when a program is prepared (input/), looked up by offset while it is verified.
 * After struct btf_record (include/linux/bpf.h).
 */

export type FieldKind =
  | 'spin_lock'
  | 'res_spin_lock'
  | 'timer'
  | 'workqueue'
  | 'task_work'
  | 'kptr_unref'
  | 'kptr_ref'
  | 'kptr_percpu'
  | 'uptr'
  | 'list_head'
  | 'list_node'
  | 'rb_root'
  | 'rb_node'
  | 'refcount';

export interface SpecialField {
  readonly kind: FieldKind;
  readonly offset: number;
  readonly size: number;
  /** kptrs and uptrs: what they point to; index into the verifier's BTFs. */
  readonly pointee?: { readonly btf: number; readonly typeId: number };
  /** Heads and roots: type of the objects in it (in the program's BTF), and where in them the node is. */
  readonly contains?: { readonly typeId: number; readonly nodeOffset: number };
}

export interface MapFields {
  /** By offset. */
  readonly fields: readonly SpecialField[];
}

/** Of a type that programs may allocate (bpf_obj_new). */
export interface AllocatedType {
  readonly typeId: number;
  readonly size: number;
  readonly fields: MapFields;
}

/**
 * The shapes of BTF types as the package hands them out. Kinds and their fields are the format's own
 * (https://docs.kernel.org/bpf/btf.html); `kind` names are the lower-case kind names of bpftool's dumps.
 */

/** Index of a type in a BTF object; 0 is `void`. Ids of a split BTF continue those of its base. */
export type TypeId = number & { readonly __typeId: unique symbol };

/** The one place where a plain number becomes a TypeId. */
export const typeId = (id: number): TypeId => id as TypeId;

export const BTF_KIND_UNKN = 0;
export const BTF_KIND_INT = 1;
export const BTF_KIND_PTR = 2;
export const BTF_KIND_ARRAY = 3;
export const BTF_KIND_STRUCT = 4;
export const BTF_KIND_UNION = 5;
export const BTF_KIND_ENUM = 6;
export const BTF_KIND_FWD = 7;
export const BTF_KIND_TYPEDEF = 8;
export const BTF_KIND_VOLATILE = 9;
export const BTF_KIND_CONST = 10;
export const BTF_KIND_RESTRICT = 11;
export const BTF_KIND_FUNC = 12;
export const BTF_KIND_FUNC_PROTO = 13;
export const BTF_KIND_VAR = 14;
export const BTF_KIND_DATASEC = 15;
export const BTF_KIND_FLOAT = 16;
export const BTF_KIND_DECL_TAG = 17;
export const BTF_KIND_TYPE_TAG = 18;
export const BTF_KIND_ENUM64 = 19;

interface Named {
  readonly id: TypeId;
  /** Empty for anonymous types. */
  readonly name: string;
}

export interface VoidType extends Named {
  readonly kind: 'void';
}
export interface IntType extends Named {
  readonly kind: 'int';
  /** Bytes. */
  readonly size: number;
  readonly signed: boolean;
  readonly char: boolean;
  readonly bool: boolean;
  /** Bits that carry the value; `size * 8` but for old-style bit fields. */
  readonly bits: number;
  /** Bit at which the value begins; 0 but for old-style bit fields. */
  readonly bitOffset: number;
}
export interface PointerType extends Named {
  readonly kind: 'ptr';
  readonly type: TypeId;
}
export interface ArrayType extends Named {
  readonly kind: 'array';
  readonly elementType: TypeId;
  readonly indexType: TypeId;
  readonly length: number;
}
export interface Member {
  readonly name: string;
  readonly type: TypeId;
  /** From the beginning of the struct. */
  readonly bitOffset: number;
  /** 0 for an ordinary member. */
  readonly bitFieldSize: number;
}
export interface CompositeType extends Named {
  readonly kind: 'struct' | 'union';
  readonly size: number;
  readonly members: readonly Member[];
}
export interface EnumType extends Named {
  readonly kind: 'enum' | 'enum64';
  readonly size: number;
  readonly signed: boolean;
  readonly values: readonly { readonly name: string; readonly value: bigint }[];
}
export interface ForwardType extends Named {
  readonly kind: 'fwd';
  readonly target: 'struct' | 'union';
}
export interface AliasType extends Named {
  readonly kind: 'typedef' | 'volatile' | 'const' | 'restrict';
  readonly type: TypeId;
}
export interface TypeTag extends Named {
  readonly kind: 'type_tag';
  readonly type: TypeId;
  /** The name is a whole attribute (`address_space(1)`), not the text of a btf_type_tag. */
  readonly attribute?: true;
}
export interface FunctionType extends Named {
  readonly kind: 'func';
  /** Its prototype. */
  readonly type: TypeId;
  readonly linkage: 'static' | 'global' | 'extern';
}
export interface FunctionPrototype extends Named {
  readonly kind: 'func_proto';
  readonly returnType: TypeId;
  /** A last parameter of type void and without a name stands for `...`. */
  readonly parameters: readonly { readonly name: string; readonly type: TypeId }[];
}
export interface VariableType extends Named {
  readonly kind: 'var';
  readonly type: TypeId;
  readonly linkage: 'static' | 'global' | 'extern';
}
export interface DataSectionType extends Named {
  readonly kind: 'datasec';
  readonly size: number;
  readonly entries: readonly { readonly type: TypeId; readonly offset: number; readonly size: number }[];
}
export interface FloatType extends Named {
  readonly kind: 'float';
  readonly size: number;
}
export interface DeclarationTag extends Named {
  readonly kind: 'decl_tag';
  readonly type: TypeId;
  /** -1 for the declaration itself, else the index of a member or parameter. */
  readonly componentIndex: number;
  /** The name is a whole attribute (`bpf_fastcall`), not the text of a btf_decl_tag. */
  readonly attribute?: true;
}

export type BtfType =
  | VoidType
  | IntType
  | PointerType
  | ArrayType
  | CompositeType
  | EnumType
  | ForwardType
  | AliasType
  | TypeTag
  | FunctionType
  | FunctionPrototype
  | VariableType
  | DataSectionType
  | FloatType
  | DeclarationTag;

export type Kind = BtfType['kind'];

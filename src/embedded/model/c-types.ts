/**
 * The types of C as the model's declarations name them, before they have sizes or BTF ids.
 */

export type CType =
  | { readonly kind: 'void' }
  /** An integer by the words of C (`unsigned int`), or a typedef. */
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'tagged'; readonly tag: Tag; readonly name: string }
  /** A struct or union without a name, or one that is defined where it is used. */
  | { readonly kind: 'inline'; readonly composite: Composite }
  | { readonly kind: 'pointer'; readonly to: CType }
  | { readonly kind: 'array'; readonly of: CType; readonly length: number }
  | { readonly kind: 'const' | 'volatile'; readonly of: CType }
  | Prototype;

export type Tag = 'struct' | 'union' | 'enum';

export interface Prototype {
  readonly kind: 'prototype';
  readonly returns: CType;
  readonly parameters: readonly Parameter[];
  readonly variadic: boolean;
}

export interface Parameter {
  /** Empty where the declaration gives none. */
  readonly name: string;
  readonly type: CType;
}

export interface Composite {
  readonly tag: 'struct' | 'union';
  /** Empty for one without a name. */
  readonly name: string;
  readonly members: readonly CMember[];
}

export interface CMember {
  /** Empty for an unnamed struct or union, whose members count as those of what contains it. */
  readonly name: string;
  readonly type: CType;
  /** Bits of a bit field, else 0. */
  readonly bits: number;
  /** Where the declaration asks for more than the type does (`__aligned(8)`). */
  readonly alignment?: number;
}

export interface Enumeration {
  readonly tag: 'enum';
  readonly name: string;
  readonly values: readonly (readonly [name: string, value: bigint])[];
}

export interface Typedef {
  readonly tag: 'typedef';
  readonly name: string;
  readonly type: CType;
}

export interface CFunction {
  readonly tag: 'function';
  readonly name: string;
  readonly prototype: Prototype;
}

export type CDeclaration = Composite | Enumeration | Typedef | CFunction;

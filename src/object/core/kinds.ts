/**
 * The kinds of CO-RE relocations: what each asks of a kernel's types.
 * Facts: enum bpf_core_relo_kind of include/uapi/linux/bpf.h (Linux 6.18); the words are libbpf's.
 */

export const BPF_CORE_FIELD_BYTE_OFFSET = 0;
export const BPF_CORE_FIELD_BYTE_SIZE = 1;
export const BPF_CORE_FIELD_EXISTS = 2;
export const BPF_CORE_FIELD_SIGNED = 3;
export const BPF_CORE_FIELD_LSHIFT_U64 = 4;
export const BPF_CORE_FIELD_RSHIFT_U64 = 5;
export const BPF_CORE_TYPE_ID_LOCAL = 6;
export const BPF_CORE_TYPE_ID_TARGET = 7;
export const BPF_CORE_TYPE_EXISTS = 8;
export const BPF_CORE_TYPE_SIZE = 9;
export const BPF_CORE_ENUMVAL_EXISTS = 10;
export const BPF_CORE_ENUMVAL_VALUE = 11;
export const BPF_CORE_TYPE_MATCHES = 12;

/** What a relocation is about. */
export type CoreSubjectKind = 'field' | 'type' | 'enumerator';

interface CoreKind {
  readonly name: string;
  readonly subject: CoreSubjectKind;
}

/** Indexed by BPF_CORE_*. */
const CORE_KINDS: readonly CoreKind[] = [
  { name: 'byte_off', subject: 'field' },
  { name: 'byte_sz', subject: 'field' },
  { name: 'field_exists', subject: 'field' },
  { name: 'signed', subject: 'field' },
  { name: 'lshift_u64', subject: 'field' },
  { name: 'rshift_u64', subject: 'field' },
  { name: 'local_type_id', subject: 'type' },
  { name: 'target_type_id', subject: 'type' },
  { name: 'type_exists', subject: 'type' },
  { name: 'type_size', subject: 'type' },
  { name: 'enumval_exists', subject: 'enumerator' },
  { name: 'enumval_value', subject: 'enumerator' },
  { name: 'type_matches', subject: 'type' },
];

/** The name of a kind, as libbpf's messages spell it. */
export function coreKindName(kind: number): string {
  return CORE_KINDS[kind]?.name ?? `kind ${kind}`;
}

/** undefined for a kind that is newer than this table. */
export function coreSubjectKind(kind: number): CoreSubjectKind | undefined {
  return CORE_KINDS[kind]?.subject;
}

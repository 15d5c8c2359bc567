/**
 * How tables of a profile name kinds of programs: a program type (`xdp`), with an attach type where that makes a
 * difference (`xdp/xdp_devmap`), with a target where that does (`tracing/trace_iter/tcp`). Struct_ops programs go by
 * struct and member (`struct_ops/tcp_congestion_ops`, `struct_ops/tcp_congestion_ops.release`), and `.s` behind a name
 * means sleepable programs only. A look-up takes the most specific name that a table has.
 *
 * The names of types and attach types are those of libbpf (uapi/).
 */
import type { Btf } from '../../btf/index.ts';
import {
  attachTypeName,
  BPF_PROG_TYPE_LSM,
  BPF_PROG_TYPE_STRUCT_OPS,
  BPF_PROG_TYPE_TRACING,
  BPF_TRACE_ITER,
  BPF_TRACE_RAW_TP,
  programTypeName,
} from '../../uapi/index.ts';
import type { ProgramKind } from './types.ts';

const keysOfKind = new WeakMap<ProgramKind, readonly string[]>();

/** Every name of a kind, the most specific first. */
export function keysOf(kind: ProgramKind): readonly string[] {
  let keys = keysOfKind.get(kind);
  if (keys === undefined) {
    const paths = pathsOf(kind);
    keys = kind.sleepable ? paths.flatMap((key) => [`${key}.s`, key]) : paths;
    keysOfKind.set(kind, keys);
  }
  return keys;
}

function pathsOf({ type, expectedAttachType, target }: ProgramKind): readonly string[] {
  const typeKey = programTypeName(type) ?? `type ${type}`;
  if (type === BPF_PROG_TYPE_STRUCT_OPS) {
    // The attach type is the number of a member, which the target names.
    return target === undefined ? [typeKey] : [`${typeKey}/${target}`, `${typeKey}/${structOf(target)}`, typeKey];
  }
  const attachName = attachTypeName(expectedAttachType);
  if (attachName === undefined) return [typeKey];
  const attachKey = `${typeKey}/${attachName}`;
  return target === undefined ? [attachKey, typeKey] : [`${attachKey}/${target}`, attachKey, typeKey];
}

/** `tcp_congestion_ops` of `tcp_congestion_ops.release`. */
export const structOf = (target: string): string => target.split('.', 1)[0] ?? target;

/** The words of a table's cell, which may go over several lines; none for an absent one. */
export const words = (cell: string | undefined): readonly string[] => cell?.match(/\S+/g) ?? [];

/** Rows by the names in their `programs`. */
export function rowsByKey<Row extends { readonly programs: string }>(rows: readonly Row[]): ReadonlyMap<string, Row> {
  return new Map(rows.flatMap((row) => words(row.programs).map((key): [string, Row] => [key, row])));
}

/** The row of the most specific name. */
export function findRow<Row>(rows: ReadonlyMap<string, Row>, kind: ProgramKind): Row | undefined {
  for (const key of keysOf(kind)) {
    const row = rows.get(key);
    if (row !== undefined) return row;
  }
  return undefined;
}

export const TRACEPOINT_PREFIX = 'btf_trace_';
const ITER_PREFIX = 'bpf_iter_';
export const LSM_PREFIX = 'bpf_lsm_';

const withoutPrefix = (name: string, prefix: string): string =>
  name.startsWith(prefix) ? name.slice(prefix.length) : name;

/**
 * The target of a kind, from what a program is loaded with: the name of the iterator target, tracepoint, function or
 * LSM hook; `tcp_congestion_ops.ssthresh` for a member of struct_ops; undefined for the other types.
 * @param attachBtfId as in bpf(2): the function, typedef or struct that is attached to
 */
export function targetOf(btf: Btf, type: number, expectedAttachType: number, attachBtfId: number): string | undefined {
  if (attachBtfId <= 0 || attachBtfId >= btf.endId) return undefined;
  const name = btf.nameOf(attachBtfId);
  switch (type) {
    case BPF_PROG_TYPE_TRACING:
      if (expectedAttachType === BPF_TRACE_RAW_TP) return withoutPrefix(name, TRACEPOINT_PREFIX);
      if (expectedAttachType === BPF_TRACE_ITER) return withoutPrefix(name, ITER_PREFIX);
      return name;
    case BPF_PROG_TYPE_LSM:
      return withoutPrefix(name, LSM_PREFIX);
    case BPF_PROG_TYPE_STRUCT_OPS: {
      const struct = btf.type(attachBtfId);
      const member = struct.kind === 'struct' ? struct.members[expectedAttachType] : undefined;
      return member === undefined ? undefined : `${name}.${member.name}`;
    }
    default:
      return undefined;
  }
}

/** The other way round. @returns 0 where the kernel has no such thing */
export function attachBtfIdOf(btf: Btf, { type, expectedAttachType, target }: ProgramKind): number {
  if (target === undefined) return 0;
  switch (type) {
    case BPF_PROG_TYPE_TRACING:
      if (expectedAttachType === BPF_TRACE_RAW_TP) return btf.find(`${TRACEPOINT_PREFIX}${target}`, 'typedef') ?? 0;
      if (expectedAttachType === BPF_TRACE_ITER) return btf.find(`${ITER_PREFIX}${target}`, 'func') ?? 0;
      return btf.find(target, 'func') ?? 0;
    case BPF_PROG_TYPE_LSM:
      return btf.find(`${LSM_PREFIX}${target}`, 'func') ?? 0;
    case BPF_PROG_TYPE_STRUCT_OPS:
      return btf.find(structOf(target), 'struct') ?? 0;
    default:
      return 0;
  }
}

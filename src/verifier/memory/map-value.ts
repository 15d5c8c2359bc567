/**
 * Accesses to map values: bounds, what the map's flags forbid, special fields, and constants out of frozen maps.
 * After check_map_access and bpf_map_direct_read of kernel/bpf/verifier.c. Kptrs: kptr.ts.
 */
import { BPF_F_RDONLY_PROG, BPF_F_WRONLY_PROG, BPF_MAP_TYPE_ARRAY } from '../../uapi/index.ts';
import type { Env } from '../environment.ts';
import { EACCES, ENOTSUPP } from '../errno.ts';
import type { FieldKind, SpecialField } from '../fields.ts';
import type { VerifierMap } from '../program.ts';
import { MAP, VALUE } from '../register.ts';
import { hasKnownValue } from '../scalar/index.ts';
import { knownValue, signedMin, unsignedMax } from './numbers.ts';
import { checkRegionAccess } from './region.ts';

/** How the kernel's messages call the fields (btf_field_type_name). */
export const FIELD_NAMES: Readonly<Record<FieldKind, string>> = {
  spin_lock: 'bpf_spin_lock',
  res_spin_lock: 'bpf_res_spin_lock',
  timer: 'bpf_timer',
  workqueue: 'bpf_wq',
  task_work: 'bpf_task_work',
  kptr_unref: 'kptr',
  kptr_ref: 'kptr',
  kptr_percpu: 'percpu_kptr',
  uptr: 'uptr',
  list_head: 'bpf_list_head',
  list_node: 'bpf_list_node',
  rb_root: 'bpf_rb_root',
  rb_node: 'bpf_rb_node',
  refcount: 'bpf_refcount',
};

const isPointerField = ({ kind }: SpecialField): boolean =>
  kind === 'kptr_unref' || kind === 'kptr_ref' || kind === 'kptr_percpu' || kind === 'uptr';

/** The map that a register's MAP names. */
export function mapOf(env: Env, w: Int32Array, r: number): VerifierMap {
  const map = env.maps[w[r + MAP] as number];
  if (map === undefined) throw new RangeError(`register refers to map ${w[r + MAP]}, which does not exist`);
  return map;
}

/** @param off constant part of the offset, the register's included */
export function checkMapFlags(env: Env, regno: number, off: number, size: number, write: boolean): void {
  const { frame } = env;
  const { flags, valueSize } = mapOf(env, frame.words, frame.register(regno));
  // A map that is both takes the first.
  const readable = (flags & BPF_F_RDONLY_PROG) !== 0 || (flags & BPF_F_WRONLY_PROG) === 0;
  const writable = (flags & BPF_F_RDONLY_PROG) === 0;
  if (write && !writable) env.reject(EACCES, 'memory/map-write', { valueSize, off, size });
  if (!write && !readable) env.reject(EACCES, 'memory/map-read', { valueSize, off, size });
}

/**
 * @param off constant part of the offset, the register's included
 * @param byHelper a helper gets the memory: it may touch no special field
 */
export function checkMapAccess(
  env: Env,
  regno: number,
  off: number,
  size: number,
  zeroSizeAllowed: boolean,
  byHelper: boolean,
): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  const map = mapOf(env, w, r);
  checkRegionAccess(env, regno, off, size, map.valueSize, zeroSizeAllowed);
  if (map.fields === undefined) return;
  const from = signedMin(w, r) + off;
  const to = unsignedMax(w, r) + off + size;
  for (const field of map.fields.fields) {
    if (from >= field.offset + field.size || field.offset >= to) continue;
    const name = FIELD_NAMES[field.kind];
    if (!isPointerField(field)) env.reject(EACCES, 'memory/field-direct', { field: name });
    if (byHelper) env.reject(EACCES, 'memory/field-indirect', { field: name });
    if (!hasKnownValue(w, r)) env.reject(EACCES, 'memory/field-variable', { field: name });
    const at = off + knownValue(w, r);
    if (at !== field.offset)
      env.reject(EACCES, 'memory/field-misaligned', { field: name, expected: field.offset, off: at });
    if (size !== 8) env.reject(EACCES, 'memory/field-size', { field: name });
  }
}

/** The kptr or uptr that begins at this offset of a map's value. */
export function pointerFieldAt(map: VerifierMap, off: number): SpecialField | undefined {
  return map.fields?.fields.find((field) => field.offset === off && isPointerField(field));
}

/** Whether the contents can change no more, so that loads from constant offsets give constants. */
export const isConstant = (map: VerifierMap): boolean =>
  map.type === BPF_MAP_TYPE_ARRAY && map.frozen && (map.flags & BPF_F_RDONLY_PROG) !== 0;

/** What `readConstant` read. */
export const constant = { lo: 0, hi: 0 };

/**
 * Reads from a map of which isConstant() is true, into `constant`.
 * @param off within the value, as checkMapAccess has seen to
 */
export function readConstant(env: Env, map: VerifierMap, off: number, size: number, signExtend: boolean): void {
  // The kernel finds no address for arrays of more elements, and says nothing of it.
  if (map.maxEntries !== 1) env.rejectAsSaid(ENOTSUPP);
  const { value } = map;
  if (value === undefined || off + size > value.length)
    env.unsupported(`a load from the frozen map ${map.name}, whose contents are not known,`);
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  switch (size) {
    case 1:
      constant.lo = signExtend ? view.getInt8(off) : view.getUint8(off);
      break;
    case 2:
      constant.lo = signExtend ? view.getInt16(off, true) : view.getUint16(off, true);
      break;
    default:
      constant.lo = view.getInt32(off, true);
  }
  if (size === 8) constant.hi = view.getInt32(off + 4, true);
  else constant.hi = signExtend && constant.lo < 0 ? -1 : 0;
}

/** Offset of a constant access from the value's beginning. */
export const constantOffset = (w: Int32Array, r: number, off: number): number => off + (w[r + VALUE] as number);

/**
 * What a map is created from (the map part of `union bpf_attr`), and the checks of it that all types share.
 * Source: kernel/bpf/syscall.c (map_create), Linux 6.18.
 */
import {
  BPF_F_NO_PREALLOC,
  BPF_F_NUMA_NODE,
  BPF_F_RDONLY,
  BPF_F_RDONLY_PROG,
  BPF_F_WRONLY,
  BPF_F_WRONLY_PROG,
  BPF_MAP_TYPE_ARENA,
  BPF_MAP_TYPE_BLOOM_FILTER,
  BPF_MAP_TYPE_STRUCT_OPS,
} from '../../uapi/index.ts';
import type { MapFields } from '../../verifier/index.ts';
import { EINVAL } from './errnos.ts';
import type { MapBase } from './map-base.ts';

export interface MapAttributes {
  /** As users know it. */
  readonly name: string;
  /** As its struct has it; the beginning of `name` if absent. */
  readonly kernelName?: string;
  /** BPF_MAP_TYPE_*. */
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  readonly extra: bigint;
  readonly numaNode: number;
  readonly btfKeyTypeId: number;
  readonly btfValueTypeId: number;
  /** struct_ops: its value's type in the kernel's BTF. */
  readonly btfVmlinuxValueTypeId: number;
  /** Special fields of its value, as the verifier finds them in BTF. */
  readonly fields: MapFields | undefined;
  /** Maps of maps: what those in it must be like. Only a pattern; it need not live on. */
  readonly inner: MapBase | undefined;
}

/** The least that a map is made from; everything else is 0. */
export function mapAttributes(given: Partial<MapAttributes> & { readonly type: number }): MapAttributes {
  return {
    name: '',
    keySize: 0,
    valueSize: 0,
    maxEntries: 0,
    flags: 0,
    extra: 0n,
    numaNode: 0,
    btfKeyTypeId: 0,
    btfValueTypeId: 0,
    btfVmlinuxValueTypeId: 0,
    fields: undefined,
    inner: undefined,
    ...given,
  };
}

export const ACCESS_FLAGS = BPF_F_RDONLY | BPF_F_RDONLY_PROG | BPF_F_WRONLY | BPF_F_WRONLY_PROG;

/** Room for a value on each processor: PCPU_MIN_UNIT_SIZE. */
export const LARGEST_PERCPU_VALUE = 32 << 10;
/** KMALLOC_MAX_SIZE. */
export const LARGEST_ALLOCATION = 4 << 20;

export const has = (attributes: MapAttributes, flag: number): boolean => (attributes.flags & flag) !== 0;

/** Not of more than one kind of access. */
export const accessIsClear = ({ flags }: MapAttributes): boolean =>
  (flags & (BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG)) !== (BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG);

/** Checks before those of the type. @returns 0 or a negative errno */
export function checkAll(attributes: MapAttributes): number {
  const { type, flags, extra, btfKeyTypeId, btfValueTypeId, btfVmlinuxValueTypeId } = attributes;
  if (btfVmlinuxValueTypeId !== 0) {
    if (type !== BPF_MAP_TYPE_STRUCT_OPS || btfKeyTypeId !== 0 || btfValueTypeId !== 0) return -EINVAL;
  } else if (btfKeyTypeId !== 0 && btfValueTypeId === 0) {
    return -EINVAL;
  }
  if (extra !== 0n && type !== BPF_MAP_TYPE_BLOOM_FILTER && type !== BPF_MAP_TYPE_ARENA) return -EINVAL;
  if (has(attributes, BPF_F_RDONLY) && has(attributes, BPF_F_WRONLY)) return -EINVAL;
  // One node: number 0.
  if ((flags & BPF_F_NUMA_NODE) !== 0 && attributes.numaNode !== 0) return -EINVAL;
  return 0;
}

export const isPreallocated = (attributes: MapAttributes): boolean => !has(attributes, BPF_F_NO_PREALLOC);

export const roundUp = (size: number, to: number): number => Math.ceil(size / to) * to;

/** 2 to the least power that is not less: at least 1. */
export const powerOfTwo = (least: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, least)));

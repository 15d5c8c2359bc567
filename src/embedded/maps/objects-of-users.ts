/**
 * What users of the embedded kernel can put into maps of objects, or name as the owner of a value in a storage map. On
 * Linux these are descriptors, of sockets, cgroups, processes; this process has none that mean anything here, so that
 * only what is a plain number can be given. Programs reach the objects of their kernel by pointers.
 */
import { BpfiterError } from '../../errors.ts';
import {
  BPF_MAP_TYPE_CGROUP_ARRAY,
  BPF_MAP_TYPE_CGRP_STORAGE,
  BPF_MAP_TYPE_DEVMAP,
  BPF_MAP_TYPE_DEVMAP_HASH,
  BPF_MAP_TYPE_INODE_STORAGE,
  BPF_MAP_TYPE_TASK_STORAGE,
} from '../../uapi/index.ts';
import { EINVAL } from './errnos.ts';
import type { MapBase } from './map-base.ts';

const NOUNS: ReadonlyMap<number, string> = new Map([
  [BPF_MAP_TYPE_CGROUP_ARRAY, 'cgroups'],
  [BPF_MAP_TYPE_CGRP_STORAGE, 'cgroups'],
  [BPF_MAP_TYPE_TASK_STORAGE, 'processes'],
  [BPF_MAP_TYPE_INODE_STORAGE, 'inodes'],
]);

export const noObjects = (map: MapBase): BpfiterError =>
  new BpfiterError(
    'unsupported',
    `${map.what}: the embedded kernel has no descriptors of ${NOUNS.get(map.type) ?? 'sockets'}; use --kernel host`,
  );

/**
 * For MapServices. A device is its number: this kernel has none that packets could leave by, and none that is missing.
 * @throws BpfiterError `unsupported` for everything else
 */
export function objectForMap(descriptor: number, map: MapBase): number {
  if (map.type !== BPF_MAP_TYPE_DEVMAP && map.type !== BPF_MAP_TYPE_DEVMAP_HASH) throw noObjects(map);
  // Linux takes them as signed.
  return (descriptor | 0) > 0 ? descriptor : -EINVAL;
}

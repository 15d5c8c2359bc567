/** Arrays: `max_entries` values, `stride` bytes apart; per-CPU arrays have a value for each processor at each index. */
import { CURRENT_CPU } from '../../memory/places.ts';
import { BASE, CPUS, LOCK, MAX_ENTRIES, STRIDE } from '../map-header.ts';
import { BPF_EXIST, BPF_F_LOCK, BPF_NOEXIST, E2BIG, EEXIST, EINVAL } from './errno.ts';
import { get } from './header.ts';
import { copyValue, releaseFields } from './values.ts';

export function array_lookup(map: u32, key: u32): u32 {
  const index = load<u32>(key);
  return index < get(map, MAX_ENTRIES) ? get(map, BASE) + index * get(map, STRIDE) : 0;
}

export function array_update(map: u32, key: u32, value: u32, flags: u32, upper: u32): i32 {
  if ((flags & ~BPF_F_LOCK) > BPF_EXIST || upper !== 0) return EINVAL;
  const place = array_lookup(map, key);
  if (place === 0) return E2BIG;
  if ((flags & BPF_NOEXIST) !== 0) return EEXIST;
  const locked = (flags & BPF_F_LOCK) !== 0;
  if (locked && get(map, LOCK) === 0) return EINVAL;
  copyValue(map, place, value);
  if (!locked) releaseFields(map, place);
  return 0;
}

export function percpu_array_lookup(map: u32, key: u32): u32 {
  return percpu_array_lookup_on(map, key, load<u32>(CURRENT_CPU));
}

export function percpu_array_lookup_on(map: u32, key: u32, cpu: u32): u32 {
  const index = load<u32>(key);
  const cpus = get(map, CPUS);
  if (index >= get(map, MAX_ENTRIES) || cpu >= cpus) return 0;
  return get(map, BASE) + (index * cpus + cpu) * get(map, STRIDE);
}

export function percpu_array_update(map: u32, key: u32, value: u32, flags: u32, upper: u32): i32 {
  if (flags > BPF_EXIST || upper !== 0) return EINVAL;
  const place = percpu_array_lookup(map, key);
  if (place === 0) return E2BIG;
  if (flags === BPF_NOEXIST) return EEXIST;
  copyValue(map, place, value);
  releaseFields(map, place);
  return 0;
}

/** Slots hold offsets of maps, 0 where empty. */
export function array_of_maps_lookup(map: u32, key: u32): u32 {
  const slot = array_lookup(map, key);
  return slot === 0 ? 0 : load<u32>(slot);
}

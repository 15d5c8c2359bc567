/** Access to a map's header, by the address of its struct bpf_map. */
import { MAP_HEADER } from '../map-header.ts';

export function get(map: u32, field: u32): u32 {
  return load<u32>(map - MAP_HEADER + field);
}

export function put(map: u32, field: u32, value: u32): void {
  store<u32>(map - MAP_HEADER + field, value);
}

/** Where a field is. */
export function addressOf(map: u32, field: u32): u32 {
  return map - MAP_HEADER + field;
}

/**
 * Copying values. Special fields (locks, timers, kernel pointers, list heads, ...) are never copied from one place to
 * another: they stay as they are in the destination, or are made new.
 */
import { FIELDS, VALUE_SIZE } from '../map-header.ts';
import { copy } from './bytes.ts';
import { get } from './header.ts';
import { release_fields } from './imports.ts';

/** Everything but the special fields. */
export function copyValue(map: u32, to: u32, from: u32): void {
  const size = get(map, VALUE_SIZE);
  const fields = get(map, FIELDS);
  if (fields === 0) {
    copy(to, from, size);
    return;
  }
  let at: u32 = 0;
  const end = fields + 4 + (load<u32>(fields) << 3);
  for (let field = fields + 4; field < end; field += 8) {
    const offset = load<u32>(field);
    copy(to + at, from + at, offset - at);
    at = offset + load<u32>(field, 4);
  }
  copy(to + at, from + at, size - at);
}

/** New special fields, whatever was there. */
export function zeroFields(map: u32, value: u32): void {
  const fields = get(map, FIELDS);
  if (fields === 0) return;
  const end = fields + 4 + (load<u32>(fields) << 3);
  for (let field = fields + 4; field < end; field += 8) {
    memory.fill(value + load<u32>(field), 0, load<u32>(field, 4));
  }
}

/** Lets go of what the special fields hold. */
export function releaseFields(map: u32, value: u32): void {
  if (get(map, FIELDS) !== 0) release_fields(map, value);
}

/**
 * Memory of a map's elements: cut from pieces that grow, and kept by the map in a list of free ones until it goes. The
 * list runs through ELEMENT_OLDER, so that the other words of a free element stay as they were.
 */
import { CHUNK_ELEMENTS, CHUNKS, ELEMENT_OLDER, ELEMENT_SIZE, FREE } from '../map-header.ts';
import { allocate } from './allocator.ts';
import { get, put } from './header.ts';

const CHUNK_BYTES: u32 = 1 << 16;

/** @returns an element with whatever is in it, or 0 without memory */
export function takeElement(map: u32): u32 {
  if (get(map, FREE) === 0 && !cutElements(map)) return 0;
  const element = get(map, FREE);
  put(map, FREE, load<u32>(element, ELEMENT_OLDER));
  return element;
}

export function putElement(map: u32, element: u32): void {
  store<u32>(element, get(map, FREE), ELEMENT_OLDER);
  put(map, FREE, element);
}

function cutElements(map: u32): bool {
  const size = get(map, ELEMENT_SIZE);
  const count = get(map, CHUNK_ELEMENTS);
  const chunk = allocate(16 + count * size);
  if (chunk === 0) return false;
  store<u32>(chunk, get(map, CHUNKS));
  put(map, CHUNKS, chunk);
  for (let element = chunk + 16 + count * size; element > chunk + 16; ) {
    element -= size;
    putElement(map, element);
  }
  if (count * size <= CHUNK_BYTES / 2) put(map, CHUNK_ELEMENTS, count * 2);
  return true;
}

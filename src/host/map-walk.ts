/**
 * All keys or entries of a map. Where the map type can, they are read in batches: a call for some thousand entries
 * instead of two for each, and no key is met twice. Elsewhere the walk goes from key to key.
 * Source: kernel/bpf/{hashtab,syscall}.c (htab_map_lookup_batch, generic_map_lookup_batch, map_get_next_key).
 */
import { constants } from 'node:os';
import { BPF_MAP_GET_NEXT_KEY, BPF_MAP_LOOKUP_BATCH } from '../uapi/index.ts';
import { mapBatchAttributes, mapElementAttributes } from './attributes.ts';
import { ENOTSUPP, failure } from './failure.ts';
import { tryBpf } from './syscall.ts';

const { EINTR, EINVAL, ENOENT, ENOSPC } = constants.errno;

type Entry = readonly [key: Uint8Array, value: Uint8Array];

/** What of a map the walk needs. */
interface WalkedMap {
  readonly name: string;
  readonly fd: number;
  readonly keySize: number;
  readonly transferSize: number;
  readonly maxEntries: number;
  lookup(key: Uint8Array): Uint8Array | undefined;
}

/** Bytes of keys and values asked for at once, and the most entries: small maps cost little, large ones few calls. */
const BATCH_BYTES = 1 << 18;
const BATCH_ENTRIES = 4096;

export function* mapEntries(map: WalkedMap): Generator<Entry, void, undefined> {
  const complete = yield* entriesInBatches(map);
  if (complete) return;
  for (const key of keysOneByOne(map)) {
    const value = map.lookup(key);
    // A key may have been deleted since.
    if (value !== undefined) yield [key, value];
  }
}

export function* mapKeys(map: WalkedMap): Generator<Uint8Array, void, undefined> {
  const batches = entriesInBatches(map);
  for (;;) {
    const step = batches.next();
    if (step.done === true) {
      if (!step.value) yield* keysOneByOne(map);
      return;
    }
    yield step.value[0];
  }
}

/** @returns whether the map can be read so; if not, nothing has been yielded */
function* entriesInBatches(map: WalkedMap): Generator<Entry, boolean, undefined> {
  const { keySize, transferSize } = map;
  let room = Math.min(BATCH_ENTRIES, Math.max(1, Math.floor(BATCH_BYTES / (keySize + transferSize || 1))));
  room = Math.max(1, Math.min(room, map.maxEntries));
  /** Where to go on, in the map type's own terms: a bucket number or a key. */
  let position: Uint8Array | undefined;
  for (;;) {
    const keys = new Uint8Array(room * keySize);
    const values = new Uint8Array(room * transferSize);
    const next = new Uint8Array(Math.max(8, keySize));
    const attributes = mapBatchAttributes.create({
      in_batch: position,
      out_batch: next,
      keys,
      values,
      count: room,
      map_fd: map.fd,
    });
    const result = tryBpf(BPF_MAP_LOOKUP_BATCH, attributes);
    if (position === undefined && (result === -EINVAL || result === -ENOTSUPP)) return false;
    if (result === -ENOSPC && room < map.maxEntries) {
      // A hash bucket that holds more than the room: nothing was read.
      room = Math.min(2 * room, map.maxEntries);
      continue;
    }
    const count = attributes.number('count');
    const interrupted = result === -EINTR && count > 0;
    if (result < 0 && result !== -ENOENT && !interrupted) throw failure(-result, `read map '${map.name}'`);
    for (let index = 0; index < count; index += 1) {
      yield [
        keys.subarray(index * keySize, (index + 1) * keySize),
        values.subarray(index * transferSize, (index + 1) * transferSize),
      ];
    }
    if (result === -ENOENT) return true;
    position = next;
  }
}

function* keysOneByOne(map: WalkedMap): Generator<Uint8Array, void, undefined> {
  /** The kernel begins anew behind a key that was deleted meanwhile, so keys can come again. */
  const seen = new Set<string>();
  let key: Uint8Array | undefined;
  for (;;) {
    const next = new Uint8Array(map.keySize);
    const result = tryBpf(BPF_MAP_GET_NEXT_KEY, mapElementAttributes.create({ map_fd: map.fd, key, value: next }));
    if (result === -ENOENT) return;
    if (result < 0) {
      const because = result === -EINVAL || result === -ENOTSUPP ? 'its type has no keys to walk over' : undefined;
      throw failure(-result, `walk over the keys of map '${map.name}'`, { because });
    }
    const text = String.fromCharCode(...next);
    if (!seen.has(text)) yield next;
    seen.add(text);
    key = next;
  }
}

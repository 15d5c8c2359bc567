/** What a run wrote into the maps of its object: their contents before and after, compared entry by entry. */
import { typeId } from '../btf/index.ts';
import type { KernelMap, LoadedObject } from '../index.ts';
import type { ObjectMap } from '../object/index.ts';
import { formatJson, type RecordLayout, recordLayout } from '../records/index.ts';
import {
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_LPM_TRIE,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH,
} from '../uapi/index.ts';

/** The others cannot be walked from user space, or hold nothing that a program writes. */
const walkable: ReadonlySet<number> = new Set([
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_LPM_TRIE,
]);

const perCpu: ReadonlySet<number> = new Set([
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
]);

/** Keys and values by BTF where the map has types, else in hexadecimal; of per-CPU maps an array of values. */
export interface MapChange {
  /** Absent for data sections, which have one value. */
  readonly key?: unknown;
  /** Null for an entry that was removed. */
  readonly value: unknown;
}

interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Entries by key, by map; undefined for a map that has too many to be kept. */
export type MapContents = ReadonlyMap<KernelMap, ReadonlyMap<string, Entry> | undefined>;

/** Beyond these a map is left out: what it holds is copied twice. */
const MOST_ENTRIES = 1 << 18;
const MOST_BYTES = 64 << 20;

/** Names of the maps that are too large for their changes to be told. */
export const mapsLeftOut = (contents: MapContents): readonly string[] =>
  [...contents].filter(([, entries]) => entries === undefined).map(([map]) => map.name);

export function readMaps({ object, maps }: LoadedObject): MapContents {
  const readable = maps.filter((map) => walkable.has(map.type) && !declarationOf(object.maps, map)?.readOnly);
  return new Map(readable.map((map) => [map, readMap(map)]));
}

function readMap(map: KernelMap): ReadonlyMap<string, Entry> | undefined {
  const entries = new Map<string, Entry>();
  let bytes = 0;
  for (const [key, value] of map.entries()) {
    bytes += key.length + value.length;
    if (entries.size >= MOST_ENTRIES || bytes > MOST_BYTES) return undefined;
    entries.set(hex(key), { key: key.slice(), value: value.slice() });
  }
  return entries;
}

/** Maps by name; those without a change are left out. */
export function changedMaps(loaded: LoadedObject, before: MapContents): Record<string, MapChange[]> {
  const changed: Record<string, MapChange[]> = {};
  for (const [map, entries] of before) {
    const now = entries && readMap(map);
    if (entries === undefined || now === undefined) continue;
    const declaration = declarationOf(loaded.object.maps, map);
    const decode = decoders(loaded, map, declaration);
    const changes = changesOf(entries, now, decode);
    if (changes.length > 0) changed[map.name] = changes;
  }
  return changed;
}

const declarationOf = (declared: readonly ObjectMap[], map: KernelMap): ObjectMap | undefined =>
  declared.find(({ name }) => name === map.name);

interface Decoders {
  key(bytes: Uint8Array): { readonly key?: unknown };
  /** @param before the value as it was; of a data section only the variables that differ are given */
  value(bytes: Uint8Array, before: Uint8Array | undefined): unknown;
}

function decoders({ object }: LoadedObject, map: KernelMap, declaration: ObjectMap | undefined): Decoders {
  const layoutOf = (id: number | undefined): RecordLayout<unknown> | undefined =>
    object.btf === undefined || id === undefined || id === 0 ? undefined : recordLayout(object.btf, typeId(id));
  const keyLayout = layoutOf(declaration?.btfKeyTypeId);
  const valueLayout = layoutOf(declaration?.btfValueTypeId);
  const one = (bytes: Uint8Array): unknown => valueLayout?.decode(bytes) ?? hex(bytes);
  if (declaration?.origin === 'data') {
    return { key: () => ({}), value: (bytes, before) => differing(one(bytes), before && one(before)) };
  }
  return {
    key: (bytes) => ({ key: keyLayout?.decode(bytes) ?? hex(bytes) }),
    value: perCpu.has(map.type) ? (bytes) => blocksOf(bytes, map.valueSize).map(one) : one,
  };
}

/** The fields of `after` that are not as in `before`. */
function differing(after: unknown, before: unknown): unknown {
  if (typeof after !== 'object' || after === null || typeof before !== 'object' || before === null) return after;
  const old = new Map(Object.entries(before));
  return Object.fromEntries(
    Object.entries(after).filter(([name, value]) => formatJson(value) !== formatJson(old.get(name))),
  );
}

/** One block of 8-byte-aligned size for each possible CPU. */
function blocksOf(bytes: Uint8Array, valueSize: number): Uint8Array[] {
  const stride = Math.ceil(valueSize / 8) * 8;
  const blocks: Uint8Array[] = [];
  for (let at = 0; at + valueSize <= bytes.length; at += stride) blocks.push(bytes.subarray(at, at + valueSize));
  return blocks;
}

function changesOf(
  before: ReadonlyMap<string, Entry>,
  after: ReadonlyMap<string, Entry>,
  decode: Decoders,
): MapChange[] {
  const changes: MapChange[] = [];
  for (const [id, { key, value }] of after) {
    const old = before.get(id)?.value;
    if (old !== undefined && hex(old) === hex(value)) continue;
    changes.push({ ...decode.key(key), value: decode.value(value, old) });
  }
  for (const [id, { key }] of before) {
    if (!after.has(id)) changes.push({ ...decode.key(key), value: null });
  }
  return changes;
}

/** Lines for people: `counts[7].hits = 5`, `.bss.vm_ranges[0].vm_start = 4096`; zeros inside arrays are left out. */
export function* flatten(maps: Readonly<Record<string, readonly MapChange[]>>): Generator<string> {
  for (const [name, changes] of Object.entries(maps)) {
    for (const change of changes) {
      const path = 'key' in change ? `${name}[${formatJson(change.key)}]` : name;
      if (change.value === null) yield `${path} removed`;
      else yield* flattenValue(path, change.value, false);
    }
  }
}

function* flattenValue(path: string, value: unknown, inArray: boolean): Generator<string> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* flattenValue(`${path}[${index}]`, item, true);
  } else if (typeof value === 'object' && value !== null) {
    for (const [field, member] of Object.entries(value)) yield* flattenValue(`${path}.${field}`, member, inArray);
  } else if (!inArray || (value !== 0 && value !== 0n)) {
    yield `${path} = ${formatJson(value)}`;
  }
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

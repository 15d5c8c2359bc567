/**
 * What lies before each struct bpf_map: the map as the runtime's wasm sees it. Offsets count from the struct's address
 * minus MAP_HEADER. Read by TypeScript and by AssemblyScript, so: integer constants only.
 */

export const MAP_HEADER = 128;

/** BPF_MAP_TYPE_*, or KIND_OTHER for maps whose operations are JavaScript's. */
export const KIND = 0;
export const KIND_OTHER = 0xff;
export const KEY_SIZE = 4;
export const VALUE_SIZE = 8;
export const MAX_ENTRIES = 12;
export const MAP_FLAGS = 16;
/** Arrays: bytes from one value to the next. Per-CPU maps: from one CPU's value to the next CPU's. */
export const STRIDE = 24;
/** Arrays: offset of value 0. Hashes: of the buckets. Queues, rings, filters: of the data. Tries: of the root node. */
export const BASE = 28;
/** Hashes and filters: number of buckets or bits - 1. Rings: bytes - 1. */
export const MASK = 32;
export const SEED = 36;
/** List of free elements. */
export const FREE = 40;
/** Hashes: from an element to its value. */
export const VALUE_AT = 44;
export const ELEMENT_SIZE = 48;
export const CPUS = 52;
/** LRU: ends of the list, newest and oldest. Queues: indices of head and tail. */
export const HEAD = 56;
export const TAIL = 60;
/** List of the pieces of memory that elements were cut from, and how many elements the next piece is to have. */
export const CHUNKS = 64;
export const CHUNK_ELEMENTS = 68;
/** Special fields of the value: offset of a count and that many pairs of offset and size; 0 if it has none. */
export const FIELDS = 72;
/** Offset of the spin lock in the value plus one; 0 if there is none. */
export const LOCK = 76;
/** Bloom filters: number of hashes. Tries: bits of the longest prefix. */
export const EXTRA = 80;
/** Elements that the map has now. The four bytes behind it stay 0: programs read it as a number of eight. */
export const COUNT = 88;

// An element of a hash.
export const ELEMENT_NEXT = 0;
export const ELEMENT_HASH = 4;
/** LRU: the next older element. */
export const ELEMENT_OLDER = 8;
/** LRU: the next newer element; bit 0 says whether a program has looked it up since it was passed over. */
export const ELEMENT_NEWER = 12;
export const ELEMENT_KEY = 16;

/** A node of a trie: where its key begins. */
export const TRIE_KEY = 12;

// A ring buffer, from its BASE on.
export const RING_CONSUMER = 0;
export const RING_PRODUCER = 4096;
export const RING_PENDING = 4104;
/** Whether users wait for records; only this side reads it. */
export const RING_WAITERS = 4112;
/** Bytes of the ring - 1. */
export const RING_MASK = 4116;
export const RING_DATA = 8192;
/** Bytes of a record's own: its length with the two bits below, and how many pages it is from BASE. */
export const RING_HEADER = 8;
/** Bits 31 and 30 of the length: not complete yet; not to be read. As signed numbers, for JavaScript's operators. */
export const RING_BUSY = -0x80000000;
export const RING_DISCARDED = 0x40000000;

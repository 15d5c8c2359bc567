/**
 * Lists of objects as programs walk them: records of a source become structs of the model. The same object has the same
 * struct until all are given back; symbols share one, which is filled anew for each, as in Linux.
 */
import type { KernelMemory } from '../../memory/kernel-memory.ts';
import type { Model, StructLayout } from '../../model/index.ts';
import { Needs } from '../needs.ts';
import { Arena } from '../pool.ts';
import type { ListCursor, ObjectList, SocketStruct } from '../source.ts';
import { put64, putNumber, putPointer, putText, putWords } from '../write-memory.ts';
import { NetworkStructs } from './network-structs.ts';
import type { DmaBuffer, KernelSymbol, ListRecords, SlabCache, SocketRecord, TcpRecord } from './records.ts';
import { socketName } from './socket-names.ts';
import { type CountUnknown, unknownFields } from './unknown-fields.ts';

/** A list that a source has. */
export interface ListReader<Record> {
  /** Whether it may be read; asked once. */
  isThere(): boolean;
  /** Reads it anew. @param needs which fields are wanted */
  read(needs: Needs): Iterable<Record>;
}

export type ListReaders = { readonly [List in ObjectList]?: ListReader<ListRecords[List]> };

const OO_SHIFT = 16;
/** The reference that the iterators of Linux take to the sockets of a bucket. */
const HELD = 1;
const NOT_HELD = 0;

/** Files of sockets by the number of their inode; undefined where no table has it. */
export interface SocketFiles {
  name(inode: number): string | undefined;
  /** Offset of the struct socket. */
  socket(inode: number): number | undefined;
}

export class ObjectLists {
  readonly #readers: ListReaders;
  readonly #memory: KernelMemory;
  readonly #model: Model;
  readonly #arena: Arena;
  readonly #network: NetworkStructs;
  readonly #onSocket: (at: number, record: SocketRecord) => void;
  /** What sockets are, by the offset of their struct. */
  readonly #sockets = new Map<number, SocketStruct>();
  readonly #there = new Map<ObjectList, boolean>();
  /** Struct by list and what the object is known by. */
  readonly #known = new Map<string, number>();

  /** @param now in jiffies @param namespace offset of the struct net that the tables are of, 0 if not known @param onSocket told where each is */
  constructor(
    memory: KernelMemory,
    model: Model,
    readers: ListReaders,
    now: () => number = () => 0,
    namespace: () => number = () => 0,
    onSocket: (at: number, record: SocketRecord) => void = () => {},
  ) {
    this.#memory = memory;
    this.#onSocket = onSocket;
    this.#model = model;
    this.#readers = readers;
    this.#arena = new Arena(memory);
    const take = (struct: string, key: string, size: number) => this.#place(struct, key, size);
    this.#network = new NetworkStructs(memory, model, take, now, namespace);
  }

  has(kind: ObjectList): boolean {
    let isThere = this.#there.get(kind);
    if (isThere === undefined) {
      isThere = this.#readers[kind]?.isThere() === true;
      this.#there.set(kind, isThere);
    }
    return isThere;
  }

  /** @param unknown told of fields that are read and not known @throws RangeError for a list that is not there */
  cursor(kind: ObjectList, needs: Needs, unknown: CountUnknown = () => {}): ListCursor {
    const readers = this.#readers;
    const look = unknownFields(needs, unknown);
    const { kmem_cache, dma_buf, kallsym_iter, fib6_info } = readers;
    if (kind === 'kmem_cache' && kmem_cache) return over(kmem_cache.read(needs), (cache) => this.#cache(cache));
    if (kind === 'dma_buf' && dma_buf) return over(dma_buf.read(needs), (buffer) => this.#buffer(buffer));
    if (kind === 'fib6_info' && fib6_info) return over(fib6_info.read(needs), (route) => this.#network.route(route));
    if (kind === 'kallsym_iter' && kallsym_iter) {
      let number = 0;
      const ends = SYMBOL_ENDS.map(() => 0);
      return over(kallsym_iter.read(needs), (symbol) => this.#symbol(symbol, number++, ends));
    }
    if (kind === 'tcp_sock' && readers.tcp_sock) {
      return over(
        readers.tcp_sock.read(needs),
        (record) => {
          look?.(record);
          return this.#connection(record);
        },
        told,
      );
    }
    if (kind === 'udp_sock' || kind === 'unix_sock' || kind === 'netlink_sock') {
      const reader = readers[kind];
      if (reader !== undefined)
        return over(
          reader.read(needs),
          (socket) => {
            look?.(socket);
            return this.#socket(kind, socket);
          },
          told,
        );
    }
    throw new RangeError(`there is no list of ${kind}`);
  }

  /** The kernel's symbols; undefined where there is no list of them. */
  symbols(): Iterable<KernelSymbol> | undefined {
    return this.has('kallsym_iter') ? this.#readers.kallsym_iter?.read(Needs.everything) : undefined;
  }

  /**
   * The sockets of all tables that have a file, as they are now, by the number of its inode.
   * @param unknown told of fields that are read and not known
   */
  socketFiles(needs: Needs, unknown: CountUnknown = () => {}): SocketFiles {
    const look = unknownFields(needs, unknown);
    const found = new Map<number, { readonly record: SocketRecord; readonly make: () => number }>();
    const enter = (record: SocketRecord, make: () => number) => {
      if (record.hasFile) found.set(record.inode, { record, make });
    };
    const readers = this.#readers;
    for (const record of readers.tcp_sock?.read(needs) ?? []) enter(record, () => this.#connection(record, NOT_HELD));
    for (const kind of ['udp_sock', 'unix_sock', 'netlink_sock'] as const) {
      for (const record of readers[kind]?.read(needs) ?? []) enter(record, () => this.#socket(kind, record, NOT_HELD));
    }
    const file = this.#model.layoutOf('sock').field('sk_socket').offset;
    return {
      name: (inode) => {
        const known = found.get(inode);
        return known && socketName(known.record);
      },
      socket: (inode) => {
        const known = found.get(inode);
        if (known === undefined) return undefined;
        look?.(known.record);
        return this.#memory.u32[(known.make() + file) >> 2] as number; // a pointer's lower half is its offset
      },
    };
  }

  /** What the socket is that has its struct there; undefined for what is none. */
  socketAt(offset: number): SocketStruct | undefined {
    return this.#sockets.get(offset);
  }

  /** Gives all memory back. */
  clear(): void {
    this.#known.clear();
    this.#sockets.clear();
    this.#arena.clear();
  }

  #struct(name: string, key: string, fill: (at: number, layout: StructLayout) => void): number {
    const known = this.#known.get(`${name} ${key}`);
    if (known !== undefined) return known;
    const layout = this.#model.layoutOf(name);
    const at = this.#place(name, key, layout.size);
    fill(at, layout);
    return at;
  }

  #place(name: string, key: string, size: number): number {
    let at = this.#known.get(`${name} ${key}`);
    if (at === undefined) {
      at = this.#arena.take(size);
      this.#known.set(`${name} ${key}`, at);
    }
    return at;
  }

  #connection(record: TcpRecord, held = HELD): number {
    const { at, struct } = this.#network.tcp(record, held);
    this.#sockets.set(at, struct);
    this.#onSocket(at, record);
    return at;
  }

  #socket(kind: 'udp_sock' | 'unix_sock' | 'netlink_sock', record: SocketRecord, held = HELD): number {
    const at =
      kind === 'netlink_sock'
        ? this.#network.netlink(record)
        : kind === 'unix_sock'
          ? this.#network.unix(record, held)
          : this.#network.udp(record, held);
    this.#sockets.set(at, kind);
    this.#onSocket(at, record);
    return at;
  }

  #text(text: string): number {
    const size = new TextEncoder().encode(text).length + 1;
    const at = this.#arena.take(size);
    putText(this.#memory, at, text, size);
    return at;
  }

  #cache({ name, size, objectSize, objectsPerSlab, pagesPerSlab }: SlabCache): number {
    return this.#struct('kmem_cache', name, (at, layout) => {
      putPointer(this.#memory, at + layout.field('name').offset, this.#text(name));
      putNumber(this.#memory, at + layout.field('size').offset, 4, size);
      putNumber(this.#memory, at + layout.field('object_size').offset, 4, objectSize ?? 0);
      const oo = objectsPerSlab | (Math.log2(pagesPerSlab) << OO_SHIFT);
      putNumber(this.#memory, at + layout.field('oo').offset, 4, oo);
    });
  }

  #buffer({ inode, size, exporter, name }: DmaBuffer): number {
    return this.#struct('dma_buf', String(inode), (at, layout) => {
      put64(this.#memory, at + layout.field('size').offset, size);
      putPointer(this.#memory, at + layout.field('exp_name').offset, this.#text(exporter));
      if (name !== undefined) putPointer(this.#memory, at + layout.field('name').offset, this.#text(name));
      putPointer(this.#memory, at + layout.field('file').offset, this.#fileOf(inode, size));
    });
  }

  /** A file of which its inode is known. */
  #fileOf(inode: number, size: number): number {
    return this.#struct('file', `dmabuf ${inode}`, (at, layout) => {
      const node = this.#struct('inode', `dmabuf ${inode}`, (nodeAt, nodeLayout) => {
        put64(this.#memory, nodeAt + nodeLayout.field('i_ino').offset, inode);
        put64(this.#memory, nodeAt + nodeLayout.field('i_size').offset, size);
      });
      putPointer(this.#memory, at + layout.field('f_inode').offset, node);
    });
  }

  /** @param ends by the lists of SYMBOL_ENDS, the number of the first symbol behind each, 0 until there */
  #symbol({ low, high, type, name, module }: KernelSymbol, number: number, ends: number[]): number {
    const memory = this.#memory;
    const at = this.#struct('kallsym_iter', '', () => {});
    const field = (path: string) => this.#model.layoutOf('kallsym_iter').field(path);
    // Of a module's symbols, the case of the letter says whether other modules may use it.
    const ofModule = module !== '' && !module.startsWith('__builtin__') && module !== 'bpf';
    const lower = type.toLowerCase();
    const past = module === '' ? 0 : (LISTS_BEFORE.get(module) ?? 0);
    SYMBOL_ENDS.forEach((end, list) => {
      if (list < past && ends[list] === 0) ends[list] = number;
      put64(memory, at + field(end).offset, ends[list] as number); // one an end
    });
    // Of its own symbols Linux has the number of the next one there, for it has gone on when it shows them.
    put64(memory, at + field('pos').offset, module === '' ? number + 1 : number);
    putWords(memory, at + field('value').offset, low, high);
    memory.u8[at + field('type').offset] = (ofModule ? lower : type).charCodeAt(0);
    putText(memory, at + field('name').offset, name, field('name').size);
    putText(memory, at + field('module_name').offset, module, field('module_name').size);
    putNumber(memory, at + field('exported').offset, 4, ofModule && type !== lower ? 1 : 0);
    putNumber(memory, at + field('show_value').offset, 4, (low | high) === 0 ? 0 : 1);
    return at;
  }
}

/** Where the lists end through which Linux looks behind the kernel's own symbols: modules, ftrace, programs. */
const SYMBOL_ENDS = ['pos_mod_end', 'pos_ftrace_mod_end', 'pos_bpf_end'] as const;
/** How many of these lists stand before that of a symbol, by what its module is called. */
const LISTS_BEFORE: ReadonlyMap<string, number> = new Map([
  ['__builtin__ftrace', 1],
  ['bpf', 2],
  ['__builtin__kprobes', 3],
]);

const told = (record: SocketRecord): readonly number[] => record.told;

function over<Record>(
  records: Iterable<Record>,
  place: (record: Record) => number,
  numbersOf: (record: Record) => readonly number[] = () => [],
): ListCursor {
  const iterator = records[Symbol.iterator]();
  let numbers: readonly number[] = [];
  return {
    get numbers() {
      return numbers;
    },
    next: () => {
      const { done, value } = iterator.next();
      if (done) return 0;
      numbers = numbersOf(value);
      return place(value);
    },
  };
}

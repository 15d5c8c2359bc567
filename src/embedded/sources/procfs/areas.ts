/**
 * Areas of address spaces out of /proc/PID/maps, whose lines the runtime takes apart. The vsyscall page, which is no area
 * of the process, is left out.
 * Facts: fs/proc/task_mmu.c, include/linux/mm.h of Linux 6.18.
 */
import { decodeName, encodeName } from '../../file-names.ts';
import type { KernelMemory } from '../../memory/kernel-memory.ts';
import type { Model } from '../../model/index.ts';
import {
  MAPS_DEVICE,
  MAPS_END,
  MAPS_INODE,
  MAPS_LINE_END,
  MAPS_PATH,
  MAPS_SAME,
  MAPS_START,
} from '../../runtime-wasm/maps-line.ts';
import { type Arena, Pool } from '../pool.ts';
import type { PartCursor } from '../source.ts';
import { putPointer, setPointer } from '../write-memory.ts';
import { mayBeDeleted, nameOf } from './deleted-files.ts';
import { fileKind } from './file-kinds.ts';
import { kernelDevice, pathIn } from './file-tree.ts';
import type { FilePlan, FileTable, NamedFile } from './files.ts';
import type { MapsText } from './maps-text.ts';
import { type Mounts, unescapeOctal } from './mounts.ts';
import type { ProcReader } from './reader.ts';
import type { SessionState, TaskRecord } from './tasks.ts';

const BRACKET = 0x5b;
const LETTER_A = 0x61;
/** Areas that the kernel made and names itself. */
const SPECIAL = /^\[(vdso|vvar|vvar_vclock|uprobes|vdata|sigpage)\]$/;
/** Variables with operations. */
export const SPECIAL_OPERATIONS = 'special_mapping_vmops';
const FILE_OPERATIONS = 'generic_file_vm_ops';
const TWO_32 = 4294967296;
/** Areas that a walk in parts reads at a time: few beside what a session keeps, and all of most processes. */
const PART = 1024;
/** Upper words of addresses from there on are not of user space: the vsyscall page. */
const BEYOND_USER = 0x200000;

// Words of a line, as the runtime reads it.
const START = MAPS_START >> 2;
const END = MAPS_END >> 2;
const DEVICE = MAPS_DEVICE >> 2;
const PATH = MAPS_PATH >> 2;
const LINE_END = MAPS_LINE_END >> 2;
const INODE = MAPS_INODE >> 2;
const SAME = MAPS_SAME >> 2;

/** Which of an area's pointers somebody asks for. */
interface Wanted {
  readonly file: boolean;
  readonly operations: boolean;
  readonly name: boolean;
}

/** Where an area's pointers lead; 0 is NULL. */
interface Behind {
  file: number;
  operations: number;
  data: number;
  name: number;
}

interface KnownAreas {
  /** First addresses, ascending. */
  readonly starts: number[];
  readonly offsets: number[];
}

export class AreaTable {
  readonly #memory: KernelMemory;
  readonly #reader: ProcReader;
  readonly #maps: MapsText;
  readonly #arena: Arena;
  readonly #files: FileTable;
  readonly #mounts: Mounts;
  readonly #pool: Pool;
  /** By process. */
  readonly #known = new Map<number, KnownAreas>();
  readonly #place: Readonly<Record<'file' | 'name' | 'operations' | 'data', number>>;
  /** Files by what stands in the line, whichever process maps them. */
  readonly #named = new Map<string, NamedFile>();
  readonly #special = new Map<string, number>();
  readonly #variable: (name: string) => number;

  constructor(
    memory: KernelMemory,
    model: Model,
    reader: ProcReader,
    maps: MapsText,
    arena: Arena,
    files: FileTable,
    mounts: Mounts,
    variable: (name: string) => number,
  ) {
    this.#variable = variable;
    this.#memory = memory;
    this.#reader = reader;
    this.#maps = maps;
    this.#arena = arena;
    this.#files = files;
    this.#mounts = mounts;
    const layout = model.layoutOf('vm_area_struct');
    this.#pool = new Pool(memory, layout.size, arena.use);
    const at = (path: string) => layout.field(path).offset;
    memory.runtime.maps_fields(at('vm_start'), at('vm_end'), at('vm_mm'), at('vm_flags'), at('vm_pgoff'));
    this.#place = {
      file: at('vm_file'),
      name: at('anon_name'),
      operations: at('vm_ops'),
      data: at('vm_private_data'),
    };
  }

  get size(): number {
    let known = 0;
    for (const { starts } of this.#known.values()) known += starts.length;
    return known + this.#named.size + this.#special.size;
  }

  clear(): void {
    this.#known.clear();
    this.#named.clear();
    this.#special.clear();
    this.#pool.clear();
  }

  /** Offsets of the areas that end above an address, ascending. */
  of(record: TaskRecord, above: number, plan: FilePlan, session: SessionState): readonly number[] {
    const length = this.#maps.take(record, session);
    const { start } = this.#maps;
    const text = { at: start, limit: start + length };
    return this.#read(record, text, above, Number.POSITIVE_INFINITY, plan, session);
  }

  /** All of them, for a walk between whose parts everything may be given back. @param record as it is known then */
  inParts(first: TaskRecord, record: () => TaskRecord | undefined, plan: FilePlan, session: SessionState): PartCursor {
    const text = this.#maps.lend(first, session);
    return new AreaParts(
      () => {
        const known = record();
        return known === undefined ? [] : this.#read(known, text, 0, PART, plan, session);
      },
      () => this.#maps.takeBack(text),
    );
  }

  /** The areas of the next lines of a text. @param most of them */
  #read(
    record: TaskRecord,
    text: { at: number; readonly limit: number },
    above: number,
    most: number,
    plan: FilePlan,
    session: SessionState,
  ): readonly number[] {
    if (text.at >= text.limit) return [];
    const { needs } = session.plan;
    const wanted: Wanted = {
      file: needs.has('vm_area_struct', 'vm_file'),
      operations: needs.any('vm_area_struct', ['vm_ops', 'vm_private_data']),
      name: needs.has('vm_area_struct', 'anon_name'),
    };
    const { runtime } = this.#memory;
    const places = new AreaPlaces(this.#pool, this.#known.get(record.tgid));
    const line = runtime.maps_line_at() >> 2;
    const areas: number[] = [];
    const behind: Behind = { file: 0, operations: 0, data: 0, name: 0 };
    // Whether it is known of the line before what is behind it.
    let isKnown = false;
    let { u32 } = this.#memory;
    runtime.maps_begin();
    while (text.at < text.limit && areas.length < most) {
      text.at = runtime.maps_line(text.at, text.limit);
      const start = (u32[line + START + 1] as number) * TWO_32 + (u32[line + START] as number);
      const end = (u32[line + END + 1] as number) * TWO_32 + (u32[line + END] as number);
      if (end <= above || (u32[line + START + 1] as number) >= BEYOND_USER) {
        isKnown = false;
        continue;
      }
      const area = places.at(start);
      areas.push(area);
      runtime.maps_area(area, record.hosts.mm_struct);
      // Taking a place may have replaced the view.
      ({ u32 } = this.#memory);
      if (!isKnown || u32[line + SAME] === 0) {
        this.#lookBehind(line, wanted, behind, record, plan, session);
        isKnown = true;
        ({ u32 } = this.#memory);
      }
      this.#put(u32, area, wanted, behind);
    }
    this.#known.set(record.tgid, places.known());
    return areas;
  }

  /** Finds out what an area points to by what stands behind the numbers of its line. Nearby areas often share it. */
  #lookBehind(
    line: number,
    wanted: Wanted,
    behind: Behind,
    record: TaskRecord,
    plan: FilePlan,
    session: SessionState,
  ): void {
    const { u32 } = this.#memory;
    const hasFile = u32[line + INODE] !== 0;
    const device = u32[line + DEVICE] as number;
    const path = u32[line + PATH] as number;
    const end = u32[line + LINE_END] as number;
    if (wanted.file) behind.file = hasFile ? this.#fileOf(record, device, end, plan, session) : 0;
    if (wanted.operations) this.#findOperations(behind, path, end, hasFile);
    if (wanted.name) behind.name = this.#nameOf(path, end);
  }

  #put(u32: Uint32Array, area: number, wanted: Wanted, { file, operations, data, name }: Behind): void {
    const place = this.#place;
    if (wanted.file) setPointer(u32, area + place.file, file);
    if (wanted.operations) {
      setPointer(u32, area + place.operations, operations);
      setPointer(u32, area + place.data, data);
    }
    if (wanted.name) setPointer(u32, area + place.name, name);
  }

  /** @param device where the columns of the device and the inode begin */
  #fileOf(record: TaskRecord, device: number, end: number, plan: FilePlan, session: SessionState): number {
    const text = decodeName(this.#memory.u8.subarray(device, end));
    let named = this.#named.get(text);
    if (named === undefined) {
      named = this.#fileNamed(text, record, session);
      if (named === undefined) return 0;
      // Of a name that may be a deleted file's each process has to be asked.
      if (!mayBeDeleted(text)) this.#named.set(text, named);
    }
    return this.#files.mapped(`${record.tgid} map ${text}`, named, plan);
  }

  /** @param text of the device, the inode and the path */
  #fileNamed(text: string, record: TaskRecord, session: SessionState): NamedFile | undefined {
    const match = /^([0-9a-f]+):([0-9a-f]+) (\d+)\s*(.*)$/.exec(text);
    if (match === null) return undefined;
    const [, major = '0', minor = '0', inode = '0', escaped = ''] = match;
    const shown = unescapeOctal(escaped);
    const number = Number.parseInt(major, 16) * 1048576 + Number.parseInt(minor, 16);
    const ino = Number(inode);
    const name = nameOf(
      this.#reader,
      record.directory,
      shown,
      (found) => found.ino === ino && kernelDevice(found.dev) === number,
    );
    const mount = this.#mounts.ofPath(name, number, session);
    const kind = fileKind(shown, name, mount?.fs);
    const placed = mount !== undefined && shown.startsWith('/');
    const place = {
      device: number,
      fs: mount?.fs ?? kind.fs,
      ino,
      path: placed ? pathIn(mount, name) : kind.name,
      shown,
    };
    return { place, kind, mount };
  }

  /** `[vdso]` and its like have no file and a name of the kernel's; other memory without a file has no operations. */
  #findOperations(behind: Behind, at: number, end: number, hasFile: boolean): void {
    const { u8 } = this.#memory;
    const name = hasFile || u8[at] !== BRACKET ? '' : decodeName(u8.subarray(at, end));
    const special = SPECIAL.test(name);
    const operations = hasFile ? FILE_OPERATIONS : special ? SPECIAL_OPERATIONS : undefined;
    behind.operations = operations === undefined ? 0 : this.#variable(operations);
    behind.data = special ? this.#specialMapping(name) : 0;
  }

  #specialMapping(name: string): number {
    let mapping = this.#special.get(name);
    if (mapping === undefined) {
      mapping = this.#arena.take(8);
      const bytes = encodeName(name);
      const text = this.#arena.take(bytes.length + 1);
      this.#memory.u8.set(bytes, text);
      putPointer(this.#memory, mapping, text);
      this.#special.set(name, mapping);
    }
    return mapping;
  }

  /** `[anon:NAME]` and `[anon_shmem:NAME]` are names that the process gave. */
  #nameOf(at: number, end: number): number {
    const { u8 } = this.#memory;
    if (u8[at] !== BRACKET || u8[at + 1] !== LETTER_A) return 0;
    const text = decodeName(u8.subarray(at, end));
    const name = /^\[anon(?:_shmem)?:(.*)\]$/.exec(text)?.[1];
    if (name === undefined) return 0;
    const encoded = encodeName(name);
    const offset = this.#arena.take(encoded.length + 1);
    this.#memory.u8.set(encoded, offset);
    return offset;
  }
}

/** Areas some at a time. A class, as this is asked for each of very many. */
export class AreaParts implements PartCursor {
  readonly #read: () => readonly number[];
  readonly #end: () => void;
  #areas: readonly number[] = [];
  #next = 0;

  /** @param read the next ones; none at the end @param end may be called twice */
  constructor(read: () => readonly number[], end: () => void) {
    this.#read = read;
    this.#end = end;
  }

  get isAhead(): boolean {
    return this.#next < this.#areas.length;
  }

  next(): number {
    if (this.#next === this.#areas.length) {
      this.#areas = this.#read();
      this.#next = 0;
      if (this.#areas.length === 0) {
        this.#end();
        return 0;
      }
    }
    return this.#areas[this.#next++] as number;
  }

  close(): void {
    this.#end();
  }
}

/** Places of the areas of a process, ascending by first address: an area keeps the one that it had before. */
class AreaPlaces {
  #known: KnownAreas = { starts: [], offsets: [] };
  readonly #pool: Pool;
  readonly #before: KnownAreas;
  #next = 0;

  constructor(pool: Pool, before: KnownAreas = { starts: [], offsets: [] }) {
    this.#pool = pool;
    this.#before = before;
  }

  /** @param start more than that of the call before */
  at(start: number): number {
    if (this.#next === 0 && this.#isBehindAll(start)) this.#known = this.#before;
    if (this.#known === this.#before) return this.#add(start, this.#pool.take());
    this.#passOver(start);
    if (this.#before.starts[this.#next] === start) return this.#pass();
    return this.#add(start, this.#pool.take());
  }

  /** All that are known now, also those that nobody asked for. */
  known(): KnownAreas {
    if (this.#known !== this.#before) this.#passOver(Number.POSITIVE_INFINITY);
    return this.#known;
  }

  /** Walks in parts go on behind what is known: nothing is to be sorted in. */
  #isBehindAll(start: number): boolean {
    const last = this.#before.starts.at(-1);
    return last !== undefined && last < start && this.#known.starts.length === 0;
  }

  #passOver(limit: number): void {
    const { starts } = this.#before;
    while (this.#next < starts.length && (starts[this.#next] as number) < limit) this.#pass();
  }

  #pass(): number {
    const { starts, offsets } = this.#before;
    const at = this.#next++;
    return this.#add(starts[at] as number, offsets[at] as number);
  }

  #add(start: number, offset: number): number {
    this.#known.starts.push(start);
    this.#known.offsets.push(offset);
    return offset;
  }
}

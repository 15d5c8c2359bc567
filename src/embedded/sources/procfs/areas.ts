/**
 * Areas of address spaces out of /proc/PID/maps, whose lines the runtime takes apart. The vsyscall page, which is no area
 * of the process, is left out.
 * Facts: fs/proc/task_mmu.c, include/linux/mm.h of Linux 6.18.
 */
import { KERNEL_BASE_HIGH } from '../../../jit/index.ts';
import { decodeName, encodeName } from '../../file-names.ts';
import type { KernelMemory } from '../../memory/kernel-memory.ts';
import type { Model } from '../../model/index.ts';
import {
  MAPS_DEVICE,
  MAPS_END,
  MAPS_INODE,
  MAPS_LINE_END,
  MAPS_OFFSET,
  MAPS_PATH,
  MAPS_PERMISSIONS,
  MAPS_START,
} from '../../runtime-wasm/maps-line.ts';
import { type Arena, Pool } from '../pool.ts';
import { putPointer } from '../write-memory.ts';
import { nameOf } from './deleted-files.ts';
import { fileKind } from './file-kinds.ts';
import { kernelDevice, pathIn } from './file-tree.ts';
import type { FilePlan, FileTable } from './files.ts';
import type { MapsText } from './maps-text.ts';
import { type Mounts, unescapeOctal } from './mounts.ts';
import type { ProcReader } from './reader.ts';
import type { SessionState, TaskRecord } from './tasks.ts';

const VM_READ = 1;
const VM_WRITE = 2;
const VM_EXEC = 4;
const VM_SHARED = 8;
const VM_MAYSHARE = 0x80;
const LETTER = { a: 0x61, r: 0x72, w: 0x77, x: 0x78, s: 0x73 };
const BRACKET = 0x5b;
/** Areas that the kernel made and names itself. */
const SPECIAL = /^\[(vdso|vvar|vvar_vclock|uprobes|vdata|sigpage)\]$/;
/** Variables with operations. */
export const SPECIAL_OPERATIONS = 'special_mapping_vmops';
const FILE_OPERATIONS = 'generic_file_vm_ops';
const PAGE_SHIFT = 12;
const TWO_32 = 4294967296;
/** Upper words of addresses from there on are not of user space: the vsyscall page. */
const BEYOND_USER = 0x200000;

// Words of a line, as the runtime reads it.
const START = MAPS_START >> 2;
const END = MAPS_END >> 2;
const OFFSET = MAPS_OFFSET >> 2;
const PERMISSIONS = MAPS_PERMISSIONS >> 2;
const DEVICE = MAPS_DEVICE >> 2;
const PATH = MAPS_PATH >> 2;
const LINE_END = MAPS_LINE_END >> 2;
const INODE = MAPS_INODE >> 2;

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
  readonly #place: Readonly<
    Record<'start' | 'end' | 'mm' | 'flags' | 'pgoff' | 'file' | 'name' | 'operations' | 'data', number>
  >;
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
    this.#pool = new Pool(memory, layout.size);
    const at = (path: string) => layout.field(path).offset;
    this.#place = {
      start: at('vm_start'),
      end: at('vm_end'),
      mm: at('vm_mm'),
      flags: at('vm_flags'),
      pgoff: at('vm_pgoff'),
      file: at('vm_file'),
      name: at('anon_name'),
      operations: at('vm_ops'),
      data: at('vm_private_data'),
    };
  }

  clear(): void {
    this.#known.clear();
    this.#special.clear();
    this.#pool.clear();
  }

  /** Offsets of the areas that end above an address, ascending. */
  of(record: TaskRecord, above: number, plan: FilePlan, session: SessionState): readonly number[] {
    const length = this.#maps.take(record, session);
    if (length === 0) return [];
    const { needs } = session.plan;
    const wantsFile = needs.has('vm_area_struct', 'vm_file');
    const wantsOperations = needs.any('vm_area_struct', ['vm_ops', 'vm_private_data']);
    const wantsName = needs.has('vm_area_struct', 'anon_name');
    const { runtime } = this.#memory;
    const places = new AreaPlaces(this.#pool, this.#known.get(record.tgid));
    const line = runtime.maps_line_at() >> 2;
    const areas: number[] = [];
    const shared = new LastFile();
    const limit = this.#maps.start + length;
    for (let at = this.#maps.start; at < limit; ) {
      at = runtime.maps_line(at, limit);
      let { u32 } = this.#memory;
      const start = (u32[line + START + 1] as number) * TWO_32 + (u32[line + START] as number);
      const end = (u32[line + END + 1] as number) * TWO_32 + (u32[line + END] as number);
      if (end <= above || (u32[line + START + 1] as number) >= BEYOND_USER) continue;
      const area = places.at(start);
      areas.push(area);
      // Taking a place for the area may have replaced the view.
      if (u32.length === 0) ({ u32 } = this.#memory);
      const hasFile = this.#put(u32, area, line, record.hosts.mm_struct);
      const path = u32[line + PATH] as number;
      const lineEnd = u32[line + LINE_END] as number;
      if (wantsFile) {
        const device = u32[line + DEVICE] as number;
        const file = hasFile ? this.#fileOf(record, device, lineEnd, shared, plan, session) : 0;
        putPointer(this.#memory, area + this.#place.file, file);
      }
      if (wantsOperations) this.#putOperations(area, path, lineEnd, hasFile);
      if (wantsName) putPointer(this.#memory, area + this.#place.name, this.#nameOf(path, lineEnd));
    }
    this.#known.set(record.tgid, places.known());
    return areas;
  }

  /** What stands in the line itself. @returns whether the area has a file */
  #put(u32: Uint32Array, area: number, line: number, mm: number): boolean {
    const { u8 } = this.#memory;
    const place = this.#place;
    const hasFile = u32[line + INODE] !== 0;
    const page = line + (hasFile ? OFFSET : START);
    const [pageLow, pageHigh] = [u32[page] as number, u32[page + 1] as number];
    u32[(area + place.start) >> 2] = u32[line + START] as number;
    u32[(area + place.start + 4) >> 2] = u32[line + START + 1] as number;
    u32[(area + place.end) >> 2] = u32[line + END] as number;
    u32[(area + place.end + 4) >> 2] = u32[line + END + 1] as number;
    u32[(area + place.mm) >> 2] = mm;
    u32[(area + place.mm + 4) >> 2] = mm === 0 ? 0 : KERNEL_BASE_HIGH;
    u32[(area + place.flags) >> 2] = flagsOf(u8, u32[line + PERMISSIONS] as number);
    u32[(area + place.flags + 4) >> 2] = 0;
    u32[(area + place.pgoff) >> 2] = (pageLow >>> PAGE_SHIFT) | (pageHigh << (32 - PAGE_SHIFT));
    u32[(area + place.pgoff + 4) >> 2] = pageHigh >>> PAGE_SHIFT;
    return hasFile;
  }

  /** @param device where the columns of the device and the inode begin */
  #fileOf(
    record: TaskRecord,
    device: number,
    end: number,
    shared: LastFile,
    plan: FilePlan,
    session: SessionState,
  ): number {
    const { u8 } = this.#memory;
    if (shared.is(u8, device, end)) return shared.file;
    const text = decodeName(u8.subarray(device, end));
    const match = /^([0-9a-f]+):([0-9a-f]+) (\d+)\s*(.*)$/.exec(text);
    if (match === null) return 0;
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
    const file = this.#files.mapped(`${record.tgid} map ${text}`, { place, kind, mount }, plan);
    shared.set(device, end, file);
    return file;
  }

  /** `[vdso]` and its like have no file and a name of the kernel's; other memory without a file has no operations. */
  #putOperations(area: number, at: number, end: number, hasFile: boolean): void {
    const { u8 } = this.#memory;
    const name = hasFile || u8[at] !== BRACKET ? '' : decodeName(u8.subarray(at, end));
    const special = SPECIAL.test(name);
    const operations = hasFile ? FILE_OPERATIONS : special ? SPECIAL_OPERATIONS : undefined;
    const memory = this.#memory;
    putPointer(memory, area + this.#place.operations, operations === undefined ? 0 : this.#variable(operations));
    putPointer(memory, area + this.#place.data, special ? this.#specialMapping(name) : 0);
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
    if (u8[at] !== BRACKET || u8[at + 1] !== LETTER.a) return 0;
    const text = decodeName(u8.subarray(at, end));
    const name = /^\[anon(?:_shmem)?:(.*)\]$/.exec(text)?.[1];
    if (name === undefined) return 0;
    const encoded = encodeName(name);
    const offset = this.#arena.take(encoded.length + 1);
    this.#memory.u8.set(encoded, offset);
    return offset;
  }
}

/** Places of the areas of a process, ascending by first address: an area keeps the one that it had before. */
class AreaPlaces {
  readonly #known: KnownAreas = { starts: [], offsets: [] };
  readonly #pool: Pool;
  readonly #before: KnownAreas;
  #next = 0;

  constructor(pool: Pool, before: KnownAreas = { starts: [], offsets: [] }) {
    this.#pool = pool;
    this.#before = before;
  }

  /** @param start more than that of the call before */
  at(start: number): number {
    this.#passOver(start);
    if (this.#before.starts[this.#next] === start) return this.#pass();
    return this.#add(start, this.#pool.take());
  }

  /** All that are known now, also those that nobody asked for. */
  known(): KnownAreas {
    this.#passOver(Number.POSITIVE_INFINITY);
    return this.#known;
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

/** Areas of one file follow each other: what stands in the line of the last one is looked at before anything else. */
class LastFile {
  file = 0;
  #from = 0;
  #to = -1;

  is(u8: Uint8Array, from: number, to: number): boolean {
    if (to - from !== this.#to - this.#from) return false;
    for (let i = 0; i < to - from; i++) if (u8[this.#from + i] !== u8[from + i]) return false;
    return true;
  }

  set(from: number, to: number, file: number): void {
    this.#from = from;
    this.#to = to;
    this.file = file;
  }
}

function flagsOf(bytes: Uint8Array, at: number): number {
  const shared = bytes[at + 3] === LETTER.s;
  return (
    (bytes[at] === LETTER.r ? VM_READ : 0) |
    (bytes[at + 1] === LETTER.w ? VM_WRITE : 0) |
    (bytes[at + 2] === LETTER.x ? VM_EXEC : 0) |
    // Of a shared mapping of a file that is open for reading only, Linux takes VM_SHARED away; such are not writable.
    (shared ? VM_MAYSHARE : 0) |
    (shared && bytes[at + 1] === LETTER.w ? VM_SHARED : 0)
  );
}

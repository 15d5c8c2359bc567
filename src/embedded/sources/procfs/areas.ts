/**
 * Areas of address spaces out of /proc/PID/maps: `START-END rwxp OFFSET MAJOR:MINOR INODE   PATH`. The vsyscall page,
 * which is no area of the process, is left out.
 * Facts: fs/proc/task_mmu.c, include/linux/mm.h of Linux 6.18.
 */
import { decodeName, encodeName } from '../../file-names.ts';
import type { KernelMemory } from '../../memory/kernel-memory.ts';
import type { Model } from '../../model/index.ts';
import { type Arena, Pool } from '../pool.ts';
import { putPointer, putWords } from '../write-memory.ts';
import { endOfLine, NumberReader, SPACE } from './bytes.ts';
import { fileKind, withoutDeleted } from './file-kinds.ts';
import { pathIn } from './file-tree.ts';
import type { FilePlan, FileTable } from './files.ts';
import type { MapsText } from './maps-text.ts';
import { type Mounts, unescapeOctal } from './mounts.ts';
import type { SessionState, TaskRecord } from './tasks.ts';

const VM_READ = 1;
const VM_WRITE = 2;
const VM_EXEC = 4;
const VM_SHARED = 8;
const VM_MAYSHARE = 0x80;
const LETTER = { r: 0x72, w: 0x77, x: 0x78, s: 0x73 };
/** Areas that the kernel made and names itself. */
const SPECIAL = /^\[(vdso|vvar|vvar_vclock|uprobes|vdata|sigpage)\]$/;
/** Variables with operations. */
export const SPECIAL_OPERATIONS = 'special_mapping_vmops';
const FILE_OPERATIONS = 'generic_file_vm_ops';
const PAGE_SHIFT = 12;
const TWO_32 = 4294967296;

export class AreaTable {
  readonly #memory: KernelMemory;
  readonly #maps: MapsText;
  readonly #arena: Arena;
  readonly #files: FileTable;
  readonly #mounts: Mounts;
  readonly #pool: Pool;
  readonly #numbers = new NumberReader();
  /** By process, then by first address. */
  readonly #offsets = new Map<number, Map<number, number>>();
  readonly #place: Readonly<
    Record<'start' | 'end' | 'mm' | 'flags' | 'pgoff' | 'file' | 'name' | 'operations' | 'data', number>
  >;
  readonly #special = new Map<string, number>();
  readonly #variable: (name: string) => number;

  constructor(
    memory: KernelMemory,
    model: Model,
    maps: MapsText,
    arena: Arena,
    files: FileTable,
    mounts: Mounts,
    variable: (name: string) => number,
  ) {
    this.#variable = variable;
    this.#memory = memory;
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
    this.#offsets.clear();
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
    const { bytes } = this.#maps;
    const known = this.#offsets.get(record.tgid) ?? new Map<number, number>();
    this.#offsets.set(record.tgid, known);
    const areas: number[] = [];
    const numbers = this.#numbers;
    const shared = new LastFile();
    for (let at = 0; at < length; ) {
      const lineEnd = endOfLine(bytes, at, length);
      numbers.at = at;
      numbers.hexadecimal(bytes, lineEnd);
      const { low, high, number: start } = numbers;
      numbers.at++;
      numbers.hexadecimal(bytes, lineEnd);
      const beyondDouble = high >= 0x200000;
      const permissions = numbers.at + 1;
      if (!beyondDouble && numbers.number > above) {
        let area = known.get(start);
        if (area === undefined) {
          area = this.#pool.take();
          known.set(start, area);
        }
        areas.push(area);
        const memory = this.#memory;
        putWords(memory, area + this.#place.start, low, high);
        putWords(memory, area + this.#place.end, numbers.low, numbers.high);
        putPointer(memory, area + this.#place.mm, record.hosts.mm_struct);
        putWords(memory, area + this.#place.flags, flagsOf(bytes, permissions), 0);
        numbers.at = permissions + 4;
        numbers.hexadecimal(bytes, lineEnd);
        const path = pathStart(bytes, numbers.at, lineEnd);
        const hasFile = path.inode;
        const page = hasFile ? numbers.number : start;
        const pages = Math.floor(page / 2 ** PAGE_SHIFT);
        putWords(memory, area + this.#place.pgoff, pages >>> 0, Math.floor(pages / TWO_32));
        if (wantsFile) {
          const file = hasFile ? this.#fileOf(record, bytes, path.device, lineEnd, shared, plan, session) : 0;
          putPointer(memory, area + this.#place.file, file);
        }
        if (wantsOperations) this.#putOperations(area, bytes, path.at, lineEnd, hasFile);
        if (wantsName) putPointer(memory, area + this.#place.name, this.#nameOf(bytes, path.at, lineEnd));
      }
      at = lineEnd + 1;
    }
    return areas;
  }

  /** @param device where the columns of the device and the inode begin */
  #fileOf(
    record: TaskRecord,
    bytes: Uint8Array,
    device: number,
    end: number,
    shared: LastFile,
    plan: FilePlan,
    session: SessionState,
  ): number {
    if (shared.is(bytes, device, end)) return shared.file;
    const text = decodeName(bytes.subarray(device, end));
    const match = /^([0-9a-f]+):([0-9a-f]+) (\d+)\s*(.*)$/.exec(text);
    if (match === null) return 0;
    const [, major = '0', minor = '0', inode = '0', escaped = ''] = match;
    const shown = unescapeOctal(escaped);
    const number = Number.parseInt(major, 16) * 1048576 + Number.parseInt(minor, 16);
    const mount = this.#mounts.ofPath(withoutDeleted(shown), number, session);
    const kind = fileKind(shown, mount?.fs);
    const placed = mount !== undefined && shown.startsWith('/');
    const place = {
      device: number,
      fs: mount?.fs ?? kind.fs,
      ino: Number(inode),
      path: placed ? pathIn(mount, withoutDeleted(shown)) : kind.name,
      shown,
    };
    const file = this.#files.mapped(`${record.tgid} map ${text}`, place, mount, plan);
    shared.set(bytes, device, end, file);
    return file;
  }

  /** `[vdso]` and its like have no file and a name of the kernel's; other memory without a file has no operations. */
  #putOperations(area: number, bytes: Uint8Array, at: number, end: number, hasFile: boolean): void {
    const name = hasFile || bytes[at] !== 0x5b ? '' : decodeName(bytes.subarray(at, end));
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
  #nameOf(bytes: Uint8Array, at: number, end: number): number {
    if (bytes[at] !== 0x5b || bytes[at + 1] !== 0x61) return 0;
    const text = decodeName(bytes.subarray(at, end));
    const name = /^\[anon(?:_shmem)?:(.*)\]$/.exec(text)?.[1];
    if (name === undefined) return 0;
    const encoded = encodeName(name);
    const offset = this.#arena.take(encoded.length + 1);
    this.#memory.u8.set(encoded, offset);
    return offset;
  }
}

/** Areas of one file follow each other: what stands in the line of the last one is looked at before anything else. */
class LastFile {
  file = 0;
  #bytes: Uint8Array | undefined;
  #from = 0;
  #to = 0;

  is(bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#bytes !== bytes || to - from !== this.#to - this.#from) return false;
    for (let i = 0; i < to - from; i++) if (bytes[this.#from + i] !== bytes[from + i]) return false;
    return true;
  }

  set(bytes: Uint8Array, from: number, to: number, file: number): void {
    this.#bytes = bytes;
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

const pathPlace = { device: 0, inode: false, at: 0 };

/** Where the device and the path begin, and whether there is an inode. @param at behind the offset */
function pathStart(bytes: Uint8Array, at: number, end: number): typeof pathPlace {
  pathPlace.device = at + 1;
  let next = at + 1;
  while (next < end && bytes[next] !== SPACE) next++;
  next++;
  // Without a file the number is a single 0.
  pathPlace.inode = !(bytes[next] === 0x30 && (next + 1 >= end || bytes[next + 1] === SPACE));
  while (next < end && bytes[next] !== SPACE) next++;
  while (next < end && bytes[next] === SPACE) next++;
  pathPlace.at = next;
  return pathPlace;
}

/**
 * Maps, programs and links that processes have open, as fdinfo tells of them: their numbers, types and sizes. Names and
 * counts it does not tell: they are 0, and counted as what could not be read where a program looks at them.
 * Facts: bpf_map_show_fdinfo(), bpf_prog_show_fdinfo(), bpf_link_show_fdinfo() of Linux 6.18.
 */
import { linkTypeId } from '../../../uapi/index.ts';
import type { KernelMemory } from '../../memory/kernel-memory.ts';
import type { Model } from '../../model/index.ts';
import type { Needs } from '../needs.ts';
import type { Arena } from '../pool.ts';
import { putField, putPointer } from '../write-memory.ts';

type Values = ReadonlyMap<string, string>;

/** Members by the lines that tell them; numbers, some of them hexadecimal. */
const MAP_LINES = [
  ['map_type', 'map_type'],
  ['key_size', 'key_size'],
  ['value_size', 'value_size'],
  ['max_entries', 'max_entries'],
  ['map_flags', 'map_flags'],
  ['map_extra', 'map_extra'],
  ['id', 'map_id'],
] as const;

/** What no line tells, by struct. */
const UNTOLD: Readonly<Record<string, readonly string[]>> = {
  bpf_map: ['name', 'refcnt', 'usercnt', 'elem_count'],
  bpf_prog: ['expected_attach_type', 'len', 'jited_len'],
  bpf_prog_aux: ['name', 'attach_func_name', 'used_map_cnt', 'dst_prog', 'btf', 'func_info', 'func_info_cnt'],
};

/** Names of link types in fdinfo, where they are others than everywhere else. */
const LINK_NAMES: Readonly<Record<string, string>> = {
  perf: 'perf_event',
  kretprobe_multi: 'kprobe_multi',
  uretprobe_multi: 'uprobe_multi',
};

export class BpfFiles {
  readonly #memory: KernelMemory;
  readonly #model: Model;
  readonly #arena: Arena;
  /** By struct and number: who has the same open sees the same. */
  readonly #known = new Map<string, number>();

  constructor(memory: KernelMemory, model: Model, arena: Arena) {
    this.#memory = memory;
    this.#model = model;
    this.#arena = arena;
  }

  clear(): void {
    this.#known.clear();
  }

  /** @param fdinfo its text @returns the object's struct; undefined for files of other kinds */
  of(operations: string, fdinfo: string): number | undefined {
    const values = new Map([...fdinfo.matchAll(/^(\w+):\s*(.*)$/gm)].map(([, key = '', value = '']) => [key, value]));
    if (operations === 'bpf_map_fops') return this.#map(values);
    if (operations === 'bpf_prog_fops') return this.#program(values);
    if (operations === 'bpf_link_fops') return this.#link(values);
    return undefined;
  }

  /** Whether somebody looks at what fdinfo does not tell. */
  isUntold(needs: Needs): boolean {
    return Object.entries(UNTOLD).some(([struct, members]) => needs.any(struct, members));
  }

  #map(values: Values): number {
    const { at, put } = this.#struct('bpf_map', numberIn(values, 'map_id'));
    for (const [member, line] of MAP_LINES) put(member, numberIn(values, line));
    return at;
  }

  #program(values: Values): number {
    const id = numberIn(values, 'prog_id');
    const { at, put, field } = this.#struct('bpf_prog', id);
    const aux = this.#struct('bpf_prog_aux', id);
    if (values.has('prog_type')) put('type', numberIn(values, 'prog_type'));
    const tag = values.get('prog_tag')?.match(/../g) ?? [];
    this.#memory.u8.set(tag.slice(0, field('tag').size).map(hexadecimal), at + field('tag').offset);
    putPointer(this.#memory, at + field('aux').offset, aux.at);
    aux.put('id', id);
    if (values.has('verified_insns')) aux.put('verified_insns', numberIn(values, 'verified_insns'));
    putPointer(this.#memory, aux.at + aux.field('prog').offset, at);
    return at;
  }

  /** Of the program of a link fdinfo tells the number and the tag. */
  #link(values: Values): number {
    const { at, put, field } = this.#struct('bpf_link', numberIn(values, 'link_id'));
    put('id', numberIn(values, 'link_id'));
    const type = values.get('link_type') ?? '';
    // Of types without a name there: `<15>`.
    put('type', linkTypeId(LINK_NAMES[type] ?? type) ?? Number(/^<(\d+)>$/.exec(type)?.[1] ?? 0));
    putPointer(this.#memory, at + field('prog').offset, values.has('prog_id') ? this.#program(values) : 0);
    return at;
  }

  #struct(name: string, id: number) {
    const layout = this.#model.layoutOf(name);
    const key = `${name} ${id}`;
    let at = this.#known.get(key);
    if (at === undefined) {
      at = this.#arena.take(layout.size);
      this.#known.set(key, at);
    }
    const offset = at;
    const put = (member: string, value: number) => putField(this.#memory, offset, layout.field(member), value);
    return { at, put, field: (member: string) => layout.field(member) };
  }
}

const hexadecimal = (digits: string): number => Number.parseInt(digits, 16);

const numberIn = (values: Values, line: string): number => Number(values.get(line) ?? 0);

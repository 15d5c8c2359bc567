/**
 * The notation of a profile's helper table: a prototype in one row that a person can compare with the kernel's
 * `struct bpf_func_proto`.
 *
 *   [id, name, returns, arguments, properties?, programs?]
 *   [51, 'redirect_map', 'integer', 'const_map_ptr, anything, anything'],
 *   [84, 'sk_lookup_tcp', 'socket?', 'ctx, mem+read, const_size_or_zero, anything, anything', 'packet'],
 *
 * An argument is its `enum bpf_arg_type` without `ARG_` and `PTR_TO_`, then `:` and a struct (of a BTF pointer) or a
 * number of bytes (of memory of a fixed size), then `?` where NULL is taken, then flags: `read` (MEM_RDONLY), `write`,
 * `uninit`, `aligned`, `release` (OBJ_RELEASE), `local` and `ringbuf` (kinds of dynptr). What is returned is written
 * alike, with `ringbuf`, `trusted` and `read`.
 *
 * Properties: `gpl` (gpl_only), `packet` (pkt_access), `sleeps` (might_sleep), `fastcall`, and `at:` with the name of a
 * set of hooks (see HookSets) where the helper may only be called by programs at some of them.
 *
 * Several helpers have another prototype for some programs: a row of the same id with the kinds (kind-keys.ts) that
 * it is for.
 */
import { findRow, keysOf, rowsByKey } from './kind-keys.ts';
import type {
  ArgumentFlag,
  HelperArgument,
  HelperArgumentBase,
  HelperPrototype,
  HelperReturnBase,
  ProgramKind,
} from './types.ts';

export type HelperRow = readonly [
  id: number,
  name: string,
  returns: string,
  parameters: string,
  properties?: string,
  programs?: string,
];

/** Kinds of programs (kind-keys.ts) that may call a helper, by the name of the set; the most specific key decides. */
export type HookSets = Readonly<
  Record<string, { readonly allowed: readonly string[]; readonly denied?: readonly string[] }>
>;

const ARGUMENTS: Readonly<Record<string, HelperArgumentBase>> = {
  anything: 'anything',
  const_map_ptr: 'const_map_ptr',
  map_key: 'ptr_to_map_key',
  map_value: 'ptr_to_map_value',
  mem: 'ptr_to_mem',
  arena: 'ptr_to_arena',
  const_size: 'const_size',
  const_size_or_zero: 'const_size_or_zero',
  ctx: 'ptr_to_ctx',
  spin_lock: 'ptr_to_spin_lock',
  sock_common: 'ptr_to_sock_common',
  socket: 'ptr_to_socket',
  btf_id: 'ptr_to_btf_id',
  ringbuf_mem: 'ptr_to_ringbuf_mem',
  const_alloc_size_or_zero: 'const_alloc_size_or_zero',
  btf_id_sock_common: 'ptr_to_btf_id_sock_common',
  percpu_btf_id: 'ptr_to_percpu_btf_id',
  func: 'ptr_to_func',
  stack: 'ptr_to_stack',
  const_str: 'ptr_to_const_str',
  timer: 'ptr_to_timer',
  kptr_xchg_dest: 'kptr_xchg_dest',
  dynptr: 'ptr_to_dynptr',
};

const ARGUMENT_FLAGS: Readonly<Record<string, ArgumentFlag>> = {
  read: 'rdonly',
  write: 'write',
  uninit: 'uninit',
  aligned: 'aligned',
  release: 'obj_release',
  local: 'dynptr_local',
  ringbuf: 'dynptr_ringbuf',
};

const RETURNS: Readonly<Record<string, HelperReturnBase>> = {
  integer: 'integer',
  void: 'void',
  map_value: 'ptr_to_map_value',
  socket: 'ptr_to_socket',
  tcp_sock: 'ptr_to_tcp_sock',
  sock_common: 'ptr_to_sock_common',
  mem: 'ptr_to_mem',
  mem_or_btf_id: 'ptr_to_mem_or_btf_id',
  btf_id: 'ptr_to_btf_id',
};

const RETURN_FLAGS: Readonly<Record<string, HelperPrototype['returnFlags'][number]>> = {
  ringbuf: 'ringbuf',
  trusted: 'trusted',
  read: 'rdonly',
};

const CELL = /^(?<base>\w+)(?::(?<of>\w+))?(?<orNull>\?)?(?<flags>(?:\+\w+)*)$/;

interface Cell {
  readonly base: string;
  readonly of: string | undefined;
  readonly orNull: boolean;
  readonly flags: readonly string[];
}

function parseCell(text: string): Cell {
  const groups = CELL.exec(text)?.groups;
  if (groups === undefined) throw new TypeError(`'${text}' is not in the notation of helper tables`);
  const { base = '', of, orNull, flags = '' } = groups;
  return { base, of, orNull: orNull !== undefined, flags: flags.split('+').slice(1) };
}

function named<T>(table: Readonly<Record<string, T>>, name: string, text: string): T {
  const found = table[name];
  if (found === undefined) throw new TypeError(`'${name}' in '${text}' is not in the notation of helper tables`);
  return found;
}

function parseArgument(text: string): HelperArgument {
  const cell = parseCell(text);
  const base = named(ARGUMENTS, cell.base, text);
  const flags = cell.flags.map((flag) => named(ARGUMENT_FLAGS, flag, text));
  if (cell.orNull) flags.push('maybe_null');
  if (cell.of === undefined) return { base, flags };
  if (base === 'ptr_to_mem') return { base, flags: [...flags, 'fixed_size'], size: Number(cell.of) };
  return { base, flags, btf: cell.of };
}

function parseRow([id, name, returns, parameters, properties = '']: HelperRow, hooks: HookSets): HelperPrototype {
  const result = parseCell(returns);
  const returnFlags = result.flags.map((flag) => named(RETURN_FLAGS, flag, returns));
  if (result.orNull) returnFlags.push('maybe_null');
  const words = properties.split(' ');
  const hookSet = words.find((word) => word.startsWith('at:'))?.slice('at:'.length);
  return {
    id,
    name: `bpf_${name}`,
    returns: named(RETURNS, result.base, returns),
    returnFlags,
    ...(result.of === undefined ? {} : { returnBtf: result.of }),
    arguments: parameters === '' ? [] : parameters.split(', ').map(parseArgument),
    gplOnly: words.includes('gpl'),
    packetAccess: words.includes('packet'),
    mightSleep: words.includes('sleeps'),
    fastcall: words.includes('fastcall'),
    ...(hookSet === undefined ? {} : { allowedAt: hookTest(named(hooks, hookSet, properties)) }),
  };
}

function hookTest({ allowed, denied = [] }: HookSets[string]): (kind: ProgramKind) => boolean {
  const answers = new Map<string, boolean>();
  for (const key of allowed) answers.set(key, true);
  for (const key of denied) answers.set(key, false);
  return (kind) => {
    for (const key of keysOf(kind)) {
      const answer = answers.get(key);
      if (answer !== undefined) return answer;
    }
    return false;
  };
}

/** The helpers of a profile. A row is parsed when it is first asked for. */
export class HelperTable {
  readonly #rows: ReadonlyMap<number, readonly HelperRow[]>;
  readonly #hooks: HookSets;
  readonly #found = new Map<number, PrototypesOfHelper>();

  constructor(rows: readonly HelperRow[], hooks: HookSets) {
    const byId = new Map<number, HelperRow[]>();
    for (const row of rows) {
      const known = byId.get(row[0]);
      if (known === undefined) byId.set(row[0], [row]);
      else known.push(row);
    }
    this.#rows = byId;
    this.#hooks = hooks;
  }

  /** Every prototype that is not for some kinds of programs only, by id. @throws TypeError */
  prototypes(): ReadonlyMap<number, HelperPrototype> {
    const general = [...this.#rows.keys()].map((id) => [id, this.#of(id)?.general] as const);
    return new Map(general.filter((entry): entry is [number, HelperPrototype] => entry[1] !== undefined));
  }

  /**
   * The prototype that programs of a kind see. Whether they may call it is not asked here.
   * @throws TypeError if a row is not in the notation
   */
  find(id: number, kind: ProgramKind): HelperPrototype | undefined {
    const found = this.#of(id);
    return found && (findRow(found.special, kind)?.prototype ?? found.general);
  }

  #of(id: number): PrototypesOfHelper | undefined {
    const known = this.#found.get(id);
    const rows = this.#rows.get(id);
    if (known !== undefined || rows === undefined) return known;
    const parsed = rows.map((row) => ({ programs: row[5], prototype: parseRow(row, this.#hooks) }));
    const found: PrototypesOfHelper = {
      general: parsed.find(({ programs }) => programs === undefined)?.prototype,
      special: rowsByKey(parsed.flatMap(({ programs, prototype }) => (programs ? [{ programs, prototype }] : []))),
    };
    this.#found.set(id, found);
    return found;
  }
}

interface PrototypesOfHelper {
  readonly general: HelperPrototype | undefined;
  readonly special: ReadonlyMap<string, { readonly prototype: HelperPrototype }>;
}

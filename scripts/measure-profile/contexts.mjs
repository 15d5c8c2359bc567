/** Part `contexts`: which fields of contexts programs may load and store, and what a load gives. */
import { BTF_KIND_ARRAY, BTF_KIND_PTR } from '../../dist/btf/index.js';
import { btf, exit, load, mov, registerOf, store, tryLoad, tryLoadVerbosely } from './ask.mjs';
import { array, cell, comment, literal, object } from './emit.mjs';
import { keysByValue } from './keys.mjs';
import { goodReturn, kinds } from './kinds.mjs';

/** The struct in the kernel's BTF that a type's context is, by the first word of its path. */
const structsByType = {
  socket_filter: '__sk_buff',
  sched_cls: '__sk_buff',
  sched_act: '__sk_buff',
  xdp: 'xdp_md',
  perf_event: 'bpf_perf_event_data',
  cgroup_skb: '__sk_buff',
  cgroup_sock: 'bpf_sock',
  lwt_in: '__sk_buff',
  lwt_out: '__sk_buff',
  lwt_xmit: '__sk_buff',
  lwt_seg6local: '__sk_buff',
  sock_ops: 'bpf_sock_ops',
  sk_skb: '__sk_buff',
  cgroup_device: 'bpf_cgroup_dev_ctx',
  sk_msg: 'sk_msg_md',
  cgroup_sock_addr: 'bpf_sock_addr',
  sk_reuseport: 'sk_reuseport_md',
  flow_dissector: '__sk_buff',
  cgroup_sysctl: 'bpf_sysctl',
  cgroup_sockopt: 'bpf_sockopt',
  sk_lookup: 'bpf_sk_lookup',
  netfilter: 'bpf_nf_ctx',
};

/** Contexts without a struct: name of the whole, and the offset up to which its end is looked for. */
const regionsByType = {
  kprobe: ['pt_regs', 1 << 10],
  tracepoint: ['tracepoint_record', 1 << 14],
  raw_tracepoint: ['raw_tracepoint_arguments', 1 << 8],
  raw_tracepoint_writable: ['raw_tracepoint_arguments', 1 << 8],
  // Instructions reach no further.
  syscall: ['syscall_context', 1 << 15],
};

/** Instructions reach no further. */
const LOWEST_OFFSET = -(1 << 15);
const WIDTHS = [1, 2, 4, 8];

/** @returns the register that a load gives, or undefined if it is refused */
function tryRead(kind, offset, width) {
  const { accepted, log } = tryLoadVerbosely(kind, [load(2, 1, offset, width), goodReturn(kind), exit]);
  return accepted ? registerOf(log, 2) : undefined;
}

const tryWrite = (kind, offset, width) =>
  tryLoad(kind, [mov(2, 0), store(1, offset, { register: 2 }, width), goodReturn(kind), exit]).accepted;

/** Members as { name, offset, size, element }; of an unnamed union the first that has a name. Padding has none. */
function membersOf(struct) {
  const id = btf.find(struct, 'struct');
  if (id === undefined) throw new Error(`this kernel has no struct ${struct}`);
  return btf.type(id).members.map((member) => {
    const named = firstNamed(member);
    const type = btf.skipModifiersAndTypedefs(named.type);
    return {
      name: named.name,
      offset: member.bitOffset / 8,
      size: member.bitFieldSize === 0 ? sizeOf(member.type) : member.bitFieldSize / 8,
      element: btf.kindOf(type) === BTF_KIND_ARRAY ? sizeOf(btf.type(type).elementType) : undefined,
    };
  });
}

function firstNamed(member) {
  if (member.name !== '') return member;
  const first = btf.type(btf.skipModifiersAndTypedefs(member.type)).members?.[0];
  return first === undefined ? member : firstNamed(first);
}

function sizeOf(id) {
  const type = btf.skipModifiersAndTypedefs(id);
  return btf.kindOf(type) === BTF_KIND_PTR ? 8 : btf.sizeOfType(type);
}

/** Accepted accesses as Map from `offset width` to the register (loads) or true (stores). */
function accessesOf(kind, end) {
  const reads = new Map();
  const writes = new Map();
  for (let offset = 0; offset < end; offset++) {
    for (const width of WIDTHS) {
      const register = tryRead(kind, offset, width);
      if (register !== undefined) reads.set(`${offset} ${width}`, register);
      if (tryWrite(kind, offset, width)) writes.set(`${offset} ${width}`, 'scalar');
    }
  }
  return { reads, writes };
}

/** Every offset in the field at which an access of that width is aligned and inside. */
const aligned = ({ offset, size }, width) =>
  Array.from({ length: size }, (_, at) => offset + at).filter((at) => at % width === 0 && at + width <= offset + size);

/**
 * The accesses as fields by widths; the struct's table learns the fields that are used.
 * @throws Error for accesses that the form of the tables cannot say
 */
function fieldsByWidths(accesses, members, fields, registers, what) {
  const left = new Map(accesses);
  const take = (offset, width) => {
    const register = left.get(`${offset} ${width}`);
    left.delete(`${offset} ${width}`);
    return register;
  };
  const byWidths = new Map();
  const use = (member, widths, suffix) => {
    const key = [...widths, ...suffix].join(' ');
    byWidths.set(key, [...(byWidths.get(key) ?? []), member.name]);
    fields.set(member.name, member);
  };
  for (const member of splitMembers(members, accesses)) {
    const all = [];
    const atStart = [];
    for (const width of WIDTHS) {
      const places = aligned(member, width);
      const accepted = places.filter((offset) => left.has(`${offset} ${width}`));
      if (accepted.length === 0) continue;
      if (accepted.length === places.length) all.push(width);
      else if (accepted.length === 1 && accepted[0] === member.offset) atStart.push(width);
      else throw new Error(`${what}: accesses of ${width} bytes to ${member.name} at ${accepted}`);
    }
    const whole = all.at(-1) === member.size && atStart.length > 0 ? [all.pop()] : [];
    for (const width of [...all, ...whole]) {
      for (const offset of aligned(member, width)) {
        const register = take(offset, width);
        if (register !== undefined && register !== 'scalar') registers.set(member.name, register);
      }
    }
    for (const width of atStart) take(member.offset, width);
    if (all.length > 0) use(member, all, []);
    if (atStart.length > 0) use(member, [...atStart, ...whole], ['start']);
  }
  if (left.size > 0) throw new Error(`${what}: accesses outside of fields: ${[...left.keys()].join(', ')}`);
  return object(Object.fromEntries([...byWidths].map(([widths, names]) => [widths, cell(names)])));
}

/** 16-bit ports may be read together with the padding behind them, as the 32 bits that they once were. */
function splitMembers(members, accesses) {
  return members.flatMap((member) => {
    if (member.size !== 2 || !member.name.endsWith('_port')) return [member];
    const padded = { name: `${member.name}_and_padding`, offset: member.offset, size: 4 };
    return accesses.has(`${member.offset + 2} 1`) ? [padded] : [member, padded];
  });
}

/** End of a context without fields, whether it can be written, and what its first word and first byte are. */
function measureRegion(kind, limit) {
  // The first slot may be special; behind it, everything up to the end is readable.
  let end = 8;
  for (let step = limit; step >= 1; step = Math.floor(step / 2)) {
    while (end + step <= limit && tryRead(kind, end + step - 1, 1) !== undefined) end += step;
  }
  const writable = tryWrite(kind, 0, 8) && tryWrite(kind, end - 1, 1);
  return { end, writable, first: tryRead(kind, 0, 8), firstByte: tryRead(kind, 0, 1) };
}

export function measureContexts() {
  const structs = new Map();
  const measured = [];
  for (const kind of kinds) {
    const [type] = kind.path;
    if (structsByType[type] !== undefined) {
      const struct = structsByType[type];
      const members = membersOf(struct);
      const { reads, writes } = accessesOf(kind, members.at(-1).offset + members.at(-1).size + 8);
      const fields = structs.get(struct) ?? new Map();
      structs.set(struct, fields);
      const registers = new Map();
      const what = kind.path.join('/');
      const read = fieldsByWidths(reads, members, fields, registers, `${what}, loads`);
      const write = fieldsByWidths(writes, members, fields, new Map(), `${what}, stores`);
      measured.push({
        kind,
        value: JSON.stringify({ struct, read, write, registers: [...registers] }),
      });
    } else if (regionsByType[type] !== undefined) {
      const [struct, limit] = regionsByType[type];
      const { end, writable, first, firstByte } = measureRegion(kind, limit);
      const fields = structs.get(struct) ?? new Map();
      structs.set(struct, fields);
      const place = (name, offset, size, element) => fields.set(name, { offset, size, element });
      const registers = [];
      let read = object({ '1 2 4 8': literal('all') });
      if (firstByte !== undefined) {
        place('all', 0, end, 8);
      } else if (first === undefined) {
        place('after_first', 8, end - 8, 8);
        read = object({ '1 2 4 8': literal('after_first') });
        // Linux compares the offset with an unsigned number.
        if (tryRead(kind, -8, 8) !== undefined) {
          place('before', LOWEST_OFFSET, -LOWEST_OFFSET, 8);
          read = object({ '1 2 4 8': literal('before after_first') });
        }
      } else {
        // A pointer, which can be loaded whole; of its bytes all but the first can be looked at.
        place('first', 0, 8);
        place('rest_of_first', 1, 7);
        place('after_first', 8, end - 8, 8);
        read = object({ 8: literal('first'), '1 2 4': literal('rest_of_first'), '1 2 4 8': literal('after_first') });
        registers.push(['first', first]);
      }
      const write = writable ? object({ '1 2 4 8': literal('all') }) : '{  }';
      measured.push({ kind, value: JSON.stringify({ struct, read, write, registers }) });
    }
  }
  const rows = [...keysByValue(measured)].map(([value, programs]) => {
    const { struct, read, write, registers } = JSON.parse(value);
    return object({
      programs: cell(programs),
      struct: literal(struct),
      read,
      write: write === '{  }' ? undefined : write,
      registers:
        registers.length === 0
          ? undefined
          : object(Object.fromEntries(registers.map(([name, register]) => [name, literal(register)]))),
    });
  });
  const structTable = object(
    Object.fromEntries(
      [...structs].map(([struct, fields]) => [
        struct,
        object(
          Object.fromEntries(
            [...fields]
              .sort(([, a], [, b]) => a.offset - b.offset || b.size - a.size)
              .map(([name, { offset, size, element }]) => [
                name,
                `[${[offset, size, ...(element === undefined ? [] : [element])].join(', ')}]`,
              ]),
          ),
        ),
      ]),
    ),
  );
  return (kernel) =>
    comment([
      'Contexts that are structs of their own: their fields, and which of them programs of each kind may load and store.',
      '',
      `Measured on ${kernel} by scripts/measure-profile.mjs: each kind of program loads and stores 1, 2, 4 and 8 bytes at each`,
      'offset; the names are those of the structs in its BTF. Every refusal was `invalid bpf_context access off=N size=N`.',
      'Fields that no kind may touch are left out, and contexts that are the arguments of a function (function-context.ts).',
      'Of unnamed unions the first member stands for all.',
    ]) +
    `import type { ContextRow, ContextStructs } from '../context-table.ts';

export const contextStructs: ContextStructs = ${structTable};

export const contexts: readonly ContextRow[] = ${array(rows)};
`;
}

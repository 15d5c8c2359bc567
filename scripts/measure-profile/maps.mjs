/** Part `map-rules`: which maps helpers take, and which maps programs of each kind may use. */
import { closeSync } from 'node:fs';
import { BtfBuilder } from '../../dist/btf/index.js';
import { loadBtf } from '../../dist/host/btf-load.js';
import { tryCreateMap } from '../../dist/host/maps.js';
import {
  BPF_F_MMAPABLE,
  BPF_F_NO_PREALLOC,
  BPF_MAP_TYPE_ARRAY,
  helperId,
  mapTypeId,
  mapTypes,
} from '../../dist/uapi/index.js';
import {
  btf,
  callHelper,
  copy,
  exit,
  jump,
  load,
  loadMap,
  mov,
  returnIfNull,
  stackAddress,
  tryLoad,
  zeroStack,
} from './ask.mjs';
import { array, cell, comment, literal, object } from './emit.mjs';
import { keysByValue } from './keys.mjs';
import { goodReturn, kinds } from './kinds.mjs';

const int = { kind: 'int', name: 'int', size: 4, signed: true, char: false, bool: false, bits: 32, bitOffset: 0 };
const long = { ...int, name: 'long', size: 8, bits: 64 };
const INT = 1;
const LONG = 2;

/** BTF of ours in the kernel, of which the first two types are INT and LONG. */
function loadTypes(addTypes) {
  const builder = new BtfBuilder({ littleEndian: true });
  builder.add(int);
  builder.add(long);
  const wanted = addTypes(builder);
  const { result, log } = loadBtf(builder.bytes());
  if (result < 0) throw new Error(`the kernel refuses BTF: ${log}`);
  return { fd: result, wanted };
}

const plainTypes = loadTypes(() => undefined).fd;

const storage = {
  max_entries: 0,
  map_flags: BPF_F_NO_PREALLOC,
  btf_fd: plainTypes,
  btf_key_type_id: INT,
  btf_value_type_id: LONG,
};
const cgroupStorage = { key_size: 8, max_entries: 0 };
const keyless = { key_size: 0 };
const ring = { key_size: 0, value_size: 0, max_entries: 4096 };
const descriptors = { value_size: 4 };
const innerMap = tryCreateMap({ map_type: BPF_MAP_TYPE_ARRAY, key_size: 4, value_size: 8, max_entries: 1 });
const ofMaps = { value_size: 4, inner_map_fd: innerMap };

/** Structs that programs implement: not every one makes a map. */
const structOps = [...new Set(kinds.filter(({ path }) => path[0] === 'struct_ops').map(({ path }) => path[1]))]
  .map((struct) => btf.find(`bpf_struct_ops_${struct}`, 'struct'))
  .map((id) => ({ value_size: btf.sizeOfType(id), btf_vmlinux_value_type_id: id, btf_fd: plainTypes }))
  .find((values) => {
    const fd = tryCreateMap({ map_type: mapTypeId('struct_ops'), key_size: 4, max_entries: 1, ...values });
    if (fd >= 0) closeSync(fd);
    return fd >= 0;
  });

/** What differs from a map of one element with a key of 4 bytes and a value of 8. */
const recipes = {
  prog_array: descriptors,
  perf_event_array: descriptors,
  cgroup_array: descriptors,
  devmap: descriptors,
  devmap_hash: descriptors,
  sockmap: descriptors,
  sockhash: descriptors,
  xskmap: descriptors,
  cpumap: descriptors,
  array_of_maps: ofMaps,
  hash_of_maps: ofMaps,
  lpm_trie: { key_size: 8, map_flags: BPF_F_NO_PREALLOC },
  cgroup_storage: cgroupStorage,
  percpu_cgroup_storage: cgroupStorage,
  queue: keyless,
  stack: keyless,
  bloom_filter: keyless,
  ringbuf: ring,
  user_ringbuf: ring,
  sk_storage: storage,
  inode_storage: storage,
  task_storage: storage,
  cgrp_storage: storage,
  stack_trace: { value_size: 64 },
  struct_ops: structOps,
  // Programs that use it need to know its address.
  arena: { key_size: 0, value_size: 0, map_flags: BPF_F_MMAPABLE, map_extra: 1n << 44n },
};

const createMap = (name) =>
  tryCreateMap({ map_type: mapTypeId(name), key_size: 4, value_size: 8, max_entries: 1, ...recipes[name] });

/** Uses a fresh map: some belong to the first program that uses them. */
function withMap(name, use) {
  const fd = createMap(name);
  if (fd < 0) return undefined;
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

/** Those that this kernel has and that need no more than the recipes say. */
const mapNames = mapTypes.map(({ name }) => name).filter((name) => withMap(name, () => true));

const KEY = -16;
const VALUE = -32;

/** A kind for calls of a helper. @throws Error where this kernel does not load it */
function kindAt(path) {
  const kind = kinds.find(
    (candidate) => candidate.path.join('/') === path && (!candidate.sleepable || path === 'syscall'),
  );
  if (kind === undefined) throw new Error(`this kernel loads no ${path}`);
  return kind;
}

const tracepoint = (name) => ({ ...kindAt('tracing/trace_raw_tp'), btfId: btf.find(`btf_trace_${name}`, 'typedef') });

const toMap = (argument) => (fd) => loadMap(argument, fd);
const map = toMap(1);
const secondMap = toMap(2);
const context = copy(1, 6);
const key = (register) => stackAddress(register, KEY);
const value = (register) => stackAddress(register, VALUE);
const output = (fd) => [context, secondMap(fd), mov(3, 0), ...stackAddress(4, -64), mov(5, 8)];

const ofSockets = new Set(['sockmap', 'sockhash']);
/** r3 = ctx->sk, of an __sk_buff. */
const socketValue = [load(3, 6, 168), jump('ne', 3, { immediate: 0 }, 2), mov(0, 0), exit];

/** A call of each helper that takes a map, in a kind of program that may call it. Its context is in r6, its stack is zero. */
const calls = {
  map_lookup_elem: [kindAt('sched_cls'), (fd) => [map(fd), ...key(2)]],
  map_update_elem: [
    kindAt('sched_cls'),
    (fd, name) => [...(ofSockets.has(name) ? socketValue : value(3)), map(fd), ...key(2), mov(4, 0)],
  ],
  map_delete_elem: [kindAt('sched_cls'), (fd) => [map(fd), ...key(2)]],
  map_push_elem: [kindAt('sched_cls'), (fd) => [map(fd), ...value(2), mov(3, 0)]],
  map_pop_elem: [kindAt('sched_cls'), (fd) => [map(fd), ...value(2)]],
  map_peek_elem: [kindAt('sched_cls'), (fd) => [map(fd), ...value(2)]],
  map_lookup_percpu_elem: [kindAt('sched_cls'), (fd) => [map(fd), ...key(2), mov(3, 0)]],
  tail_call: [kindAt('sched_cls'), (fd) => [context, secondMap(fd), mov(3, 0)]],
  perf_event_read: [kindAt('perf_event'), (fd) => [map(fd), mov(2, 0)]],
  perf_event_read_value: [kindAt('perf_event'), (fd) => [map(fd), mov(2, 0), ...stackAddress(3, -64), mov(4, 24)]],
  perf_event_output: [kindAt('sched_cls'), output],
  skb_output: [tracepoint('kfree_skb'), (fd) => [load(7, 6, 0), ...output(fd), copy(1, 7)]],
  get_stackid: [kindAt('perf_event'), (fd) => [context, secondMap(fd), mov(3, 0)]],
  skb_under_cgroup: [kindAt('sched_cls'), (fd) => [context, secondMap(fd), mov(3, 0)]],
  current_task_under_cgroup: [kindAt('tracepoint'), (fd) => [map(fd), mov(2, 0)]],
  redirect_map: [kindAt('xdp'), (fd) => [map(fd), mov(2, 0), mov(3, 0)]],
  sk_redirect_map: [kindAt('sk_skb'), (fd) => [context, secondMap(fd), mov(3, 0), mov(4, 0)]],
  sk_redirect_hash: [kindAt('sk_skb'), (fd) => [context, secondMap(fd), ...key(3), mov(4, 0)]],
  msg_redirect_map: [kindAt('sk_msg'), (fd) => [context, secondMap(fd), mov(3, 0), mov(4, 0)]],
  msg_redirect_hash: [kindAt('sk_msg'), (fd) => [context, secondMap(fd), ...key(3), mov(4, 0)]],
  sock_map_update: [kindAt('sock_ops'), (fd) => [context, secondMap(fd), ...key(3), mov(4, 0)]],
  sock_hash_update: [kindAt('sock_ops'), (fd) => [context, secondMap(fd), ...key(3), mov(4, 0)]],
  get_local_storage: [kindAt('cgroup_skb/cgroup_inet_egress'), (fd) => [map(fd), mov(2, 0)]],
  sk_select_reuseport: [kindAt('sk_reuseport'), (fd) => [context, secondMap(fd), ...key(3), mov(4, 0)]],
  sk_storage_get: [
    kindAt('cgroup_sock_addr/cgroup_inet4_bind'),
    (fd) => [load(2, 6, 64), map(fd), mov(3, 0), mov(4, 0)],
  ],
  sk_storage_delete: [kindAt('cgroup_sock_addr/cgroup_inet4_bind'), (fd) => [load(2, 6, 64), map(fd)]],
  task_storage_get: [tracepoint('sched_switch'), (fd) => [load(2, 6, 8), map(fd), mov(3, 0), mov(4, 0)]],
  task_storage_delete: [tracepoint('sched_switch'), (fd) => [load(2, 6, 8), map(fd)]],
  cgrp_storage_get: [
    kindAt('tracing/trace_iter/cgroup'),
    (fd) => [load(2, 6, 8), ...returnIfNull(2), map(fd), mov(3, 0), mov(4, 0)],
  ],
  cgrp_storage_delete: [kindAt('tracing/trace_iter/cgroup'), (fd) => [load(2, 6, 8), ...returnIfNull(2), map(fd)]],
  ringbuf_output: [kindAt('sched_cls'), (fd) => [map(fd), ...stackAddress(2, -64), mov(3, 8), mov(4, 0)]],
  ringbuf_reserve: [
    kindAt('sched_cls'),
    (fd) => [map(fd), mov(2, 8), mov(3, 0)],
    [...returnIfNull(0), copy(1, 0), mov(2, 0), callHelper(helperId('bpf_ringbuf_discard'))],
  ],
  ringbuf_query: [kindAt('sched_cls'), (fd) => [map(fd), mov(2, 0)]],
  ringbuf_reserve_dynptr: [
    kindAt('sched_cls'),
    (fd) => [map(fd), mov(2, 8), mov(3, 0), ...stackAddress(4, -128)],
    [...stackAddress(1, -128), mov(2, 0), callHelper(helperId('bpf_ringbuf_discard_dynptr'))],
  ],
};

/** Whether the map gets as far as the last check of the call, which is whether helper and map go together. */
function goTogether(helper, name) {
  const [kind, prepare, after = []] = calls[helper];
  const { accepted, errno, message } = withMap(name, (fd) =>
    tryLoad(kind, [
      copy(6, 1),
      ...zeroStack,
      ...prepare(fd, name),
      callHelper(helperId(`bpf_${helper}`)),
      ...after,
      mov(0, 0),
      exit,
    ]),
  );
  // Looked up sockets are references, which this program does not release.
  return accepted || /reference leak/.test(message) || (errno !== 0 && message === '');
}

/** Two functions, of which the first is given the second as its callback. */
function callsBack(helper, name) {
  const { fd: btfFd, wanted } = loadTypes((builder) => {
    const prototype = builder.add({ kind: 'func_proto', returnType: INT, parameters: [] });
    return ['program', 'callback'].map((func) =>
      builder.add({ kind: 'func', name: func, type: prototype, linkage: 'static' }),
    );
  });
  try {
    const main = (fd) => [
      map(fd),
      { kind: 'ld_imm64', dst: 2, source: { kind: 'func', off: 6 } },
      mov(3, 0),
      mov(4, 0),
      callHelper(helperId(`bpf_${helper}`)),
      mov(0, 0),
      exit,
    ];
    const { accepted } = withMap(name, (fd) =>
      tryLoad(kindAt('sched_cls'), [...main(fd), mov(0, 0), exit], {
        btfFd,
        funcInfo: { recordSize: 8, bytes: new Uint8Array(new Uint32Array([0, wanted[0], 9, wanted[1]]).buffer) },
      }),
    );
    return accepted;
  } finally {
    closeSync(btfFd);
  }
}

function measureHelpers() {
  const rows = new Map();
  for (const helper of Object.keys(calls)) {
    rows.set(
      helper,
      mapNames.filter((name) => goTogether(helper, name)),
    );
  }
  for (const helper of ['for_each_map_elem', 'user_ringbuf_drain']) {
    rows.set(
      helper,
      mapNames.filter((name) => callsBack(helper, name)),
    );
  }
  return rows;
}

/** Structs of special fields: [name of the struct, bytes]. */
const specialFields = {
  // In the order in which the kernel looks for them.
  list_head: ['bpf_list_head', 16, ['bpf_list_node', 24]],
  rb_root: ['bpf_rb_root', 16, ['bpf_rb_node', 32]],
  spin_lock: ['bpf_spin_lock', 4],
  res_spin_lock: ['bpf_res_spin_lock', 4],
  timer: ['bpf_timer', 16],
  workqueue: ['bpf_wq', 16],
  task_work: ['bpf_task_work', 8],
};

/** An array whose value has the field first; heads and roots also need a lock, and nodes that they contain. */
function createMapWithField([name, size, node]) {
  const { fd, wanted } = loadTypes((builder) => {
    const words = (bytes) =>
      builder.add({
        kind: 'array',
        elementType: bytes % 8 ? INT : LONG,
        indexType: INT,
        length: bytes / (bytes % 8 ? 4 : 8),
      });
    const struct = (structName, bytes) =>
      builder.add({
        kind: 'struct',
        name: structName,
        size: bytes,
        members: [{ name: 'words', type: words(bytes), bitOffset: 0, bitFieldSize: 0 }],
      });
    const members = [{ name: 'field', type: struct(name, size), bitOffset: 0, bitFieldSize: 0 }];
    if (node !== undefined) {
      members.push({ name: 'lock', type: struct('bpf_spin_lock', 4), bitOffset: size * 8, bitFieldSize: 0 });
      builder.add({
        kind: 'struct',
        name: 'item',
        size: node[1],
        members: [{ name: 'node', type: struct(...node), bitOffset: 0, bitFieldSize: 0 }],
      });
    }
    const type = builder.add({ kind: 'struct', name: 'value', size: size + 8, members });
    if (node !== undefined) builder.add({ kind: 'decl_tag', name: 'contains:item:node', type, componentIndex: 0 });
    return type;
  });
  const values = { btf_fd: fd, btf_key_type_id: INT, btf_value_type_id: wanted };
  const result = tryCreateMap({
    map_type: BPF_MAP_TYPE_ARRAY,
    key_size: 4,
    value_size: size + 8,
    max_entries: 1,
    ...values,
  });
  closeSync(fd);
  return result;
}

const useOf = (kind, fd) => tryLoad(kind, [loadMap(1, fd), goodReturn(kind), exit]);

/** Fields and types of maps that some kinds may not use, with the message. */
function measureKinds() {
  const refusals = new Map();
  const note = (what, kind, message) => {
    const list = refusals.get(message) ?? [];
    refusals.set(message, list);
    list.push({ what, kind });
  };
  for (const [field, recipe] of Object.entries(specialFields)) {
    const fd = createMapWithField(recipe);
    if (fd < 0) continue;
    for (const kind of kinds) {
      const { accepted, message } = useOf(kind, fd);
      // Heads and roots come with a lock, which may be what is refused.
      if (!accepted && (recipe.length === 2 || !message.includes('spin_lock'))) note(field, kind, message);
    }
    closeSync(fd);
  }
  return refusals;
}

/** Types that no kind may use, with the message. @throws Error if a kind that is not sleepable may not use another */
function measureRefusedTypes() {
  const refused = new Map();
  for (const name of mapNames) {
    const refusals = kinds
      .filter(({ sleepable }) => !sleepable)
      .map((kind) => withMap(name, (fd) => useOf(kind, fd)))
      .filter(({ accepted }) => !accepted);
    if (refusals.length === 0) continue;
    if (refusals.length < kinds.filter(({ sleepable }) => !sleepable).length)
      throw new Error(`only some programs may use ${name} maps: ${refusals[0].message}`);
    refused.set(name, refusals[0].message);
  }
  return refused;
}

function measureSleepable(refusedTypes) {
  const kind = kinds.find(({ path, sleepable }) => path[0] === 'kprobe' && sleepable);
  const names = mapNames.filter((name) => !refusedTypes.has(name));
  const refused = new Map();
  for (const name of names) {
    const { accepted, message } = withMap(name, (fd) => useOf(kind, fd));
    if (!accepted) refused.set(name, message);
  }
  const messages = new Set(refused.values());
  if (messages.size !== 1) throw new Error(`sleepable programs are refused maps for several reasons: ${[...messages]}`);
  return { message: [...messages][0], taken: names.filter((name) => !refused.has(name)) };
}

export function measureMapRules() {
  const helpers = measureHelpers();
  const refusedTypes = measureRefusedTypes();
  const sleepable = measureSleepable(refusedTypes);
  const fieldRows = [...measureKinds()].map(([message, refusals]) => {
    const fields = [...new Set(refusals.map(({ what }) => what))];
    // Every field of the message is refused to the same kinds.
    const ofOne = refusals.filter(({ what }) => what === fields[0]).map(({ kind }) => ({ kind, value: message }));
    const others = kinds
      .filter((kind) => !ofOne.some((refusal) => refusal.kind === kind))
      .map((kind) => ({ kind, value: '' }));
    const programs = keysByValue([...ofOne, ...others].sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind)));
    return object({ fields: cell(fields), programs: cell(programs.get(message)), message: literal(message) });
  });
  return (kernel) =>
    comment([
      'Which types of maps helpers take, and which maps programs of each kind may use.',
      '',
      `Measured on ${kernel} by scripts/measure-profile.mjs: every helper that takes a map is called with every type of map, and the`,
      'check of the two is the last that a call meets. A refusal is `cannot pass map_type N into func F#N`. What is',
      'refused to nobody here may be used by every kind of program. Left out: helpers that the measuring machine cannot',
      'be asked for (elsewhere.ts), and what a map may be created with.',
    ]) +
    `import type { FieldRow, MapTypesByHelper } from '../map-rules.ts';

/** Names of helpers are without \`bpf_\`. */
export const mapTypesOfHelpers: MapTypesByHelper = ${object(
      Object.fromEntries([...helpers].map(([helper, names]) => [helper, cell(names)])),
    )};

/** Types of maps that no program may use, with what the kernel says. */
export const refusedTypes: Readonly<Record<string, string>> = ${object(
      Object.fromEntries([...refusedTypes].map(([name, message]) => [name, literal(message)])),
    )};

/** Types of maps that sleepable programs may use. */
export const sleepableMapTypes = ${cell(sleepable.taken)};

/** What sleepable programs are told that use another. */
export const sleepableRefusal = ${literal(sleepable.message)};

/** Special fields of map values that programs of some kinds may not use. */
export const refusedFields: readonly FieldRow[] = ${array(fieldRows)};
`;
}

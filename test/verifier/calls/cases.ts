/**
 * Programs about calls of helpers, most in pairs: one that Linux accepts and its twin that it refuses. What the kernel
 * said of each is in recorded.json.
 */
import type { BtfBuilder, TypeId } from '../../../src/btf/index.ts';
import type { Case, CaseMap } from '../kernel-answers.ts';

const BPF_F_RDONLY_PROG = 1 << 7;
const BPF_F_SLEEPABLE = 1 << 4;

const text = (string: string, size: number): readonly number[] => [
  ...new TextEncoder().encode(string),
  ...new Array<number>(size - string.length).fill(0),
];

/** `struct { struct bpf_timer timer; struct bpf_spin_lock lock; int data; struct task_struct __kptr *task; }` */
function special(builder: BtfBuilder): TypeId {
  const int = builder.add({
    kind: 'int',
    name: 'int',
    size: 4,
    signed: true,
    char: false,
    bool: false,
    bits: 32,
    bitOffset: 0,
  });
  const timer = builder.add({ kind: 'struct', name: 'bpf_timer', size: 16, members: [] });
  const lock = builder.add({
    kind: 'struct',
    name: 'bpf_spin_lock',
    size: 4,
    members: [{ name: 'val', type: int, bitOffset: 0, bitFieldSize: 0 }],
  });
  const task = builder.add({ kind: 'struct', name: 'task_struct', size: 0, members: [] });
  const tagged = builder.add({ kind: 'type_tag', name: 'kptr', type: task });
  const kptr = builder.add({ kind: 'ptr', name: '', type: tagged });
  return builder.add({
    kind: 'struct',
    name: 'value',
    size: 32,
    members: [
      { name: 'timer', type: timer, bitOffset: 0, bitFieldSize: 0 },
      { name: 'lock', type: lock, bitOffset: 128, bitFieldSize: 0 },
      { name: 'data', type: int, bitOffset: 160, bitFieldSize: 0 },
      { name: 'task', type: kptr, bitOffset: 192, bitFieldSize: 0 },
    ],
  });
}

export const maps: Readonly<Record<string, CaseMap>> = {
  array: { type: 'array', keySize: 4, valueSize: 48, entries: 8 },
  hash: { type: 'hash', keySize: 8, valueSize: 16, entries: 8 },
  one: { type: 'array', keySize: 4, valueSize: 64, entries: 1 },
  readonly: { type: 'array', keySize: 4, valueSize: 16, entries: 1, flags: BPF_F_RDONLY_PROG },
  format: { type: 'array', keySize: 4, valueSize: 16, entries: 1, flags: BPF_F_RDONLY_PROG, frozen: text('%d %s', 16) },
  badformat: { type: 'array', keySize: 4, valueSize: 4, entries: 1, flags: BPF_F_RDONLY_PROG, frozen: text('%f', 4) },
  endless: { type: 'array', keySize: 4, valueSize: 4, entries: 1, flags: BPF_F_RDONLY_PROG, frozen: text('abcd', 4) },
  percpu: { type: 'percpu_array', keySize: 4, valueSize: 16, entries: 4 },
  ring: { type: 'ringbuf', keySize: 0, valueSize: 0, entries: 4096 },
  userring: { type: 'user_ringbuf', keySize: 0, valueSize: 0, entries: 4096 },
  programs: { type: 'prog_array', keySize: 4, valueSize: 4, entries: 4 },
  queue: { type: 'queue', keySize: 0, valueSize: 8, entries: 4 },
  bloom: { type: 'bloom_filter', keySize: 0, valueSize: 8, entries: 4 },
  sockets: { type: 'sockmap', keySize: 4, valueSize: 8, entries: 4 },
  devices: { type: 'devmap', keySize: 4, valueSize: 4, entries: 4 },
  storage: { type: 'cgroup_storage', keySize: 16, valueSize: 8, entries: 0 },
  outer: { type: 'array_of_maps', keySize: 4, valueSize: 4, entries: 2, inner: 'hash' },
  special: { type: 'array', keySize: 4, valueSize: 32, entries: 1, value: special },
  other: { type: 'array', keySize: 4, valueSize: 32, entries: 1, value: special },
};

const exit = 'r0 = 0\nexit\n';
const out = `out:\n${exit}`;
/** Eight bytes of zero that r2 points to. */
const key = '*(u64 *)(r10 -8) = 0\nr2 = r10\nr2 += -8\n';
/** r7 = a number that nothing is known of. */
const unknown = 'call bpf_get_prandom_u32\nr7 = r0\n';
/** r9 = the address of a value with special fields. */
const value = `r6 = r1\n${key}r1 = map[special]\ncall bpf_map_lookup_elem\nif r0 == 0 goto out\nr9 = r0\n`;
const reserve = 'r1 = map[ring]\nr2 = 16\nr3 = 0\ncall bpf_ringbuf_reserve\nr9 = r0\n';
/** r9 = a TCP socket, or NULL. */
const lookUpSocket =
  'r6 = r1\n*(u64 *)(r10 -16) = 0\n*(u64 *)(r10 -8) = 0\nr2 = r10\nr2 += -16\nr3 = 12\nr4 = 0\nr5 = 0\ncall bpf_sk_lookup_tcp\nr9 = r0\n';
const dynptr = 'r1 = value[one] +0\nr2 = 16\nr3 = 0\nr4 = r10\nr4 += -16\ncall bpf_dynptr_from_mem\n';
const reserveDynptr = 'r1 = map[ring]\nr2 = 16\nr3 = 0\nr4 = r10\nr4 += -16\ncall bpf_ringbuf_reserve_dynptr\n';
/** Reads `size` bytes with bpf_probe_read_kernel() to 64 bytes at fp-64. */
const probeRead = (size: string): string =>
  `${unknown}r1 = r10\nr1 += -64\n${size}\nr3 = 0\ncall bpf_probe_read_kernel\n`;
const snprintf = (map: string, bytes: number): string =>
  `r1 = 0\nr2 = 0\nr3 = value[${map}] +0\nr4 = r10\nr4 += -16\n*(u64 *)(r10 -16) = 0\n*(u64 *)(r10 -8) = 0\nr5 = ${bytes}\ncall bpf_snprintf\n${exit}`;
const callback = 'static int callback(void *map, void *key, void *value, void *ctx)';
const main = 'int test(void *ctx)';

/** By the rule that they are about; docs/parity.md has the rules. */
export const rules: Readonly<Record<string, readonly Case[]>> = {
  'Which helpers there are, and for whom': [
    {
      name: 'a helper beyond the last is unknown',
      code: `call bpf_get_prandom_u32\n${exit}`,
      patches: [[0, 'imm', 4711]],
    },
    { name: 'a negative helper is unknown', code: `call bpf_get_prandom_u32\n${exit}`, patches: [[0, 'imm', -1]] },
    { name: 'helper 0 is nobody`s', code: `call bpf_get_prandom_u32\n${exit}`, patches: [[0, 'imm', 0]] },
    { name: 'a helper of another program type is refused', code: `r2 = 0\ncall bpf_xdp_adjust_head\n${exit}` },
    { name: 'xdp may move its head', section: 'xdp', code: `r2 = 0\ncall bpf_xdp_adjust_head\n${exit}` },
    {
      name: 'a GPL helper may be called with a GPL licence',
      section: 'tracepoint',
      code: `call bpf_get_current_task\n${exit}`,
    },
    {
      name: 'a GPL helper may not be called with another licence',
      section: 'tracepoint',
      license: 'Proprietary',
      code: `call bpf_get_current_task\n${exit}`,
    },
    {
      name: 'a helper that sleeps may be called by a program that can',
      section: 'uprobe',
      flags: BPF_F_SLEEPABLE,
      code: `r1 = r10\nr1 += -8\nr2 = 8\nr3 = 0\ncall bpf_copy_from_user\n${exit}`,
    },
    {
      name: 'a helper that sleeps may not be called inside an RCU section',
      section: 'uprobe',
      flags: BPF_F_SLEEPABLE,
      functions: [main],
      code: `call kfunc bpf_rcu_read_lock\nr1 = r10\nr1 += -8\nr2 = 8\nr3 = 0\ncall bpf_copy_from_user\n${exit}`,
    },
    {
      name: 'a helper that sleeps may not be called with preemption off',
      section: 'uprobe',
      flags: BPF_F_SLEEPABLE,
      functions: [main],
      code: `call kfunc bpf_preempt_disable\nr1 = r10\nr1 += -8\nr2 = 8\nr3 = 0\ncall bpf_copy_from_user\n${exit}`,
    },
    {
      name: 'bpf_d_path() may not be called by tracepoints',
      section: 'tp_btf/sched_switch',
      code: `r1 = 0\nr2 = 0\nr3 = 0\ncall bpf_d_path\n${exit}`,
    },
    { name: 'bpf_get_func_ip() needs a probe', section: 'tp_btf/sched_switch', code: `call bpf_get_func_ip\n${exit}` },
  ],
  'Arguments by type': [
    { name: 'an argument that was never set is refused', code: `r1 = map[hash]\ncall bpf_map_lookup_elem\n${exit}` },
    { name: 'a number is no map', code: `${key}r1 = 5\ncall bpf_map_lookup_elem\n${exit}` },
    { name: 'the context is no key', code: `r2 = r1\nr1 = map[hash]\ncall bpf_map_lookup_elem\n${exit}` },
    {
      name: 'a number is no memory',
      section: 'tracepoint',
      code: `r1 = 64\nr2 = 8\ncall bpf_get_current_comm\n${exit}`,
    },
    { name: 'a map is no context', code: `r1 = map[array]\nr2 = map[programs]\nr3 = 0\ncall bpf_tail_call\n${exit}` },
    { name: 'a moved context is refused', code: `r1 += 8\nr2 = map[programs]\nr3 = 0\ncall bpf_tail_call\n${exit}` },
    {
      name: 'a pointer to a value that may be NULL is no memory',
      code: `${key}r1 = map[hash]\ncall bpf_map_lookup_elem\nr2 = r0\nr1 = map[hash]\ncall bpf_map_lookup_elem\n${exit}`,
    },
    {
      name: 'packets may be keys for xdp',
      section: 'xdp',
      code: `r2 = *(u32 *)(r1 +0)\nr3 = *(u32 *)(r1 +4)\nr4 = r2\nr4 += 8\nif r4 > r3 goto out\nr1 = map[hash]\ncall bpf_map_lookup_elem\n${out}`,
    },
    {
      name: 'packets may not be data of a ring buffer',
      section: 'xdp',
      code: `r2 = *(u32 *)(r1 +0)\nr3 = *(u32 *)(r1 +4)\nr4 = r2\nr4 += 8\nif r4 > r3 goto out\nr1 = map[ring]\nr3 = 8\nr4 = 0\ncall bpf_ringbuf_output\n${out}`,
    },
    {
      name: 'a helper that only reads takes a kernel object as memory',
      section: 'tp_btf/sched_switch',
      code: `r2 = *(u64 *)(r1 +8)\nr1 = map[ring]\nr3 = 8\nr4 = 0\ncall bpf_ringbuf_output\n${exit}`,
    },
    {
      name: 'a helper that writes does not',
      section: 'tp_btf/sched_switch',
      code: `r1 = *(u64 *)(r1 +8)\nr2 = 8\nr3 = 0\ncall bpf_probe_read_kernel\n${exit}`,
    },
    {
      name: 'a kernel object of the right type is taken',
      section: 'tp_btf/sched_switch',
      code: `r1 = *(u64 *)(r1 +8)\ncall bpf_task_pt_regs\n${exit}`,
    },
    {
      name: 'a kernel object of another type is refused',
      section: 'tp_btf/netif_receive_skb',
      code: `r1 = *(u64 *)(r1 +0)\ncall bpf_task_pt_regs\n${exit}`,
    },
    {
      name: 'a task that may be NULL is refused',
      section: 'iter/task',
      code: `r1 = *(u64 *)(r1 +8)\ncall bpf_task_pt_regs\n${exit}`,
    },
    {
      name: 'bpf_seq_write() takes the seq_file of an iterator',
      section: 'iter/task',
      code: `r1 = *(u64 *)(r1 +0)\nr1 = *(u64 *)(r1 +0)\nr2 = r10\nr2 += -8\nr3 = 8\n*(u64 *)(r10 -8) = 1\ncall bpf_seq_write\n${exit}`,
    },
  ],
  'Keys and values': [
    {
      name: 'a key on the stack may be uninitialised for root',
      code: `r2 = r10\nr2 += -8\nr1 = map[hash]\ncall bpf_map_lookup_elem\n${exit}`,
    },
    {
      name: 'a key may not reach beyond the stack',
      code: `r2 = r10\nr2 += -4\nr1 = map[hash]\ncall bpf_map_lookup_elem\n${exit}`,
    },
    {
      name: 'a value is as large as the map says',
      code: `${key}r3 = r10\nr3 += -8\nr1 = map[hash]\nr4 = 0\ncall bpf_map_update_elem\n${exit}`,
    },
    {
      name: 'a result of a hash may be NULL',
      code: `${key}r1 = map[hash]\ncall bpf_map_lookup_elem\nr0 = *(u64 *)(r0 +0)\nexit`,
    },
    {
      name: 'an element whose index is part of a larger number may be NULL',
      code: `${key}r1 = map[array]\ncall bpf_map_lookup_elem\nr0 = *(u64 *)(r0 +40)\nexit`,
    },
    {
      name: 'an element with a stored constant index is never NULL',
      code: '*(u32 *)(r10 -8) = 0\nr2 = r10\nr2 += -8\nr1 = map[array]\ncall bpf_map_lookup_elem\nr0 = *(u64 *)(r0 +40)\nexit',
    },
    {
      name: 'an element with a spilled constant index is never NULL',
      code: `r3 = 7\n*(u32 *)(r10 -8) = r3\nr2 = r10\nr2 += -8\nr1 = map[array]\ncall bpf_map_lookup_elem\nr0 = *(u64 *)(r0 +40)\nexit`,
    },
    {
      name: 'an element beyond an array may be NULL',
      code: `*(u32 *)(r10 -8) = 8\nr2 = r10\nr2 += -8\nr1 = map[array]\ncall bpf_map_lookup_elem\nr0 = *(u64 *)(r0 +40)\nexit`,
    },
    {
      name: 'an element with an unknown index may be NULL',
      code: `${unknown}*(u32 *)(r10 -8) = r7\nr2 = r10\nr2 += -8\nr1 = map[array]\ncall bpf_map_lookup_elem\nr0 = *(u64 *)(r0 +40)\nexit`,
    },
    {
      name: 'an element of a map of maps is a map once it is not NULL',
      code: `${key}r1 = map[outer]\ncall bpf_map_lookup_elem\nif r0 == 0 goto out\nr2 = r10\nr2 += -8\nr1 = r0\ncall bpf_map_lookup_elem\n${out}`,
    },
    {
      name: 'a read-only map may not be updated',
      code: `${key}r3 = value[one] +0\nr1 = map[readonly]\nr4 = 0\ncall bpf_map_update_elem\n${exit}`,
    },
    {
      name: 'what a queue pops needs no initialisation',
      code: `r1 = map[queue]\nr2 = r10\nr2 += -8\ncall bpf_map_pop_elem\nr0 = *(u64 *)(r10 -8)\nr0 = 0\nexit`,
    },
    {
      name: 'a peek into a bloom filter only reads',
      code: `r1 = map[bloom]\nr2 = value[readonly] +0\ncall bpf_map_peek_elem\n${exit}`,
    },
    {
      name: 'a peek into a queue writes',
      code: `r1 = map[queue]\nr2 = value[readonly] +0\ncall bpf_map_peek_elem\n${exit}`,
    },
  ],
  'Helpers and map types': [
    {
      name: 'a program array cannot be looked up',
      code: `${key}r1 = map[programs]\ncall bpf_map_lookup_elem\n${exit}`,
    },
    { name: 'a queue has no keys', code: `${key}r1 = map[queue]\ncall bpf_map_lookup_elem\n${exit}` },
    { name: 'a hash is no ring buffer', code: `r1 = map[hash]\nr2 = 8\nr3 = 0\ncall bpf_ringbuf_reserve\n${exit}` },
    { name: 'a hash is no target of tail calls', code: `r2 = map[hash]\nr3 = 0\ncall bpf_tail_call\n${exit}` },
    { name: 'a filter may delete from a sockmap', code: `${key}r1 = map[sockets]\ncall bpf_map_delete_elem\n${exit}` },
    {
      name: 'a tracepoint may not',
      section: 'tracepoint',
      code: `${key}r1 = map[sockets]\ncall bpf_map_delete_elem\n${exit}`,
    },
  ],
  Sizes: [
    {
      name: 'a constant size within the buffer is taken',
      section: 'tracepoint',
      code: `${probeRead('r2 = 64')}${exit}`,
    },
    {
      name: 'a constant size beyond the buffer is refused',
      section: 'tracepoint',
      code: `${probeRead('r2 = 65')}${exit}`,
    },
    { name: 'a bounded size is taken', section: 'tracepoint', code: `${probeRead('r2 = r7\nr2 &= 63')}${exit}` },
    { name: 'an unbounded size is refused', section: 'tracepoint', code: `${probeRead('r2 = r7')}${exit}` },
    {
      name: 'a size that may be negative is refused',
      section: 'tracepoint',
      code: `${probeRead('r2 = r7\nr2 <<= 32')}${exit}`,
    },
    { name: 'a negative constant size is refused', section: 'tracepoint', code: `${probeRead('r2 = -1')}${exit}` },
    { name: 'size 0 is taken where a helper says so', section: 'tracepoint', code: `${probeRead('r2 = 0')}${exit}` },
    {
      name: 'size 0 is refused where it does not',
      section: 'tracepoint',
      code: `r1 = r10\nr1 += -8\nr2 = 0\ncall bpf_get_current_comm\n${exit}`,
    },
    {
      name: 'a constant size beyond all limits is refused',
      section: 'tracepoint',
      code: `${probeRead('r2 = 0x20000000')}${exit}`,
    },
    {
      name: 'NULL with size 0 is taken where both may be',
      code: `r1 = 0\nr2 = 0\nr3 = 0\nr4 = 0\nr5 = 0\ncall bpf_csum_diff\n${exit}`,
      section: 'tc',
    },
    {
      name: 'NULL with a size is refused',
      section: 'tc',
      code: `r1 = 0\nr2 = 8\nr3 = 0\nr4 = 0\nr5 = 0\ncall bpf_csum_diff\n${exit}`,
    },
    {
      name: 'a length of a string is at most the size of the buffer',
      section: 'tracepoint',
      code: `r1 = r10\nr1 += -64\nr2 = 64\nr3 = 0\ncall bpf_probe_read_kernel_str\nif r0 s<= 0 goto out\nr1 = value[one] +0\nr1 += r0\n*(u8 *)(r1 -1) = 0\n${out}`,
    },
    {
      name: 'a length of a string may be the size of the buffer',
      section: 'tracepoint',
      code: `r1 = r10\nr1 += -64\nr2 = 64\nr3 = 0\ncall bpf_probe_read_kernel_str\nif r0 s< 0 goto out\nr1 = value[one] +0\nr1 += r0\n*(u8 *)(r1 +0) = 0\n${out}`,
    },
    {
      name: 'memory of a fixed size has to be aligned',
      section: 'xdp',
      code: `r2 = 0\nr3 = value[one] +2\nr4 = 0\nr5 = 0\ncall bpf_check_mtu\n${exit}`,
    },
    {
      name: 'memory that a helper fills is data afterwards',
      section: 'tracepoint',
      code: `*(u64 *)(r10 -16) = r1\nr1 = r10\nr1 += -16\nr2 = 16\ncall bpf_get_current_comm\nr1 = *(u64 *)(r10 -16)\nr0 = *(u8 *)(r1 +0)\nexit`,
    },
    {
      name: 'a helper may not write to a read-only map',
      section: 'tracepoint',
      code: `r1 = value[readonly] +0\nr2 = 8\ncall bpf_get_current_comm\n${exit}`,
    },
  ],
  'Constant strings and formats': [
    {
      name: 'a format with as many arguments as it needs is taken',
      section: 'tracepoint',
      code: snprintf('format', 16),
    },
    { name: 'a format with too few arguments is refused', section: 'tracepoint', code: snprintf('format', 8) },
    { name: 'arguments of a format are whole words', section: 'tracepoint', code: snprintf('format', 12) },
    { name: 'an unknown conversion is refused', section: 'tracepoint', code: snprintf('badformat', 8) },
    { name: 'a format without an end is refused', section: 'tracepoint', code: snprintf('endless', 0) },
    { name: 'a format that is not frozen is refused', section: 'tracepoint', code: snprintf('readonly', 0) },
    { name: 'a format that can be written to is refused', section: 'tracepoint', code: snprintf('one', 0) },
    {
      name: 'a format at an unknown place is refused',
      section: 'tracepoint',
      code: `${unknown}r7 &= 1\nr1 = 0\nr2 = 0\nr3 = value[format] +0\nr3 += r7\nr4 = 0\nr5 = 0\ncall bpf_snprintf\n${exit}`,
    },
    {
      name: 'a string to compare with has to be constant',
      code: `*(u64 *)(r10 -8) = 0\nr1 = r10\nr1 += -8\nr2 = 8\nr3 = r10\nr3 += -8\ncall bpf_strncmp\n${exit}`,
    },
  ],
  References: [
    {
      name: 'what is reserved is submitted',
      code: `${reserve}if r0 == 0 goto out\n*(u64 *)(r9 +8) = 1\nr1 = r9\nr2 = 0\ncall bpf_ringbuf_submit\n${out}`,
    },
    { name: 'what is reserved may not be forgotten', code: `${reserve}if r0 == 0 goto out\n${out}` },
    {
      name: 'what is reserved has the size that was asked for',
      code: `${reserve}if r0 == 0 goto out\n*(u64 *)(r9 +9) = 1\nr1 = r9\nr2 = 0\ncall bpf_ringbuf_submit\n${out}`,
    },
    {
      name: 'what is reserved may not be used before it is known not to be NULL',
      code: `${reserve}r1 = r9\nr2 = 0\ncall bpf_ringbuf_submit\n${exit}`,
    },
    {
      name: 'nothing is submitted twice',
      code: `${reserve}if r0 == 0 goto out\nr1 = r9\nr2 = 0\ncall bpf_ringbuf_submit\nr1 = r9\nr2 = 0\ncall bpf_ringbuf_submit\n${out}`,
    },
    {
      name: 'nothing is submitted from its middle',
      code: `${reserve}if r0 == 0 goto out\nr1 = r9\nr1 += 8\nr2 = 0\ncall bpf_ringbuf_submit\n${out}`,
    },
    { name: 'other memory cannot be submitted', code: `r1 = value[one] +0\nr2 = 0\ncall bpf_ringbuf_submit\n${exit}` },
    {
      name: 'the size that is reserved has to be known',
      code: `${unknown}r1 = map[ring]\nr2 = r7\nr3 = 0\ncall bpf_ringbuf_reserve\n${exit}`,
    },
    {
      name: 'a socket that was looked up is released',
      section: 'tc',
      code: `${lookUpSocket}if r9 == 0 goto out\nr1 = r9\ncall bpf_sk_release\n${out}`,
    },
    { name: 'a socket that was looked up may not be forgotten', section: 'tc', code: `${lookUpSocket}${exit}` },
    {
      name: 'a socket of the context holds no reference',
      section: 'tc',
      code: `r1 = *(u64 *)(r1 +168)\nif r1 == 0 goto out\ncall bpf_sk_release\n${out}`,
    },
    {
      name: 'a cast socket goes with the one it was made of',
      section: 'tc',
      code: `${lookUpSocket}if r9 == 0 goto out\nr1 = r9\ncall bpf_tcp_sock\nr8 = r0\nr1 = r9\ncall bpf_sk_release\nif r8 == 0 goto out\nr0 = *(u32 *)(r8 +0)\n${out}`,
    },
    {
      name: 'a cast socket may be released instead of the one it was made of',
      section: 'tc',
      code: `${lookUpSocket}if r9 == 0 goto out\nr1 = r9\ncall bpf_tcp_sock\nif r0 == 0 goto none\nr1 = r0\ncall bpf_sk_release\n${exit}none:\nr1 = r9\ncall bpf_sk_release\n${out}`,
    },
    {
      name: 'a tail call may not leave a reference behind',
      section: 'tc',
      code: `${lookUpSocket}r1 = r6\nr2 = map[programs]\nr3 = 0\ncall bpf_tail_call\n${exit}`,
    },
  ],
  Dynptrs: [
    {
      name: 'a dynptr of a map value can be read',
      code: `${dynptr}r1 = r10\nr1 += -64\nr2 = 8\nr3 = r10\nr3 += -16\nr4 = 0\nr5 = 0\ncall bpf_dynptr_read\n${exit}`,
    },
    {
      name: 'a dynptr of the stack cannot be made',
      code: `r1 = r10\nr1 += -64\nr2 = 16\nr3 = 0\nr4 = r10\nr4 += -16\ncall bpf_dynptr_from_mem\n${exit}`,
    },
    {
      name: 'an overwritten dynptr is none',
      code: `${dynptr}*(u64 *)(r10 -8) = 0\nr1 = r10\nr1 += -64\nr2 = 8\nr3 = r10\nr3 += -16\nr4 = 0\nr5 = 0\ncall bpf_dynptr_read\n${exit}`,
    },
    {
      name: 'a slice has the size that was asked for',
      code: `${dynptr}r1 = r10\nr1 += -16\nr2 = 0\nr3 = 8\ncall bpf_dynptr_data\nif r0 == 0 goto out\n*(u8 *)(r0 +8) = 1\n${out}`,
    },
    {
      name: 'a slice is lost with its dynptr',
      code: `${reserveDynptr}r1 = r10\nr1 += -16\nr2 = 0\nr3 = 8\ncall bpf_dynptr_data\nr9 = r0\nr1 = r10\nr1 += -16\nr2 = 0\ncall bpf_ringbuf_submit_dynptr\nif r9 == 0 goto out\n*(u8 *)(r9 +0) = 1\n${out}`,
    },
    { name: 'a reserved dynptr has to be submitted', code: `${reserveDynptr}${exit}` },
    {
      name: 'a local dynptr cannot be submitted',
      code: `${dynptr}r1 = r10\nr1 += -16\nr2 = 0\ncall bpf_ringbuf_submit_dynptr\n${exit}`,
    },
    { name: 'nothing is no dynptr', code: `r1 = r10\nr1 += -16\nr2 = 0\nr3 = 8\ncall bpf_dynptr_data\n${exit}` },
  ],
  'Packets that move': [
    {
      name: 'a packet pointer is lost when the packet may move',
      section: 'tc',
      code: `r6 = r1\nr7 = *(u32 *)(r1 +76)\nr8 = *(u32 *)(r1 +80)\nr2 = 0\ncall bpf_skb_pull_data\nr3 = r7\nr3 += 8\nif r3 > r8 goto out\nr0 = *(u8 *)(r7 +0)\n${out}`,
    },
    {
      name: 'a packet pointer survives other helpers',
      section: 'tc',
      code: `r6 = r1\nr7 = *(u32 *)(r1 +76)\nr8 = *(u32 *)(r1 +80)\ncall bpf_get_prandom_u32\nr3 = r7\nr3 += 8\nif r3 > r8 goto out\nr0 = *(u8 *)(r7 +0)\n${out}`,
    },
  ],
  'Registers after a call': [
    { name: 'argument registers are lost in a call', code: `r1 = 1\ncall bpf_get_prandom_u32\nr0 = r1\nexit` },
    { name: 'a helper without a result leaves r0 empty', code: `r2 = map[programs]\nr3 = 0\ncall bpf_tail_call\nexit` },
  ],
  'Storage and locks': [
    {
      name: 'local storage has no flags',
      section: 'cgroup_skb/egress',
      code: `r1 = map[storage]\nr2 = 1\ncall bpf_get_local_storage\n${exit}`,
    },
    {
      name: 'local storage is never NULL',
      section: 'cgroup_skb/egress',
      code: `r1 = map[storage]\nr2 = 0\ncall bpf_get_local_storage\nr1 = *(u64 *)(r0 +0)\n${exit}`,
    },
    { name: 'a map without types has no lock', code: `r1 = value[one] +0\ncall bpf_spin_lock\n${exit}` },
    {
      name: 'a lock is taken and released',
      section: 'tc',
      code: `${value}r1 = r9\nr1 += 16\ncall bpf_spin_lock\nr1 = r9\nr1 += 16\ncall bpf_spin_unlock\n${out}`,
    },
    {
      name: 'no other helper is called under a lock',
      section: 'tc',
      code: `${value}r1 = r9\nr1 += 16\ncall bpf_spin_lock\ncall bpf_get_prandom_u32\n${out}`,
    },
    {
      name: 'a program may not end under a lock',
      section: 'tc',
      code: `${value}r1 = r9\nr1 += 16\ncall bpf_spin_lock\n${out}`,
    },
    { name: 'a lock has its place', section: 'tc', code: `${value}r1 = r9\nr1 += 20\ncall bpf_spin_lock\n${out}` },
  ],
  'Timers and kptrs': [
    {
      name: 'a timer is initialised with its map',
      section: 'tc',
      code: `${value}r1 = r9\nr2 = map[special]\nr3 = 1\ncall bpf_timer_init\n${out}`,
    },
    {
      name: 'a timer is not initialised with another map',
      section: 'tc',
      code: `${value}r1 = r9\nr2 = map[other]\nr3 = 1\ncall bpf_timer_init\n${out}`,
    },
    { name: 'a timer has its place', section: 'tc', code: `${value}r1 = r9\nr1 += 8\ncall bpf_timer_cancel\n${out}` },
    {
      name: 'a map without types has no timer',
      section: 'tc',
      code: `r1 = value[one] +0\ncall bpf_timer_cancel\n${exit}`,
    },
    { name: 'a kptr has its place', section: 'tc', code: `${value}r1 = r9\nr2 = 0\ncall bpf_kptr_xchg\n${out}` },
    {
      name: 'a kptr is taken out and may not be forgotten',
      section: 'tc',
      code: `${value}r1 = r9\nr1 += 24\nr2 = 0\ncall bpf_kptr_xchg\n${out}`,
    },
    {
      name: 'a kptr is taken out and put back',
      section: 'tc',
      code: `${value}r1 = r9\nr1 += 24\nr2 = 0\ncall bpf_kptr_xchg\nif r0 == 0 goto out\nr1 = r9\nr1 += 24\nr2 = r0\ncall bpf_kptr_xchg\nif r0 == 0 goto out\nr1 = r0\ncall kfunc bpf_task_release\n${out}`,
      functions: ['int test(struct __sk_buff *ctx)'],
    },
    {
      name: 'only a pointer that is held goes into a kptr',
      section: 'tp_btf/sched_switch',
      code: `r8 = *(u64 *)(r1 +8)\n${value}r1 = r9\nr1 += 24\nr2 = r8\ncall bpf_kptr_xchg\n${out}`,
    },
  ],
  Callbacks: [
    {
      name: 'a callback of bpf_for_each_map_elem() gets key and value',
      functions: [main, callback],
      code: `r1 = map[hash]\nr2 = &callback\nr3 = 0\nr4 = 0\ncall bpf_for_each_map_elem\n${exit}callback:\nr0 = *(u64 *)(r2 +0)\nr0 = *(u64 *)(r3 +8)\n${exit}`,
    },
    {
      name: 'a callback may not read beyond the value',
      functions: [main, callback],
      code: `r1 = map[hash]\nr2 = &callback\nr3 = 0\nr4 = 0\ncall bpf_for_each_map_elem\n${exit}callback:\nr0 = *(u64 *)(r3 +16)\n${exit}`,
    },
    {
      name: 'a callback may not write to the key',
      functions: [main, callback],
      code: `r1 = map[hash]\nr2 = &callback\nr3 = 0\nr4 = 0\ncall bpf_for_each_map_elem\n${exit}callback:\n*(u64 *)(r2 +0) = 1\n${exit}`,
    },
    {
      name: 'a callback returns 0 or 1',
      functions: [main, callback],
      code: `r1 = map[hash]\nr2 = &callback\nr3 = 0\nr4 = 0\ncall bpf_for_each_map_elem\n${exit}callback:\nr0 = 2\nexit`,
    },
    {
      name: 'queues are not walked over',
      functions: [main, callback],
      code: `r1 = map[queue]\nr2 = &callback\nr3 = 0\nr4 = 0\ncall bpf_for_each_map_elem\n${exit}callback:\n${exit}`,
    },
    {
      name: 'a callback without function information is refused',
      code: `r1 = map[hash]\nr2 = &callback\nr3 = 0\nr4 = 0\ncall bpf_for_each_map_elem\n${exit}callback:\n${exit}`,
    },
    {
      name: 'a callback has to be static',
      functions: [main, 'int callback(int a)'],
      code: `r1 = map[hash]\nr2 = &callback\nr3 = 0\nr4 = 0\ncall bpf_for_each_map_elem\n${exit}callback:\n${exit}`,
    },
    {
      name: 'what a callback gets along is on the stack',
      functions: [main, callback],
      code: `r1 = map[hash]\nr2 = &callback\nr3 = value[one] +0\nr4 = 0\ncall bpf_for_each_map_elem\n${exit}callback:\n${exit}`,
    },
    {
      name: 'a loop walks its body until nothing new happens',
      functions: [main, 'static int body(u64 i, void *ctx)'],
      code: `${unknown}*(u64 *)(r10 -8) = 0\nr1 = r7\nr2 = &body\nr3 = r10\nr3 += -8\nr4 = 0\ncall bpf_loop\n${exit}body:\nr3 = *(u64 *)(r2 +0)\nr3 += 1\n*(u64 *)(r2 +0) = r3\n${exit}`,
    },
    {
      name: 'a loop of no rounds walks no body',
      functions: [main, 'static int body(u64 i, void *ctx)'],
      code: `r1 = 0\nr2 = &body\nr3 = 0\nr4 = 0\ncall bpf_loop\n${exit}body:\nr0 = *(u64 *)(r2 +0)\nexit`,
    },
    {
      name: 'a loop of one round walks it',
      functions: [main, 'static int body(u64 i, void *ctx)'],
      code: `r1 = 1\nr2 = &body\nr3 = 0\nr4 = 0\ncall bpf_loop\n${exit}body:\nr0 = *(u64 *)(r2 +0)\nexit`,
    },
    {
      name: 'a callback of a user ring buffer gets a dynptr',
      functions: [main, 'static int take(void *dynptr, void *ctx)'],
      code: `r1 = map[userring]\nr2 = &take\nr3 = 0\nr4 = 0\ncall bpf_user_ringbuf_drain\n${exit}take:\nr3 = r1\nr1 = r10\nr1 += -8\nr2 = 8\nr4 = 0\nr5 = 0\ncall bpf_dynptr_read\n${exit}`,
    },
    {
      name: 'that dynptr cannot be submitted',
      functions: [main, 'static int take(void *dynptr, void *ctx)'],
      code: `r1 = map[userring]\nr2 = &take\nr3 = 0\nr4 = 0\ncall bpf_user_ringbuf_drain\n${exit}take:\nr2 = 0\ncall bpf_ringbuf_submit_dynptr\n${exit}`,
    },
    {
      name: 'bpf_find_vma() passes the area on',
      section: 'iter/task',
      functions: ['int test(struct bpf_iter__task *ctx)', 'static int seen(void *task, void *vma, void *ctx)'],
      code: `r1 = *(u64 *)(r1 +8)\nif r1 == 0 goto out\nr2 = 0\nr3 = &seen\nr4 = 0\nr5 = 0\ncall bpf_find_vma\n${out}seen:\nr0 = *(u64 *)(r2 +0)\n${exit}`,
    },
    {
      name: 'a timer`s callback gets the map, the key and the value',
      section: 'tc',
      functions: ['int test(struct __sk_buff *ctx)', 'static int fired(void *map, void *key, void *value)'],
      code: `${value}r1 = r9\nr2 = &fired\ncall bpf_timer_set_callback\n${out}fired:\nr0 = *(u32 *)(r3 +20)\n${exit}`,
    },
    {
      name: 'a timer`s callback returns 0',
      section: 'tc',
      functions: ['int test(struct __sk_buff *ctx)', 'static int fired(void *map, void *key, void *value)'],
      code: `${value}r1 = r9\nr2 = &fired\ncall bpf_timer_set_callback\n${out}fired:\nr0 = 1\nexit`,
    },
  ],
  'ld_imm64, LD_ABS': [
    { name: 'ld_imm64 has no offset', code: `r0 = 5 ll\nexit`, patches: [[0, 'off', 1]] },
    { name: 'the address of a map cannot be read as a number', code: `r1 = map[array]\nr0 = *(u64 *)(r1 +4096)\nexit` },
    { name: 'LD_ABS wants the context in r6', code: `r6 = 0\nr0 = 0\n${exit}`, patches: [[1, 'code', 0x20]] },
    { name: 'LD_ABS loads packet data', code: `r6 = r1\nr0 = 0\n${exit}`, patches: [[1, 'code', 0x20]] },
    { name: 'LD_ABS is not for xdp', section: 'xdp', code: `r6 = r1\nr0 = 0\n${exit}`, patches: [[1, 'code', 0x20]] },
    { name: 'LD_ABS loads no 8 bytes', code: `r6 = r1\nr0 = 0\n${exit}`, patches: [[1, 'code', 0x38]] },
    { name: 'LD_ABS loses r1 to r5', code: `r6 = r1\nr0 = 0\nr0 = r1\nexit`, patches: [[1, 'code', 0x20]] },
    {
      name: 'LD_IND reads its register',
      code: `r6 = r1\nr0 = 0\n${exit}`,
      patches: [
        [1, 'code', 0x40],
        [1, 'src', 7],
      ],
    },
  ],
};

export const cases: readonly Case[] = Object.values(rules).flat();

/**
 * Programs about memory, most in pairs: one that Linux accepts and its twin that it refuses. What the kernel said of
 * each is in recorded.json.
 */

import type { BtfBuilder, TypeId } from '../../../src/btf/index.ts';
import type { Case, CaseMap } from '../kernel-answers.ts';

const BPF_F_RDONLY_PROG = 1 << 7;
const BPF_F_WRONLY_PROG = 1 << 8;
const BPF_F_STRICT_ALIGNMENT = 1 << 0;
const BPF_F_SLEEPABLE = 1 << 4;

/** `struct { struct task_struct __kptr_untrusted *loose; struct task_struct __kptr *held; struct bpf_timer t; }` */
function kptrs(builder: BtfBuilder): TypeId {
  const task = builder.add({ kind: 'struct', name: 'task_struct', size: 0, members: [] });
  const timer = builder.add({ kind: 'struct', name: 'bpf_timer', size: 16, members: [] });
  const pointer = (tag: string) =>
    builder.add({ kind: 'ptr', name: '', type: builder.add({ kind: 'type_tag', name: tag, type: task }) });
  return builder.add({
    kind: 'struct',
    name: 'value',
    size: 40,
    members: [
      { name: 'loose', type: pointer('kptr_untrusted'), bitOffset: 0, bitFieldSize: 0 },
      { name: 'held', type: pointer('kptr'), bitOffset: 64, bitFieldSize: 0 },
      { name: 't', type: timer, bitOffset: 128, bitFieldSize: 0 },
    ],
  });
}

export const maps: Readonly<Record<string, CaseMap>> = {
  array: { type: 'array', keySize: 4, valueSize: 48, entries: 8 },
  hash: { type: 'hash', keySize: 8, valueSize: 16, entries: 8 },
  rodata: {
    type: 'array',
    keySize: 4,
    valueSize: 16,
    entries: 1,
    flags: BPF_F_RDONLY_PROG,
    frozen: [0xff, 0xff, 0xff, 0xff, 0x78, 0x56, 0x34, 0x12, 8, 0, 0, 0, 0x80, 0, 0, 0],
  },
  readonly: { type: 'array', keySize: 4, valueSize: 16, entries: 1, flags: BPF_F_RDONLY_PROG },
  writeonly: { type: 'array', keySize: 4, valueSize: 16, entries: 1, flags: BPF_F_WRONLY_PROG },
  outer: { type: 'array_of_maps', keySize: 4, valueSize: 4, entries: 2, inner: 'array' },
  sockets: { type: 'sockmap', keySize: 4, valueSize: 4, entries: 2 },
  kptrs: { type: 'array', keySize: 4, valueSize: 40, entries: 1, value: kptrs },
  ring: { type: 'ringbuf', keySize: 0, valueSize: 0, entries: 4096 },
};

/** r0 = a value of a map, not NULL; r6 keeps the context. */
const lookup = (map: string): string => `
  r6 = r1
  *(u64 *)(r10 -8) = 0
  r2 = r10
  r2 += -8
  r1 = map[${map}]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
`;
const out = `
  out:
  r0 = 0
  exit
`;
/** r6 = a number that nothing is known of. */
const unknown = `
  call bpf_get_prandom_u32
  r6 = r0
`;
/** r2 to r3: the packet of xdp or tc. */
const packet = `
  r2 = *(u32 *)(r1 +0)
  r3 = *(u32 *)(r1 +4)
`;

/** By the rule that they are about; docs/parity.md has the rules. */
export const rules: Readonly<Record<string, readonly Case[]>> = {
  'Stack: bounds and alignment': [
    { name: 'the lowest byte of the stack can be written', code: '*(u8 *)(r10 -512) = 1\nr0 = 0\nexit' },
    { name: 'a byte below the stack cannot', code: '*(u8 *)(r10 -513) = 1\nr0 = 0\nexit' },
    { name: 'nor one above it', code: '*(u8 *)(r10 +0) = 1\nr0 = 0\nexit' },
    { name: 'nor a word that reaches above it', code: 'r1 = 0\n*(u32 *)(r10 -1) = r1\nr0 = 0\nexit' },
    { name: 'a read below the stack is refused', code: 'r0 = *(u64 *)(r10 -520)\nexit' },
    { name: 'what was never written may be read by root', code: 'r0 = *(u64 *)(r10 -64)\nr0 = 0\nexit' },
    { name: 'a misaligned store to the stack is refused', code: '*(u64 *)(r10 -12) = 1\nr0 = 0\nexit' },
    {
      name: 'a misaligned load from the stack is refused',
      code: '*(u64 *)(r10 -16) = 1\nr0 = *(u32 *)(r10 -14)\nexit',
    },
    {
      name: 'the fixed offset of a register counts for alignment',
      code: 'r2 = r10\nr2 += -10\n*(u32 *)(r2 +2) = 1\n*(u16 *)(r2 +0) = 1\n*(u32 *)(r2 +0) = 1\nr0 = 0\nexit',
    },
    { name: 'a register points beyond the stack', code: 'r2 = r10\nr2 += -600\n*(u8 *)(r2 +0) = 1\nr0 = 0\nexit' },
  ],
  'Stack: spills and fills': [
    {
      name: 'a pointer survives being spilled and filled',
      code: '*(u64 *)(r10 -8) = r1\nr2 = *(u64 *)(r10 -8)\nr0 = *(u32 *)(r2 +0)\nexit',
    },
    { name: 'half a pointer cannot be spilled', code: '*(u32 *)(r10 -8) = r1\nr0 = 0\nexit' },
    {
      name: 'half a spilled pointer cannot be filled',
      code: '*(u64 *)(r10 -8) = r1\nr2 = *(u32 *)(r10 -8)\nr0 = 0\nexit',
    },
    {
      name: 'a byte written into a spilled pointer makes it data',
      code: '*(u64 *)(r10 -8) = r1\n*(u8 *)(r10 -8) = 0\nr2 = *(u64 *)(r10 -8)\nr0 = *(u32 *)(r2 +0)\nexit',
    },
    {
      name: 'a byte written above a spilled pointer makes it data',
      code: '*(u64 *)(r10 -8) = r1\n*(u8 *)(r10 -1) = 0\nr2 = *(u64 *)(r10 -8)\nr0 = *(u32 *)(r2 +0)\nexit',
    },
    {
      name: 'a spilled number keeps its range',
      code: `${unknown} r6 &= 7\n*(u64 *)(r10 -8) = r6\nr7 = *(u64 *)(r10 -8)\nr8 = value[array] +0\nr8 += r7\nr0 = *(u8 *)(r8 +40)\nexit`,
    },
    {
      name: 'a number spilled as a word keeps its range if it fits',
      code: `${unknown} r6 &= 7\n*(u32 *)(r10 -8) = r6\nr7 = *(u32 *)(r10 -8)\nr8 = value[array] +0\nr8 += r7\nr0 = *(u8 *)(r8 +40)\nexit`,
    },
    {
      name: 'the low byte of a spilled number has the range of a byte',
      code: `${unknown} *(u64 *)(r10 -8) = r6\nr7 = *(u8 *)(r10 -8)\nr8 = value[array] +0\nr8 += r7\nr0 = *(u8 *)(r8 +0)\nexit`,
    },
    {
      name: 'the low byte of a small spilled number is that number',
      code: `${unknown} r6 &= 7\n*(u64 *)(r10 -8) = r6\nr7 = *(u8 *)(r10 -8)\nr8 = value[array] +0\nr8 += r7\nr0 = *(u8 *)(r8 +40)\nexit`,
    },
    {
      name: 'the second byte of a spilled number is any byte',
      code: `${unknown} r6 &= 7\n*(u64 *)(r10 -8) = r6\nr7 = *(u8 *)(r10 -7)\nr8 = value[array] +0\nr8 += r7\nr0 = *(u8 *)(r8 +0)\nexit`,
    },
    {
      name: 'what a test finds of a filled number holds for the spilled one',
      code: `${unknown} *(u64 *)(r10 -8) = r6\nr7 = *(u64 *)(r10 -8)\nif r7 > 7 goto out\nr6 = *(u64 *)(r10 -8)\nr8 = value[array] +0\nr8 += r6\nr0 = *(u8 *)(r8 +40)\n${out}`,
    },
    {
      name: 'a constant stored is a constant loaded',
      code: '*(u64 *)(r10 -8) = 40\nr7 = *(u64 *)(r10 -8)\nr8 = value[array] +0\nr8 += r7\nr0 = *(u64 *)(r8 +0)\nexit',
    },
    {
      name: 'a constant that is too large stays too large',
      code: '*(u64 *)(r10 -8) = 48\nr7 = *(u64 *)(r10 -8)\nr8 = value[array] +0\nr8 += r7\nr0 = *(u64 *)(r8 +0)\nexit',
    },
    {
      name: 'the upper half of a stored zero is zero',
      code: '*(u64 *)(r10 -8) = 0\nr7 = *(u32 *)(r10 -4)\nr8 = value[array] +0\nr8 += r7\nr0 = *(u64 *)(r8 +40)\nexit',
    },
    {
      name: 'the upper half of a stored constant is not known',
      code: '*(u64 *)(r10 -8) = 1\nr7 = *(u32 *)(r10 -4)\nr8 = value[array] +0\nr8 += r7\nr0 = *(u64 *)(r8 +40)\nexit',
    },
    {
      name: 'zeros stored in parts are zero together',
      code: '*(u8 *)(r10 -1) = 0\n*(u8 *)(r10 -2) = 0\n*(u16 *)(r10 -4) = 0\nr7 = *(u32 *)(r10 -4)\nr8 = value[array] +0\nr8 += r7\nr0 = *(u64 *)(r8 +40)\nexit',
    },
    {
      name: 'a spilled stack pointer stays one',
      code: 'r2 = r10\nr2 += -16\n*(u64 *)(r10 -8) = r2\nr3 = *(u64 *)(r10 -8)\n*(u64 *)(r3 +0) = 5\nr0 = *(u64 *)(r10 -16)\nexit',
    },
    {
      name: 'a callee may not leave its stack pointer with the caller',
      code: 'r1 = r10\nr1 += -8\ncall callee\nr0 = 0\nexit\ncallee:\n*(u64 *)(r1 +0) = r10\nr0 = 0\nexit',
    },
    {
      name: 'a callee may write the stack of its caller',
      code: 'r1 = r10\nr1 += -8\ncall callee\nr0 = *(u64 *)(r10 -8)\nexit\ncallee:\n*(u64 *)(r1 +0) = 7\nr0 = 0\nexit',
    },
    {
      name: 'sign-extending load of the stack',
      code: '*(u64 *)(r10 -8) = -1\nr7 = *(s8 *)(r10 -8)\nr8 = value[array] +8\nr8 += r7\nr0 = *(u8 *)(r8 +0)\nexit',
    },
  ],
  'Stack: offsets that vary': [
    {
      name: 'a store at an offset that varies within the stack',
      code: `${unknown} r6 &= 7\nr2 = r10\nr2 += -16\nr2 += r6\n*(u8 *)(r2 +0) = 1\nr0 = *(u64 *)(r10 -16)\nexit`,
    },
    {
      name: 'a store at an offset that may leave the stack',
      code: `${unknown} r6 &= 15\nr2 = r10\nr2 += -8\nr2 += r6\n*(u8 *)(r2 +0) = 1\nr0 = 0\nexit`,
    },
    {
      name: 'a store below the stack at an offset that varies',
      code: `${unknown} r6 &= 7\nr2 = r10\nr2 += -516\nr2 += r6\n*(u8 *)(r2 +0) = 1\nr0 = 0\nexit`,
    },
    {
      name: 'a store at any offset',
      code: `${unknown} r2 = r10\nr2 += r6\n*(u8 *)(r2 +0) = 1\nr0 = 0\nexit`,
    },
    {
      name: 'a load at an offset that varies gives any number',
      code: `${unknown} r6 &= 8\n*(u64 *)(r10 -8) = 1\n*(u64 *)(r10 -16) = 2\nr2 = r10\nr2 += -16\nr2 += r6\nr7 = *(u64 *)(r2 +0)\nr8 = value[array] +0\nr8 += r7\nr0 = *(u8 *)(r8 +0)\nexit`,
    },
    {
      name: 'a load of zeros at an offset that varies gives zero',
      code: `${unknown} r6 &= 8\nr1 = 0\n*(u32 *)(r10 -4) = r1\n*(u32 *)(r10 -8) = r1\n*(u32 *)(r10 -12) = r1\n*(u32 *)(r10 -16) = r1\nr2 = r10\nr2 += -16\nr2 += r6\nr7 = *(u32 *)(r2 +4)\nr8 = value[array] +0\nr8 += r7\nr0 = *(u64 *)(r8 +40)\nexit`,
    },
    {
      name: 'a store at an offset that varies forgets spilled pointers',
      code: `*(u64 *)(r10 -8) = r1\n*(u64 *)(r10 -16) = r1\ncall bpf_get_prandom_u32\nr6 = r0\nr6 &= 8\nr2 = r10\nr2 += -16\nr2 += r6\nr1 = 0\n*(u64 *)(r2 +0) = r1\nr3 = *(u64 *)(r10 -8)\nr0 = *(u32 *)(r3 +0)\nexit`,
    },
    {
      name: 'a store at an offset that varies makes data of all of a spilled number',
      code: `${unknown} r6 &= 1\n*(u64 *)(r10 -8) = r6\nr2 = r10\nr2 += -4\nr2 += r6\n*(u8 *)(r2 +0) = 1\nr7 = *(u64 *)(r10 -8)\nr0 = 0\nexit`,
    },
    {
      name: 'a zero stored at an offset that varies leaves a spilled zero',
      code: `${unknown} r6 &= 1\nr7 = 0\n*(u64 *)(r10 -8) = r7\nr2 = r10\nr2 += -4\nr2 += r6\n*(u8 *)(r2 +0) = r7\nr7 = *(u64 *)(r10 -8)\nr8 = value[array] +0\nr8 += r7\nr0 = *(u64 *)(r8 +40)\nexit`,
    },
    {
      name: 'a zero stored at an offset that varies makes data of zeros beside a spilled number',
      code: `${unknown} r6 &= 1\nr7 = 0\n*(u32 *)(r10 -4) = r7\n*(u32 *)(r10 -8) = r6\nr2 = r10\nr2 += -2\nr2 += r6\n*(u8 *)(r2 +0) = r7\nr7 = *(u32 *)(r10 -4)\nr8 = value[array] +0\nr8 += r7\nr0 = *(u8 *)(r8 +0)\nexit`,
    },
    {
      name: 'an iterator overwritten in part at an offset that varies is lost',
      section: 'raw_tp',
      code: `${unknown} r6 &= 1\nr1 = r10\nr1 += -8\nr2 = 0\nr3 = 5\ncall kfunc bpf_iter_num_new\nr2 = r10\nr2 += -4\nr2 += r6\n*(u8 *)(r2 +0) = 1\nr1 = *(u8 *)(r10 -8)\nr0 = 0\nexit`,
    },
    {
      name: 'a misaligned offset that varies',
      code: `${unknown} r6 &= 7\nr2 = r10\nr2 += -16\nr2 += r6\n*(u32 *)(r2 +0) = 1\nr0 = 0\nexit`,
    },
  ],
  'Stack given to helpers': [
    {
      name: 'a helper writes what was never written',
      code: `r2 = 8\nr1 = r10\nr1 += -16\ncall bpf_get_current_comm\nr0 = 0\nexit`,
      section: 'raw_tp',
    },
    {
      name: 'a helper is given more than the stack',
      code: `r2 = 24\nr1 = r10\nr1 += -16\ncall bpf_get_current_comm\nr0 = 0\nexit`,
      section: 'raw_tp',
    },
    {
      name: 'a helper forgets what it overwrites',
      code: `*(u64 *)(r10 -16) = r1\nr2 = 8\nr1 = r10\nr1 += -16\ncall bpf_get_current_comm\nr1 = *(u64 *)(r10 -16)\nr0 = *(u64 *)(r1 +0)\nexit`,
      section: 'raw_tp',
    },
    {
      name: 'a size that varies within the stack',
      code: `call bpf_ktime_get_ns\nr2 = r0\nr2 &= 15\nr2 += 1\nr1 = r10\nr1 += -16\ncall bpf_get_current_comm\nr0 = 0\nexit`,
      section: 'raw_tp',
    },
    {
      name: 'a size that varies beyond the stack',
      code: `call bpf_ktime_get_ns\nr2 = r0\nr2 &= 31\nr2 += 1\nr1 = r10\nr1 += -16\ncall bpf_get_current_comm\nr0 = 0\nexit`,
      section: 'raw_tp',
    },
    {
      name: 'a size that may be zero',
      code: `call bpf_ktime_get_ns\nr2 = r0\nr2 &= 15\nr1 = r10\nr1 += -16\ncall bpf_get_current_comm\nr0 = 0\nexit`,
      section: 'raw_tp',
    },
    {
      name: 'a size that may be negative',
      code: `call bpf_ktime_get_ns\nr2 = r0\nr1 = r10\nr1 += -16\ncall bpf_get_current_comm\nr0 = 0\nexit`,
      section: 'raw_tp',
    },
    {
      name: 'a size without bounds',
      code: `call bpf_ktime_get_ns\nr2 = r0\nr2 >>= 1\nr2 += 1\nr1 = r10\nr1 += -16\ncall bpf_get_current_comm\nr0 = 0\nexit`,
      section: 'raw_tp',
    },
    {
      name: 'a key of which nothing was written may be given by root',
      code: `r2 = r10\nr2 += -8\nr1 = map[hash]\ncall bpf_map_lookup_elem\nr0 = 0\nexit`,
    },
    {
      name: 'a key at an offset that varies',
      code: `${unknown} r6 &= 8\nr2 = r10\nr2 += -24\nr2 += r6\nr1 = map[hash]\ncall bpf_map_lookup_elem\nr0 = 0\nexit`,
    },
    {
      name: 'a key beyond the stack',
      code: `r2 = r10\nr2 += -4\nr1 = map[hash]\ncall bpf_map_lookup_elem\nr0 = 0\nexit`,
    },
  ],
  'Map values': [
    { name: 'the end of a map value can be read', code: `${lookup('array')} r0 = *(u64 *)(r0 +40)\n${out}` },
    { name: 'beyond it cannot', code: `${lookup('array')} r0 = *(u64 *)(r0 +41)\n${out}` },
    { name: 'nor before it', code: `${lookup('array')} r0 = *(u64 *)(r0 -1)\n${out}` },
    {
      name: 'a value that may be NULL',
      code: `${lookup('array').replace('if r0 == 0 goto out', '')}r0 = *(u64 *)(r0 +0)\nexit`,
    },
    {
      name: 'an index below the size',
      code: `${lookup('array')} r1 = *(u64 *)(r0 +0)\nif r1 > 40 goto out\nr0 += r1\nr0 = *(u64 *)(r0 +0)\n${out}`,
    },
    {
      name: 'an index that may be too large',
      code: `${lookup('array')} r1 = *(u64 *)(r0 +0)\nif r1 > 41 goto out\nr0 += r1\nr0 = *(u64 *)(r0 +0)\n${out}`,
    },
    {
      name: 'an index without a bound above',
      code: `${lookup('array')} r1 = *(u32 *)(r0 +0)\nr0 += r1\nr0 = *(u8 *)(r0 +0)\n${out}`,
    },
    {
      name: 'an index without a bound below',
      code: `${lookup('array')} r1 = *(u64 *)(r0 +0)\nif r1 s> 40 goto out\nr0 += r1\nr0 = *(u64 *)(r0 +0)\n${out}`,
    },
    {
      name: 'an index that may be a little negative',
      code: `${lookup('array')} r1 = *(s8 *)(r0 +0)\nr0 += r1\nr0 = *(u8 *)(r0 +0)\n${out}`,
    },
    {
      name: 'a negative index that an offset makes good',
      code: `${lookup('array')} r1 = *(u64 *)(r0 +0)\nif r1 s> 4 goto out\nif r1 s< -4 goto out\nr0 += r1\nr0 = *(u8 *)(r0 +4)\n${out}`,
    },
    { name: 'a map that programs cannot write', code: `${lookup('readonly')} *(u8 *)(r0 +0) = 1\n${out}` },
    { name: 'a map that programs cannot read', code: `${lookup('writeonly')} r0 = *(u8 *)(r0 +0)\n${out}` },
    { name: 'a map that programs can only write', code: `${lookup('writeonly')} *(u8 *)(r0 +0) = 1\n${out}` },
    {
      name: 'a constant out of a frozen map',
      code: 'r1 = value[rodata] +8\nr2 = *(u32 *)(r1 +0)\nr8 = value[array] +0\nr8 += r2\nr0 = *(u64 *)(r8 +32)\nexit',
    },
    {
      name: 'a larger constant out of a frozen map',
      code: 'r1 = value[rodata] +4\nr2 = *(u32 *)(r1 +0)\nr8 = value[array] +0\nr8 += r2\nr0 = *(u64 *)(r8 +0)\nexit',
    },
    {
      name: 'a signed constant out of a frozen map',
      code: 'r1 = value[rodata] +0\nr2 = *(s32 *)(r1 +0)\nr8 = value[array] +1\nr8 += r2\nr0 = *(u64 *)(r8 +0)\nexit',
    },
    {
      name: 'a signed byte out of a frozen map',
      code: 'r1 = value[rodata] +12\nr2 = *(s8 *)(r1 +0)\nr8 = value[array] +0\nr8 += r2\nr0 = *(u64 *)(r8 +0)\nexit',
    },
    {
      name: 'a map that is not frozen gives any number',
      code: 'r1 = value[readonly] +0\nr2 = *(u32 *)(r1 +0)\nr8 = value[array] +0\nr8 += r2\nr0 = *(u64 *)(r8 +0)\nexit',
    },
    {
      name: 'a map value given to a helper',
      code: `${lookup('array')} r2 = r0\nr1 = map[array]\ncall bpf_map_lookup_elem\n${out}`,
    },
    {
      name: 'too little of a map value given to a helper',
      code: `${lookup('hash')} r2 = r0\nr2 += 12\nr1 = map[hash]\ncall bpf_map_lookup_elem\n${out}`,
    },
    { name: 'a value of a map of maps is a map', code: `${lookup('outer')} *(u64 *)(r0 +0) = 1\n${out}` },
    {
      name: 'a map pointer can be read as the kernel struct',
      code: 'r1 = map[array]\nr0 = *(u32 *)(r1 +0)\nr0 = 0\nexit',
    },
    { name: 'a map pointer cannot be written', code: 'r1 = map[array]\n*(u32 *)(r1 +0) = 0\nr0 = 0\nexit' },
    { name: 'nor read before its beginning', code: 'r1 = map[array]\nr0 = *(u32 *)(r1 -4)\nr0 = 0\nexit' },
    {
      name: 'strict alignment of a map value',
      flags: BPF_F_STRICT_ALIGNMENT,
      code: `${lookup('array')} r0 = *(u32 *)(r0 +2)\n${out}`,
    },
    { name: 'no strict alignment of a map value', code: `${lookup('array')} r0 = *(u32 *)(r0 +2)\n${out}` },
  ],
  Atomics: [
    {
      name: 'an atomic addition to the stack',
      code: '*(u64 *)(r10 -8) = 1\nr1 = 1\nlock *(u64 *)(r10 -8) += r1\nr0 = *(u64 *)(r10 -8)\nexit',
    },
    {
      name: 'an atomic addition makes a constant unknown',
      code: '*(u64 *)(r10 -8) = 1\nr1 = 1\nlock *(u64 *)(r10 -8) += r1\nr7 = *(u64 *)(r10 -8)\nr8 = value[array] +0\nr8 += r7\nr0 = *(u8 *)(r8 +0)\nexit',
    },
    { name: 'a fetching addition', code: `${lookup('array')} r1 = 1\nr1 = fetch_add(u64 r0 +8, r1)\n${out}` },
    {
      name: 'a fetched number may be anything',
      code: `${lookup('array')} r1 = 1\nr1 = fetch_add(u32 r0 +8, r1)\nr0 += r1\nr0 = *(u8 *)(r0 +0)\n${out}`,
    },
    {
      name: 'a compare-and-exchange needs r0',
      code: 'r2 = r10\n*(u64 *)(r2 -8) = 1\nr1 = 2\nr0 = cmpxchg(u64 r2 -8, r1)\nexit',
    },
    {
      name: 'a compare-and-exchange',
      code: 'r0 = 1\nr2 = r10\n*(u64 *)(r2 -8) = 1\nr1 = 2\nr0 = cmpxchg(u64 r2 -8, r1)\nr0 = 0\nexit',
    },
    { name: 'an atomic addition to the context', code: 'r2 = 1\nlock *(u32 *)(r1 +0) += r2\nr0 = 0\nexit' },
    {
      name: 'an atomic addition to a packet',
      section: 'xdp',
      code: `${packet} r4 = r2\nr4 += 8\nif r4 > r3 goto out\nr5 = 1\nlock *(u32 *)(r2 +0) += r5\n${out}`,
    },
    { name: 'a misaligned atomic addition', code: `${lookup('array')} r1 = 1\nlock *(u64 *)(r0 +4) += r1\n${out}` },
    { name: 'a load-acquire', code: `${lookup('array')} r0 = load_acquire(u32 r0 +8)\n${out}` },
    { name: 'a load-acquire from the context', code: 'r0 = load_acquire(u32 r1 +0)\nexit' },
    { name: 'a store-release', code: `${lookup('array')} r1 = 1\nstore_release(u16 r0 +8, r1)\n${out}` },
    { name: 'a store-release to the context', code: 'r2 = 1\nstore_release(u32 r1 +48, r2)\nr0 = 0\nexit' },
    {
      name: 'an atomic addition to a frozen map',
      code: `${lookup('readonly')} r1 = 1\nlock *(u64 *)(r0 +0) += r1\n${out}`,
    },
  ],
  'One instruction, several pointers': [
    {
      name: 'one load through two kinds of pointer',
      code: `r6 = r1\ncall bpf_get_prandom_u32\nif r0 == 0 goto stack\nr2 = r6\ngoto both\nstack:\nr2 = r10\nr2 += -8\n*(u64 *)(r2 +0) = 0\nboth:\nr0 = *(u32 *)(r2 +0)\nexit`,
    },
    {
      name: 'one load through stack and map value',
      code: `r6 = value[array] +0\ncall bpf_get_prandom_u32\nif r0 == 0 goto stack\nr2 = r6\ngoto both\nstack:\nr2 = r10\nr2 += -8\n*(u64 *)(r2 +0) = 0\nboth:\nr0 = *(u32 *)(r2 +0)\nexit`,
    },
  ],
  'No pointers': [
    { name: 'a load through a number', code: 'r1 = 0\nr0 = *(u32 *)(r1 +0)\nexit' },
    { name: 'a store through a number', code: 'r1 = 5\n*(u32 *)(r1 +0) = 0\nr0 = 0\nexit' },
    { name: 'a load through nothing', code: 'r0 = *(u32 *)(r2 +0)\nexit' },
    { name: 'a load into the frame pointer', code: 'r10 = *(u32 *)(r1 +0)\nexit' },
    { name: 'a store of nothing', code: '*(u64 *)(r10 -8) = r2\nr0 = 0\nexit' },
  ],
  Context: [
    { name: 'a field of the context', code: 'r0 = *(u32 *)(r1 +0)\nexit' },
    { name: 'a byte of a field of the context', code: 'r0 = *(u8 *)(r1 +0)\nexit' },
    { name: 'two fields of the context at once', code: 'r0 = *(u64 *)(r1 +0)\nexit' },
    { name: 'beyond the context', code: 'r0 = *(u32 *)(r1 +1000)\nexit' },
    { name: 'before the context', code: 'r0 = *(u32 *)(r1 -4)\nexit' },
    { name: 'a context that was moved', code: 'r1 += 4\nr0 = *(u32 *)(r1 +0)\nexit' },
    { name: 'a context that was moved back', code: 'r1 += -4\nr0 = *(u32 *)(r1 +4)\nexit' },
    {
      name: 'a context at an offset that varies',
      code: 'r6 = r1\ncall bpf_get_prandom_u32\nr0 &= 4\nr6 += r0\nr0 = *(u32 *)(r6 +0)\nexit',
    },
    { name: 'a field of the context that cannot be written', code: '*(u32 *)(r1 +0) = 1\nr0 = 0\nexit' },
    { name: 'a field of the context that can be written', code: '*(u32 *)(r1 +48) = 1\nr0 = 0\nexit' },
    {
      name: 'a socket out of the context may be NULL',
      code: 'r2 = *(u64 *)(r1 +168)\nr0 = *(u32 *)(r2 +4)\nexit',
      section: 'tc',
    },

    {
      name: 'a pointer out of the context has no sign to extend',
      section: 'xdp',
      code: 'r2 = *(s32 *)(r1 +0)\nr0 = 0\nexit',
    },
    {
      name: 'a number out of the context has one',
      section: 'xdp',
      code: 'r2 = *(s32 *)(r1 +12)\nr0 = 0\nexit',
    },
  ],
  Packets: [
    {
      name: 'a packet that was measured',
      section: 'xdp',
      code: `${packet} r4 = r2\nr4 += 8\nif r4 > r3 goto out\nr0 = *(u64 *)(r2 +0)\n${out}`,
    },
    {
      name: 'a packet that was measured too short',
      section: 'xdp',
      code: `${packet} r4 = r2\nr4 += 7\nif r4 > r3 goto out\nr0 = *(u64 *)(r2 +0)\n${out}`,
    },
    { name: 'a packet that was not measured', section: 'xdp', code: `${packet} r0 = *(u8 *)(r2 +0)\n${out}` },
    {
      name: 'before a packet',
      section: 'xdp',
      code: `${packet} r4 = r2\nr4 += 8\nif r4 > r3 goto out\nr0 = *(u8 *)(r2 -1)\n${out}`,
    },
    { name: 'the end of a packet', section: 'xdp', code: `${packet} r0 = *(u8 *)(r3 +0)\n${out}` },
    {
      name: 'a packet of xdp can be written',
      section: 'xdp',
      code: `${packet} r4 = r2\nr4 += 8\nif r4 > r3 goto out\n*(u8 *)(r2 +7) = 1\n${out}`,
    },
    {
      name: 'a packet at an offset that varies',
      section: 'xdp',
      code: `r9 = r1\ncall bpf_get_prandom_u32\nr0 &= 255\nr1 = r9\n${packet} r2 += r0\nr4 = r2\nr4 += 8\nif r4 > r3 goto out\nr0 = *(u64 *)(r2 +0)\n${out}`,
    },
    {
      name: 'a packet at an offset that may be negative',
      section: 'xdp',
      code: `r9 = r1\ncall bpf_get_prandom_u32\nr0 = s8 r0\nr1 = r9\n${packet} r2 += r0\nr4 = r2\nr4 += 8\nif r4 > r3 goto out\nr0 = *(u64 *)(r2 +0)\n${out}`,
    },
    {
      name: 'strict alignment of a packet',
      section: 'xdp',
      flags: BPF_F_STRICT_ALIGNMENT,
      code: `${packet} r4 = r2\nr4 += 8\nif r4 > r3 goto out\nr0 = *(u32 *)(r2 +0)\n${out}`,
    },
    {
      name: 'strict alignment of a packet, with the pad',
      section: 'xdp',
      flags: BPF_F_STRICT_ALIGNMENT,
      code: `${packet} r4 = r2\nr4 += 8\nif r4 > r3 goto out\nr0 = *(u32 *)(r2 +2)\n${out}`,
    },
  ],
  Sockets: [
    {
      name: 'a field of a socket',
      section: 'tc',
      code: `r2 = *(u64 *)(r1 +168)\nif r2 == 0 goto out\nr0 = *(u32 *)(r2 +4)\n${out}`,
    },
    {
      name: 'half a field of a socket',
      section: 'tc',
      code: `r2 = *(u64 *)(r1 +168)\nif r2 == 0 goto out\nr0 = *(u16 *)(r2 +24)\nr0 = *(u8 *)(r2 +25)\n${out}`,
    },
    {
      name: 'the type of a socket that is perhaps none',
      section: 'tc',
      code: `r2 = *(u64 *)(r1 +168)\nif r2 == 0 goto out\nr0 = *(u32 *)(r2 +8)\n${out}`,
    },
    {
      name: 'the port of a socket in both widths',
      section: 'tc',
      code: `r2 = *(u64 *)(r1 +168)\nif r2 == 0 goto out\nr0 = *(u16 *)(r2 +48)\nr0 = *(u32 *)(r2 +48)\n${out}`,
    },
    {
      name: 'the padding of a port',
      section: 'tc',
      code: `r2 = *(u64 *)(r1 +168)\nif r2 == 0 goto out\nr0 = *(u16 *)(r2 +50)\n${out}`,
    },
    {
      name: 'the second half of a port number in the order of the host',
      section: 'tc',
      code: `r2 = *(u64 *)(r1 +168)\nif r2 == 0 goto out\nr0 = *(u16 *)(r2 +46)\n${out}`,
    },
    {
      name: 'beyond a socket',
      section: 'tc',
      code: `r2 = *(u64 *)(r1 +168)\nif r2 == 0 goto out\nr0 = *(u32 *)(r2 +80)\n${out}`,
    },
    {
      name: 'a store to a socket',
      section: 'tc',
      code: `r2 = *(u64 *)(r1 +168)\nif r2 == 0 goto out\n*(u32 *)(r2 +16) = 1\n${out}`,
    },
    {
      name: 'the type of a full socket',
      section: 'tc',
      code:
        'r1 = *(u64 *)(r1 +168)\nif r1 == 0 goto out\ncall bpf_sk_fullsock\nif r0 == 0 goto out\nr0 = *(u32 *)(r0 +8)\n' +
        out,
    },
    {
      name: 'bytes that a tcp socket received',
      section: 'tc',
      code:
        'r1 = *(u64 *)(r1 +168)\nif r1 == 0 goto out\ncall bpf_tcp_sock\nif r0 == 0 goto out\nr0 = *(u64 *)(r0 +80)\n' +
        out,
    },
    {
      name: 'half the bytes that a tcp socket received',
      section: 'tc',
      code:
        'r1 = *(u64 *)(r1 +168)\nif r1 == 0 goto out\ncall bpf_tcp_sock\nif r0 == 0 goto out\nr0 = *(u32 *)(r0 +80)\n' +
        out,
    },
  ],
  'Flow keys': [
    {
      name: 'flow keys can be written',
      section: 'flow_dissector',
      code: 'r2 = *(u64 *)(r1 +144)\n*(u32 *)(r2 +52) = 1\nr0 = 0\nexit',
    },
    {
      name: 'beyond the flow keys',
      section: 'flow_dissector',
      code: 'r2 = *(u64 *)(r1 +144)\n*(u32 *)(r2 +54) = 1\nr0 = 0\nexit',
    },
  ],
  'BTF pointers': [
    {
      name: 'a field of a task',
      section: 'tp_btf/sched_switch',
      code: 'r2 = *(u64 *)(r1 +8)\nr0 = *(u32 *)(r2 +0)\nr0 = 0\nexit',
    },
    {
      name: 'a field of a task for a program without the GPL',
      section: 'tp_btf/sched_switch',
      license: 'MIT',
      code: 'r2 = *(u64 *)(r1 +8)\nr0 = *(u32 *)(r2 +0)\nr0 = 0\nexit',
    },
    {
      name: 'before a task',
      section: 'tp_btf/sched_switch',
      code: 'r2 = *(u64 *)(r1 +8)\nr0 = *(u32 *)(r2 -4)\nr0 = 0\nexit',
    },
    {
      name: 'a task at an offset that varies',
      section: 'tp_btf/sched_switch',
      code: 'r2 = *(u64 *)(r1 +8)\nr3 = *(u32 *)(r2 +0)\nr3 &= 7\nr2 += r3\nr0 = *(u32 *)(r2 +0)\nr0 = 0\nexit',
    },
    {
      name: 'far beyond a task',
      section: 'tp_btf/sched_switch',
      code: 'r2 = *(u64 *)(r1 +8)\nr2 += 100000\nr0 = *(u32 *)(r2 +0)\nr0 = 0\nexit',
    },
    {
      name: 'a store to a task',
      section: 'tp_btf/sched_switch',
      code: 'r2 = *(u64 *)(r1 +8)\n*(u32 *)(r2 +0) = 1\nr0 = 0\nexit',
    },
    {
      name: 'an argument that is not there',
      section: 'tp_btf/sched_switch',
      code: 'r2 = *(u64 *)(r1 +64)\nr0 = 0\nexit',
    },
    { name: 'half an argument', section: 'tp_btf/sched_switch', code: 'r2 = *(u32 *)(r1 +8)\nr0 = 0\nexit' },
    { name: 'the middle of an argument', section: 'tp_btf/sched_switch', code: 'r2 = *(u32 *)(r1 +12)\nr0 = 0\nexit' },
    { name: 'a store to an argument', section: 'tp_btf/sched_switch', code: '*(u64 *)(r1 +8) = 0\nr0 = 0\nexit' },
    {
      name: 'an object of an iterator that may be NULL',
      section: 'iter/task',
      code: 'r2 = *(u64 *)(r1 +8)\nr0 = *(u32 *)(r2 +0)\nr0 = 0\nexit',
    },
    {
      name: 'an object of an iterator that is not NULL',
      section: 'iter/task',
      code: `r2 = *(u64 *)(r1 +8)\nif r2 == 0 goto out\nr0 = *(u32 *)(r2 +0)\n${out}`,
    },
    {
      name: 'the seq_file of an iterator',
      section: 'iter/task',
      code: 'r2 = *(u64 *)(r1 +0)\nr3 = *(u64 *)(r2 +0)\nr0 = *(u64 *)(r3 +0)\nr0 = 0\nexit',
    },
    {
      name: 'half the seq_file of an iterator',
      section: 'iter/task',
      code: 'r2 = *(u64 *)(r1 +0)\nr3 = *(u32 *)(r2 +0)\nr0 = 0\nexit',
    },
    {
      name: 'a buffer of an iterator that may be NULL',
      section: 'iter/bpf_map_elem',
      code: 'r2 = *(u64 *)(r1 +16)\nr0 = *(u32 *)(r2 +0)\nr0 = 0\nexit',
    },
    {
      name: 'the key of an iterator',
      section: 'iter/bpf_map_elem',
      code: `r2 = *(u64 *)(r1 +16)\nif r2 == 0 goto out\nr0 = *(u32 *)(r2 +0)\n${out}`,
    },
    {
      name: 'a store to the key of an iterator',
      section: 'iter/bpf_map_elem',
      code: `r2 = *(u64 *)(r1 +16)\nif r2 == 0 goto out\n*(u32 *)(r2 +0) = 1\n${out}`,
    },
    {
      name: 'a store to the value of an iterator',
      section: 'iter/bpf_map_elem',
      code: `r2 = *(u64 *)(r1 +24)\nif r2 == 0 goto out\n*(u32 *)(r2 +0) = 1\n${out}`,
    },
    {
      name: 'before the value of an iterator',
      section: 'iter/bpf_map_elem',
      code: `r2 = *(u64 *)(r1 +24)\nif r2 == 0 goto out\nr0 = *(u8 *)(r2 -1)\n${out}`,
    },
    {
      name: 'the value of an iterator at an offset that varies',
      section: 'iter/bpf_map_elem',
      code:
        'r6 = *(u64 *)(r1 +24)\nif r6 == 0 goto out\ncall bpf_get_prandom_u32\nr0 &= 7\nr6 += r0\nr0 = *(u8 *)(r6 +0)\n' +
        out,
    },
    {
      name: 'a sleepable iterator reads a task',
      section: 'iter/task',
      flags: BPF_F_SLEEPABLE,
      code: `r2 = *(u64 *)(r1 +8)\nif r2 == 0 goto out\nr0 = *(u32 *)(r2 +0)\n${out}`,
    },
    // Linux compares the offset with an unsigned number.
    {
      name: 'what lies before the record of a tracepoint can be read',
      section: 'tracepoint',
      code: 'r0 = *(u64 *)(r1 -16)\nexit',
    },
    { name: 'not across its beginning', section: 'tracepoint', code: 'r0 = *(u64 *)(r1 -4)\nexit' },
    { name: 'nor out of step', section: 'tracepoint', code: 'r0 = *(u32 *)(r1 -14)\nexit' },
    {
      name: 'what lies before the registers of a kprobe cannot',
      section: 'kprobe',
      code: 'r0 = *(u64 *)(r1 -16)\nexit',
    },
    {
      name: 'a raw tracepoint has numbers',
      section: 'raw_tp',
      code: 'r2 = *(u64 *)(r1 +0)\nr0 = *(u32 *)(r2 +0)\nexit',
    },
  ],
  'Memory of a size that helpers give': [
    {
      name: 'what a ring buffer reserved',
      code:
        'r1 = map[ring]\nr2 = 16\nr3 = 0\ncall bpf_ringbuf_reserve\nif r0 == 0 goto out\n*(u64 *)(r0 +8) = 1\nr1 = r0\nr2 = 0\ncall bpf_ringbuf_submit\n' +
        out,
    },
    {
      name: 'beyond what a ring buffer reserved',
      code:
        'r1 = map[ring]\nr2 = 16\nr3 = 0\ncall bpf_ringbuf_reserve\nif r0 == 0 goto out\n*(u64 *)(r0 +9) = 1\nr1 = r0\nr2 = 0\ncall bpf_ringbuf_submit\n' +
        out,
    },
    {
      name: 'what a ring buffer perhaps reserved',
      code: 'r1 = map[ring]\nr2 = 16\nr3 = 0\ncall bpf_ringbuf_reserve\n*(u64 *)(r0 +8) = 1\nr0 = 0\nexit',
    },
  ],
  'Pointers in map values': [
    ...[
      { name: 'a kptr out of a map may be NULL', code: 'r1 = *(u64 *)(r0 +0)\nr0 = *(u32 *)(r1 +0)' },
      {
        name: 'a kptr out of a map can be read',
        code: 'r1 = *(u64 *)(r0 +0)\nif r1 == 0 goto out\nr0 = *(u32 *)(r1 +0)',
      },
      { name: 'half a kptr', code: 'r1 = *(u32 *)(r0 +0)' },
      { name: 'the middle of a kptr', code: 'r1 = *(u32 *)(r0 +4)' },
      { name: 'two halves of two kptrs', code: 'r1 = *(u64 *)(r0 +4)' },
      {
        name: 'a kptr at an offset that varies',
        code: 'r7 = r0\ncall bpf_get_prandom_u32\nr0 &= 8\nr7 += r0\nr1 = *(u64 *)(r7 +0)',
      },
      { name: 'NULL is stored as kptr', code: '*(u64 *)(r0 +0) = 0' },
      { name: 'a NULL in a register is stored as kptr', code: 'r1 = 0\n*(u64 *)(r0 +0) = r1' },
      { name: 'a constant is stored as kptr', code: '*(u64 *)(r0 +0) = 1' },
      { name: 'a number is stored as kptr', code: 'r1 = 1\n*(u64 *)(r0 +0) = r1' },
      { name: 'a task is stored as kptr', code: 'r1 = *(u64 *)(r6 +8)\n*(u64 *)(r0 +0) = r1' },
      { name: 'a moved task is stored as kptr', code: 'r1 = *(u64 *)(r6 +8)\nr1 += 8\n*(u64 *)(r0 +0) = r1' },
      { name: 'a stored kptr is stored again', code: 'r1 = *(u64 *)(r0 +0)\n*(u64 *)(r0 +0) = r1' },
      { name: 'a stack pointer is stored as kptr', code: '*(u64 *)(r0 +0) = r10' },
      { name: 'a referenced kptr is stored', code: 'r1 = *(u64 *)(r6 +8)\n*(u64 *)(r0 +8) = r1' },
      { name: 'NULL is stored as referenced kptr', code: '*(u64 *)(r0 +8) = 0' },
      { name: 'a referenced kptr is read', code: 'r1 = *(u64 *)(r0 +8)\nif r1 == 0 goto out\nr0 = *(u32 *)(r1 +0)' },
      { name: 'a referenced kptr that may be NULL is read', code: 'r1 = *(u64 *)(r0 +8)\nr0 = *(u32 *)(r1 +0)' },
      { name: 'an atomic operation on a kptr', code: 'r1 = 1\nlock *(u64 *)(r0 +0) += r1' },
      { name: 'a timer is read', code: 'r1 = *(u64 *)(r0 +16)' },
      { name: 'a timer is written', code: '*(u8 *)(r0 +31) = 0' },
      { name: 'what lies behind a timer is written', code: '*(u64 *)(r0 +32) = 0' },
      { name: 'a helper is given a kptr', code: 'r2 = r0\nr1 = map[array]\ncall bpf_map_lookup_elem' },
      { name: 'a helper is given a timer', code: 'r2 = r0\nr2 += 16\nr1 = map[array]\ncall bpf_map_lookup_elem' },
      {
        name: 'a helper is given what lies behind a timer',
        code: 'r2 = r0\nr2 += 32\nr1 = map[array]\ncall bpf_map_lookup_elem',
      },
    ].map(({ name, code }) => ({ name, section: 'tp_btf/sched_switch', code: `${lookup('kptrs')} ${code}\n${out}` })),
  ],
};

export const cases: readonly Case[] = Object.values(rules).flat();

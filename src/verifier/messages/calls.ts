export interface Func {
  readonly name: string;
  readonly id: number;
}
export interface Register {
  readonly reg: number;
}

/** Messages of the room calls/: the kernel's wording. */
export const callMessages = {
  // Whether the helper may be called here.
  'helper/unknown': (f: { id: number }) => `invalid func unknown#${f.id}`,
  'helper/not-for-program': (f: Func) => `program of this type cannot use helper ${f.name}#${f.id}`,
  'helper/gpl': () => 'cannot call GPL-restricted function from non-GPL compatible program',
  'helper/not-at-hook': () => 'helper call is not allowed in probe',
  'helper/might-sleep': () => 'helper call might sleep in a non-sleepable prog',
  'helper/sleepable-in': (f: Func & { region: 'rcu_read_lock' | 'non-preemptible' | 'IRQ-disabled' }) =>
    `sleepable helper ${f.name}#${f.id} in ${f.region} region`,
  'helper/trampoline-only': (f: Func) => `func ${f.name}#${f.id} supported only for fentry/fexit/fmod_ret programs`,
  'helper/not-for-type': (f: Func & { type: number }) =>
    `func ${f.name}#${f.id} not supported for program type ${f.type}`,
  'helper/void-hook-retval': () => "BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!",

  // Arguments by their types.
  'helper/argument-type': (f: Register & { type: string; expected: readonly string[] }) =>
    `R${f.reg} type=${f.type} expected=${f.expected.join(', ')}`,
  'helper/packet': () => 'helper access to the packet is not allowed',
  'helper/may-write': (f: Register & { name: string; type: string }) =>
    `${f.name}() may write into memory pointed by R${f.reg} type=${f.type}`,
  'helper/possibly-null': (f: { arg: number }) => `Possibly NULL pointer passed to helper arg${f.arg}`,
  'helper/other-struct': (f: Register & { type: string; expected: string }) =>
    `R${f.reg} is of type ${f.type} but ${f.expected} is expected`,
  'helper/release-offset': (f: Register) =>
    `R${f.reg} must have zero offset when passed to release func or trusted arg to kfunc`,
  'helper/unacquired': (f: { arg: number }) => `arg ${f.arg} is an unacquired reference`,
  'helper/unowned-dynptr': () => 'cannot release unowned const bpf_dynptr',
  'helper/not-referenced': (f: Register) => `R${f.reg} must be referenced when passed to release function`,
  'helper/two-references': (f: Register & { id: number; other: number }) =>
    `more than one arg with ref_obj_id R${f.reg} ${f.id} ${f.other}`,
  'helper/timer-map': (f: { uid: number; mapUid: number }) =>
    `timer pointer in R1 map_uid=${f.uid} doesn't match map pointer in R2 map_uid=${f.mapUid}`,
  'helper/percpu-type': (f: Register) => `Helper has invalid btf_id in R${f.reg}`,
  'helper/percpu-struct': () => 'Helper has invalid btf/btf_id in R1',
  'helper/lock-in-rbtree': () => "can't spin_{lock,unlock} in rbtree cb",
  'helper/not-constant': (f: Register) => `R${f.reg} is not a known constant'`,
  'helper/sockmap-argument': () => 'invalid arg_type for sockmap/sockhash',

  // Kptrs.
  'helper/no-kptr': (f: Register) => `R${f.reg} has no valid kptr`,
  'helper/not-at-kptr': (f: { off: number }) => `off=${f.off} doesn't point to kptr`,
  'helper/kptr-unreferenced': (f: { off: number }) => `off=${f.off} kptr isn't referenced kptr`,

  // Constant strings.
  'helper/string-in-insn-array': (f: Register) =>
    `R${f.reg} points to insn_array map which cannot be used as const string`,
  'helper/string-writable': (f: Register) => `R${f.reg} does not point to a readonly map'`,
  'helper/string-variable': (f: Register) => `R${f.reg} is not a constant address'`,
  'helper/string-in-map': () => 'no direct value access support for this map type',
  'helper/string-address': () => 'direct value access on string failed',
  'helper/string-unterminated': () => 'string is not zero-terminated',
  'helper/format': () => 'Invalid format string',

  // Maps.
  'helper/map-readonly': () => 'write into map forbidden',
  'helper/sockmap-update': () => 'cannot update sockmap in this context',
  'helper/map-type': (f: Func & { type: number }) => `cannot pass map_type ${f.type} into func ${f.name}#${f.id}`,
  'helper/no-prog-array': () => 'expected prog array map for tail call',
  'helper/callback-map': () => 'callback function not allowed for map',

  // Effects of single helpers.
  'helper/never-acquired': (f: Func) => `func ${f.name}#${f.id} reference has not been acquired before`,
  'helper/local-storage-flags': () => "get_local_storage() doesn't support non-zero flags",
  'helper/dynptr-memory': (f: { type: string }) => `Unsupported reg type ${f.type} for bpf_dynptr_from_mem data`,
  'helper/result-size': (f: { type: string; errno: number }) =>
    `unable to resolve the size of type '${f.type}': ${-f.errno}`,

  // ld_imm64, LD_ABS, LD_IND.
  'ld-imm64/reserved': () => 'BPF_LD_IMM64 uses reserved fields',
  'ld-imm64/invalid': () => 'invalid BPF_LD_IMM insn',
  'ld-imm64/func-info': () => 'missing btf func_info',
  'ld-imm64/callback-not-static': () => 'callback function not static',
  'ld-abs/program-type': () => 'BPF_LD_[ABS|IND] instructions not allowed for this program type',
  'ld-abs/reserved': () => 'BPF_LD_[ABS|IND] uses reserved fields',
  'ld-abs/context': () => 'at the time of BPF_LD_ABS|IND R6 != pointer to skb',
} as const satisfies Record<string, (facts: never) => string>;

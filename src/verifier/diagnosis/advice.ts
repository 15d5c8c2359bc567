/**
 * What mends a program that was refused for a reason, in a sentence; reasons that leave no general advice are absent.
 * By the codes of messages/; what each means to the verifier is there and where it is rejected.
 */
import type { Diagnostic, MessageCode, MessageFacts } from '../messages/index.ts';

type Advice<C extends MessageCode> = string | ((facts: MessageFacts<C>) => string | undefined);

const CHECK_NULL = 'compare it with NULL, and use it only where it is not';
const BOUND_INDEX =
  'bound it just before the access (if (i < SIZE), or i &= SIZE - 1), in the very variable that is used';
const STAY_INSIDE = 'keep offset and size within the object; check that the type is the one that is really there';
const PACKET_CHECK = 'first compare the end of what is read with data_end: if (data + offset + size > data_end) return';
const INIT_STACK = 'set all its bytes first (struct s = {} leaves padding alone: __builtin_memset sets that too)';
const RELEASE = 'release it on every path to the exit, error paths too';
const SLEEPABLE =
  'put the program into a sleepable section (with .s, as iter.s/ or lsm.s/), or call something that does not sleep';
const GPL = 'give the object a GPL-compatible license: char LICENSE[] SEC("license") = "GPL"';
const UNLOCK_FIRST = 'release the lock before';
const LEAVE_REGION = 'leave the region before: no sleep while RCU is read, or preemption or interrupts are off';
const TRUSTED =
  'take it from an argument of the program or an acquiring function, not from memory that was followed; ' +
  'functions like bpf_task_from_pid() give one that is held';
const LESS_STACK = 'a stack has 512 bytes over all calls: keep large things in a map (a per-CPU array of one element)';
const SIMPLER = 'make it shorter for the verifier: fewer branches in loops, bpf_loop() or bpf_for(), global functions';
const END_ITER =
  'begin it with bpf_iter_*_new() on every path that leads here, and use it no more after bpf_iter_*_destroy()';
const INIT_DYNPTR = 'make it with bpf_dynptr_from_*() or bpf_ringbuf_reserve_dynptr() on every path that leads here';
const RELEASE_DYNPTR = 'give it back (submit or discard) before its memory is used again, or use another variable';
const KERNEL_READ = 'read it with bpf_probe_read_kernel() or BPF_CORE_READ()';

const ADVICE: { readonly [C in MessageCode]?: Advice<C> } = {
  // Pointers.
  'memory/invalid-pointer': ({ type }) => {
    if (type.includes('or_null')) return CHECK_NULL;
    if (type === 'scalar') return `to the verifier it is a number, not a pointer: ${KERNEL_READ}`;
    if (type.startsWith('untrusted') || type.startsWith('user')) return KERNEL_READ;
    return undefined;
  },
  'pointer-arithmetic-maybe-null': CHECK_NULL,
  'helper/possibly-null': CHECK_NULL,
  'kfunc/null': CHECK_NULL,
  'argument-may-be-null': CHECK_NULL,
  'kfunc/untrusted': TRUSTED,
  'kfunc/not-rcu': 'read it and use it between bpf_rcu_read_lock() and bpf_rcu_read_unlock()',
  'kfunc/rcu-required': 'call it between bpf_rcu_read_lock() and bpf_rcu_read_unlock()',
  'iter/rcu-left': 'hold bpf_rcu_read_lock() from before the iterator begins until it is destroyed',
  'helper/argument-type': ({ type, expected }) => argumentAdvice(type, expected),
  'memory/argument-type': ({ type, expected }) => argumentAdvice(type, [expected]),
  'memory/readonly': 'this memory may only be read: copy what is to be changed',
  'memory/btf-readonly': "the kernel's objects may only be read here: change them through a helper or kfunc",
  'memory/map-write': 'the flags that the map was made with keep programs from writing to it',
  'memory/map-read': 'the flags that the map was made with keep programs from reading it',
  'memory/different-pointers':
    'give each kind of pointer an access of its own: do not choose between them before one access',

  // Bounds.
  'memory/unbounded': BOUND_INDEX,
  'memory/min-negative': 'make the index unsigned, or refuse negative ones before the access',
  'memory/min-outside': BOUND_INDEX,
  'memory/max-outside': BOUND_INDEX,
  'memory/outside-value': STAY_INSIDE,
  'memory/outside-key': STAY_INSIDE,
  'memory/outside-memory': STAY_INSIDE,
  'memory/btf-beyond': STAY_INSIDE,
  'memory/outside-packet': PACKET_CHECK,
  'memory/beyond-packet': PACKET_CHECK,
  'memory/size-negative': 'make the size unsigned, or bound it from below',
  'memory/size-unbounded':
    'bound the size by that of the memory (if (n > sizeof(buffer)) return), right before the call',
  'memory/size-zero': 'make sure that the size is not 0 before the call',
  'memory/misaligned': 'align the field to its size, or read it in smaller pieces',
  'pointer-with-unbounded': 'bound the number before it is added to the pointer',

  // Context.
  'memory/context':
    'the context of this program type has no such field here, or not to be accessed so: use its documented fields, in their own size',
  'memory/context-released': 'read the field before the reference is released',

  // Registers and the stack.
  'register-not-readable': 'set it on every path that leads here; calls leave nothing in R1 to R5',
  'return-value-not-set': 'return a value on every path',
  'memory/stack-read': INIT_STACK,
  'memory/stack-read-by': INIT_STACK,
  'memory/stack-read-variable': INIT_STACK,
  'memory/stack-bounds': `keep the access inside the variable; ${LESS_STACK}`,
  'memory/stack-unbounded': BOUND_INDEX,
  'memory/stack-variable-bounds': BOUND_INDEX,
  'stack-of-subprogram-too-large': LESS_STACK,
  'combined-stack-too-large': LESS_STACK,

  // Calls.
  'helper/not-for-program': 'call something that this type of program may, or choose another type',
  'helper/unknown': 'no such helper in this kernel: ask bpf_core_enum_value_exists() before, or do without',
  'helper/gpl': GPL,
  'kfunc-call-without-gpl': GPL,
  'memory/btf-gpl': GPL,
  'helper/might-sleep': SLEEPABLE,
  'kfunc/sleepable-program': SLEEPABLE,
  'helper/sleepable-in': LEAVE_REGION,
  'kfunc/sleepable-in-rcu': LEAVE_REGION,
  'kfunc/sleepable-in-preempt': LEAVE_REGION,
  'kfunc/sleepable-in-irq': LEAVE_REGION,
  'kfunc/not-allowed': 'this type of program may not call it, or not at this hook',
  'helper/not-referenced': 'only what was acquired may be released, and once',
  'kfunc/release-expects': 'only what was acquired may be released, and once',
  'kfunc/not-known-constant': 'pass a number that is known when compiled',
  'helper/not-constant': 'pass a number that is known when compiled',

  // What is held.
  'unreleased-reference': RELEASE,
  'exit-would-leak': RELEASE,
  'exit-in-lock': UNLOCK_FIRST,
  'exit-in-rcu-region': 'call bpf_rcu_read_unlock() on every path before',
  'exit-in-preempt-region': 'call bpf_preempt_enable() on every path before',
  'exit-in-irq-region': 'call bpf_local_irq_restore() on every path before',
  'call-in-lock': UNLOCK_FIRST,
  'global-call-in-lock': 'make the function static, or release the lock before',
  'lock/two': 'release the first lock before',
  'lock/same': 'it is held already: release it before',
  'lock/not-taken': 'take the lock on every path that leads here',
  'lock/other': 'unlock with the pointer that was locked; look it up once',
  'lock/order': 'unlock in the reverse order of locking',
  'kfunc/rcu-unmatched': 'pair each unlock with a lock on the same path',
  'kfunc/lock-needed': 'hold the bpf_spin_lock that stands beside the list or tree, from before the call',
  'memory/field-direct': 'only the helpers and kfuncs made for this field may touch it',
  'memory/dynptr-overwrite': RELEASE_DYNPTR,
  'helper/unacquired': 'only what was acquired may be released, and once',
  'helper/release-offset': 'pass the pointer as it was acquired, with nothing added',
  'kfunc/release-offset': 'pass the pointer as it was acquired, with nothing added',
  'iter/uninitialized': END_ITER,
  'iter/initialized': 'destroy the iterator with bpf_iter_*_destroy() before it is made again',
  'dynptr/uninitialized': INIT_DYNPTR,
  'dynptr/initialized': RELEASE_DYNPTR,

  // The program as a whole.
  'return-value-out-of-range': ({ min, max }) =>
    min === max ? `return ${min} on every path` : `return a number from ${min} to ${max} on every path`,
  'infinite-loop':
    'let something that the condition tests change in each round, or use bpf_for(), bpf_loop() or can_loop',
  'program-too-large': SIMPLER,
  'too-many-pending-jumps': SIMPLER,
  'call-stack-too-deep': 'at most 8 functions may call each other in a row: inline some, and do not recurse',
  'unreachable-insn': 'remove the code that nothing leads to',
  'last-insn-is-no-exit': 'end the function with a return',
};

function argumentAdvice(type: string, expected: readonly string[]): string | undefined {
  if (type.includes('or_null')) return CHECK_NULL;
  if (type === 'scalar') return `to the verifier it is a number, where a pointer (${expected.join(' or ')}) is needed`;
  return undefined;
}

export function adviceOf({ code, facts }: Diagnostic): string | undefined {
  // A code's facts are those of its message; a union of tables' entries cannot express that.
  const advice = ADVICE[code] as string | ((facts: unknown) => string | undefined) | undefined;
  return typeof advice === 'function' ? advice(facts) : advice;
}

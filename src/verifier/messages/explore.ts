/** Messages of the room explore/: the kernel's wording. */
export const exploreMessages = {
  'too-many-pending-jumps': ({ jumps }: { jumps: number }) => `The sequence of ${jumps} jumps is too complex.`,
  'too-many-pending-callbacks': ({ jumps }: { jumps: number }) =>
    `The sequence of ${jumps} jumps is too complex for async cb.`,
  'program-too-large': ({ insns }: { insns: number }) => `BPF program is too large. Processed ${insns} insn`,
  'infinite-loop': ({ insn, current, old }: { insn: number; current: string; old: string }) =>
    `infinite loop detected at insn ${insn}\ncur state:${current}\nold state:${old}`,
  'insn-out-of-program': ({ insn, count }: { insn: number; count: number }) =>
    `invalid insn idx ${insn} insn_cnt ${count}`,
  'invalid-ld-mode': () => 'invalid BPF_LD mode',
  'reserved-fields': ({ instruction }: { instruction: string }) => `${instruction} uses reserved fields`,
  'invalid-may-goto': ({ imm }: { imm: number }) => `invalid may_goto imm ${imm}`,
  'call-in-lock': () => 'function calls are not allowed while holding a lock',
  'call-stack-too-deep': ({ frames }: { frames: number }) => `the call stack of ${frames} frames is too deep`,
  'global-call-in-lock': () =>
    'global function calls are not allowed while holding a lock,\nuse static function instead',
  'global-call-may-sleep': () =>
    'global functions that may sleep are not allowed in non-sleepable context,\n' +
    'i.e., in a RCU/IRQ/preempt-disabled section, or in\na non-sleepable BPF program context',
  'invalid-call-arguments': ({ index, name }: { index: number; name: string }) =>
    `Caller passes invalid args into func#${index} ('${name}')`,
  'argument-not-scalar': ({ register }: { register: number }) => `R${register} is not a scalar`,
  'argument-not-ctx': ({ index }: { index: number }) => `arg#${index} expects pointer to ctx`,
  'argument-may-be-null': ({ index }: { index: number }) => `arg#${index} is expected to be non-NULL`,
  'argument-not-arena': ({ register }: { register: number }) => `R${register} is not a pointer to arena or scalar.`,
  'exception-callback-arguments': () => 'exception cb only supports single integer argument',
  'return-of-stack-pointer': () => 'cannot return stack pointer to the caller',
  'callback-result-not-scalar': () => 'R0 not a scalar value',
  'return-value-out-of-range': (f: {
    place: string;
    name: string;
    min: number;
    max: number;
    smin: string | undefined;
    smax: string | undefined;
  }) => {
    const low = f.smin === undefined ? '' : ` smin=${f.smin}`;
    const high = f.smax === undefined ? '' : ` smax=${f.smax}`;
    const has = low + high === '' ? ' unknown scalar value' : low + high;
    return `${f.place} the register ${f.name} has${has} should have been in [${f.min}, ${f.max}]`;
  },
  'return-value-not-set': ({ register }: { register: number }) => `R${register} !read_ok`,
  'return-value-not-number': (f: { place: string; register: number; type: string }) =>
    `${f.place} the register R${f.register} is not a known value (${f.type})`,
  'subprogram-result-not-scalar': ({ register, type }: { register: number; type: string }) =>
    `At subprogram exit the register R${register} is not a scalar value (${type})`,
  'void-lsm-hook-result': () => "Note, BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!",
  'exit-in-lock': ({ what }: { what: string }) => `${what} cannot be used inside bpf_spin_lock-ed region`,
  'exit-in-irq-region': ({ what }: { what: string }) => `${what} cannot be used inside bpf_local_irq_save-ed region`,
  'exit-in-rcu-region': ({ what }: { what: string }) => `${what} cannot be used inside bpf_rcu_read_lock-ed region`,
  'exit-in-preempt-region': ({ what }: { what: string }) =>
    `${what} cannot be used inside bpf_preempt_disable-ed region`,
  'exit-would-leak': ({ what }: { what: string }) => `${what} would lead to reference leak`,
  'unreleased-reference': ({ id, insn }: { id: number; insn: number }) =>
    `Unreleased reference id=${id} alloc_insn=${insn}`,
  'verifier-bug': ({ what }: { what: string }) => `verifier bug: ${what}`,
} as const satisfies Record<string, (facts: never) => string>;

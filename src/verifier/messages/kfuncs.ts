export interface Named {
  readonly name: string;
}
export interface Argument {
  /** From 0. */
  readonly arg: number;
}
export interface Register {
  readonly reg: number;
}
export interface Kfunc extends Named {
  readonly id: number;
}

/** Messages of the room kfuncs/: the kernel's wording. */
export const kfuncMessages = {
  // The call.
  'kfunc/not-function': (f: { id: number }) => `kernel btf_id ${f.id} is not a function`,
  'kfunc/not-allowed': (f: Named) => `calling kernel function ${f.name} is not allowed`,
  'kfunc/not-eliminated': () => 'invalid kernel function call not eliminated in verifier pass',
  'kfunc/trap': () => 'unexpected __bpf_trap() due to uninitialized variable?',
  'kfunc/sleepable-program': (f: Named) => `program must be sleepable to call sleepable kfunc ${f.name}`,
  'kfunc/too-many-arguments': (f: Named & { count: number; limit: number }) =>
    `Function ${f.name} has ${f.count} > ${f.limit} args`,
  'kfunc/callback-failed': (f: Kfunc) => `kfunc ${f.name}#${f.id} failed callback verification`,

  // Regions.
  'kfunc/rcu-in-rbtree': () => 'Calling bpf_rcu_read_{lock,unlock} in unnecessary rbtree callback',
  'kfunc/rcu-nested': (f: Named) => `nested rcu read lock (kernel function ${f.name})`,
  'kfunc/rcu-unmatched': (f: Named) => `unmatched rcu read unlock (kernel function ${f.name})`,
  'kfunc/sleepable-in-rcu': (f: Named) => `kernel func ${f.name} is sleepable within rcu_read_lock region`,
  'kfunc/sleepable-in-preempt': (f: Named) => `kernel func ${f.name} is sleepable within non-preemptible region`,
  'kfunc/sleepable-in-irq': (f: Named) => `kernel func ${f.name} is sleepable within IRQ-disabled region`,
  'kfunc/preempt-unmatched': (f: Named) => `unmatched attempt to enable preemption (kernel function ${f.name})`,
  'kfunc/rcu-required': (f: Named) => `kernel func ${f.name} requires RCU critical section protection`,

  // Arguments.
  'kfunc/not-scalar': (f: Register) => `R${f.reg} is not a scalar`,
  'kfunc/not-known-constant': (f: Register) => `R${f.reg} must be a known constant`,
  'kfunc/not-const': (f: Register) => `R${f.reg} is not a const`,
  'kfunc/two-buffer-sizes': () => '2 or more rdonly/rdwr_buf_size parameters for kfunc',
  'kfunc/buffer-size': (f: Register) => `R${f.reg} rdonly/rdwr_buf_size exceeds u32 max`,
  'kfunc/unrecognized': (f: Argument & { kind: string }) => `Unrecognized arg#${f.arg} type ${f.kind}`,
  'kfunc/null': (f: Argument) => `Possibly NULL pointer passed to trusted arg${f.arg}`,
  'kfunc/untrusted': (f: Register) => `R${f.reg} must be referenced or trusted`,
  'kfunc/not-rcu': (f: Register) => `R${f.reg} must be a rcu pointer`,
  'kfunc/pointer-type': (f: Named & Argument & { kind: string; type: string }) =>
    `kernel function ${f.name} args#${f.arg} pointer type ${f.kind} ${f.type} is not supported`,
  'kfunc/memory-type': (f: Argument & { kind: string; type: string; also: string }) =>
    `arg#${f.arg} pointer type ${f.kind} ${f.type} must point to ${f.also}scalar, or struct with scalar`,
  'kfunc/struct-too-deep': () => 'max struct nesting depth exceeded',
  'kfunc/other-struct': (
    f: Named & Argument & Register & { kind: string; type: string; otherKind: string; otherType: string },
  ) =>
    `kernel function ${f.name} args#${f.arg} expected pointer to ${f.kind} ${f.type} but R${f.reg} has a pointer to ${f.otherKind} ${f.otherType}`,
  'kfunc/release-offset': (f: Register) =>
    `R${f.reg} must have zero offset when passed to release func or trusted arg to kfunc`,
  'kfunc/not-context': (f: Argument & { type: string }) => `arg#${f.arg} expected pointer to ctx, but got ${f.type}`,
  'kfunc/not-btf-pointer': (f: Argument & { type: string; expected: string }) =>
    `arg#${f.arg} is ${f.type} expected ${f.expected} or socket`,
  'kfunc/size-unknown': (f: Argument & { kind: string; type: string }) =>
    `arg#${f.arg} reference type('${f.kind} ${f.type}') size cannot be determined: -22`,
  'kfunc/memory-pair': (f: Argument) => `arg#${f.arg} arg#${f.arg + 1} memory, len pair leads to invalid memory access`,
  'kfunc/not-function-pointer': (f: Argument) => `arg${f.arg} expected pointer to func`,
  'kfunc/not-map': (f: Register) => `pointer in R${f.reg} isn't map pointer`,
  'kfunc/not-map-value': (f: Argument) => `arg#${f.arg} doesn't point to a map value`,
  'kfunc/not-lockable': (f: Argument) => `arg#${f.arg} doesn't point to map value or allocated object`,
  'kfunc/not-const-string': (f: Argument) => `arg#${f.arg} doesn't point to a const string`,
  'kfunc/release-expects': (f: Named) => `release kernel function ${f.name} expects refcounted PTR_TO_BTF_ID`,
  'kfunc/workqueue-map': (f: { uid: number; mapUid: number }) =>
    `workqueue pointer in R1 map_uid=${f.uid} doesn't match map pointer in R2 map_uid=${f.mapUid}`,
  'kfunc/task-work-map': (f: { uid: number; mapUid: number }) =>
    `bpf_task_work pointer in R2 map_uid=${f.uid} doesn't match map pointer in R3 map_uid=${f.mapUid}`,

  // Special fields of map values.
  'kfunc/field-variable': (f: Register & { field: string }) =>
    `R${f.reg} doesn't have constant offset. ${f.field} has to be at the constant offset`,
  'kfunc/field-needs-btf': (f: { map: string; what: string }) =>
    `map '${f.map}' has to have BTF in order to use ${f.what}`,
  'kfunc/map-lacks-field': (f: { map: string; field: string }) => `map '${f.map}' has no valid ${f.field}`,
  'kfunc/not-at-field': (f: { off: string; field: string; fieldOff: number }) =>
    `off ${f.off} doesn't point to 'struct ${f.field}' that is at ${f.fieldOff}`,

  // References.
  'kfunc/not-acquired': (f: Kfunc) => `kfunc ${f.name}#${f.id} reference has not been acquired before`,
  'kfunc/conversion': (f: Kfunc) => `kfunc ${f.name}#${f.id} conversion of owning ref to non-owning failed`,
  'kfunc/acquire-return': () => 'acquire kernel function does not return PTR_TO_BTF_ID',
  'kfunc/return-type': (f: Named & { kind: string; type: string }) =>
    `kernel function ${f.name} returns pointer type ${f.kind} ${f.type} is not supported`,

  // Objects that programs allocate.
  'kfunc/drop-expected': (f: Argument & { kfunc: string }) => `arg#${f.arg} expected for ${f.kfunc}()`,
  'kfunc/not-allocated': (f: Argument) => `arg#${f.arg} expected pointer to allocated object`,
  'kfunc/not-value-or-allocated': (f: Argument) => `arg#${f.arg} expected pointer to map value or allocated object`,
  'kfunc/not-referenced': () => 'allocated object must be referenced',
  'kfunc/not-owning': (f: Argument) => `arg#${f.arg} is neither owning or non-owning ref`,
  'kfunc/no-refcount': (f: Argument) => `arg#${f.arg} doesn't point to a type with bpf_refcount field`,
  'kfunc/local-type-range': () => 'local type ID argument must be in range [0, U32_MAX]',
  'kfunc/local-type-no-btf': () => 'bpf_obj_new/bpf_percpu_obj_new requires prog BTF',
  'kfunc/local-type-struct': () => 'bpf_obj_new/bpf_percpu_obj_new type ID argument must be of a struct',
  'kfunc/percpu-size': (f: { size: number; limit: number }) =>
    `bpf_percpu_obj_new type size (${f.size}) is greater than ${f.limit}`,
  'kfunc/percpu-scalars': () => 'bpf_percpu_obj_new type ID argument must be of a struct of scalars',
  'kfunc/percpu-fields': () => 'bpf_percpu_obj_new type ID argument must not contain special fields',
  'kfunc/cast-unknown': (f: { id: string }) => `Unknown type ID ${f.id} passed to kfunc bpf_rdonly_cast`,
  'kfunc/cast-struct': () => 'kfunc bpf_rdonly_cast type ID argument must be of a struct or void',
  'kfunc/packet-write': () => 'the prog does not allow writes to packet data',

  // Lists and trees.
  'kfunc/field-not-found': (f: { field: string; off: number }) => `${f.field} not found at offset=${f.off}`,
  'kfunc/other-allocation': () => 'held lock and object are not in the same allocation',
  'kfunc/lock-needed': (f: { off: number; field: string }) =>
    `bpf_spin_lock at off=${f.off} must be held for ${f.field}`,
  'kfunc/other-node': (f: {
    root: string;
    node: string;
    nodeOff: number;
    type: string;
    off: number;
    otherType: string;
  }) =>
    `operation on ${f.root} expects arg#1 ${f.node} at offset=${f.nodeOff} in struct ${f.type}, but arg is at offset=${f.off} in struct ${f.otherType}`,
  'kfunc/node-offset': (f: { off: number; node: string; nodeOff: number; type: string }) =>
    `arg#1 offset=${f.off}, but expected ${f.node} at offset=${f.nodeOff} in struct ${f.type}`,
  'kfunc/rbtree-node': (f: Named) => `${f.name} can only take non-owning or refcounted bpf_rb_node pointer`,
  'kfunc/in-rbtree-callback': (f: Named) => `${f.name} not allowed in rbtree cb`,

  // Things on the stack.
  'kfunc/stack-variable': (f: { what: string }) => `${f.what} has to be at a constant offset`,
  'kfunc/stack-offset': (f: { what: string; off: number }) => `cannot pass in ${f.what} at an offset=${f.off}`,
  'iter/not-on-stack': (f: Argument) => `arg#${f.arg} expected pointer to an iterator on stack`,
  'iter/not-iterator': (f: Argument) => `expected valid iter pointer as arg #${f.arg}`,
  'iter/initialized': (f: Argument & { iter: string }) => `expected uninitialized iter_${f.iter} as arg #${f.arg}`,
  'iter/uninitialized': (f: Argument & { iter: string }) => `expected an initialized iter_${f.iter} as arg #${f.arg}`,
  'iter/rcu-left': (f: Named) => `expected an RCU CS when using ${f.name}`,
  'iter/css-task': () => 'css_task_iter is only allowed in bpf_lsm, bpf_iter and sleepable progs',
  'irq/not-on-stack': (f: Argument) => `arg#${f.arg} doesn't point to an irq flag on stack`,
  'irq/initialized': (f: Argument) => `expected uninitialized irq flag as arg#${f.arg}`,
  'irq/uninitialized': (f: Argument) => `expected an initialized irq flag as arg#${f.arg}`,
  'irq/other-class': (f: { saved: string; used: string }) =>
    `irq flag acquired by ${f.saved} kfuncs cannot be restored with ${f.used} kfuncs`,
  'irq/order': (f: { id: number; insn: number }) =>
    `cannot restore irq state out of order, expected id=${f.id} acquired at insn_idx=${f.insn}`,
  'dynptr/not-pointer': (f: Argument) => `arg#${f.arg} expected pointer to stack or const struct bpf_dynptr`,
  'dynptr/initialized': () => 'Dynptr has to be an uninitialized dynptr',
  'dynptr/const': () => 'cannot pass pointer to const bpf_dynptr, the helper mutates it',
  'dynptr/uninitialized': (f: Argument) => `Expected an initialized dynptr as arg #${f.arg}`,
  'dynptr/type': (f: Argument & { type: string }) => `Expected a dynptr of type ${f.type} as arg #${f.arg}`,

  // Locks.
  'lock/variable': (f: Register & { lock: string }) =>
    `R${f.reg} doesn't have constant offset. ${f.lock}_lock has to be at the constant offset`,
  'lock/no-btf': (f: { map: string; lock: string }) => `map '${f.map}' has to have BTF in order to use ${f.lock}_lock`,
  'lock/none': (f: { where: string; what: string; lock: string }) =>
    `${f.where} '${f.what}' has no valid ${f.lock}_lock`,
  'lock/offset': (f: { off: string; lock: string; lockOff: number }) =>
    `off ${f.off} doesn't point to 'struct ${f.lock}_lock' that is at ${f.lockOff}`,
  'lock/two': () => 'Locking two bpf_spin_locks are not allowed',
  'lock/same': () => 'Acquiring the same lock again, AA deadlock detected',
  'lock/not-taken': (f: { lock: string }) => `${f.lock}_unlock without taking a lock`,
  'lock/other': (f: { lock: string }) => `${f.lock}_unlock of different lock`,
  'lock/order': (f: { lock: string }) => `${f.lock}_unlock cannot be out of order`,
} as const satisfies Record<string, (facts: never) => string>;

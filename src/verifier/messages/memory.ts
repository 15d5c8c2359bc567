export interface Access {
  readonly off: number;
  readonly size: number;
}
export interface RegisterAccess extends Access {
  readonly reg: number;
}
export interface Member extends Access {
  readonly member: string;
  readonly struct: string;
}

/** Messages of the room memory/: the kernel's wording. */
export const memoryMessages = {
  // Any pointer.
  'memory/invalid-pointer': (f: { reg: number; type: string }) => `R${f.reg} invalid mem access '${f.type}'`,
  'memory/different-pointers': () => 'same insn cannot be used with different pointers',
  'memory/readonly': (f: { reg: number; type: string }) => `R${f.reg} cannot write into ${f.type}`,
  'memory/min-negative': (f: { reg: number }) =>
    `R${f.reg} min value is negative, either use unsigned index or do a if (index >=0) check.`,
  'memory/unbounded': (f: { reg: number }) =>
    `R${f.reg} unbounded memory access, make sure to bounds check any such access`,
  'memory/min-outside': (f: { reg: number }) => `R${f.reg} min value is outside of the allowed memory range`,
  'memory/max-outside': (f: { reg: number }) => `R${f.reg} max value is outside of the allowed memory range`,
  'memory/outside-key': (f: Access & { limit: number }) =>
    `invalid access to map key, key_size=${f.limit} off=${f.off} size=${f.size}`,
  'memory/outside-value': (f: Access & { limit: number }) =>
    `invalid access to map value, value_size=${f.limit} off=${f.off} size=${f.size}`,
  'memory/outside-memory': (f: Access & { limit: number }) =>
    `invalid access to memory, mem_size=${f.limit} off=${f.off} size=${f.size}`,
  'memory/outside-packet': (f: RegisterAccess & { limit: number; id: number }) =>
    `invalid access to packet, off=${f.off} size=${f.size}, R${f.reg}(id=${f.id},off=${f.off},r=${f.limit})`,
  'memory/beyond-packet': (f: { reg: number }) => `R${f.reg} offset is outside of the packet`,
  'memory/packet-readonly': () => 'cannot write into packet',
  'memory/flow-keys': (f: Access) => `invalid access to flow keys off=${f.off} size=${f.size}`,
  'memory/socket': (f: RegisterAccess & { type: string }) =>
    `R${f.reg} invalid ${f.type} access off=${f.off} size=${f.size}`,
  'memory/buffer': (f: RegisterAccess & { buffer: string }) =>
    `R${f.reg} invalid ${f.buffer} buffer access: off=${f.off}, size=${f.size}`,
  'memory/buffer-variable': (f: { reg: number; off: number; tnum: string }) =>
    `R${f.reg} invalid variable buffer offset: off=${f.off}, var_off=${f.tnum}`,
  'memory/misaligned': (f: Access & { what: string; tnum: string; pointerOff: number }) =>
    `misaligned ${f.what}access off ${f.tnum}+${f.pointerOff}+${f.off} size ${f.size}`,
  'memory/misaligned-packet': (f: Access & { pad: number; tnum: string; pointerOff: number }) =>
    `misaligned packet access off ${f.pad}+${f.tnum}+${f.pointerOff}+${f.off} size ${f.size}`,
  'memory/pointer-negative': (f: { reg: number; type: string; off: number }) =>
    `negative offset ${f.type} ptr R${f.reg} off=${f.off} disallowed`,
  'memory/pointer-modified': (f: { reg: number; type: string; off: number }) =>
    `dereference of modified ${f.type} ptr R${f.reg} off=${f.off} disallowed`,
  'memory/pointer-variable': (f: { type: string; tnum: string }) =>
    `variable ${f.type} access var_off=${f.tnum} disallowed`,

  // Instructions.
  'memory/stx-reserved': () => 'BPF_STX uses reserved fields',
  'memory/st-reserved': () => 'BPF_ST uses reserved fields',
  'memory/atomic-size': () => 'invalid atomic operand size',
  'memory/atomic-store': (f: { reg: number; type: string }) =>
    `BPF_ATOMIC stores into R${f.reg} ${f.type} is not allowed`,
  'memory/atomic-load': (f: { reg: number; type: string }) =>
    `BPF_ATOMIC loads from R${f.reg} ${f.type} is not allowed`,
  'memory/atomic-opcode': (f: { imm: number }) =>
    `BPF_ATOMIC uses invalid atomic opcode ${(f.imm >>> 0).toString(16).padStart(2, '0')}`,

  // Context.
  'memory/context': (f: Access) => `invalid bpf_context access off=${f.off} size=${f.size}`,
  'memory/context-released': (f: { off: number }) =>
    `invalid bpf_context access off=${f.off}. Reference may already be released`,
  'memory/argument-alignment': (f: { func: string; off: number }) =>
    `func '${f.func}' offset ${f.off} is not multiple of 8`,
  'memory/argument-missing': (f: { func: string; number: number }) =>
    `func '${f.func}' doesn't have ${f.number}-th argument`,
  'memory/argument-return': (f: { kind: string }) => `ret type ${f.kind} not allowed for fmod_ret`,
  'memory/argument-kind': (f: { func: string; arg: number; name: string; kind: string }) =>
    `func '${f.func}' arg${f.arg} '${f.name}' has type ${f.kind}. Only pointer access is allowed`,
  'memory/argument-size': (f: { func: string; size: number }) => `func '${f.func}' size ${f.size} must be 8`,
  'memory/argument-no-struct': (f: { func: string; arg: number; kind: string }) =>
    `func '${f.func}' arg${f.arg} type ${f.kind} is not a struct`,
  'memory/argument-is': (f: { func: string; arg: number; btfId: number; kind: string; name: string }) =>
    `func '${f.func}' arg${f.arg} has btf_id ${f.btfId} type ${f.kind} '${f.name}'`,

  // Stack.
  'memory/stack-unbounded': (f: { access: string; reg: number }) =>
    `invalid unbounded variable-offset${f.access} stack R${f.reg}`,
  'memory/stack-bounds': (f: RegisterAccess & { access: string }) =>
    `invalid${f.access} stack R${f.reg} off=${f.off} size=${f.size}`,
  'memory/stack-variable-bounds': (f: RegisterAccess & { access: string; tnum: string }) =>
    `invalid variable-offset${f.access} stack R${f.reg} var_off=${f.tnum} off=${f.off} size=${f.size}`,
  'memory/spill-size': () => 'invalid size of register spill',
  'memory/spill-caller': () => 'cannot spill pointers to stack into stack frame of the caller',
  'memory/fill-size': () => 'invalid size of register fill',
  'memory/stack-read': (f: Access & { byte: number }) =>
    `invalid read from stack off ${f.off}+${f.byte} size ${f.size}`,
  'memory/stack-read-by': (f: RegisterAccess & { byte: number }) =>
    `invalid read from stack R${f.reg} off ${f.off}+${f.byte} size ${f.size}`,
  'memory/stack-read-variable': (f: { reg: number; tnum: string; byte: number; size: number }) =>
    `invalid read from stack R${f.reg} var_off ${f.tnum}+${f.byte} size ${f.size}`,
  'memory/stack-variable-argument': (f: Access & { tnum: string }) =>
    `variable offset stack pointer cannot be passed into helper function; var_off=${f.tnum} off=${f.off} size=${f.size}`,
  'memory/zero-sized': () => 'invalid zero-sized read',
  'memory/dynptr-write': (f: { off: number }) => `potential write to dynptr at off=${f.off} disallowed`,
  'memory/dynptr-overwrite': () => 'cannot overwrite referenced dynptr',

  // Maps.
  'memory/key-write': (f: { reg: number }) => `write to change key R${f.reg} not allowed`,
  'memory/map-write': (f: Access & { valueSize: number }) =>
    `write into map forbidden, value_size=${f.valueSize} off=${f.off} size=${f.size}`,
  'memory/map-read': (f: Access & { valueSize: number }) =>
    `read from map forbidden, value_size=${f.valueSize} off=${f.off} size=${f.size}`,
  'memory/field-indirect': (f: { field: string }) => `${f.field} cannot be accessed indirectly by helper`,
  'memory/field-variable': (f: { field: string }) => `${f.field} access cannot have variable offset`,
  'memory/field-misaligned': (f: { field: string; expected: number; off: number }) =>
    `${f.field} access misaligned expected=${f.expected} off=${f.off}`,
  'memory/field-size': (f: { field: string }) => `${f.field} access size must be BPF_DW`,
  'memory/field-direct': (f: { field: string }) => `${f.field} cannot be accessed directly by load/store`,
  'memory/kptr-mode': () => 'kptr in map can only be accessed using BPF_MEM instruction mode',
  'memory/kptr-class': () => 'kptr in map can only be accessed using BPF_LDX/BPF_STX/BPF_ST',
  'memory/kptr-store': () => 'store to referenced kptr disallowed',
  'memory/uptr-store': () => 'store to uptr disallowed',
  'memory/kptr-imm': (f: { off: number }) => `BPF_ST imm must be 0 when storing to kptr at off=${f.off}`,
  'memory/kptr-type': (f: {
    reg: number;
    type: string;
    struct: string;
    expected: string;
    alternative: string | undefined;
  }) =>
    `invalid kptr access, R${f.reg} type=${f.type}${f.struct} expected=${f.expected}${
      f.alternative === undefined ? '' : ` or ${f.alternative}`
    }`,
  'memory/map-pointer-type': (f: { type: number }) => `map_ptr access not supported for map type ${f.type}`,
  'memory/map-pointer-negative': (f: { reg: number; struct: string; off: number }) =>
    `R${f.reg} is ${f.struct} invalid negative access: off=${f.off}`,
  'memory/map-pointer-write': (f: { struct: string }) => `only read from ${f.struct} is supported`,

  // BTF pointers.
  'memory/btf-gpl': (f: { struct: string }) =>
    `Cannot access kernel 'struct ${f.struct}' from non-GPL compatible program`,
  'memory/btf-negative': (f: { reg: number; struct: string; off: number }) =>
    `R${f.reg} is ptr_${f.struct} invalid negative access: off=${f.off}`,
  'memory/btf-variable': (f: { reg: number; struct: string; off: number; tnum: string }) =>
    `R${f.reg} is ptr_${f.struct} invalid variable offset: off=${f.off}, var_off=${f.tnum}`,
  'memory/btf-user': (f: { reg: number; struct: string; off: number }) =>
    `R${f.reg} is ptr_${f.struct} access user memory: off=${f.off}`,
  'memory/btf-percpu': (f: { reg: number; struct: string; off: number }) =>
    `R${f.reg} is ptr_${f.struct} access percpu memory: off=${f.off}`,
  'memory/btf-readonly': () => 'only read is supported',
  'memory/btf-field': (f: { field: string }) => `direct access to ${f.field} is disallowed`,
  'memory/btf-no-struct': (f: { type: string }) => `Type '${f.type}' is not a struct`,
  'memory/btf-beyond': (f: Access & { struct: string }) =>
    `access beyond struct ${f.struct} at off ${f.off} size ${f.size}`,
  'memory/btf-sizeless': (f: { member: string }) => `field ${f.member} doesn't have size`,
  'memory/btf-pointer-part': (f: Member & { memberOff: number }) =>
    `cannot access ptr member ${f.member} with moff ${f.memberOff} in struct ${f.struct} with off ${f.off} size ${f.size}`,
  'memory/btf-beyond-member': (f: Member & { end: number }) =>
    `access beyond the end of member ${f.member} (mend:${f.end}) in struct ${f.struct} with off ${f.off} size ${f.size}`,
  'memory/btf-hole': (f: { struct: string; off: number }) => `struct ${f.struct} doesn't have field at offset ${f.off}`,
  'memory/write-struct': (f: { struct: string }) => `only access to ${f.struct} is supported`,
  'memory/write-field': (f: { struct: string; off: number }) => `no write support to ${f.struct} at off ${f.off}`,
  'memory/write-beyond-field': (f: Access & { struct: string; end: number }) =>
    `write access at off ${f.off} with size ${f.size} beyond the member of ${f.struct} ended at ${f.end}`,
  'memory/write-beyond': (f: Access) => `write access at off ${f.off} with size ${f.size}`,

  // Memory given to helpers and kfuncs.
  'memory/argument-type': (f: { reg: number; type: string; expected: string }) =>
    `R${f.reg} type=${f.type} expected=${f.expected}`,
  'memory/size-negative': (f: { reg: number }) =>
    `R${f.reg} min value is negative, either use unsigned or 'var &= const'`,
  'memory/size-zero': (f: { reg: number; min: string; max: string }) =>
    `R${f.reg} invalid zero-sized read: u64=[${f.min},${f.max}]`,
  'memory/size-unbounded': (f: { reg: number }) =>
    `R${f.reg} unbounded memory access, use 'var &= const' or 'if (var < const)'`,
} as const satisfies Record<string, (facts: never) => string>;

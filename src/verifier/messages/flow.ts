/** Messages of the room flow/: the kernel's wording. */
export const flowMessages = {
  // Functions and calls of them.
  'call-to-invalid-destination': () => 'call to invalid destination',
  'too-many-subprograms': () => 'too many subprograms',
  'jump-out-of-range': (f: { insn: number; to: number }) => `jump out of range from insn ${f.insn} to ${f.to}`,
  'last-insn-is-no-exit': () => 'last insn is not an exit or jmp',
  'several-exception-callbacks': () => 'multiple exception callback tags for main subprog',
  'exception-callback-not-found': (f: { name: string }) => `exception callback '${f.name}' could not be found in BTF`,
  'exception-callback-not-global': (f: { name: string }) => `exception callback '${f.name}' must have global linkage`,
  'exception-callback-at-0': () => 'invalid exception callback insn_off in func_info: 0',
  'exception-callback-without-func-info': () => 'exception callback type id not found in func_info',

  // Kfuncs, as far as they are looked up at all.
  'kfunc-call-without-gpl': () => 'cannot call kernel function from non-GPL compatible program',
  'kfunc-module-negative': () => 'negative offset disallowed for kernel module function call',
  'kfunc-module-without-fd-array': () => 'kfunc offset > 0 without fd_array is invalid',
  'kfunc-btf-not-found': () => 'failed to find BTF for kernel function',
  'too-many-kfuncs': () => 'too many different kernel function calls',
  'kfunc-is-no-function': (f: { id: number }) => `kernel btf_id ${f.id >>> 0} is not a function`,
  'kfunc-without-prototype': (f: { id: number }) => `kernel function btf_id ${f.id} does not have a valid func_proto`,
  'kfunc-needs-device': () => 'metadata kfuncs require device-bound program',

  // func_info and line_info.
  'ld-abs-without-btf': () => 'LD_ABS is not allowed in subprogs without BTF',
  'tail-call-without-btf': () => 'tail_call is not allowed in subprogs without BTF',
  'ld-abs-return-type': () => "LD_ABS is only allowed in functions that return 'int'.",
  'tail-call-return-type': () => "tail_call is only allowed in functions that return 'int'.",
  'func-info-begins-late': (f: { insn: number }) => `nonzero insn_off ${f.insn} for the first func info record`,
  'func-info-not-ascending': (f: { insn: number; previous: number }) =>
    `same or smaller insn offset (${f.insn}) than previous func info record (${f.previous})`,
  'func-info-type-invalid': (f: { typeId: number }) => `invalid type id ${f.typeId} in func info`,
  'func-info-count': () => "number of funcs in func_info doesn't match number of subprogs",
  'func-info-layout': () => "func_info BTF section doesn't match subprog layout in BPF program",
  'line-info-insn': (f: { index: number; insn: number; previous: number; count: number }) =>
    `Invalid line_info[${f.index}].insn_off:${f.insn} (prev_offset:${f.previous} prog->len:${f.count})`,
  'line-info-code': (f: { index: number }) => `Invalid insn code at line_info[${f.index}].insn_off`,
  'line-info-strings': (f: { index: number }) => `Invalid line_info[${f.index}].line_off or .file_name_off`,
  'line-info-missing': (f: { subprogram: number }) => `missing bpf_line_info for func#${f.subprogram}`,
  'line-info-missing-rest': (f: { missing: number; subprogram: number }) =>
    `missing bpf_line_info for ${f.missing} funcs starting from func#${f.subprogram}`,

  // Instructions by themselves.
  'ldx-reserved': () => 'BPF_LDX uses reserved fields',
  'unknown-opcode': (f: { code: number }) => `unknown opcode ${f.code.toString(16).padStart(2, '0')}`,
  'ld-imm64-invalid': () => 'invalid bpf_ld_imm64 insn',
  'ld-imm64-unrecognized': () => 'unrecognized bpf_ld_imm64 insn',
  'ld-imm64-btf-id-invalid': (f: { id: number }) => `ldimm64 insn specifies invalid btf_id ${f.id}.`,
  'ld-imm64-btf-id-kind': (f: { id: number }) => `pseudo btf_id ${f.id} in ldimm64 isn't KIND_VAR or KIND_FUNC`,
  'ld-imm64-symbol-not-found': (f: { name: string }) =>
    `ldimm64 failed to find the address for kernel symbol '${f.name}'.`,
  'fd-is-no-map': (f: { fd: number }) => `fd ${f.fd} is not pointing to valid bpf_map`,
  'map-has-no-direct-values': () => 'no direct value access support for this map type',
  'direct-value-offset': (f: { offset: number }) => `direct value offset of ${f.offset} is not allowed`,
  'map-value-pointer-invalid': (f: { valueSize: number; offset: number }) =>
    `invalid access to map value pointer, value_size=${f.valueSize} off=${f.offset}`,

  // Maps that a program refers to.
  'too-many-maps': (f: { limit: number }) => `The total number of maps per program has reached the limit of ${f.limit}`,
  /** In the words of the profile. */
  'map-refused': (f: { reason: string }) => f.reason,
  'struct-ops-map-in-program': () => 'bpf_struct_ops map cannot be used in prog',
  'several-cgroup-storages': () => 'only one cgroup storage of each type is allowed',
  'several-arenas': () => 'Only one arena per program',

  // Control flow.
  'unreachable-insn': (f: { insn: number }) => `unreachable insn ${f.insn}`,
  'jump-into-ld-imm64': (f: { insn: number }) => `jump into the middle of ldimm64 insn ${f.insn}`,

  // In the words of the profile.
  'attachment-refused': (f: { reason: string }) => f.reason,

  // Arguments of functions, by their BTF.
  'too-many-arguments': (f: { name: string; count: number; limit: number }) =>
    `Global function ${f.name}() with ${f.count} > ${f.limit} args. Buggy compiler.`,
  'global-function-returns-no-scalar': (f: { name: string }) =>
    `Global function ${f.name}() doesn't return scalar. Only those are supported.`,
  'argument-tag-on-static': (f: { index: number }) => `arg#${f.index} type tag is not supported in static functions`,
  'argument-tag-unknown': (f: { index: number }) => `arg#${f.index} has unsupported set of tags`,
  'argument-tags-conflict': (f: { index: number }) => `arg#${f.index} has invalid combination of tags`,
  'argument-tag-not-alone': (f: { index: number; tag: string }) =>
    `arg#${f.index} ${f.tag} cannot be combined with any other tags`,
  'argument-tag-without-pointer': (f: { index: number }) => `arg#${f.index} has pointer tag, but is not a pointer type`,
  'argument-type-unsupported': (f: { index: number; kind: string; name: string }) =>
    `Arg#${f.index} type ${f.kind} in ${f.name}() is not supported yet.`,
  'argument-without-name': (f: { index: number }) => `arg#${f.index} type doesn't have a name`,
  'argument-not-void-pointer': (f: { index: number }) => `arg#${f.index} should be void pointer`,
  'argument-not-context': (f: { index: number; context: string }) =>
    `arg#${f.index} should be \`struct ${f.context} *\``,
  'argument-candidates': (f: { index: number; kind: string; name: string; problem: string }) =>
    `arg#${f.index} reference type('${f.kind} ${f.name}') ${f.problem}`,
  'argument-candidates-error': (f: { index: number; kind: string; name: string; error: number }) =>
    `arg#${f.index} reference type('${f.kind} ${f.name}') candidate matching error: ${f.error}`,
  'argument-untrusted-type': (f: { index: number; kind: string; name: string }) =>
    `arg#${f.index} has type ${f.kind} '${f.name}', but only struct or primitive types are allowed`,
  'argument-size-unknown': (f: { index: number; kind: string; name: string; error: number }) =>
    `arg#${f.index} reference type('${f.kind} ${f.name}') size cannot be determined: ${f.error}`,

  // Stack depth.
  'tail-call-below-deep-stack': (f: { depth: number }) =>
    `tail_calls are not allowed when call stack of previous frames is ${f.depth} bytes. Too large`,
  'stack-of-subprogram-too-large': (f: { subprogram: number; depth: number }) =>
    `stack size of subprog ${f.subprogram} is ${f.depth}. Too large`,
  'combined-stack-too-large': (f: { calls: number; depth: number }) =>
    `combined stack size of ${f.calls} calls is ${f.depth}. Too large`,
  'throw-in-callback': (f: { insn: number; subprogram: number }) =>
    `bpf_throw kfunc (insn ${f.insn}) cannot be called from callback subprog ${f.subprogram}`,
  'exception-callback-called': (f: { insn: number }) => `insn ${f.insn} cannot call exception cb directly`,
  'static-call-stack-too-deep': (f: { frames: number }) => `the call stack of ${f.frames} frames is too deep !`,
  'tail-call-in-exception-callback': () => 'cannot tail call within exception cb',
} as const satisfies Record<string, (facts: never) => string>;

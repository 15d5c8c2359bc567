export interface Register {
  readonly reg: number;
}

/** Messages of the room scalar/: the kernel's wording. */
export const scalarMessages = {
  // Operands.
  'register-invalid': (f: Register) => `R${f.reg} is invalid`,
  'register-not-readable': (f: Register) => `R${f.reg} !read_ok`,
  'frame-pointer-read-only': () => 'frame pointer is read only',

  // Arithmetic.
  'alu-opcode': (f: { opcode: number }) => `invalid BPF_ALU opcode ${f.opcode.toString(16)}`,
  'address-space-number': () => 'addr_space_cast insn can only convert between address space 1 and 0',
  'address-space-no-arena': () => 'addr_space_cast insn can only be used in a program that has an associated arena',
  'division-by-zero': () => 'div by zero',
  'shift-amount': (f: { amount: number }) => `invalid shift ${f.amount}`,

  // Arithmetic on pointers.
  'pointer-with-pointer': (f: Register & { operator: string }) => `R${f.reg} pointer ${f.operator} pointer prohibited`,
  'pointer-arithmetic-32': (f: Register) => `R${f.reg} 32-bit pointer arithmetic prohibited`,
  'pointer-arithmetic-maybe-null': (f: Register & { type: string }) =>
    `R${f.reg} pointer arithmetic on ${f.type} prohibited, null-check it first`,
  'pointer-arithmetic-type': (f: Register & { type: string }) => `R${f.reg} pointer arithmetic on ${f.type} prohibited`,
  'pointer-subtracted-from-scalar': (f: Register) => `R${f.reg} tried to subtract pointer from scalar`,
  'stack-pointer-subtraction': (f: Register) => `R${f.reg} subtraction from stack pointer prohibited`,
  'pointer-bitwise': (f: Register & { operator: string }) =>
    `R${f.reg} bitwise operator ${f.operator} on pointer prohibited`,
  'pointer-operator': (f: Register & { operator: string }) =>
    `R${f.reg} pointer arithmetic with ${f.operator} operator prohibited`,
  'pointer-with-constant': (f: { type: string; value: bigint }) =>
    `math between ${f.type} pointer and ${f.value} is not allowed`,
  'pointer-offset': (f: { type: string; offset: number }) => `${f.type} pointer offset ${f.offset} is not allowed`,
  'pointer-with-unbounded': (f: { type: string }) =>
    `math between ${f.type} pointer and register with unbounded min value is not allowed`,
  'pointer-with-large': (f: { type: string; value: bigint }) =>
    `value ${f.value} makes ${f.type} pointer be out of bounds`,

  // Conditional jumps.
  'jump-opcode': (f: { opcode: number }) => `invalid BPF_JMP/JMP32 opcode ${f.opcode.toString(16)}`,
} as const satisfies Record<string, (facts: never) => string>;

/**
 * Bytes -> text, as the verifier's log has it: `(bf) r6 = r1`.
 *
 * Like the kernel this prints what the fields say, whether or not the instruction is valid (decode() judges that);
 * what has no text is `BUG_` with the opcode, the kernel's own way. Facts: observed on Linux 6.18 (the verifier's log
 * at level 2; test/isa/disassemble.test.ts has what it printed), gotox of 6.19.
 */
import { helperName } from '../uapi/index.ts';
import * as op from './opcodes.ts';
import { accessSize, aluOperation, atomicOperation, jumpCondition } from './operations.ts';
import { InstructionView } from './view.ts';

/** Names that the bytes alone do not tell; a callback that is absent or gives undefined leaves the kernel's default. */
export interface DisassembleOptions {
  /** In place of the uapi's name, which is the default. */
  readonly helperName?: (id: number) => string | undefined;
  /** Else `kernel-function`. `module` is 0 for the kernel proper. */
  readonly kfuncName?: (btfId: number, module: number) => string | undefined;
  /** Name of the subprogram at a slot; else the text is `call pc+3`. */
  readonly subprogramName?: (slot: number) => string | undefined;
  /** Text for the constant of a ld_imm64, say the name of its map; `src` is BPF_PSEUDO_*. Else it is hexadecimal. */
  readonly immediate?: (constant: {
    readonly src: number;
    readonly imm: number;
    readonly upper: number;
  }) => string | undefined;
}

/**
 * The instruction that begins at slot `index`, in one line.
 * @throws BpfiterError `malformed` unless the bytes are a whole number of slots
 * @throws RangeError if there is no such slot
 */
export function disassemble(
  bytes: Uint8Array | InstructionView,
  index: number,
  options: DisassembleOptions = {},
): string {
  const view = bytes instanceof InstructionView ? bytes : new InstructionView(bytes);
  const code = view.code(index);
  const text = textOf(view, index, code, options);
  return text === undefined ? `BUG_${bugPrefix(code)}${hex(code)}` : `(${hex(code)}) ${text}`;
}

const hex = (code: number): string => code.toString(16).padStart(2, '0');
const signed = (value: number): string => (value < 0 ? `${value}` : `+${value}`);

function bugPrefix(code: number): string {
  switch (op.BPF_CLASS(code)) {
    case op.BPF_LD:
      return 'ld_';
    case op.BPF_LDX:
      return 'ldx_';
    case op.BPF_ST:
      return 'st_';
    default:
      return '';
  }
}

function textOf(view: InstructionView, index: number, code: number, options: DisassembleOptions): string | undefined {
  switch (op.BPF_CLASS(code)) {
    case op.BPF_LD:
      return code === op.LD_IMM64 ? ldImm64Text(view, index, options) : packetLoadText(view, index, code);
    case op.BPF_LDX:
      return loadText(view, index, code);
    case op.BPF_ST:
      return op.BPF_MODE(code) === op.BPF_MEM ? `${memory(view, index, code)} = ${view.imm(index)}` : undefined;
    case op.BPF_STX:
      return storeText(view, index, code);
    case op.BPF_ALU:
    case op.BPF_ALU64:
      return aluText(view, index, code);
    default:
      return jumpText(view, index, code, options);
  }
}

function aluText(view: InstructionView, index: number, code: number): string | undefined {
  const isWide = op.BPF_CLASS(code) === op.BPF_ALU64;
  const letter = isWide ? 'r' : 'w';
  const dst = view.dst(index);
  const off = view.off(index);
  const fromRegister = op.BPF_SRC(code) === op.BPF_X;
  switch (op.BPF_OP(code)) {
    case op.BPF_END: {
      const order = isWide ? 'bswap' : fromRegister ? 'be' : 'le';
      return `r${dst} = ${order}${view.imm(index)} r${dst}`;
    }
    case op.BPF_NEG:
      return `${letter}${dst} = -${letter}${dst}`;
    case op.BPF_MOV:
      if (fromRegister && off !== 0) return specialMovText(view, index, isWide);
  }
  // off has a meaning for divisions only; elsewhere the kernel prints the instruction as if it were 0.
  const operation = aluOperation(code, off) ?? aluOperation(code, 0);
  if (operation === undefined) return undefined;
  return `${letter}${dst} ${operation.sign} ${fromRegister ? `${letter}${view.src(index)}` : view.imm(index)}`;
}

function specialMovText(view: InstructionView, index: number, isWide: boolean): string {
  const letter = isWide ? 'r' : 'w';
  const dst = view.dst(index);
  const src = view.src(index);
  const off = view.off(index);
  if (isWide && off === op.BPF_ADDR_SPACE_CAST) {
    const imm = view.imm(index);
    return `r${dst} = addr_space_cast(r${src}, ${imm >>> 16}, ${imm & 0xffff})`;
  }
  // An encoding of the kernel's own, seen in dumps of translated programs.
  if (isWide && off === -1) return `r${dst} = &(void __percpu *)(r${src})`;
  const cast = off === 8 || off === 16 || off === 32 ? `(s${off})` : '';
  return `${letter}${dst} = ${cast}${letter}${src}`;
}

const sizeName = (code: number): string => `u${accessSize(code) * 8}`;

/** `*(u32 *)(r1 +8)`, with dst as the base. */
const memory = (view: InstructionView, index: number, code: number): string =>
  `*(${sizeName(code)} *)(r${view.dst(index)} ${signed(view.off(index))})`;

function loadText(view: InstructionView, index: number, code: number): string | undefined {
  const isSigned = op.BPF_MODE(code) === op.BPF_MEMSX;
  if (op.BPF_MODE(code) !== op.BPF_MEM && !(isSigned && op.BPF_SIZE(code) !== op.BPF_DW)) return undefined;
  const type = isSigned ? `s${accessSize(code) * 8}` : sizeName(code);
  return `r${view.dst(index)} = *(${type} *)(r${view.src(index)} ${signed(view.off(index))})`;
}

function storeText(view: InstructionView, index: number, code: number): string | undefined {
  const src = view.src(index);
  if (op.BPF_MODE(code) === op.BPF_MEM) return `${memory(view, index, code)} = r${src}`;
  if (op.BPF_MODE(code) !== op.BPF_ATOMIC) return undefined;
  const imm = view.imm(index);
  const dst = view.dst(index);
  const type = sizeName(code);
  const off = signed(view.off(index));
  if (imm === op.BPF_LOAD_ACQ) return `r${dst} = load_acquire((${type} *)(r${src} ${off}))`;
  if (imm === op.BPF_STORE_REL) return `store_release((${type} *)(r${dst} ${off}), r${src})`;
  const operation = atomicOperation(imm)?.name;
  if (operation === undefined) return undefined;
  const plain = aluOperation(imm, 0);
  if ((imm & op.BPF_FETCH) === 0 && plain !== undefined)
    return `lock ${memory(view, index, code)} ${plain.sign} r${src}`;
  const call = `atomic${op.BPF_SIZE(code) === op.BPF_DW ? '64' : ''}_${operation}((${type} *)(r${dst} ${off})`;
  return operation === 'cmpxchg' ? `r0 = ${call}, r0, r${src})` : `r${src} = ${call}, r${src})`;
}

function packetLoadText(view: InstructionView, index: number, code: number): string | undefined {
  if (op.BPF_MODE(code) === op.BPF_ABS) return `r0 = *(${sizeName(code)} *)skb[${view.imm(index)}]`;
  if (op.BPF_MODE(code) !== op.BPF_IND) return undefined;
  return `r0 = *(${sizeName(code)} *)skb[r${view.src(index)} + ${view.imm(index)}]`;
}

function ldImm64Text(view: InstructionView, index: number, options: DisassembleOptions): string | undefined {
  // Cut off in the middle; the kernel never gets so far.
  if (index + 1 >= view.length) return undefined;
  const constant = { src: view.src(index), imm: view.imm(index), upper: view.imm(index + 1) };
  return `r${view.dst(index)} = ${options.immediate?.(constant) ?? `0x${view.imm64(index).toString(16)}`}`;
}

function jumpText(view: InstructionView, index: number, code: number, options: DisassembleOptions): string | undefined {
  if (op.BPF_OP(code) === op.BPF_CALL) return callText(view, index, options);
  const off = signed(view.off(index));
  const dst = view.dst(index);
  switch (code) {
    case op.BPF_JMP | op.BPF_JA:
      return `goto pc${off}`;
    case op.BPF_JMP | op.BPF_JA | op.BPF_X:
      return `gotox r${dst}`;
    case op.BPF_JMP32 | op.BPF_JA:
      return `gotol pc${signed(view.imm(index))}`;
    case op.BPF_JMP | op.BPF_EXIT:
      return 'exit';
    case op.BPF_JMP | op.BPF_JCOND:
      if (view.src(index) === op.BPF_MAY_GOTO) return `may_goto pc${off}`;
  }
  // The kernel gets as far as printing a may_goto of an unknown kind, for which it has no sign.
  const sign = op.BPF_OP(code) === op.BPF_JCOND ? '(null)' : jumpCondition(code)?.sign;
  if (sign === undefined) return undefined;
  const letter = op.BPF_CLASS(code) === op.BPF_JMP32 ? 'w' : 'r';
  const source =
    op.BPF_SRC(code) === op.BPF_X ? `${letter}${view.src(index)}` : `0x${(view.imm(index) >>> 0).toString(16)}`;
  return `if ${letter}${dst} ${sign} ${source} goto pc${off}`;
}

function callText(view: InstructionView, index: number, options: DisassembleOptions): string {
  const imm = view.imm(index);
  // No kernel takes callx, so none prints it; this is clang's spelling.
  if (view.code(index) === (op.BPF_JMP | op.BPF_CALL | op.BPF_X)) return `callx r${view.dst(index)}`;
  switch (view.src(index)) {
    case 0:
      return `call ${options.helperName?.(imm) ?? helperName(imm) ?? 'unknown'}#${imm}`;
    case op.BPF_PSEUDO_CALL:
      return `call ${options.subprogramName?.(index + 1 + imm) ?? `pc${signed(imm)}`}`;
    case op.BPF_PSEUDO_KFUNC_CALL:
      return `call ${options.kfuncName?.(imm, view.off(index)) ?? 'kernel-function'}#${imm}`;
    default:
      return `call unknown#${imm}`;
  }
}

/**
 * The bits of a BPF instruction, under the kernel's names.
 * Facts: RFC 9669, include/uapi/linux/bpf.h and bpf_common.h (Linux 7.2).
 *
 * One slot, little-endian:
 *
 *     byte 0   opcode: class (3 bits), then
 *                alu and jump: source (1 bit), operation (4 bits)
 *                load and store: size (2 bits), mode (3 bits)
 *     byte 1   dst register (low nibble), src register (high nibble)
 *     2..3     off, signed
 *     4..7     imm, signed
 *
 * ld_imm64 has a second slot, of which only imm is used.
 */

/** Bytes of a slot. */
export const BPF_INSN_SIZE = 8;
/** Registers that programs may name are 0 to 10; the last is the frame pointer, read-only. */
export const BPF_REG_10 = 10;
export const MAX_BPF_REG = 11;

// Classes.
export const BPF_LD = 0x00;
export const BPF_LDX = 0x01;
export const BPF_ST = 0x02;
export const BPF_STX = 0x03;
export const BPF_ALU = 0x04;
export const BPF_JMP = 0x05;
export const BPF_JMP32 = 0x06;
export const BPF_ALU64 = 0x07;

// Sizes of loads and stores: 4, 2, 1, 8 bytes.
export const BPF_W = 0x00;
export const BPF_H = 0x08;
export const BPF_B = 0x10;
export const BPF_DW = 0x18;

// Modes of loads and stores.
export const BPF_IMM = 0x00;
export const BPF_ABS = 0x20;
export const BPF_IND = 0x40;
export const BPF_MEM = 0x60;
/** Load with sign extension. */
export const BPF_MEMSX = 0x80;
export const BPF_ATOMIC = 0xc0;

// Sources of the second operand: imm or a register.
export const BPF_K = 0x00;
export const BPF_X = 0x08;

// Operations of the alu classes.
export const BPF_ADD = 0x00;
export const BPF_SUB = 0x10;
export const BPF_MUL = 0x20;
export const BPF_DIV = 0x30;
export const BPF_OR = 0x40;
export const BPF_AND = 0x50;
export const BPF_LSH = 0x60;
export const BPF_RSH = 0x70;
export const BPF_NEG = 0x80;
export const BPF_MOD = 0x90;
export const BPF_XOR = 0xa0;
export const BPF_MOV = 0xb0;
export const BPF_ARSH = 0xc0;
export const BPF_END = 0xd0;

/** Sources of BPF_ALU | BPF_END: to little or to big endian; BPF_ALU64 | BPF_END always swaps. */
export const BPF_TO_LE = 0x00;
export const BPF_TO_BE = 0x08;

/** `off` of a mov between registers of 64 bits that converts a pointer between address spaces. */
export const BPF_ADDR_SPACE_CAST = 1;

// Operations of the jump classes.
export const BPF_JA = 0x00;
export const BPF_JEQ = 0x10;
export const BPF_JGT = 0x20;
export const BPF_JGE = 0x30;
export const BPF_JSET = 0x40;
export const BPF_JNE = 0x50;
export const BPF_JSGT = 0x60;
export const BPF_JSGE = 0x70;
export const BPF_CALL = 0x80;
export const BPF_EXIT = 0x90;
export const BPF_JLT = 0xa0;
export const BPF_JLE = 0xb0;
export const BPF_JSLT = 0xc0;
export const BPF_JSLE = 0xd0;
export const BPF_JCOND = 0xe0;

/** `src` of BPF_JMP | BPF_JCOND. */
export const BPF_MAY_GOTO = 0;

// imm of BPF_STX | BPF_ATOMIC, beside BPF_ADD, BPF_OR, BPF_AND and BPF_XOR.
/** Added to those: the old value goes to src. */
export const BPF_FETCH = 0x01;
export const BPF_XCHG = 0xe1;
export const BPF_CMPXCHG = 0xf1;
export const BPF_LOAD_ACQ = 0x100;
export const BPF_STORE_REL = 0x110;

// src of ld_imm64: what imm stands for.
export const BPF_PSEUDO_MAP_FD = 1;
export const BPF_PSEUDO_MAP_VALUE = 2;
export const BPF_PSEUDO_BTF_ID = 3;
export const BPF_PSEUDO_FUNC = 4;
export const BPF_PSEUDO_MAP_IDX = 5;
export const BPF_PSEUDO_MAP_IDX_VALUE = 6;

// src of BPF_JMP | BPF_CALL, beside 0 for a helper.
export const BPF_PSEUDO_CALL = 1;
export const BPF_PSEUDO_KFUNC_CALL = 2;

// The parts of an opcode.
export const BPF_CLASS = (code: number): number => code & 0x07;
export const BPF_SIZE = (code: number): number => code & 0x18;
export const BPF_MODE = (code: number): number => code & 0xe0;
export const BPF_OP = (code: number): number => code & 0xf0;
export const BPF_SRC = (code: number): number => code & 0x08;

/** The opcode of ld_imm64, the one instruction of two slots. */
export const LD_IMM64 = BPF_LD | BPF_IMM | BPF_DW;

/** Slots of the instruction with that opcode. */
export const slotCount = (code: number): 1 | 2 => (code === LD_IMM64 ? 2 : 1);

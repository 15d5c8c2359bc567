/** Programs about arithmetic and jumps: of each the kernel's states after every instruction are recorded. */
import type { Case, CaseMap } from '../kernel-answers.ts';

export const maps: Readonly<Record<string, CaseMap>> = {
  values: { type: 'array', keySize: 4, valueSize: 64, entries: 1 },
};

/** An unknown number in r6. */
const unknown = 'call bpf_get_prandom_u32\n r6 = r0\n r0 = 0\n';
/** Two, in r6 and r7. */
const unknowns = 'call bpf_get_prandom_u32\n r6 = r0\n call bpf_get_prandom_u32\n r7 = r0\n r0 = 0\n';
/** A pointer to a map's value in r8, which may be NULL. */
const lookUp = '*(u64 *)(r10 -8) = 0\n r2 = r10\n r2 += -8\n r1 = map[values]\n call bpf_map_lookup_elem\n r8 = r0\n';
/** The same, not NULL. */
const value = `${lookUp} if r8 != 0 goto found\n exit\n found:\n`;
const end = '\n r0 = 0\n exit';

const number = (name: string, code: string): Case => ({ name, code: `${unknown}${code}${end}` });
const numbers = (name: string, code: string): Case => ({ name, code: `${unknowns}${code}${end}` });
const packet = (name: string, code: string): Case => ({
  name,
  section: 'xdp',
  code: `r2 = *(u32 *)(r1 +0)\n r3 = *(u32 *)(r1 +4)\n r4 = *(u32 *)(r1 +8)\n r0 = 0\n${code}${end}`,
});

export const stateCases: readonly Case[] = [
  number('a mask bounds an unknown number', 'r6 &= 255'),
  number('ranges are shifted with the number', 'r6 &= 255; r6 <<= 4; r6 >>= 2; r6 <<= 60'),
  number('a shift by 32 keeps the sign of the low half', 'r6 <<= 32; r6 s>>= 32; w6 &= 15; r6 <<= 32; r6 s>>= 33'),
  number('32-bit shifts clear the upper half', 'w6 <<= 3; w6 >>= 1; w6 s>>= 5'),
  numbers('a shift by an unknown amount gives anything', 'r6 &= 15; r6 <<= r7; w7 &= 7; w7 >>= w6'),
  number('sums of ranges', 'r6 &= 255; r6 += 100; r6 -= 200; w6 += -56; r6 += 0x7fffffff'),
  numbers('sums that may wrap', 'r6 += r7; w6 += w7; r7 &= 7; r6 -= r7; r7 -= r6'),
  number('products of ranges', 'r6 &= 15; r6 *= 10; r6 *= -3; w6 *= 7'),
  numbers('products that may not fit', 'r6 *= r7; r7 &= 0xffff; r7 *= r7; r7 *= r7; r7 *= r7'),
  number('divisions give anything', 'r6 &= 255; r7 = r6; r6 /= 3; r7 %= 16; r8 = 12; r8 /= 4; r9 = 12; r9 s%= 5'),
  numbers(
    'bitwise operations',
    'r6 &= 12; r7 &= 10; r8 = r6; r8 |= r7; r9 = r6; r9 ^= r7; r6 &= r7; r6 |= -16; w6 ^= 5',
  ),
  number('negation turns a range around', 'r6 &= 255; r6 = -r6; w6 = -w6; r7 = -8; r7 = -r7'),
  number('a negated unknown number', 'r6 = -r6; w6 &= 1; w6 = -w6'),
  number(
    'sign extension of known ranges',
    'r6 &= 127; r7 = s8 r6; r6 &= 255; r7 = s8 r6; r7 = s16 r6; w8 = s8 w6; w8 = s16 w6',
  ),
  number('sign extension of unknown numbers', 'r7 = s8 r6; r7 = s16 r6; r7 = s32 r6; w7 = s8 w6; w7 = s16 w6'),
  number('sign extension of constants', 'r7 = 200; r8 = s8 r7; w8 = s8 w7; r7 = -1; r8 = s32 r7; r8 = s16 r7'),
  number('moves of the low half', 'w7 = w6; r6 &= 0xff; w7 = w6; w8 = -1; r8 = -1; w9 = w8'),
  number('a mask made of a sign is walked twice', 'r6 s>>= 63; r6 &= 5'),
  number('the low half of a sign is walked twice too', 'w6 s>>= 31; w6 |= 8'),
  number(
    'copies share an id and what is found out',
    'r7 = r6; r8 = r6; if r7 > 10 goto out; r8 += r6; out:; r7 += r8; r7 += r6',
  ),
  number(
    'constant distances are kept',
    'r7 = r6; r7 += 5; r8 = r6; r8 -= 3; if r7 > 100 goto out; r9 = r6; r9 = r8; out:; r7 += r8; r7 += r6',
  ),
  number('a second distance is one too many', 'r7 = r6; r7 += 5; r7 += 5; r8 = r6; r8 += 0x7fffffff; r9 = r8; r9 += 1'),
  number(
    'distances of 32 bits do not mix with those of 64',
    'w6 = w6; r7 = r6; w7 += 5; r8 = r6; r8 += 7; if r7 > 100 goto out; r6 += r8; out:; r7 += r8; r7 += r6',
  ),
  number(
    'a distance that wraps in 32 bits',
    'w6 = w6; r7 = r6; w7 -= 5; r8 = r6; if r8 > 100 goto out; r6 += r7; out:; r7 += r8; r7 += r6',
  ),
  number(
    'more than six of an id are not followed',
    'r0 = r6; r1 = r6; r2 = r6; r3 = r6; r4 = r6; r5 = r6; r7 = r6; if r0 > 9 goto out; r0 += r1; r0 += r2; r0 += r3; r0 += r4; r0 += r5; r0 += r6; r0 += r7; out:',
  ),
  number('spilled copies follow', '*(u64 *)(r10 -8) = r6; if r6 > 9 goto out; r7 = *(u64 *)(r10 -8); out:; r6 += 0'),
  number('a dead copy does not follow', 'r7 = r6; if r6 > 9 goto out; r6 += 0; out:'),
  number(
    'unsigned comparisons',
    'if r6 > 10 goto out; if r6 >= 10 goto out; if r6 < 2 goto out; if r6 <= 2 goto out; r6 += 0; out:; r6 += 0',
  ),
  number(
    'signed comparisons',
    'if r6 s> 10 goto out; if r6 s>= 10 goto out; if r6 s< -2 goto out; if r6 s<= -2 goto out; r6 += 0; out:; r6 += 0',
  ),
  number('comparisons of the low half', 'if w6 > 10 goto out; if w6 s< 3 goto out; r6 += 0; out:; r6 += 0'),
  number(
    'the low half narrows the whole',
    'if r6 > 0x1000 goto out; if w6 s> 12 goto out; if w6 < 3 goto out; r6 += 0; out:; r6 += 0',
  ),
  numbers(
    'comparisons of two unknown numbers',
    'r7 &= 255; if r6 < r7 goto out; if r6 s> r7 goto out; r6 += r7; out:; r6 += r7',
  ),
  numbers('equality makes two numbers one', 'r6 &= 12; r7 &= 10; if r6 != r7 goto out; r6 += r7; out:; r6 += r7'),
  number(
    'inequality takes the ends of a range',
    'r6 &= 3; if r6 == 0 goto out; if r6 == 3 goto out; if w6 == 1 goto out; r6 += 0; out:; r6 += 0',
  ),
  number('tests of bits', 'if r6 & 1 goto odd; if r6 & 6 goto out; r6 += 0; odd:; r6 += 0; out:; r6 += 0'),
  number('tests of bits of the low half', 'r6 &= 15; if w6 & 8 goto out; if w6 & -12 goto out; r6 += 0; out:; r6 += 0'),
  number(
    'comparisons that are decided',
    'r6 &= 7; if r6 > 8 goto out; if r6 < 8 goto on; r6 = 1; on:; if r6 & 8 goto out; if w6 s>= 0 goto out; r6 = 2; out:; r6 += 0',
  ),
  number(
    'bits decide where ranges cannot',
    'r6 &= 6; if r6 == 5 goto out; r7 = r6; r7 |= 1; if r7 == r6 goto out; r6 += 0; out:; r6 += 0',
  ),
  number(
    'a number compared with itself',
    'r6 &= 15; if r6 < r6 goto out; if r6 == r6 goto out; r6 += 0; out:; r6 += 0',
  ),
  number('a range of one value is a constant', 'if r6 > 5 goto out; if r6 < 5 goto out; r6 += 1; out:; r6 += 0'),
  number(
    'bits and a range with one value in common',
    'r6 &= 0xf0; if r6 > 40 goto out; if r6 < 20 goto out; r6 += 1; out:; r6 += 0',
  ),
  number(
    'a signed range across zero against an unsigned one',
    'if r6 s> 10 goto out; if r6 s< -10 goto out; if r6 > 100 goto out; r6 += 0; out:; r6 += 0',
  ),
  number(
    'a 32-bit signed range across zero against an unsigned one',
    'if w6 s> 10 goto out; if w6 s< -10 goto out; if w6 > 100 goto out; r6 += 0; out:; r6 += 0',
  ),
  {
    name: 'the stack pointer moves',
    code: `${unknown} r6 &= 7; r1 = r10; r1 += -16; r1 += r6; r2 = -8; r2 += r10; r3 = r10; r3 -= r10${end}`,
  },
  {
    name: 'a map value moves',
    code: `${value} call bpf_get_prandom_u32; r0 &= 31; r1 = r8; r1 += 8; r1 += r0; r1 -= 4; r2 = r8; r2 -= r0; w3 = w8${end}`,
  },
  {
    name: 'both ways of a test for NULL',
    code: `${lookUp} r9 = r8; *(u64 *)(r10 -16) = r8; if r8 == 0 goto out; r1 = *(u64 *)(r10 -16); r9 += 1; out:; r9 += 0${end}`,
  },
  {
    name: 'a pointer equal to one that is not NULL is not either',
    code: `${lookUp} if r8 == r10 goto out; r8 = 0; out:; r8 += 0${end}`,
  },
  {
    name: 'a good pointer is not 0',
    code: `${value} if r8 == 0 goto out; if r8 != 0 goto out; r8 = 0; out:; r8 += 0${end}`,
  },
  packet(
    'the packet up to a pointer that is not behind its end',
    'r5 = r2; r5 += 14; if r5 > r3 goto out; r1 = *(u8 *)(r2 +13); if r5 > r3 goto out; r2 += 1; out:; r2 += 0; r5 += 0',
  ),
  packet(
    'the packet before a pointer that is before its end',
    'r5 = r2; r5 += 14; if r5 >= r3 goto out; r2 += 1; out:; r2 += 0; r5 += 0',
  ),
  packet(
    'the same with the operands exchanged',
    'r5 = r2; r5 += 14; if r3 < r5 goto out; r2 += 1; out:; r2 += 0; r5 += 0',
  ),
  packet(
    'the same where the jump is taken',
    'r5 = r2; r5 += 14; if r5 <= r3 goto out; r2 += 1; out:; r2 += 0; r5 += 0',
  ),
  packet(
    'metadata ends where the packet begins',
    'r5 = r4; r5 += 4; if r5 > r2 goto out; r1 = *(u32 *)(r4 +0); out:; r4 += 0; r5 += 0',
  ),
  packet(
    'an unknown offset makes a new packet pointer',
    'r5 = *(u8 *)(r10 -1); r6 = r2; r6 += r5; r7 = r6; r7 += 8; if r7 > r3 goto out; r1 = *(u64 *)(r6 +0); out:; r6 -= 2',
  ),
];

const refused = (name: string, code: string): Case => ({ name, code: `${unknown}${code}${end}` });
const wrongValue = (name: string, code: string): Case => ({
  name,
  code: `${value} call bpf_get_prandom_u32\n${code}${end}`,
});

export const answerCases: readonly Case[] = [
  refused('a register that was never written may not be read', 'r6 += r9'),
  refused('nor be compared', 'if r9 > 1 goto out; out:'),
  refused('the frame pointer may not be written', 'r10 = 1'),
  refused('nor be moved', 'r10 += 8'),
  refused('constants are not divided by 0', 'r6 /= 0'),
  refused('nor reduced by it', 'w6 %= 0'),
  refused('shifts are less than 64', 'r6 <<= 64'),
  refused('shifts of the low half are less than 32', 'w6 >>= 32'),
  refused('an unknown amount may be shifted by', 'r6 <<= r6'),
  refused('the stack pointer is not subtracted from', 'r1 = r10; r1 -= 8'),
  refused('a constant may be added to it', 'r1 = r10; r1 += -8'),
  refused('a pointer is not subtracted from a number', 'r6 &= 7; r6 -= r10'),
  refused('pointers are not added up', 'r1 = r10; r1 += r10'),
  refused('but their distance may be had', 'r1 = r10; r1 -= r10'),
  refused('pointers are not moved in 32 bits', 'w1 = w10; r1 = r10; w1 += 8'),
  refused('pointers are not masked', 'r1 = r10; r1 &= -8'),
  refused('pointers are not multiplied', 'r1 = r10; r1 *= 2'),
  refused('an unbounded number moves no pointer', 'r1 = r10; r1 += r6'),
  refused('nor does one that is too large', 'r1 = r10; r1 += 0x20000000'),
  refused('nor one that may be too small', 'r6 = s32 r6; if r6 s> 0 goto out; r1 = r10; r1 += r6; out:'),
  refused('a bounded one does', 'r6 &= 7; r1 = r10; r1 += r6'),
  refused('the fixed part of an offset may not grow too far', 'r1 = r10; r1 += 0x1fffffff; r1 += 0x1fffffff'),
  refused('a map is not moved', 'r1 = map[values]; r1 += 8'),
  refused('but 0 may be added', 'r1 = map[values]; r1 += 0'),
  { name: 'a pointer that may be NULL is not moved', code: `${lookUp} r8 += 4${end}` },
  { name: 'after a test it is', code: `${value} r8 += 4; r1 = *(u32 *)(r8 +0)${end}` },
  {
    name: 'the test of a copy is as good',
    code: `${lookUp} r7 = r8; if r7 == 0 goto out; r1 = *(u32 *)(r8 +0); out:${end}`,
  },
  {
    name: 'a test of the low half proves nothing',
    code: `${lookUp} if w8 == 0 goto out; r1 = *(u32 *)(r8 +0); out:${end}`,
  },
  {
    name: 'in the branch where it is NULL it is no pointer',
    code: `${lookUp} if r8 != 0 goto out; r1 = *(u32 *)(r8 +0); out:${end}`,
  },
  wrongValue('a masked index stays within a value', 'r0 &= 60; r8 += r0; r1 = *(u32 *)(r8 +0)'),
  wrongValue('one that reaches beyond it does not', 'r0 &= 63; r8 += r0; r1 = *(u32 *)(r8 +0)'),
  wrongValue('a compared index stays within', 'if r0 > 60 goto out; r8 += r0; r1 = *(u32 *)(r8 +0); out:'),
  wrongValue('a signed comparison leaves it open below', 'if r0 s> 60 goto out; r8 += r0; r1 = *(u32 *)(r8 +0); out:'),
  wrongValue(
    'a comparison of the low half says nothing of the upper',
    'if w0 > 60 goto out; r8 += r0; r1 = *(u32 *)(r8 +0); out:',
  ),
  wrongValue('until that is cleared', 'w0 = w0; if w0 > 60 goto out; r8 += r0; r1 = *(u32 *)(r8 +0); out:'),
  wrongValue(
    'a copy of the index is bounded with it',
    'r1 = r0; if r1 > 60 goto out; r8 += r0; r1 = *(u32 *)(r8 +0); out:',
  ),
  wrongValue(
    'a copy at a distance is too',
    'r1 = r0; r1 += 4; if r0 > 56 goto out; r8 += r1; r1 = *(u32 *)(r8 +0); out:',
  ),
  wrongValue('at its distance', 'r1 = r0; r1 += 8; if r0 > 56 goto out; r8 += r1; r1 = *(u32 *)(r8 +0); out:'),
  wrongValue(
    'a sign-extended index may be negative',
    'r0 &= 255; r0 = s8 r0; if r0 s> 60 goto out; r8 += r0; r1 = *(u32 *)(r8 +0); out:',
  ),
  packet(
    'a packet is read where it was compared',
    'r5 = r2; r5 += 14; if r5 > r3 goto out; r1 = *(u8 *)(r2 +13); out:',
  ),
  packet('not a byte beyond', 'r5 = r2; r5 += 14; if r5 > r3 goto out; r1 = *(u8 *)(r2 +14); out:'),
  packet('nor on the other way', 'r5 = r2; r5 += 14; if r5 <= r3 goto out; r1 = *(u8 *)(r2 +0); out:'),
  packet('the end of the packet is not moved', 'r3 += 1'),
  packet(
    '32-bit comparisons of packet pointers prove nothing',
    'r5 = r2; r5 += 14; if w5 > w3 goto out; r1 = *(u8 *)(r2 +0); out:',
  ),
];

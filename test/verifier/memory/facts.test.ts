/** What is noted for the compiler about loads: which give pointers, and which have to be tested at run time. */
import { describe, expect, test } from 'vitest';
import { type Case, type CaseMap, factsOf, isProfiledKernel } from '../kernel-answers.ts';

const MAPS: Readonly<Record<string, CaseMap>> = {
  values: { type: 'array', keySize: 4, valueSize: 64, entries: 1 },
};

const noted = (facts: Uint8Array): number[] =>
  [...facts.entries()].flatMap(([insn, fact]) => (fact === 1 ? [insn] : []));

test('loads of the context that give pointers', () => {
  const code = 'r2 = *(u32 *)(r1 +0); r3 = *(u32 *)(r1 +12); r4 = *(u32 *)(r1 +4); r0 = 0; exit';
  const facts = factsOf({ name: 'data and data_end', section: 'xdp', code }, MAPS);
  expect(noted(facts.loadsPointer)).toEqual([0, 2]);
  expect(noted(facts.untrusted)).toEqual([]);
});

// Kfuncs have their ids from the kernel's BTF.
describe.skipIf(!isProfiledKernel)('with the BTF of the profiled kernel', () => {
  const CAST = 'r1 = 0; r2 = 0; call kfunc bpf_rdonly_cast';
  const VALUE = 'r0 = value[values] +0';
  const cases: readonly (Pick<Case, 'code'> & { readonly what: string; readonly untrusted: readonly number[] })[] = [
    { what: 'through a cast', code: `${CAST}; r0 = *(u64 *)(r0 +8); r0 = 0; exit`, untrusted: [3] },
    { what: "in a map's value", code: `${VALUE}; r0 = *(u64 *)(r0 +8); exit`, untrusted: [] },
    {
      what: 'through either, the value first',
      code: `r6 = *(u32 *)(r1 +12); if r6 == 0 goto cast; ${VALUE}; goto load; cast:; ${CAST}; load:; r0 = *(u64 *)(r0 +8)
             r0 = 0; exit`,
      untrusted: [8],
    },
    {
      what: 'through either, the cast first',
      code: `r6 = *(u32 *)(r1 +12); if r6 == 0 goto value; ${CAST}; goto load; value:; ${VALUE}; load:; r0 = *(u64 *)(r0 +8)
             r0 = 0; exit`,
      untrusted: [8],
    },
  ];
  test.each(cases)('a load $what', ({ what, code, untrusted }) => {
    expect(noted(factsOf({ name: what, section: 'xdp', code }, MAPS).untrusted)).toEqual(untrusted);
  });
});

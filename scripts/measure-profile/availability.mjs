/** Part `helper-availability`: which helpers programs of each kind may call. */
import { helperName, lastHelperId } from '../../dist/uapi/index.js';
import { callHelper, exit, tryLoad } from './ask.mjs';
import { array, cell, comment, literal, object } from './emit.mjs';
import { keysByValue } from './keys.mjs';
import { goodReturn, kinds } from './kinds.mjs';

const refused = /^program of this type cannot use helper |^unknown func |^invalid func /;

/** A call with nothing in the registers: whatever is wrong with it besides, the kind is asked about first. */
const mayCall = (kind, id) => !refused.test(tryLoad(kind, [callHelper(id), goodReturn(kind), exit]).message);

/** Every set as the difference from the nearest of those before it, beginning with what all have. */
function asDifferences(sets) {
  const large = sets.map(({ names }) => names).filter((names) => names.size > 10);
  const every = new Set([...large[0]].filter((name) => large.every((names) => names.has(name))));
  const rows = [{ programs: ['every'], names: every, plus: [...every], minus: [] }];
  for (const { programs, names } of sets) {
    const candidates = rows.map((row) => ({
      like: row.programs[0],
      plus: [...names].filter((name) => !row.names.has(name)),
      minus: [...row.names].filter((name) => !names.has(name)),
    }));
    const cost = ({ plus, minus }) => plus.length + 2 * minus.length;
    const nearest = candidates.reduce((best, candidate) => (cost(candidate) < cost(best) ? candidate : best));
    const alone = { like: undefined, plus: [...names], minus: [] };
    rows.push({ programs, names, ...(cost(nearest) < cost(alone) ? nearest : alone) });
  }
  return rows;
}

const words = (names) => (names.length === 0 ? undefined : cell(names));

export function measureHelperAvailability() {
  const measured = kinds.map((kind) => {
    const names = [];
    for (let id = 1; id <= lastHelperId; id++) {
      if (mayCall(kind, id)) names.push(helperName(id).replace(/^bpf_/, ''));
    }
    return { kind, value: names.join(' ') };
  });
  const sets = [...keysByValue(measured)].map(([value, programs]) => ({
    programs,
    names: new Set(value.match(/\S+/g) ?? []),
  }));
  sets.sort((a, b) => a.names.size - b.names.size);
  const rows = asDifferences(sets).map(({ programs, like, plus, minus }) =>
    object({ programs: cell(programs), like: like && literal(like), plus: words(plus), minus: words(minus) }),
  );
  return (kernel) =>
    comment([
      'Which helpers programs of each kind may call.',
      '',
      `Measured on ${kernel} by scripts/measure-profile.mjs: each kind of program that the kernel loads calls each helper;`,
      '`program of this type cannot use helper` is a no. Left out: what else a call needs (licence, sleepability, arguments),',
      'kinds that the measuring machine does not load (trampolines.ts), and helpers that lockdown hides there (lockdown.ts).',
      'Names are without `bpf_`; the row `every` is what all kinds with more than a few helpers have.',
    ]) +
    `import type { AvailabilityRow } from '../availability.ts';\n\nexport const helperAvailability: readonly AvailabilityRow[] = ${array(rows)};\n`;
}

import { expect, test } from 'vitest';
import { definedFunctions, findFunction, functionsOfCompiler } from '../../src/embedded/functions.ts';
import { unsupportedFunctions } from '../../src/embedded/unsupported.ts';
import { helperName } from '../../src/uapi/index.ts';
import { helperPrototypes } from '../../src/verifier/profile/linux-6.18/helpers.ts';
import { kfuncs } from '../../src/verifier/profile/linux-6.18/kfuncs.ts';

const helpers = [...helperPrototypes().keys()].map((id) => helperName(id) ?? '');
const every = new Set([...helpers, ...kfuncs.keys()]);

test('no function is defined twice', () => {
  const names = [...definedFunctions()].map(({ name }) => name);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

test('only what Linux 6.18 has is defined, or said not to be supported', () => {
  const names = [...[...definedFunctions()].map(({ name }) => name), ...unsupportedFunctions()];
  expect(names.filter((name) => !every.has(name))).toEqual([]);
});

test('what is defined is not said to be unsupported', () => {
  const isDefined = (name: string) => findFunction(name) !== undefined || functionsOfCompiler.has(name);
  expect([...unsupportedFunctions()].filter(isDefined)).toEqual([]);
});

test('functions take no more than five registers', () => {
  const long = [...definedFunctions()].filter(({ signature }) => signature.parameters.length > 5);
  expect(long).toEqual([]);
});

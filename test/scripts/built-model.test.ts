import { expect, it } from 'vitest';
import { btfOf, modelParts } from '../../src/embedded/model/index.ts';

it('the built package has the BTF that the model makes', async () => {
  const built = '../../dist/embedded/model/built-btf.js';
  const { builtBtf } = (await import(built)) as typeof import('../../src/embedded/model/built-btf.ts');
  expect(builtBtf()).toEqual(btfOf(modelParts));
});

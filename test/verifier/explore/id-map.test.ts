import { beforeEach, describe, expect, it } from 'vitest';
import { idsMatch, resetIdMap, scalarIdsMatch } from '../../../src/verifier/explore/id-map.ts';

describe('ids of two states', () => {
  beforeEach(resetIdMap);

  it('may differ, but one always stands for the same other', () => {
    expect(idsMatch(1, 7)).toBe(true);
    expect(idsMatch(1, 7)).toBe(true);
    expect(idsMatch(1, 8)).toBe(false);
  });

  it('may not be joined', () => {
    expect(idsMatch(1, 7)).toBe(true);
    expect(idsMatch(2, 7)).toBe(false);
  });

  it.each([
    [0, 0, true],
    [0, 1, false],
    [1, 0, false],
  ])('must both be none or neither: %i and %i', (old, current, expected) => {
    expect(idsMatch(old, current)).toBe(expected);
  });

  it('are forgotten between comparisons', () => {
    idsMatch(1, 7);
    resetIdMap();
    expect(idsMatch(1, 8)).toBe(true);
  });

  it('let unlinked scalars meet linked ones, of which more is known', () => {
    expect(scalarIdsMatch(0, 5)).toBe(true);
    expect(scalarIdsMatch(0, 5)).toBe(true);
  });

  it('do not let a link of the saved state meet scalars that are not linked', () => {
    expect(scalarIdsMatch(5, 0)).toBe(true);
    expect(scalarIdsMatch(5, 0)).toBe(false);
  });
});

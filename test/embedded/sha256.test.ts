import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { sha256 } from '../../src/embedded/sha256.ts';

it.each([0, 1, 55, 56, 63, 64, 65, 1000])('digests %i bytes as others do', (length) => {
  const bytes = Uint8Array.from({ length }, (_, index) => index * 7);
  expect(Buffer.from(sha256(bytes)).toString('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
});

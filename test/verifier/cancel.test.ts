import { expect, test } from 'vitest';
import { Cancelled, verifyAsync } from '../../src/verifier/index.ts';
import { longProgram, profile } from './kernel-answers.ts';

test('a run that takes long can be cancelled while it runs', async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 0);
  await expect(verifyAsync(longProgram(), profile, { signal: controller.signal })).rejects.toThrow(Cancelled);
});

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { objectsSource, openEmbeddedKernel } from '../../../src/embedded/index.ts';
import { openObject } from '../../../src/index.ts';

it('a program that reads what the model lacks is refused by the name of the field, with advice', async () => {
  const path = new URL('fixtures/missing_field.bpf.o', import.meta.url);
  const object = openObject(readFileSync(path), { name: 'missing_field' });
  using kernel = openEmbeddedKernel({ source: objectsSource({ tasks: [{ pid: 1 }] }) });
  await expect(kernel.load(object)).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringMatching(
      /struct task_struct of vmlinux has no member 'stack'; use --kernel host \(EINVAL\)$/,
    ),
    explanation: expect.stringContaining('docs/model.md'),
  });
});

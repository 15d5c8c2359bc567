import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { objectsSource, openEmbeddedKernel } from '../../../src/embedded/index.ts';
import { openObject } from '../../../src/index.ts';

it('a program that reads what the model lacks is refused by the name of the field, with advice', async () => {
  const path = new URL('../../../programs/task_and_files.bpf.o', import.meta.url);
  const object = openObject(readFileSync(path), { name: 'task_and_files' });
  using kernel = openEmbeddedKernel({ source: objectsSource({ tasks: [{ pid: 1 }] }) });
  await expect(kernel.load(object)).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringMatching(
      /struct file_operations of vmlinux has no member 'read_iter'; use --kernel host \(EINVAL\)$/,
    ),
    explanation: expect.stringContaining('docs/model.md'),
  });
});

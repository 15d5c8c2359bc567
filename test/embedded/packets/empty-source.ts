/** A source without objects, for kernels whose programs look at none. */
import type { Source } from '../../../src/embedded/sources/source.ts';
import { FakeObjects } from '../fake-objects.ts';

export const emptySource: Source = {
  name: 'nothing',
  open: (memory) => new FakeObjects(memory),
};

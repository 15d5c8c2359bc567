/** The open-coded iterators of the embedded kernel, one file a family: what `bpf_iter_*_{new,next,destroy}` do. */
import type { FunctionDefinition } from '../helpers/definition.ts';
import { bitsIterator } from './bits.ts';
import { cssIterator } from './css.ts';
import { cssTaskIterator } from './css-task.ts';
import { dmabufIterator, kmemCacheIterator } from './lists.ts';
import { numIterator } from './num.ts';
import { taskIterator } from './task.ts';
import { taskVmaIterator } from './task-vma.ts';

export const openCodedIterators: readonly FunctionDefinition[] = [
  ...numIterator,
  ...bitsIterator,
  ...taskIterator,
  ...taskVmaIterator,
  ...cssIterator,
  ...cssTaskIterator,
  ...kmemCacheIterator,
  ...dmabufIterator,
];

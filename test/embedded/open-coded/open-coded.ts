/** Calls open-coded iterators as compiled code does, over memory alone. */
import type { FunctionDefinition } from '../../../src/embedded/helpers/definition.ts';
import type { KernelMemory } from '../../../src/embedded/memory/kernel-memory.ts';
import type { Runtime } from '../../../src/embedded/runtime.ts';

export interface Trio {
  create(it: number, ...words: number[]): number;
  next(it: number): number;
  destroy(it: number): void;
}

/** @param parts what of the runtime there is beside memory; the functions must use no more */
export function trioOf(
  definitions: readonly FunctionDefinition[],
  memory: KernelMemory,
  parts: Partial<Runtime> = {},
): Trio {
  const runtime = { memory, ...parts } as Runtime;
  const [create, next, destroy] = ['new', 'next', 'destroy'].map((part) => {
    const found = definitions.find(({ name }) => name.endsWith(`_${part}`));
    if (found === undefined) throw new Error(`no ${part}`);
    return found.make(runtime);
  });
  if (create === undefined || next === undefined || destroy === undefined) throw new Error('not three functions');
  return { create, next, destroy };
}

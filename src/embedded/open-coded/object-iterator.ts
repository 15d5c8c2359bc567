/** The three functions of an open-coded iterator over objects, of which only new differs between families. */
import { type FunctionDefinition, signature } from '../helpers/definition.ts';
import type { Runtime } from '../runtime.ts';
import type { Cursor } from '../sources/source.ts';
import { advance, begin, end } from './cursors.ts';

/** A cursor, or a negative errno: then the iterator is empty. */
export type Opened = Cursor | number;

/**
 * @param family as in `bpf_for_each(<family>, ...)`
 * @param parameters of new after the iterator, in the notation of signature()
 * @param open makes what new makes for one kernel; its arguments are those parameters
 */
export function objectIterator(
  family: string,
  parameters: string,
  open: (runtime: Runtime) => (...words: number[]) => Opened,
): readonly FunctionDefinition[] {
  return [
    {
      name: `bpf_iter_${family}_new`,
      signature: signature(`p ${parameters} -> s`),
      make(runtime) {
        const opener = open(runtime);
        return (it: number, ...words: number[]) => {
          const opened = opener(...words);
          begin(runtime, it, typeof opened === 'number' ? undefined : opened);
          return typeof opened === 'number' ? opened : 0;
        };
      },
    },
    {
      name: `bpf_iter_${family}_next`,
      signature: signature('p -> p'),
      make: (runtime) => (it: number) => advance(runtime, it),
    },
    {
      name: `bpf_iter_${family}_destroy`,
      signature: signature('p -> v'),
      make: (runtime) => (it: number) => end(runtime, it),
    },
  ];
}

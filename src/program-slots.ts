/** Which programs a program array holds from the beginning, as its declaration in the object says. */
import { BpfiterError } from './errors.ts';
import type { LoadOptions, Program } from './kernel.ts';
import type { LinkedMap, LinkedProgram } from './object/index.ts';
import { BPF_MAP_TYPE_PROG_ARRAY } from './uapi/index.ts';

/**
 * The filled slots of a map; none of a map that is no program array. A program that the caller chose not to load leaves
 * its slot empty.
 * @throws BpfiterError `usage` for a program that the object itself does not load
 */
export function* programSlots<P extends Program>(
  map: LinkedMap,
  programs: ReadonlyMap<LinkedProgram['program'], P>,
  { programs: chosen }: LoadOptions,
): Generator<readonly [index: number, program: P]> {
  if (map.type !== BPF_MAP_TYPE_PROG_ARRAY) return;
  for (const [index, slot] of map.slots.entries()) {
    if (slot === undefined || !('program' in slot)) continue;
    const program = programs.get(slot.program);
    if (program !== undefined) yield [index, program];
    else if (chosen === undefined) {
      const { name } = slot.program;
      throw new BpfiterError('usage', `slot ${index} of map '${map.name}': program '${name}' is not loaded`);
    }
  }
}

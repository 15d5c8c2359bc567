/**
 * The last of linking: descriptors of maps and modules into the instructions that refer to them.
 */
import { BpfiterError } from '../errors.ts';
import { BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE, InstructionView } from '../isa/index.ts';
import type { LinkedMap, LinkedProgram } from '../object/index.ts';

/** @returns a copy of the program's instructions */
export function withReferences(
  { program, insns, mapReferences, moduleReferences }: LinkedProgram,
  mapFd: (map: LinkedMap) => number | undefined,
  moduleFd: (module: string) => number,
): Uint8Array {
  const view = new InstructionView(insns.slice());
  for (const { insn, map, kind, offset } of mapReferences) {
    const fd = mapFd(map);
    if (fd === undefined) {
      throw new BpfiterError('usage', `program '${program.name}' uses map '${map.name}', which is not created`);
    }
    view.setSrc(insn, kind === 'map' ? BPF_PSEUDO_MAP_FD : BPF_PSEUDO_MAP_VALUE);
    view.setImm(insn, fd);
    view.setImm(insn + 1, offset);
  }
  for (const { insn, module } of moduleReferences) view.setImm(insn + 1, moduleFd(module));
  return view.bytes;
}

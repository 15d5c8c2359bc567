/**
 * Objects with something wrong, made from a good one by writing over a name in its string tables: the names are as
 * long as before, so that nothing moves.
 */
import { readFileSync } from 'node:fs';
import { buildObject, dataSection, text } from '../object/build-object.ts';
import { program, scratchFile } from './bpfiter.ts';

const good = readFileSync(program('task'));

/** programs/task.bpf.o with every name that ends with `from` ending with `to`. @returns the path */
function renamed(file: string, ...changes: readonly (readonly [from: string, to: string])[]): string {
  let bytes = good.toString('latin1');
  for (const [from, to] of changes) {
    if (from.length !== to.length || !bytes.includes(`${from}\0`)) throw new Error(`cannot turn ${from} into ${to}`);
    bytes = bytes.replaceAll(`${from}\0`, `${to}\0`);
  }
  return scratchFile(file, Buffer.from(bytes, 'latin1'));
}

/** As programs/task.bpf.o, its program and its data under a name of its own, to be found in lists of the kernel. */
export const renamedTask = (name: string): string => renamed(`${name}.bpf.o`, ['dump_task', name]);

export const bad = {
  empty: scratchFile('empty.bpf.o', ''),
  text: scratchFile('text.bpf.o', 'SEC("iter/task")\n'),
  truncated: scratchFile('truncated.bpf.o', good.subarray(0, 3000)),
  /** For x86-64: e_machine is 62. */
  otherMachine: scratchFile(
    'other-machine.bpf.o',
    Buffer.concat([good.subarray(0, 18), Buffer.of(62, 0), good.subarray(20)]),
  ),
  withoutBtf: renamed('without-btf.bpf.o', ['.BTF', '.XTF'], ['.BTF.ext', '.XTF.ext']),
  withoutPrograms: scratchFile(
    'without-programs.bpf.o',
    buildObject({ sections: [dataSection('license', text('GPL\0'))] }),
  ),
  unknownSection: renamed('unknown-section.bpf.o', ['iter/task', 'itre/task']),
  unknownTarget: renamed('unknown-target.bpf.o', ['iter/task', 'iter/tusk']),
  missingField: renamed('missing-field.bpf.o', ['real_parent', 'real_perant']),
  /** GPL-only helpers in a program that is not under it. */
  proprietary: renamed('proprietary.bpf.o', ['Dual MIT/GPL', 'Proprietary!']),
};

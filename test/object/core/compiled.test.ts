/**
 * The fixtures core_local.bpf.o and core_target.bpf.o are the same programs compiled for two layouts of the same
 * types: a program of the first, relocated onto the types of the second, is the program of the second.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Btf, parseBtfExt } from '../../../src/btf/index.ts';
import { readElf } from '../../../src/elf/index.ts';
import { disassemble, InstructionView } from '../../../src/isa/index.ts';
import { CoreTargets, relocateProgram } from '../../../src/object/core/index.ts';

function read(name: string) {
  const elf = readElf(readFileSync(new URL(`../fixtures/${name}`, import.meta.url)));
  const section = (wanted: string) => {
    const found = elf.section(wanted);
    if (found === undefined) throw new Error(`${name} has no section ${wanted}`);
    return found.data;
  };
  const btf = Btf.parse(section('.BTF'), { name });
  return { btf, ext: parseBtfExt(section('.BTF.ext'), btf), section };
}

/** One line a slot, so that a difference can be read. */
function listing(insns: Uint8Array): readonly string[] {
  const view = new InstructionView(insns);
  const lines: string[] = [];
  for (let at = 0; at < view.length; at += view.slots(at)) lines.push(`${at}: ${disassemble(view, at)}`);
  return lines;
}

const local = read('core_local.bpf.o');
const target = read('core_target.bpf.o');
const sections = local.ext.coreRelocations.map(({ section }) => section);

test('the fixtures ask something of every kind', () => {
  const kinds = local.ext.coreRelocations.flatMap(({ records }) => records.map(({ kind }) => kind));
  expect([...new Set(kinds)].filter((kind) => kind !== 6).sort((a, b) => a - b)).toEqual([
    0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12,
  ]);
});

describe('a program relocated is the program compiled for those types', () => {
  test.each(sections)('%s', (section) => {
    const insns = local.section(section).slice();
    const records = local.ext.coreRelocations.find((entry) => entry.section === section)?.records ?? [];
    const relocations = records.map(({ insnOffset, typeId, accessString, kind }) => ({
      insn: insnOffset / 8,
      typeId,
      access: accessString,
      kind,
    }));
    const outcomes = relocateProgram(
      insns,
      { name: section },
      relocations,
      local.btf,
      new CoreTargets(target.btf, () => []),
    );
    expect(new Set(outcomes.map(({ result }) => result))).toEqual(new Set(['resolved']));
    expect(insns).not.toEqual(local.section(section));
    expect(listing(insns)).toEqual(listing(target.section(section)));
    expect(insns).toEqual(target.section(section));
  });
});

import { describe, expect, it } from 'vitest';
import { Btf, BtfBuilder } from '../../src/btf/index.ts';
import { InstructionView } from '../../src/isa/index.ts';
import { type LinkedProgram, type LinkTarget, link } from '../../src/object/index.ts';
import { openFixture } from './fixture.ts';
import { type KernelOptions, kernel, kernelBtf } from './kernel.ts';
import { linkOne, programText } from './program-text.ts';

const symbols = { schedule: 0xffffffff81234567n };
const link1 = (options: KernelOptions = {}): LinkedProgram =>
  linkOne(openFixture('externs'), 'look', kernel({ symbols, ...options }));

/** The ld_imm64 that do not load maps, as source register and constant. */
function constants({ insns, mapReferences }: LinkedProgram): (readonly [number, bigint])[] {
  const view = new InstructionView(insns);
  const maps = new Set(mapReferences.map(({ insn }) => insn));
  const found: (readonly [number, bigint])[] = [];
  for (let at = 0; at < view.length; at += view.slots(at))
    if (view.isLdImm64(at) && !maps.has(at)) found.push([view.src(at), view.imm64(at)]);
  return found;
}

describe('kernel symbols', () => {
  it('without a type become addresses, and 0 if they are weak and missing', () => {
    expect(constants(link1())).toContainEqual([0, 0xffffffff81234567n]);
    expect(constants(link1())).toContainEqual([0, 0n]);
  });

  it('with a type become BTF ids', () => {
    expect(constants(link1())).toContainEqual([3, BigInt(kernelBtf().ids.runqueues)]);
  });

  it('that are functions are called by BTF id, a flavour notwithstanding', () => {
    const { ids } = kernelBtf();
    const text = programText(link1()).join('\n');
    expect(text).toContain(`kernel-function#${ids.taskFromPid}`);
    expect(text).toContain(`kernel-function#${ids.taskRelease}`);
  });

  it('that are weak functions and missing are poisoned', () => {
    expect(link1().poisoned).toEqual([
      { insn: expect.any(Number), marker: 2_002_000_002, reason: expect.stringContaining("'no_such_function'") },
    ]);
  });

  it.each<[string, KernelOptions, string]>([
    ['missing', { symbols: {} }, "extern 'schedule': there is no such variable in the symbols of the kernel"],
    [
      'ambiguous',
      { symbols: { schedule: 'ambiguous' } },
      "extern 'schedule': the kernel has several symbols of that name",
    ],
    [
      'declared otherwise than the kernel has it',
      { btf: kernelBtf(2).btf },
      "extern 'bpf_task_release___flavour': the object declares another prototype than the kernel has",
    ],
  ])('that are not weak and %s are an error', (_, options, message) => {
    expect(() => link1(options)).toThrow(message);
  });

  it('need the kernel to have BTF if they have a type', () => {
    expect(() => link1({ btf: undefined })).toThrow('externs has typed externs, which need the kernel');
  });
});

describe('functions of a module', () => {
  /** A kernel without bpf_task_release, which a module has in its place. */
  function target(): LinkTarget {
    const base = new BtfBuilder();
    const { btf, ids } = kernelBtf();
    for (let id = 1; id < btf.endId; id++) {
      const type = btf.type(id);
      if (type.kind === 'void') continue;
      base.add(id === ids.taskRelease && type.kind === 'func' ? { ...type, name: 'other' } : type);
    }
    const vmlinux = Btf.parse(base.bytes(), { name: 'vmlinux' });
    const split = new BtfBuilder({ base: vmlinux });
    const release = vmlinux.type(ids.taskRelease);
    if (release.kind !== 'func') throw new Error('not a function');
    split.add({ ...release, name: 'bpf_task_release' });
    const module = { name: 'extra', btf: Btf.parse(split.bytes(), { name: 'extra', base: vmlinux }) };
    return kernel({ symbols, btf: vmlinux, modules: [{ name: 'empty', btf: vmlinux }, module] });
  }

  it('are called through the list of modules that goes with the program', () => {
    const program = linkOne(openFixture('externs'), 'look', target());
    expect(program.kfuncModules).toEqual(['extra']);
    const view = new InstructionView(program.insns);
    const calls = Array.from({ length: view.length }, (_, at) => at).filter(
      (at) => view.code(at) === 0x85 && view.src(at) === 2,
    );
    expect(calls.map((at) => view.off(at)).sort()).toEqual([0, 1]);
  });
});

describe('kconfig values', () => {
  const kconfig = { CONFIG_HZ: '250', CONFIG_IPV6: 'm', CONFIG_BPF_SYSCALL: 'y', CONFIG_DEFAULT_HOSTNAME: '"(none)"' };

  it('fill the map, and leave the object as it is', () => {
    const object = openFixture('globals');
    const map = link(object, kernel({ kconfig })).maps.find(({ origin }) => origin === 'kconfig');
    const value = map?.initialValue ?? new Uint8Array();
    expect([...value.subarray(0, 14)]).toEqual([250, 0, 0, 0, 2, 0, 0, 0, 5, 18, 6, 0, 1, 1]);
    expect(new TextDecoder().decode(value.subarray(14, 20))).toBe('(none)');
    expect(object.map('.kconfig').initialValue?.every((byte) => byte === 0)).toBe(true);
  });

  it('may be given with the object', () => {
    const object = openFixture('globals', { kconfig: 'CONFIG_HZ=1000\n' });
    const map = link(object, kernel({ kconfig })).maps.find(({ origin }) => origin === 'kconfig');
    expect(new DataView((map?.initialValue ?? new Uint8Array(4)).buffer).getUint32(0, true)).toBe(1000);
  });
});

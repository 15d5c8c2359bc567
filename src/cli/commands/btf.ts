/** `bpfiter btf dump`: the types of a kernel, an object or a BTF file, as a C header or as bpftool's raw list. */
import { type Btf, printC, printRaw, type TypeId } from '../../btf/index.ts';
import { BpfiterError } from '../../errors.ts';
import { kernelBtf } from '../../host/index.ts';
import { didYouMean } from '../../near-names.ts';
import { readBtf } from '../btf-files.ts';
import type { Command, Invocation } from '../command.ts';
import { write } from '../output.ts';

const KERNEL_DIRECTORY = '/sys/kernel/btf/';

export const btf: Command = {
  name: 'btf',
  summary: 'print the types of the kernel, of an object or of a BTF file',
  usage: [
    'btf dump [FILE] [--format c|raw] [--type NAME] [--base FILE]',
    '  FILE is an ELF file with a .BTF section, or plain BTF; the kernel if it is left out',
  ],
  options: ['format', 'type', 'base'],

  async run(invocation) {
    const { words, options, jsonIndent } = invocation;
    words.expectKeyword('dump');
    if (words.left > 1) words.expectKeyword('file');
    const file = words.take();
    words.end();
    if (jsonIndent !== undefined) throw new BpfiterError('usage', "'btf dump' prints C or bpftool's raw list, no JSON");
    const format = options.format ?? 'c';
    if (format !== 'c' && format !== 'raw') {
      throw new BpfiterError('usage', `--format takes c or raw here, not '${format}'`);
    }
    const types = file === undefined ? await kernelTypes(invocation) : await fileTypes(file, options.base);
    const chosen = options.type === undefined ? {} : { ids: idsOf(types, options.type) };
    await write(format === 'c' ? printC(types, chosen) : printRaw(types, chosen));
    return 0;
  },
};

async function kernelTypes({ options, openKernel }: Invocation): Promise<Btf> {
  if (options.base !== undefined) throw new BpfiterError('usage', "--base needs FILE, the kernel's BTF has no base");
  if (options.kernel === 'embedded') return (await openKernel()).btf();
  try {
    return kernelBtf();
  } catch (error) {
    if (!(error instanceof BpfiterError) || error.code !== 'unsupported') throw error;
    const { message, cause } = error;
    throw new BpfiterError(error.code, `${message} (--kernel embedded prints the types of the embedded kernel)`, {
      cause,
    });
  }
}

async function fileTypes(file: string, base: string | undefined): Promise<Btf> {
  if (base !== undefined) return readBtf(file, await readBtf(base));
  // Modules of the running kernel lie beside its own BTF and are split on it.
  const isModule = file.startsWith(KERNEL_DIRECTORY) && file !== `${KERNEL_DIRECTORY}vmlinux`;
  return readBtf(file, isModule ? kernelBtf() : undefined);
}

function idsOf(types: Btf, name: string): readonly TypeId[] {
  const ids = types.findAll(name);
  if (ids.length > 0) return ids;
  throw new BpfiterError('not-found', `${types.name}: no type '${name}'${didYouMean(name, namesOf(types))}`);
}

function* namesOf(types: Btf): Generator<string> {
  for (let id = 1; id < types.endId; id++) yield types.nameOf(id);
}

/** `bpfiter btf dump`: the types of a kernel, an object or a BTF file, as a C header or as bpftool's raw list. */
import { Btf, printC, printRaw, type TypeId } from '../../btf/index.ts';
import { readElf } from '../../elf/index.ts';
import { BpfiterError } from '../../errors.ts';
import { readFile } from '../../read-file.ts';
import type { Command } from '../command.ts';
import { write } from '../output.ts';
import { Words } from '../words.ts';

const VMLINUX = '/sys/kernel/btf/vmlinux';

export const btf: Command = {
  name: 'btf',
  summary: 'print the types of the kernel, of an object or of a BTF file',
  usage: [
    'btf dump [FILE] [--format c|raw] [--type NAME] [--base FILE]',
    `  FILE is an ELF file with a .BTF section or plain BTF; ${VMLINUX} if it is left out`,
  ],
  options: ['format', 'type', 'base'],

  async run({ words: given, options }) {
    const words = new Words(given);
    if (!words.takeKeyword('dump')) throw new BpfiterError('usage', `'btf' knows 'dump', not '${words.peek() ?? ''}'`);
    words.takeKeyword('file');
    const file = words.take() ?? VMLINUX;
    words.end();
    const format = options.format ?? 'c';
    if (format !== 'c' && format !== 'raw') {
      throw new BpfiterError('usage', `--format takes c or raw here, not '${format}'`);
    }
    const base = options.base === undefined ? await baseOf(file) : await readBtf(options.base);
    const types = await readBtf(file, base);
    const chosen = options.type === undefined ? {} : { ids: idsOf(types, options.type) };
    await write(format === 'c' ? printC(types, chosen) : printRaw(types, chosen));
    return 0;
  },
};

/** The kernel's modules, beside it in that directory, are split on it. */
async function baseOf(file: string): Promise<Btf | undefined> {
  const directory = VMLINUX.slice(0, VMLINUX.lastIndexOf('/') + 1);
  return file.startsWith(directory) && file !== VMLINUX ? readBtf(VMLINUX) : undefined;
}

const isElf = (bytes: Uint8Array): boolean => bytes[0] === 0x7f && bytes[1] === 0x45; // \x7fE

async function readBtf(file: string, base?: Btf): Promise<Btf> {
  const bytes = await readFile(file);
  return Btf.parse(isElf(bytes) ? btfSection(file, bytes) : bytes, { name: file, ...(base && { base }) });
}

function btfSection(file: string, bytes: Uint8Array): Uint8Array {
  const section = readElf(bytes).section('.BTF');
  if (section === undefined) {
    throw new BpfiterError('malformed', `${file}: no .BTF section (compile it with clang -g)`);
  }
  return section.data;
}

function idsOf(types: Btf, name: string): readonly TypeId[] {
  const ids = types.findAll(name);
  if (ids.length === 0) throw new BpfiterError('not-found', `${types.name}: no type '${name}'`);
  return ids;
}

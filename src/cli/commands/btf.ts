/** `bpfiter btf dump`: the types of a kernel, an object or a BTF file, as a C header or as bpftool's raw list. */
import { readFile } from 'node:fs/promises';
import { Btf, printC, printRaw } from '../../btf/index.ts';
import { readElf } from '../../elf/index.ts';
import { BpfiterError } from '../../errors.ts';
import { nearHint } from '../../records/index.ts';
import type { Command } from '../command.ts';
import { readBytes } from '../objects.ts';
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
    const base = options.base === undefined ? undefined : await readBtf(options.base);
    const types = await readBtf(file, base);
    const ids = options.type === undefined ? undefined : idsOf(types, options.type);
    await write(format === 'c' ? printC(types, ids && { ids }) : printRaw(types, ids && { ids }));
    return 0;
  },
};

/** BTF from files that the user names: plain BTF, or an ELF file that carries it. */
import { Btf } from '../btf/index.ts';
import { readElf } from '../elf/index.ts';
import { BpfiterError } from '../errors.ts';
import { readFile } from '../read-file.ts';
import { naming } from './failures.ts';

const isElf = (bytes: Uint8Array): boolean => bytes[0] === 0x7f && bytes[1] === 0x45; // \x7fE

/** @throws BpfiterError `not-found`, or `malformed` if it is no BTF */
export async function readBtf(file: string, base?: Btf): Promise<Btf> {
  return naming(file, async () => {
    const bytes = await readFile(file);
    return Btf.parse(isElf(bytes) ? btfSection(bytes) : bytes, { name: file, ...(base && { base }) });
  });
}

function btfSection(bytes: Uint8Array): Uint8Array {
  const section = readElf(bytes).section('.BTF');
  if (section === undefined) throw new BpfiterError('malformed', 'no .BTF section (compile it with clang -g)');
  return section.data;
}

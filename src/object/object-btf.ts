/**
 * Reads the BTF of an object, and decides when an object can do without: only what is declared through BTF needs it.
 *
 * Facts: libbpf 1.8, bpf_object__init_btf() in src/libbpf.c.
 */
import { Btf, type BtfExt, parseBtfExt } from '../btf/index.ts';
import { BpfiterError } from '../errors.ts';
import type { BtfBlob } from './btf-edits.ts';
import { checkReferences } from './btf-references.ts';
import { type ElfParts, MAPS_SECTION } from './elf-parts.ts';

export interface ObjectBtf {
  /** Undefined if the object has none, or none that can be read. */
  readonly blob: BtfBlob | undefined;
  readonly ext: BtfExt | undefined;
}

/** Offset of the flags in the header; none is defined. */
const FLAGS_AT = 3;

function readExt(bytes: Uint8Array, btf: Btf): BtfExt {
  const flags = bytes[FLAGS_AT] ?? 0;
  if (flags !== 0) throw new BpfiterError('unsupported', `${btf.name}: .BTF.ext has flags 0x${flags.toString(16)}`);
  return parseBtfExt(bytes, btf);
}

/** @throws BpfiterError if the object needs its BTF and it is missing or damaged */
export function readObjectBtf(parts: ElfParts, name: string): ObjectBtf {
  const needed = parts.maps !== undefined ? `maps in '${MAPS_SECTION}'` : parts.structOps.length > 0 && 'struct_ops';
  let blob: BtfBlob | undefined;
  try {
    if (parts.btf !== undefined) {
      const bytes = parts.btf.data;
      const btf = Btf.parse(bytes, { name });
      checkReferences(btf);
      blob = { btf, bytes };
      return { blob, ext: parts.btfExt && readExt(parts.btfExt.data, btf) };
    }
  } catch (error) {
    if (needed || !(error instanceof BpfiterError)) throw error;
    return { blob, ext: undefined };
  }
  if (needed) throw new BpfiterError('malformed', `the object has ${needed}, but no BTF that describes them`);
  return { blob: undefined, ext: undefined };
}

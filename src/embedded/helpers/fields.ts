/**
 * Where fields of kernel structs lie, by the kernel's BTF: a function that needs a field which this kernel's model does
 * not have is unsupported, with the field's name.
 */
import { BpfiterError } from '../../errors.ts';
import type { Runtime } from '../runtime.ts';

/** @param path like `self.parent` @throws BpfiterError `unsupported` */
export function fieldOffset({ btf }: Runtime, struct: string, path: string): number {
  const offset = findFieldOffset(btf, struct, path);
  if (offset === undefined) {
    throw new BpfiterError('unsupported', `this kernel has no ${struct}.${path}`);
  }
  return offset;
}

/** @returns undefined where there is no such field */
export function findFieldOffset(btf: Runtime['btf'], struct: string, path: string): number | undefined {
  const id = btf.find(struct, 'struct');
  const member = id === undefined ? undefined : btf.member(id, path);
  return member === undefined ? undefined : member.bitOffset >> 3;
}

/** Bytes of a kernel struct. @throws BpfiterError `unsupported` */
export function structSize({ btf }: Runtime, struct: string): number {
  const id = btf.find(struct, 'struct');
  if (id === undefined) throw new BpfiterError('unsupported', `this kernel has no struct ${struct}`);
  return btf.sizeOfType(id);
}

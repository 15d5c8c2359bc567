/**
 * The BTF of the running kernel and of its modules.
 *
 * The kernel's stands in sysfs, or, where it was built without that, in a vmlinux that the distribution installs (the
 * places are those where libbpf looks). Modules' is read through bpf(2), because programs refer to a module by a
 * descriptor of its BTF, which has to come from there.
 */
import { existsSync, readFileSync } from 'node:fs';
import { constants, release } from 'node:os';
import { Btf } from '../btf/index.ts';
import { readElf } from '../elf/index.ts';
import { BpfiterError } from '../errors.ts';
import type { ModuleBtf } from '../object/index.ts';
import { describeBtf, readBtf } from './btf-load.ts';
import { closeDescriptor } from './descriptor.ts';
import { objectIds, openIfThere } from './ids.ts';

const SYSFS = '/sys/kernel/btf/vmlinux';

const installedPlaces = (version: string): readonly string[] => [
  `/boot/vmlinux-${version}`,
  `/lib/modules/${version}/vmlinux-${version}`,
  `/lib/modules/${version}/build/vmlinux`,
  `/usr/lib/modules/${version}/kernel/vmlinux`,
  `/usr/lib/debug/boot/vmlinux-${version}`,
  `/usr/lib/debug/boot/vmlinux-${version}.debug`,
  `/usr/lib/debug/lib/modules/${version}/vmlinux`,
];

/** Never changes while the kernel runs; undefined until first asked for, null where there is none. */
let cached: Btf | null | undefined;

/** @returns undefined where the kernel has no BTF @throws BpfiterError `malformed` for one that cannot be read */
export function readKernelBtf(): Btf | undefined {
  if (cached === undefined) cached = findKernelBtf() ?? null;
  return cached ?? undefined;
}

/** @throws BpfiterError `unsupported` where the kernel has none, `malformed` for one that cannot be read */
export function kernelBtf(): Btf {
  const btf = readKernelBtf();
  if (btf !== undefined) return btf;
  throw new BpfiterError('unsupported', 'this kernel has no BTF: it was built without CONFIG_DEBUG_INFO_BTF');
}

function findKernelBtf(): Btf | undefined {
  if (existsSync(SYSFS)) return Btf.parse(readFileSync(SYSFS), { name: 'vmlinux' });
  for (const path of installedPlaces(release())) {
    const bytes = readIfThere(path);
    if (bytes === undefined) continue;
    const section = btfSection(bytes, path);
    if (section !== undefined) return Btf.parse(section, { name: 'vmlinux' });
  }
  return undefined;
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined; // not there, or not for this user: another place may do
  }
}

/** @returns undefined for a vmlinux that was built without BTF */
function btfSection(bytes: Uint8Array, path: string): Uint8Array | undefined {
  try {
    return readElf(bytes).sections.find(({ name }) => name === '.BTF')?.data;
  } catch (cause) {
    if (cause instanceof BpfiterError) throw new BpfiterError(cause.code, `${path}: ${cause.message}`, { cause });
    throw cause;
  }
}

export interface OpenModuleBtf extends ModuleBtf {
  /** To be closed by whoever asked. */
  readonly fd: number;
}

/**
 * BTF of the loaded modules, in the order of their ids. Without CAP_SYS_ADMIN they cannot be listed, and there are
 * none then, as for libbpf.
 */
export function openModuleBtfs(base: Btf): readonly OpenModuleBtf[] {
  const modules: OpenModuleBtf[] = [];
  try {
    for (const id of objectIds('btf')) {
      const module = openModule(id, base);
      if (module !== undefined) modules.push(module);
    }
  } catch (error) {
    if (error instanceof BpfiterError && error.errno === constants.errno.EPERM) return modules;
    for (const { fd } of modules) closeDescriptor(fd);
    throw error;
  }
  return modules;
}

/** @returns undefined if that is no module's BTF, or is gone */
function openModule(id: number, base: Btf): OpenModuleBtf | undefined {
  const fd = openIfThere('btf', id);
  if (fd === undefined) return undefined;
  let kept = false;
  try {
    const { name, size, ofKernel } = describeBtf(fd);
    if (!ofKernel || name === 'vmlinux') return undefined;
    const module = { name, fd, btf: Btf.parse(readBtf(fd, size), { base, name }) };
    kept = true;
    return module;
  } finally {
    if (!kept) closeDescriptor(fd);
  }
}

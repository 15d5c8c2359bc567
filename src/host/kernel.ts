/**
 * The host kernel: the Linux that this process runs on, behind the interface that both kernels share.
 */
import type { Btf } from '../btf/index.ts';
import { BpfiterError } from '../errors.ts';
import { checkLinkSelector, checkMapSelector } from '../iter-parameters.ts';
import type { Kernel, LinkInfo, LinkSelector, LoadOptions, MapSelector } from '../kernel.ts';
import { checkLoadOptions } from '../load-options.ts';
import type { KernelObject } from '../loaded-object.ts';
import type { BpfObject } from '../object/index.ts';
import { BPF_F_RDONLY, BPF_OBJ_NAME_LEN } from '../uapi/index.ts';
import { openPinned } from './bpffs.ts';
import { duplicate, kindOfDescriptor } from './descriptor.ts';
import { holdMap } from './hold-map.ts';
import { openById } from './ids.ts';
import { kernelBtf } from './kernel-btf.ts';
import { HostLink } from './links.ts';
import { loadedLinks, loadedMaps } from './listing.ts';
import { loadObject } from './load.ts';
import type { HostMap } from './maps.ts';
import { requirePermission } from './privilege.ts';
import type { HostProgram } from './programs.ts';
import { HostTarget } from './target.ts';

/**
 * Opens the running kernel.
 * @throws BpfiterError `not-permitted` without the privilege to load programs, `unsupported` on anything but Linux and
 *   without koffi
 */
export function openHostKernel(): HostKernel {
  requirePermission();
  return new HostKernel();
}

/** What is loaded or opened through it stays when it is closed. */
export class HostKernel implements Kernel {
  readonly kind = 'host';
  readonly target = new HostTarget();

  btf(): Btf {
    return kernelBtf();
  }

  async load(object: BpfObject, options: LoadOptions = {}): Promise<KernelObject<HostProgram, HostMap>> {
    checkLoadOptions(options);
    return loadObject(object, this.target, options, (selector) => this.openMap(selector));
  }

  openMap(selector: MapSelector): HostMap {
    checkMapSelector('openMap()', selector);
    if (selector.fd !== undefined) return openMapByFd(selector.fd);
    if (selector.id !== undefined) return holdMap(openMapById(selector.id));
    if (selector.pinned !== undefined) return holdMap(openPinned(selector.pinned, 'map'));
    return openMapByName(selector.name);
  }

  openLink(selector: LinkSelector): HostLink {
    checkLinkSelector('openLink()', selector);
    if (selector.id !== undefined) return new HostLink(openById('link', selector.id), `link ${selector.id}`);
    return new HostLink(openPinned(selector.pinned, 'link'), `the link pinned at '${selector.pinned}'`);
  }

  links(): Iterable<LinkInfo> {
    return loadedLinks();
  }

  close(): void {
    this.target.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function openMapByFd(fd: number): HostMap {
  const kind = kindOfDescriptor(fd);
  if (kind !== undefined && kind !== 'map') throw new BpfiterError('usage', `descriptor ${fd} is a ${kind}, not a map`);
  return holdMap(duplicate(fd, 'a map'));
}

/** Maps that user space may not write can still be opened for reading. */
function openMapById(id: number): number {
  try {
    return openById('map', id);
  } catch (error) {
    if (!(error instanceof BpfiterError) || error.code !== 'refused') throw error;
    return openById('map', id, BPF_F_RDONLY);
  }
}

/** Names in the kernel need not be unique: one that several maps have is no name of a map. */
function openMapByName(name: string): HostMap {
  if (name.length >= BPF_OBJ_NAME_LEN) {
    const longest = BPF_OBJ_NAME_LEN - 1;
    throw new BpfiterError('usage', `'${name}' is no name of a map: names have at most ${longest} characters`);
  }
  const ids = Array.from(loadedMaps())
    .filter((map) => map.name === name)
    .map((map) => map.id);
  const [id, ...others] = ids;
  if (id === undefined) throw new BpfiterError('not-found', `there is no map named '${name}'`);
  if (others.length > 0) {
    throw new BpfiterError('usage', `several maps are named '${name}'; choose one by its id: ${ids.join(', ')}`);
  }
  return holdMap(openMapById(id));
}

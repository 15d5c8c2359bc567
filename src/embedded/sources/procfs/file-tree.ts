/**
 * Directory entries, inodes, super blocks and mounts as structs: one for each, whoever leads to it. What /proc tells of
 * them is a path, a device and a number.
 */
import { encodeName } from '../../file-names.ts';
import type { KernelMemory } from '../../memory/kernel-memory.ts';
import type { Model, StructLayout } from '../../model/index.ts';
import type { Arena } from '../pool.ts';
import { put64, putPointer, putText } from '../write-memory.ts';
import { fileSystemMagic } from './file-system-magic.ts';
import type { Mount } from './mounts.ts';
import type { FileStatus } from './reader.ts';

/** Where a file is. */
export interface Place {
  /** Number of the device, or the name of a file system that nobody can mount. */
  readonly device: number | string;
  readonly fs: string;
  readonly ino: number;
  /** From the root of the file system; without a slash for a file that has no place in a tree. */
  readonly path: string;
  /** The whole path, as /proc shows it. */
  readonly shown: string;
}

const encoder = new TextEncoder();

export class FileTree {
  readonly #memory: KernelMemory;
  readonly #onUnknownType: (fs: string) => void;
  readonly #arena: Arena;
  readonly #dentries = new Map<string, number>();
  readonly #inodes = new Map<string, number>();
  readonly #superBlocks = new Map<number | string, number>();
  readonly #types = new Map<string, number>();
  readonly #mounts = new Map<number, number>();
  /** What d_path() shows, by directory entry. */
  readonly #shown = new Map<number, string>();
  readonly #layouts: Readonly<Record<'dentry' | 'inode' | 'super_block' | 'file_system_type' | 'mount', StructLayout>>;

  /** @param onUnknownType told of types of file systems whose number is not known */
  constructor(memory: KernelMemory, model: Model, arena: Arena, onUnknownType: (fs: string) => void) {
    this.#onUnknownType = onUnknownType;
    this.#memory = memory;
    this.#arena = arena;
    this.#layouts = {
      dentry: model.layoutOf('dentry'),
      inode: model.layoutOf('inode'),
      super_block: model.layoutOf('super_block'),
      file_system_type: model.layoutOf('file_system_type'),
      mount: model.layoutOf('mount'),
    };
  }

  get size(): number {
    return this.#dentries.size + this.#inodes.size + this.#shown.size + this.#superBlocks.size + this.#mounts.size;
  }

  clear(): void {
    for (const map of [this.#dentries, this.#inodes, this.#superBlocks, this.#types, this.#mounts, this.#shown])
      map.clear();
  }

  /** The text of a directory entry's path as /proc shows it. */
  shown(dentry: number): string | undefined {
    return this.#shown.get(dentry);
  }

  dentry(place: Place, status: FileStatus | undefined): number {
    const inode = this.inode(place, status);
    const dentry = this.#entry(place.device, place.fs, place.path, place.ino, place.shown);
    putPointer(this.#memory, dentry + this.#at('dentry', 'd_inode'), inode);
    return dentry;
  }

  inode({ device, fs, ino, path }: Place, status: FileStatus | undefined): number {
    const layout = this.#layouts.inode;
    // Where the number is not told, the path stands for it.
    const key = ino === 0 ? `${device} ${path}` : `${device} ${ino}`;
    let inode = this.#inodes.get(key);
    if (inode === undefined) {
      inode = this.#arena.take(layout.size);
      this.#inodes.set(key, inode);
      put64(this.#memory, inode + layout.field('i_ino').offset, ino);
      putPointer(this.#memory, inode + layout.field('i_sb').offset, this.#superBlock(device, fs));
    }
    if (status !== undefined) this.#putStatus(inode, status);
    return inode;
  }

  /** Offset of its struct vfsmount. */
  mount(mount: Mount, byId: (id: number) => Mount | undefined): number {
    const layout = this.#layouts.mount;
    const inner = layout.field('mnt').offset;
    const known = this.#mounts.get(mount.id);
    if (known !== undefined) return known + inner;
    const offset = this.#arena.take(layout.size);
    this.#mounts.set(mount.id, offset);
    const { device, fs, root, id, point } = mount;
    this.#memory.i32[(offset + layout.field('mnt_id').offset) >> 2] = id;
    putPointer(this.#memory, offset + layout.field('mnt.mnt_sb').offset, this.#superBlock(device, fs, mount.source));
    putPointer(this.#memory, offset + layout.field('mnt.mnt_root').offset, this.#entry(device, fs, root, 0, point));
    const parent = byId(mount.parent);
    const parentOffset = parent === undefined || parent.id === id ? offset : this.mount(parent, byId) - inner;
    putPointer(this.#memory, offset + layout.field('mnt_parent').offset, parentOffset);
    if (parent !== undefined) {
      const place = this.#entry(parent.device, parent.fs, pathIn(parent, point), 0, point);
      putPointer(this.#memory, offset + layout.field('mnt_mountpoint').offset, place);
    }
    return offset + inner;
  }

  /**
   * Offset of the struct vfsmount of a mount that the kernel made for itself: of the whole file system, on nothing but
   * itself. @param id as fdinfo tells it
   */
  ownMount(id: number, { device, fs }: Place): number {
    const layout = this.#layouts.mount;
    const inner = layout.field('mnt').offset;
    let offset = this.#mounts.get(id);
    if (offset === undefined) {
      offset = this.#arena.take(layout.size);
      this.#mounts.set(id, offset);
      const root = this.#entry(device, fs, '/', 0, '/');
      this.#memory.i32[(offset + layout.field('mnt_id').offset) >> 2] = id;
      putPointer(this.#memory, offset + layout.field('mnt.mnt_sb').offset, this.#superBlock(device, fs));
      putPointer(this.#memory, offset + layout.field('mnt.mnt_root').offset, root);
      putPointer(this.#memory, offset + layout.field('mnt_parent').offset, offset);
      putPointer(this.#memory, offset + layout.field('mnt_mountpoint').offset, root);
    }
    return offset + inner;
  }

  /** The entry of a path and those above it. */
  #entry(device: number | string, fs: string, path: string, ino: number, shown: string): number {
    const layout = this.#layouts.dentry;
    // Files that have no place in a tree may share their name: their number tells them apart.
    const placed = path.startsWith('/');
    const key = placed ? `${device} ${path}` : `${device} ${path} ${ino}`;
    const known = this.#dentries.get(key);
    if (known !== undefined) return known;
    const dentry = this.#arena.take(layout.size);
    this.#dentries.set(key, dentry);
    this.#shown.set(dentry, shown);
    const slash = path.lastIndexOf('/');
    const name = placed ? (path === '/' ? '/' : path.slice(slash + 1)) : path;
    this.#putName(dentry + layout.field('d_name').offset, name);
    putPointer(this.#memory, dentry + layout.field('d_sb').offset, this.#superBlock(device, fs));
    const parent =
      !placed || path === '/' ? dentry : this.#entry(device, fs, path.slice(0, slash) || '/', 0, parentOf(shown));
    putPointer(this.#memory, dentry + layout.field('d_parent').offset, parent);
    return dentry;
  }

  #putName(at: number, name: string): void {
    const bytes = encodeName(name);
    const text = this.#arena.take(bytes.length + 1);
    this.#memory.u8.set(bytes, text);
    const { dentry } = this.#layouts;
    const base = dentry.field('d_name').offset;
    this.#memory.u32[(at + dentry.field('d_name.len').offset - base) >> 2] = bytes.length;
    putPointer(this.#memory, at + dentry.field('d_name.name').offset - base, text);
  }

  #superBlock(device: number | string, fs: string, source = ''): number {
    const layout = this.#layouts.super_block;
    let offset = this.#superBlocks.get(device);
    if (offset === undefined) {
      offset = this.#arena.take(layout.size);
      this.#superBlocks.set(device, offset);
      if (typeof device === 'number') this.#memory.u32[(offset + layout.field('s_dev').offset) >> 2] = device;
      putPointer(this.#memory, offset + layout.field('s_type').offset, this.#type(fs));
      const magic = fileSystemMagic(fs);
      if (magic === undefined) this.#onUnknownType(fs);
      put64(this.#memory, offset + layout.field('s_magic').offset, magic ?? 0);
    }
    const id = source.startsWith('/dev/') ? source.slice('/dev/'.length) : fs;
    const { offset: at, size } = layout.field('s_id');
    if (source !== '' || this.#memory.u8[offset + at] === 0) putText(this.#memory, offset + at, id, size);
    return offset;
  }

  #type(fs: string): number {
    let offset = this.#types.get(fs);
    if (offset === undefined) {
      const layout = this.#layouts.file_system_type;
      const bytes = encoder.encode(fs);
      offset = this.#arena.take(layout.size);
      const text = this.#arena.take(bytes.length + 1);
      this.#memory.u8.set(bytes, text);
      putPointer(this.#memory, offset + layout.field('name').offset, text);
      this.#types.set(fs, offset);
    }
    return offset;
  }

  #putStatus(inode: number, { mode, uid, gid, nlink, rdev, size, dev }: FileStatus): void {
    const { u32, view } = this.#memory;
    const at = (path: string) => inode + this.#at('inode', path);
    view.setUint16(at('i_mode'), mode, true);
    u32[at('i_uid') >> 2] = uid;
    u32[at('i_gid') >> 2] = gid;
    u32[at('i_nlink') >> 2] = nlink;
    u32[at('i_rdev') >> 2] = kernelDevice(rdev);
    put64(this.#memory, at('i_size'), size);
    const superBlock = u32[at('i_sb') >> 2] as number;
    const device = superBlock + this.#layouts.super_block.field('s_dev').offset;
    if (u32[device >> 2] === 0) u32[device >> 2] = kernelDevice(dev);
  }

  #at(struct: 'dentry' | 'inode', path: string): number {
    return this.#layouts[struct].field(path).offset;
  }
}

/** The directory of a path; of a path that is none, nothing. */
const parentOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf('/')));

/** Where a path that is on a mount is in its file system. */
export function pathIn({ root, point }: Mount, path: string): string {
  const below = point === '/' ? path : path.slice(point.length);
  const whole = root === '/' ? below : `${root}${below === '/' ? '' : below}`;
  return whole === '' ? '/' : whole;
}

/** st_dev has the minor number in two parts; the kernel's own dev_t has it below the major one. */
export const kernelDevice = (device: number): number => {
  const major = (device >>> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  return major * 1048576 + minor;
};

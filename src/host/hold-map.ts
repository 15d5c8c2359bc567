/**
 * Which class holds a map of the running kernel: what can be done with it depends on its type.
 */
import { BPF_MAP_TYPE_RINGBUF, BPF_MAP_TYPE_USER_RINGBUF } from '../uapi/index.ts';
import { type ArenaContents, HostArena } from './arena.ts';
import { closeDescriptor } from './descriptor.ts';
import { HostMap, mapInfoOf } from './maps.ts';
import { HostRingBuffer, HostUserRingBuffer } from './ring-buffer.ts';

/**
 * Makes an owner of the descriptor, which is closed if that fails.
 * @param name as users know the map, if that is not what the kernel calls it
 */
export const holdMap = (fd: number, name?: string): HostMap =>
  owning(fd, () => {
    const info = mapInfoOf(fd, name === undefined ? 'the map' : `map '${name}'`);
    if (info.type === BPF_MAP_TYPE_RINGBUF) return new HostRingBuffer(fd, name, info);
    if (info.type === BPF_MAP_TYPE_USER_RINGBUF) return new HostUserRingBuffer(fd, name, info);
    return new HostMap(fd, name, info);
  });

/** The same of an arena that is to be mapped here, with its contents. */
export const holdArena = (fd: number, name: string, contents?: ArenaContents): HostArena =>
  owning(fd, () => new HostArena(fd, name, contents));

function owning<M extends HostMap>(fd: number, make: () => M): M {
  try {
    return make();
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
}

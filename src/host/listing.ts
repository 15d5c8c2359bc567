/**
 * Everything of a kind that is loaded in the kernel, whoever loaded it. The walks go by id, ascending; what goes while
 * one is under way may be missing from it.
 *
 * All throw BpfiterError `not-permitted` without CAP_SYS_ADMIN.
 */
import type { LinkInfo } from '../kernel.ts';
import { BPF_F_RDONLY } from '../uapi/index.ts';
import { programInfo } from './attributes.ts';
import { type BtfDescription, describeBtf } from './btf-load.ts';
import { closeDescriptor, type ObjectKind } from './descriptor.ts';
import { describe, objectIds, openIfThere } from './ids.ts';
import { linkInfoOf } from './links.ts';
import { type MapInfo, mapInfoOf } from './maps.ts';

export interface ProgramInfo {
  readonly id: number;
  readonly name: string;
  /** BPF_PROG_TYPE_*. */
  readonly type: number;
  /** 16 hexadecimal digits: a hash of its instructions. */
  readonly tag: string;
  /** Bytes of its instructions as the kernel rewrote them, and of its machine code. */
  readonly translatedLength: number;
  readonly compiledLength: number;
  /** Nanoseconds since boot. */
  readonly loadTime: bigint;
  readonly uid: number;
  /** Of its own BTF, 0 if it has none. */
  readonly btfId: number;
  /** How often it ran and for how long, while the kernel counted that (sysctl kernel.bpf_stats_enabled). */
  readonly runCount: bigint;
  readonly runTimeNs: bigint;
}

export const loadedPrograms = (): Generator<ProgramInfo, void, undefined> =>
  walk('prog', 0, (fd, id) => {
    const info = describe(fd, programInfo.create(), `program ${id}`);
    return {
      id,
      name: info.name('name'),
      type: info.number('type'),
      tag: Array.from(info.tag('tag'), (byte) => byte.toString(16).padStart(2, '0')).join(''),
      translatedLength: info.number('xlated_prog_len'),
      compiledLength: info.number('jited_prog_len'),
      loadTime: info.bigint('load_time'),
      uid: info.number('created_by_uid'),
      btfId: info.number('btf_id'),
      runCount: info.bigint('run_cnt'),
      runTimeNs: info.bigint('run_time_ns'),
    };
  });

/** For reading, so that maps that user space may not write are among them. */
export const loadedMaps = (): Generator<MapInfo, void, undefined> =>
  walk('map', BPF_F_RDONLY, (fd, id) => mapInfoOf(fd, `map ${id}`));

export const loadedLinks = (): Generator<LinkInfo, void, undefined> =>
  walk('link', 0, (fd, id) => linkInfoOf(fd, `link ${id}`));

export const loadedBtf = (): Generator<BtfDescription, void, undefined> => walk('btf', 0, describeBtf);

function* walk<T>(kind: ObjectKind, flags: number, read: (fd: number, id: number) => T): Generator<T, void, undefined> {
  for (const id of objectIds(kind)) {
    const fd = openIfThere(kind, id, flags);
    if (fd === undefined) continue;
    let found: T;
    try {
      found = read(fd, id);
    } finally {
      closeDescriptor(fd);
    }
    yield found;
  }
}

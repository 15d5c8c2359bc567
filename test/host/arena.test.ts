import { expect, test } from 'vitest';
import { HostArena } from '../../src/host/arena.ts';
import { closeDescriptor } from '../../src/host/descriptor.ts';
import { viewOf } from '../../src/host/foreign.ts';
import { bpfPermitted } from '../../src/host/index.ts';
import { isOlderThan } from '../../src/host/kernel-version.ts';
import { tryCreateMap } from '../../src/host/maps.ts';
import { BPF_F_MMAPABLE, BPF_MAP_TYPE_ARENA } from '../../src/uapi/index.ts';
import { describeOnHost, openDescriptors } from './permitted.ts';

/** Far from where memory of a process usually lies. */
const ADDRESS = 0x2000_0000_0000n;

const create = (map_extra: bigint): number =>
  tryCreateMap({ map_type: BPF_MAP_TYPE_ARENA, max_entries: 4, map_flags: BPF_F_MMAPABLE, map_extra });

describeOnHost('an arena', () => {
  // Came with Linux 6.9, for some architectures.
  const probe = !bpfPermitted().ok || isOlderThan('6.9') ? -1 : create(0n);
  const none = probe < 0;
  if (!none) closeDescriptor(probe);

  test.skipIf(none)('is mapped where its declaration says, with its contents (skipped where there are none)', () => {
    const before = openDescriptors();
    const bytes = Uint8Array.of(1, 2, 3, 4);
    const arena = new HostArena(create(ADDRESS), 'arena', { offset: 4096, bytes });
    expect(viewOf(ADDRESS + 4094n, 8).slice()).toEqual(Uint8Array.of(0, 0, 1, 2, 3, 4, 0, 0));
    arena.close();
    arena.close();
    expect(openDescriptors()).toBe(before);
    // The place is free again.
    new HostArena(create(ADDRESS), 'arena').close();
  });

  test.skipIf(none)('never lies over other memory (skipped where there are none)', () => {
    using _first = new HostArena(create(ADDRESS), 'first');
    const fd = create(ADDRESS);
    expect(() => new HostArena(fd, 'second')).toThrow(
      "cannot mmap map 'second': there is other memory at address 200000000000 (EEXIST)",
    );
    closeDescriptor(fd);
  });

  test.skipIf(none)('lies anywhere if its declaration does not say where (skipped where there are none)', () => {
    using arena = new HostArena(create(0n), 'arena');
    expect(arena.maxEntries).toBe(4);
  });
});

/** What is missed in a snapshot, kind by kind: every one that can be left out is told by the files that are read. */
import { describe, expect, it } from 'vitest';
import { openArchive, tarEnd, tarEntry } from '../../src/embedded/index.ts';
import { RECORDABLE, type Recordable, WatchedReader } from '../../src/procfs-node/index.ts';

/** What a source asks for that wants such things, as a file or directory, and a path that has some. */
const asked: Readonly<Record<Recordable, readonly [path: string, recorded: string]>> = {
  threads: ['/proc/7/task/', 'proc/7/task/8/stat'],
  files: ['/proc/7/fd/', 'proc/7/fd/0'],
  maps: ['/proc/7/maps', 'proc/7/maps'],
  cgroups: ['/sys/fs/cgroup/cgroup.procs', 'sys/fs/cgroup/cgroup.procs'],
  network: ['/proc/net/tcp', 'proc/net/tcp'],
  lists: ['/proc/slabinfo', 'proc/slabinfo'],
  symbols: ['/proc/kallsyms', 'proc/kallsyms'],
  stacks: ['/proc/7/task/7/stack', 'proc/7/task/7/stack'],
  arguments: ['/proc/7/cmdline', 'proc/7/cmdline'],
  environment: ['/proc/7/environ', 'proc/7/environ'],
};

async function missingAfter(path: string, ...recorded: string[]): Promise<readonly Recordable[]> {
  const entries = ['proc/7/stat', 'proc/7/task/7/stat', ...recorded];
  const pieces = [...entries.map((entry) => tarEntry({ path: entry, contents: Uint8Array.of(0x37) })), tarEnd()];
  const reader = new WatchedReader(await openArchive(new Uint8Array(Buffer.concat(pieces)), 'by hand'));
  if (path.endsWith('/')) reader.list(path.slice(0, -1));
  else reader.read(path);
  return reader.missing;
}

describe('a watched snapshot', () => {
  it.each(RECORDABLE)('misses %s that are asked for and not there', async (kind) => {
    const [path, recorded] = asked[kind];
    expect(await missingAfter(path)).toEqual([kind]);
    expect(await missingAfter(path, recorded)).toEqual([]);
  });

  it('misses nothing of what every snapshot has', async () => {
    expect(await missingAfter('/proc/7/status')).toEqual([]);
  });
});

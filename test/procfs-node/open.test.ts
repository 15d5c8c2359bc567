import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatStatus, model, Needs, type Source, tarEnd, tarEntry } from '../../src/embedded/index.ts';
import { openSource } from '../../src/procfs-node/index.ts';
import { decompressed } from '../../src/procfs-node/open.ts';
import { FakeMemory } from '../embedded/fake-memory.ts';
import { Fields } from '../embedded/sources/fields.ts';
import { statLine } from '../embedded/sources/snapshot.ts';

const STATUS = { dev: 65024, ino: 12, mode: 0o100644, nlink: 1, uid: 7, gid: 0, rdev: 0, size: 99 };

/** Name of process 7 and owner of what it has open. */
function look(source: Source) {
  const memory = new FakeMemory();
  const kernel = source.open(memory, model);
  const session = kernel.session(Needs.everything);
  const fields = new Fields(memory);
  const task = session.taskByPid(7);
  const inode = fields.pointer(session.files(task).next(), 'file', 'f_inode');
  const seen = [fields.text(task, 'task_struct', 'comm'), fields.number(inode, 'inode', 'i_uid')];
  kernel.close();
  return seen;
}

describe('openSource', () => {
  let directory: string;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'bpfiter-'));
    mkdirSync(join(directory, 'bundle/proc/7/fd'), { recursive: true });
    mkdirSync(join(directory, 'bundle/proc/7/fdinfo'));
    mkdirSync(join(directory, 'bundle/bpfiter'));
    mkdirSync(join(directory, 'empty'));
    const stat = statLine(7, 'seven');
    writeFileSync(join(directory, 'bundle/proc/7/stat'), stat);
    writeFileSync(join(directory, 'bundle/proc/7/fdinfo/0'), 'pos:\t0\nflags:\t02\nmnt_id:\t1\nino:\t12\n');
    symlinkSync('/etc/passwd', join(directory, 'bundle/proc/7/fd/0'));
    writeFileSync(join(directory, 'bundle/bpfiter/status'), formatStatus('/proc/7/fd/0', STATUS));
    const contents = (text: string) => new TextEncoder().encode(text);
    const tar = Buffer.concat([
      tarEntry({ path: 'proc/7/stat', contents: contents(stat) }),
      tarEntry({ path: 'proc/7/fd/0', link: '/etc/passwd' }),
      tarEntry({ path: 'proc/7/fdinfo/0', contents: contents('pos:\t0\nflags:\t02\nmnt_id:\t1\nino:\t12\n') }),
      tarEntry({ path: 'bpfiter/status', contents: contents(formatStatus('/proc/7/fd/0', STATUS)) }),
      tarEnd(),
    ]);
    writeFileSync(join(directory, 'x.tar'), tar);
    writeFileSync(join(directory, 'x.tar.gz'), gzipSync(tar));
    writeFileSync(join(directory, 'cut.tar.gz'), gzipSync(tar).subarray(0, 40));
  });

  afterAll(() => rmSync(directory, { recursive: true }));

  it.each(['bundle', 'x.tar', 'x.tar.gz'])('opens %s', async (name) => {
    expect(look(await openSource(join(directory, name)))).toEqual(['seven', 7]);
  });

  it('says of an archive that is too large what to leave out', () => {
    const bytes = gzipSync(new Uint8Array(1000));
    expect(decompressed(bytes, 'x.tar.gz')).toHaveLength(1000);
    expect(() => decompressed(bytes, 'x.tar.gz', 999)).toThrow('x.tar.gz: the archive is too large; no program needs');
  });

  it.each([
    ['missing', 'missing: no such file'],
    ['empty', "the directory has no 'proc' in it"],
    ['cut.tar.gz', 'the archive cannot be decompressed'],
    ['bundle/proc/7/stat', 'is no tar archive'],
    ['bundle/proc', 'it seems to be that itself: name the directory above it'],
  ])('refuses %s', async (name, message) => {
    await expect(openSource(join(directory, name))).rejects.toThrow(message);
  });
});

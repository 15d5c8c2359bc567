/**
 * What the programs in programs/ print and compute on the running kernel, compared with what the kernel says of the same things elsewhere: in
 * /proc, or to this process about itself. Programs whose target or kfuncs a kernel does not have are skipped there.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changedMaps, readMaps } from '../../src/cli/map-changes.ts';
import { bpfPermitted, HostKernel } from '../../src/host/index.ts';
import { type IterParameters, type LoadedObject, loadObject, type Program, recordLayout } from '../../src/index.ts';
import { describeOnHost, describeProcessesOnHost, u32 } from '../host/permitted.ts';

const directory = fileURLToPath(new URL('../../programs/', import.meta.url));
const open = (name: string) => loadObject(join(directory, `${name}.bpf.o`), { name });

const kernel = new HostKernel();
afterAll(() => kernel.close());

/** Loads a program's object for as long as `work` takes. */
async function withLoaded<T>(name: string, work: (loaded: LoadedObject) => T | Promise<T>): Promise<T> {
  using loaded = await kernel.load(await open(name));
  return await work(loaded);
}

function first(loaded: LoadedObject): Program {
  const [program] = loaded.programs;
  if (program === undefined) throw new Error('the object has no program');
  return program;
}

/** Reads the iterator of a loaded object once; its first program unless one is named. */
async function read(loaded: LoadedObject, parameters?: IterParameters, program?: string): Promise<string> {
  const chosen = program === undefined ? first(loaded) : loaded.program(program);
  using link = chosen.attachIter(parameters);
  return await link.open().text();
}

const output = (name: string, parameters?: IterParameters): Promise<string> =>
  withLoaded(name, (loaded) => read(loaded, parameters));

const proc = (path: string): string => readFileSync(join('/proc', path), 'utf8');

/**
 * Expects two views of something that others may be changing meanwhile to agree: the second is taken before and after the first, until it
 * stayed the same.
 */
async function agree<T>(ours: () => Promise<T>, theirs: () => T | Promise<T>): Promise<void> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const before = await theirs();
    const found = await ours();
    if (JSON.stringify(before) !== JSON.stringify(await theirs())) continue;
    expect(found).toEqual(before);
    return;
  }
  throw new Error('it never stood still');
}

/** Columns of a line. */
const columns = (line: string): string[] => line.trim().split(/\s+/);

/** Whether the kernel's BTF has a function; where there is no BTF, or no kernel of this kind, everything here is skipped anyway. */
const hasFunction = (name: string): boolean => bpfPermitted().ok && kernel.btf().find(name, 'func') !== undefined;
const hasTarget = (name: string): boolean => hasFunction(`bpf_iter_${name}`);
const hasFamily = (name: string): boolean => hasFunction(`bpf_iter_${name}_new`);

/** A test that is skipped where the kernel lacks what its program names. */
const needing =
  (present: (name: string) => boolean, name: string, kind: string) =>
  (title: string, body: () => Promise<void>): void => {
    const there = present(name);
    test.skipIf(!there)(there ? title : `${title} (skipped: this kernel has no ${kind} ${name})`, body);
  };
const onTarget = (name: string) => needing(hasTarget, name, 'target');
const onFamily = (name: string) => needing(hasFamily, name, 'open-coded iterator');

describeProcessesOnHost('a process that the test started', () => {
  let child: ChildProcess;
  let pid: number;

  beforeAll(async () => {
    child = spawn('sleep', ['600'], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(child, 'spawn');
    pid = child.pid ?? 0;
    // Before that it is a copy of this process.
    while (!/^sleep\0/.test(proc(`${pid}/cmdline`))) await new Promise((resolve) => setTimeout(resolve, 5));
  });
  afterAll(() => {
    child.kill();
  });

  test('is one line of task, as in /proc/PID/stat', async () => {
    await agree(
      async () => (await output('task', { task: { pid } })).split('\n').map(columns).slice(1, -1),
      () => {
        const [, comm, state, parent] = /\((.*)\) (\S) (\d+)/.exec(proc(`${pid}/stat`)) ?? [];
        return [[`${pid}`, `${pid}`, parent, state, comm]];
      },
    );
  });

  test('is one record of task_record', async () => {
    await withLoaded('task_record', async (loaded) => {
      const { btf } = loaded.object;
      if (btf === undefined) throw new Error('the object has no BTF');
      using link = loaded.program('dump_task_record').attachIter({ task: { pid } });
      const records = [];
      for await (const record of link.open().records(recordLayout(btf, 'task_record'))) records.push(record);
      expect(records).toEqual([
        {
          pid,
          tgid: pid,
          ppid: process.pid,
          kind: 'TASK_KIND_PROCESS',
          state: expect.any(Number),
          flags: expect.any(Number),
          start_time: expect.any(BigInt),
          faults: { minor: expect.any(BigInt), major: expect.any(BigInt) },
          comm: 'sleep',
        },
      ]);
    });
  });

  test('is one command line of task_cmdline', async () => {
    expect(await output('task_cmdline', { task: { pid } })).toBe(`${`${pid}`.padStart(8)} sleep 600\n`);
  });

  test('has the open files in task_file that /proc/PID/fd has', async () => {
    await agree(
      async () => (await output('task_file', { task: { pid } })).split('\n').map(columns).slice(1, -1),
      () => {
        const descriptors = readdirSync(`/proc/${pid}/fd`).sort((a, b) => Number(a) - Number(b));
        return descriptors.map((fd) => [`${pid}`, `${pid}`, fd, readlinkSync(`/proc/${pid}/fd/${fd}`)]);
      },
    );
  });

  test('has its open files counted by one program of task_and_files and printed by the other', async () => {
    await withLoaded('task_and_files', async (loaded) => {
      const lines = (await read(loaded, { task: { pid } }, 'files')).split('\n').map(columns).slice(0, -1);
      expect(lines.map(([, fd]) => fd).sort()).toEqual(readdirSync(`/proc/${pid}/fd`).sort());
      const counted = (await read(loaded, { task: { pid } }, 'tasks')).split('\n').map(columns);
      expect(counted[0]).toEqual([`${pid}`, `${lines.length}`, 'files', 'sleep']);
    });
  });

  test('has the mappings in task_vma that /proc/PID/maps has, but for the page of the kernel', async () => {
    await agree(
      () => output('task_vma', { task: { pid } }),
      () => proc(`${pid}/maps`).replace(/^.*\[vsyscall\]\n/m, ''),
    );
  });

  test('has its number in front of its mappings where task_vma walks all processes', async () => {
    const lines = (await output('task_vma')).split('\n').filter((line) => columns(line)[0] === `${pid}`);
    expect(lines.length).toBe(
      proc(`${pid}/maps`)
        .replace(/^.*\[vsyscall\]\n/m, '')
        .split('\n').length - 1,
    );
  });
});

describeOnHost('files of /proc', () => {
  onTarget('netlink')('netlink prints /proc/net/netlink', () =>
    agree(
      () => output('netlink'),
      () => proc('net/netlink'),
    ),
  );

  onTarget('ipv6_route')('ipv6_route prints /proc/net/ipv6_route', () =>
    agree(
      () => output('ipv6_route'),
      () => proc('net/ipv6_route'),
    ),
  );

  onTarget('ksym')('ksym prints /proc/kallsyms, each symbol once', async () => {
    // Programs and trampolines come and go, this one among them.
    const lasting = (text: string) => text.split('\n').filter((line) => !/\[(bpf|__builtin__\w+)\]$/.test(line));
    const [ours, theirs] = [lasting(await output('ksym')), lasting(proc('kallsyms'))];
    expect(ours.length).toBe(theirs.length);
    expect(ours.filter((line, index) => line !== theirs[index])).toEqual([]);
  });

  onTarget('kmem_cache')('kmem_cache prints the caches of /proc/slabinfo', () =>
    agree(
      async () =>
        (await output('kmem_cache'))
          .split('\n')
          .map(columns)
          .slice(1, -1)
          .map(([name, , ...rest]) => [name, ...rest]),
      () => slabs(),
    ),
  );
});

/** Name, size, objects a slab, pages a slab: of names with a blank inside, which no cache should have, nothing is known. */
const slabs = (): string[][] =>
  proc('slabinfo')
    .split('\n')
    .slice(2, -1)
    .map(columns)
    .map(([name = '', , , size = '', objects = '', pages = '']) => [name, size, objects, pages]);

describeOnHost('sockets that the test opened', () => {
  let server: Server;
  let directoryOfSocket: string;
  let unixServer: Server;
  const udp = createSocket('udp4');

  beforeAll(async () => {
    server = createServer();
    server.listen(0, '127.0.0.1');
    directoryOfSocket = mkdtempSync(join(tmpdir(), 'bpfiter-socket-'));
    unixServer = createServer();
    unixServer.listen(join(directoryOfSocket, 'socket'));
    udp.bind(0, '127.0.0.1');
    await Promise.all([once(server, 'listening'), once(unixServer, 'listening'), once(udp, 'listening')]);
  });
  afterAll(() => {
    server.close();
    unixServer.close();
    udp.close();
    rmSync(directoryOfSocket, { recursive: true, force: true });
  });

  const portOf = (address: AddressInfo) => `0100007F:${address.port.toString(16).toUpperCase().padStart(4, '0')}`;

  /** The line of a local address, without the slot; `extra` references are the reader's own. */
  const lineOf = (text: string, address: string, extra: number): string[] => {
    const found =
      text
        .split('\n')
        .map(columns)
        .find((line) => line[1] === address && line[2] === '00000000:0000') ?? [];
    return found.slice(1).map((column, index) => (index === 9 ? `${Number(column) - extra}` : column));
  };

  onTarget('tcp')('tcp prints the line of /proc/net/tcp, with one reference more', () => {
    const address = portOf(server.address() as AddressInfo); // a TCP server's is not a path
    return agree(
      async () => lineOf(await output('tcp'), address, 1),
      () => lineOf(proc('net/tcp'), address, 0),
    );
  });

  onTarget('udp')('udp prints the line of /proc/net/udp, with one reference more', () => {
    const address = portOf(udp.address());
    return agree(
      async () => lineOf(await output('udp'), address, 1),
      () => lineOf(proc('net/udp'), address, 0),
    );
  });

  onTarget('unix')('unix prints the line of /proc/net/unix, with one reference more', () => {
    const line = (text: string, extra: number) =>
      text
        .split('\n')
        .filter((one) => one.endsWith(` ${join(directoryOfSocket, 'socket')}`))
        .map((one) =>
          one.replace(/^(\w+: )(\w{8})/, (_, pointer, count) => `${pointer}${Number.parseInt(count, 16) - extra}`),
        );
    return agree(
      async () => line(await output('unix'), 1),
      () => line(proc('net/unix'), 0),
    );
  });

  onTarget('bpf_sk_storage_map')('sk_storage prints what is stored at a socket, and counts it up', () =>
    withLoaded('sk_storage', async (loaded) => {
      const map = loaded.map('storage');
      // Node tells the descriptor of a server only here.
      const { _handle } = server as unknown as { readonly _handle: { readonly fd: number } };
      map.update(u32(_handle.fd), u32(41));
      const { port } = server.address() as AddressInfo; // a TCP server's is not a path
      expect(await read(loaded, { map })).toBe(`family 2 protocol 6 port ${port}: 41\n`);
      expect(await read(loaded, { map })).toBe(`family 2 protocol 6 port ${port}: 42\n`);
    }),
  );
});

describeOnHost('maps, programs and links that the test made', () => {
  onTarget('bpf_map_elem')('hashmap prints each entry once, and their number and sum', () =>
    withLoaded('hashmap', async (loaded) => {
      const map = loaded.map('counters');
      const entries = Array.from({ length: 1000 }, (_, index) => [index, index * 3] as const);
      for (const [key, value] of entries) map.update(u32(key), new Uint8Array(BigUint64Array.of(BigInt(value)).buffer));
      for (let session = 0; session < 2; session++) {
        const lines = (await read(loaded, { map })).trimEnd().split('\n');
        expect(lines.pop()).toBe(`1000 entries, sum ${entries.reduce((sum, [, value]) => sum + value, 0)}`);
        expect(lines.sort()).toEqual(entries.map(([key, value]) => `${key}: ${value}`).sort());
      }
    }),
  );

  onTarget('sockmap')('sockmap visits the empty slots of a SOCKMAP', () =>
    withLoaded('sockmap', async (loaded) => {
      const lines = Array.from({ length: 8 }, (_, slot) => `${slot}: empty\n`);
      expect(await read(loaded, { map: loaded.map('sockets') })).toBe(lines.join(''));
    }),
  );

  test('bpf_map prints a map with its sizes', () =>
    withLoaded('hashmap', async (loaded) => {
      const { id } = loaded.map('counters');
      const line = (await output('bpf_map'))
        .split('\n')
        .map(columns)
        .find(([first]) => first === `${id}`);
      expect(line).toEqual([`${id}`, '1', 'counters', '4', '8', expect.stringMatching(/^(0|-)$/), '1024']);
    }));

  test('map_struct prints a map with the fields of the struct', () =>
    withLoaded('hashmap', async (loaded) => {
      const { id } = loaded.map('counters');
      const structs = (await output('map_struct')).split('(struct bpf_map)');
      expect(structs.find((text) => text.includes(`.id = (u32)${id},`))).toContain('.max_entries = (u32)1024,');
    }));

  onTarget('bpf_prog')('bpf_prog prints a program with what it is attached to', () =>
    withLoaded('netlink', async (loaded) => {
      const { id } = loaded.program('dump_netlink');
      const line = (await output('bpf_prog'))
        .split('\n')
        .map(columns)
        .find(([first]) => first === `${id}`);
      expect(line?.slice(1, 3)).toEqual(['26', 'dump_netlink']);
      expect(line?.at(-1)).toBe('bpf_iter_netlink');
    }),
  );

  onTarget('bpf_link')('bpf_link prints a link with its program', () =>
    withLoaded('netlink', async (loaded) => {
      const program = loaded.program('dump_netlink');
      using link = program.attachIter();
      const { id } = link.info();
      const line = (await output('bpf_link'))
        .split('\n')
        .map(columns)
        .find(([first]) => first === `${id}`);
      expect(line).toEqual([`${id}`, '4', `${program.id}`, 'dump_netlink']);
    }),
  );

  onTarget('dmabuf')('dmabuf reads to the end, whether there are buffers or not', async () => {
    expect(await output('dmabuf')).toMatch(/^( +INODE +SIZE EXPORTER +NAME\n( *\d+ +\d+ .*\n)+)?$/);
  });
});

describeOnHost('the root cgroup', () => {
  onTarget('cgroup')('is one line of cgroup without its descendants, and a number at the end', async () => {
    expect(await output('cgroup', { cgroup: { order: 'self_only' } })).toMatch(/^\/ id 1, \d+ below\n1 visited\n$/);
  });

  onFamily('css_task')('is a heading of cgroup_tasks, with its processes below', async () => {
    const [heading, ...lines] = (await output('cgroup_tasks', { cgroup: { order: 'self_only' } }))
      .trimEnd()
      .split('\n');
    expect(heading).toBe('cgroup 1');
    expect(lines.filter((line) => !/^ *\d+ \S/.test(line))).toEqual([]);
  });
});

describeOnHost('programs that user space calls', () => {
  /** Runs one program once and gives its return value and what it wrote into its variables. */
  const run = (name: string, data?: Uint8Array) =>
    withLoaded(name, async (loaded) => {
      const before = readMaps(loaded);
      const { retval } = await first(loaded).run(data === undefined ? {} : { data });
      const changes = Object.values(changedMaps(loaded, before)).flat();
      return { retval, variables: Object.assign({}, ...changes.map(({ value }) => value)) as Record<string, unknown> };
    });

  onFamily('num')('numbers finds the longest way', async () => {
    expect(await run('numbers')).toEqual({ retval: 0, variables: { start: 6171, steps: 261 } });
  });

  onFamily('bits')('capabilities finds the bits of CapEff', async () => {
    const mask = BigInt(`0x${/^CapEff:\s*(\w+)$/m.exec(proc('self/status'))?.[1]}`);
    const held = [...mask.toString(2)].reverse().flatMap((bit, index) => (bit === '1' ? [index] : []));
    const { variables } = await run('capabilities');
    expect(variables).toMatchObject({ count: held.length, highest: held.at(-1) });
    expect(variables.sys_admin ?? false).toBe(held.includes(21));
  });

  onFamily('task')('count_tasks counts the threads of this process', () =>
    agree(
      async () => (await run('count_tasks')).variables.threads_of_caller,
      () => Number(/^Threads:\s*(\d+)$/m.exec(proc('self/status'))?.[1]),
    ),
  );

  onFamily('kmem_cache')('slab_total counts the caches of /proc/slabinfo', () =>
    agree(
      async () => (await run('slab_total')).variables.caches,
      () => slabs().length,
    ),
  );

  onFamily('css')('cgroup_tree counts the cgroups that cgroup visits', () =>
    agree(
      async () => (await run('cgroup_tree')).variables.descendants,
      async () => {
        const text = await output('cgroup', { cgroup: { order: 'descendants_pre' } });
        return Number(/^(\d+) visited$/m.exec(text)?.[1]);
      },
    ),
  );

  onFamily('dmabuf')('dmabuf_names goes through all buffers', async () => {
    expect(await run('dmabuf_names')).toMatchObject({ retval: 0 });
  });

  onFamily('task_vma')('vma_ranges is accepted', () =>
    withLoaded('vma_ranges', (loaded) => {
      expect(loaded.program('record_ranges').id).toBeGreaterThan(0);
    }),
  );

  describe('xdp_port', () => {
    const packet = (protocol: number, port: number): Uint8Array => {
      const bytes = new Uint8Array(64);
      bytes.set([0x08, 0x00, 0x45], 12); // IPv4, a header of five words
      bytes[23] = protocol;
      new DataView(bytes.buffer).setUint16(36, port);
      return bytes;
    };
    const XDP_DROP = 1;
    const XDP_PASS = 2;

    test.each([
      ['drops a UDP packet to its port', packet(17, 9), XDP_DROP],
      ['lets a UDP packet to another port pass', packet(17, 10), XDP_PASS],
      ['lets a TCP packet to its port pass', packet(6, 9), XDP_PASS],
    ])('%s', async (_what, data, retval) => {
      const counts = retval === XDP_DROP ? { passed: 0n, dropped: 1n } : { passed: 1n, dropped: 0n };
      expect(await run('xdp_port', data)).toEqual({ retval, variables: { counts } });
    });
  });

  test.each([
    [64, 1],
    [512, 2],
    [1500, 3],
  ])('tc_mark counts a packet of %i bytes as one of class %i', (length, expected) =>
    withLoaded('tc_mark', async (loaded) => {
      const { retval } = await loaded.program('mark_length').run({ data: new Uint8Array(length) });
      expect(retval).toBe(0);
      const map = loaded.map('classes');
      const sums = [1, 2, 3].map((key) => {
        const values = map.lookup(u32(key)) ?? new Uint8Array();
        return new BigUint64Array(values.slice().buffer).reduce((sum, value) => sum + value, 0n);
      });
      expect(sums).toEqual([1, 2, 3].map((key) => (key === expected ? 1n : 0n)));
    }),
  );
});

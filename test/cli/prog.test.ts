import { describe, expect, test } from 'vitest';
import { describeOnHost } from '../host/permitted.ts';
import { bpfiter, failure, program, scratchFile } from './bpfiter.ts';

/** An Ethernet frame of IPv4 and TCP to this port. */
function packetTo(port: number): string {
  const bytes = new Uint8Array(54);
  const view = new DataView(bytes.buffer);
  view.setUint16(12, 0x0800);
  bytes[14] = 0x45;
  bytes[23] = 6;
  view.setUint16(36, port);
  bytes[46] = 0x50;
  return Buffer.from(bytes).toString('hex');
}

async function lines(...args: readonly string[]) {
  const { status, stdout, stderr } = await bpfiter(['prog', 'run', '--json', ...args]);
  expect(stderr).toBe('');
  return {
    status,
    lines: stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line)),
  };
}

describeOnHost('prog run', () => {
  test('prints what a program returns and what it wrote', async () => {
    const { status, stdout, stderr } = await bpfiter(['prog', 'run', program('xdp_port'), '--data', packetTo(80)]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.split('\n').slice(0, -1)).toEqual([
      expect.stringMatching(/^drop_port: returned 2 in \d+ ns$/),
      `  data ${packetTo(80)}`,
      '  xdp_port.bss.counts.passed = 1',
      '  xdp_port.bss.counts.dropped = 0',
    ]);
  });

  test('prints the same as JSON', async () => {
    const { status, lines: given } = await lines(program('xdp_port'), '--data', packetTo(80));
    expect(status).toBe(0);
    expect(given).toEqual([
      {
        ...{
          object: 'xdp_port.bpf.o',
          program: 'drop_port',
          kernel: 'host',
          retval: 2,
          dataOut: packetTo(80),
          error: null,
        },
        durationNs: expect.any(Number),
        maps: { 'xdp_port.bss': [{ value: { counts: { passed: 1, dropped: 0 } } }] },
      },
    ]);
    const { stdout } = await bpfiter(['prog', 'run', '-p', program('xdp_port')]);
    expect(stdout).toMatch(/^\{\n {2}"object": "xdp_port\.bpf\.o",\n/);
  });

  test('gives a packet program 64 zero bytes if it is given nothing', async () => {
    expect((await lines(program('xdp_port'))).lines[0].dataOut).toBe('00'.repeat(64));
  });

  test('takes data from a file, and with blanks between the bytes', async () => {
    const file = scratchFile('packet', Buffer.from(packetTo(443), 'hex'));
    const spaced = packetTo(443).replaceAll(/../g, '$& ');
    for (const data of [`@${file}`, spaced, `0x${packetTo(443)}`]) {
      expect((await lines(program('xdp_port'), '--data', data)).lines[0].dataOut).toBe(packetTo(443));
    }
  });

  test('runs a program several times', async () => {
    const { lines: given } = await lines(program('xdp_port'), '--repeat', '5');
    expect(given[0].maps['xdp_port.bss'][0].value.counts.passed).toBe(5);
  });

  test('shows the entries of a map by key, one value for each processor', async () => {
    const { lines: given } = await lines(program('tc_mark'));
    const [{ key, value }] = given[0].maps.classes;
    expect(key).toBe(1);
    expect(value.reduce((sum: number, one: number) => sum + one)).toBe(1);
    const { stdout } = await bpfiter(['prog', 'run', program('tc_mark')]);
    expect(stdout).toMatch(/\n {2}classes\[1\]\[\d+\] = 1\n$/);
  });

  test('runs the program that is no iterator, the named one, or all', async () => {
    expect((await lines(program('numbers'))).lines).toMatchObject([{ program: 'longest_way', retval: 0 }]);
    const all = await lines(program('task_and_files'), '--all');
    expect(all.status).toBe(1);
    expect(all.lines).toMatchObject([
      { program: 'files', retval: null, durationNs: null, dataOut: null, maps: {} },
      { program: 'tasks', error: "program 'tasks' is an iterator: it runs only when its link is read" },
    ]);
    const named = await lines(program('numbers'), '--program', 'longest_way');
    expect(named.lines).toMatchObject([{ program: 'longest_way', error: null }]);
  });

  test('refuses input that the program does not take', async () => {
    expect(await bpfiter(['prog', 'run', program('xdp_port'), '--data', '0102'])).toEqual(
      failure(
        2,
        `${program('xdp_port')}: program 'drop_port': a run of type xdp needs data of at least 14 bytes, not 2`,
      ),
    );
  });
});

describe('prog run --kernel embedded', () => {
  const embedded = (...args: readonly string[]) => lines('--kernel', 'embedded', ...args);

  test('runs all programs on one load, and gives packet programs 64 zero bytes', async () => {
    const { status, lines: given } = await embedded(program('xdp_port'), '--all');
    expect(status).toBe(0);
    expect(given).toMatchObject([
      { program: 'drop_port', kernel: 'embedded', retval: 2, dataOut: '00'.repeat(64), error: null },
    ]);
  });

  test('takes data and a number of runs', async () => {
    const { lines: given } = await embedded(program('xdp_port'), '--data', packetTo(80), '--repeat', '3');
    expect(given).toMatchObject([
      { retval: 2, dataOut: packetTo(80), maps: { 'xdp_port.bss': [{ value: { counts: { passed: 3 } } }] } },
    ]);
  });

  test('says in a line of JSON too why an object cannot be loaded', async () => {
    const { status, lines: given } = await embedded(program('dmabuf_names'), '--program', 'mark_names');
    expect(status).toBe(1);
    expect(given).toMatchObject([{ object: 'dmabuf_names.bpf.o', program: 'mark_names', retval: null, maps: {} }]);
    expect(given[0].error).toMatch(/no kfunc bpf_iter_dmabuf_new/);
  });
});

describe('prog dump', () => {
  const dump = (...args: readonly string[]) => bpfiter(['prog', 'dump', '--kernel', 'embedded', ...args]);

  test('prints instructions, with the names of functions, maps and kfuncs', async () => {
    const { status, stdout, stderr } = await dump(program('xdp_port'));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const text = stdout.split('\n');
    expect(text.slice(0, 3)).toEqual([
      'drop_port:',
      '    0: (61) r2 = *(u32 *)(r1 +0)',
      '    1: (61) r1 = *(u32 *)(r1 +4)',
    ]);
    expect(text).toContain('verdict:');
    expect(stdout).toMatch(/\n +\d+: \(85\) call verdict\n/);
    expect(stdout).toMatch(/\n +\d+: \(18\) r2 = map\[xdp_port\.rodata\]\+0\n/);
    expect((await dump(program('numbers'))).stdout).toMatch(/\(85\) call bpf_iter_num_new#\d+\n/);
  });

  test('prints them as JSON', async () => {
    const { stdout } = await dump('--json', program('xdp_port'), '--program', 'drop_port');
    const { instructions, ...rest } = JSON.parse(stdout);
    expect(rest).toEqual({ object: 'xdp_port.bpf.o', program: 'drop_port', kernel: 'embedded' });
    expect(instructions[0]).toEqual({ insn: 0, text: '(61) r2 = *(u32 *)(r1 +0)', function: 'drop_port' });
    expect(instructions[1].insn).toBe(1);
  });

  test('prints the WebAssembly that it becomes', async () => {
    const { stdout } = await dump(program('xdp_port'), '--wat');
    expect(stdout).toMatch(/^\(module \$drop_port/);
    expect(stdout).toContain(';; 0: (61) r2 = *(u32 *)(r1 +0)');
    expect(stdout).toMatch(/i64\.load32_u/);
  });

  test('refuses what the other action takes, the other kernel, and to choose a program', async () => {
    expect(await dump(program('xdp_port'), '--all')).toEqual(failure(2, "'prog dump' takes no --all"));
    expect(await bpfiter(['prog', 'run', program('xdp_port'), '--wat'])).toEqual(
      failure(2, "'prog run' takes no --wat"),
    );
    expect(await bpfiter(['prog', 'dump', program('xdp_port'), '--wat', '--kernel', 'host'])).toEqual(
      failure(2, 'the host kernel cannot do this; leave out --kernel host'),
    );
    const { status, stderr } = await dump(program('task_and_files'));
    expect(status).toBe(2);
    expect(stderr).toContain('say which program with --program NAME; it has files, tasks');
  });
});

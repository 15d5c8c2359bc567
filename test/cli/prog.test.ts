import { expect, test } from 'vitest';
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
        `${program('xdp_port')}: program 'drop_port': a run of a xdp program needs data of at least 14 bytes, not 2`,
      ),
    );
  });
});

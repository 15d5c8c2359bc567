import { expect, test } from 'vitest';
import { BtfBuilder } from '../../src/btf/index.ts';
import { BpfiterError } from '../../src/errors.ts';
import { loadBtf } from '../../src/host/btf-load.ts';
import { closeDescriptor } from '../../src/host/descriptor.ts';
import { loadProgram, type ProgramToLoad } from '../../src/host/program-load.ts';
import { HostProgram } from '../../src/host/programs.ts';
import { encodeAll, type Instruction } from '../../src/isa/index.ts';
import {
  BPF_F_SLEEPABLE,
  BPF_LOG_LEVEL1,
  BPF_LOG_LEVEL2,
  BPF_LOG_STATS,
  BPF_PROG_TYPE_SCHED_CLS,
  BPF_PROG_TYPE_SK_LOOKUP,
  BPF_PROG_TYPE_SOCKET_FILTER,
  BPF_PROG_TYPE_SYSCALL,
  BPF_PROG_TYPE_TRACEPOINT,
  BPF_PROG_TYPE_XDP,
  BPF_SK_LOOKUP,
} from '../../src/uapi/index.ts';
import { describeOnHost, loadIterator, openDescriptors } from './permitted.ts';

const exit: Instruction = { kind: 'exit' };
const set = (dst: number, immediate: number): Instruction => ({
  kind: 'alu',
  width: 64,
  op: 'mov',
  dst,
  source: { immediate },
});
const returning = (value: number): readonly Instruction[] => [set(0, value), exit];

function load(type: number, insns: readonly Instruction[], more: Partial<ProgramToLoad> = {}): HostProgram {
  const { result, log } = loadProgram({ type, license: 'GPL', insns: encodeAll(insns), ...more });
  if (result < 0) throw new Error(`errno ${-result}: ${log}`);
  const expectedAttachType = more.expectedAttachType ?? 0;
  return new HostProgram(result, { name: 'p', section: 'by hand', type, expectedAttachType, log }, () => {
    throw new Error('no maps here');
  });
}

describeOnHost('loading a program', () => {
  test('gives it an id and its name', () => {
    using program = load(BPF_PROG_TYPE_SOCKET_FILTER, returning(0), { name: 'first_of_many_names' });
    expect(program.id).toBeGreaterThan(0);
    expect(program.log).toBe('');
  });

  test('that the verifier refuses gives its log without being asked', () => {
    const before = openDescriptors();
    const { result, log } = loadProgram({
      type: BPF_PROG_TYPE_SOCKET_FILTER,
      license: 'GPL',
      insns: encodeAll([exit]),
    });
    expect(result).toBe(-13);
    expect(log).toContain('R0 !read_ok');
    expect(openDescriptors()).toBe(before);
  });

  test.each([
    ['statistics', BPF_LOG_STATS, /^processed 2 insns/m],
    ['every instruction', BPF_LOG_LEVEL2, /^0: \(b7\) r0 = 0/m],
    ['both', BPF_LOG_LEVEL1 | BPF_LOG_LEVEL2 | BPF_LOG_STATS, /^0: \(b7\) r0 = 0[\s\S]*^processed 2 insns/m],
  ])('writes %s if asked, also when it goes well', (_, level, pattern) => {
    const { result, log } = loadProgram(
      { type: BPF_PROG_TYPE_SOCKET_FILTER, license: 'GPL', insns: encodeAll(returning(0)) },
      level,
    );
    new HostProgram(result, { name: 'p', section: '', type: 1, expectedAttachType: 0, log }, () => {
      throw new Error('no maps here');
    }).close();
    expect(log).toMatch(pattern);
  });

  test('gives a log of several megabytes from its first line to its last', () => {
    // A loop that the verifier walks through, some lines for each round.
    const insns: readonly Instruction[] = [
      set(1, 0),
      { kind: 'alu', width: 64, op: 'add', dst: 1, source: { immediate: 1 } },
      { kind: 'jump', width: 64, condition: 'lt', dst: 1, source: { immediate: 30_000 }, off: -2 },
      ...returning(0),
    ];
    const { result, log } = loadProgram(
      { type: BPF_PROG_TYPE_SOCKET_FILTER, license: 'GPL', insns: encodeAll(insns) },
      BPF_LOG_LEVEL2,
    );
    using _program = new HostProgram(result, { name: 'p', section: '', type: 1, expectedAttachType: 0, log }, () => {
      throw new Error('no maps here');
    });
    expect(log.length).toBeGreaterThan(2 << 20);
    expect(log.slice(0, 100)).toMatch(/^func#0 @0/);
    expect(log.slice(-200)).toMatch(/^processed \d+ insns/m);
  });

  test('clears what the kernel does not know of longer func_info records', () => {
    const types = new BtfBuilder();
    const prototype = types.add({ kind: 'func_proto', returnType: 0, parameters: [] });
    const main = types.add({ kind: 'func', name: 'main', type: prototype, linkage: 'static' });
    const btf = loadBtf(types.bytes());
    expect(btf.log).toBe('');
    // Instruction 0 is the beginning of main; eight bytes more than the kernel has, and not zero.
    const bytes = new Uint8Array(16).fill(0xff, 8);
    new DataView(bytes.buffer).setUint32(4, main, true);
    load(BPF_PROG_TYPE_SOCKET_FILTER, returning(0), {
      btfFd: btf.result,
      funcInfo: { recordSize: 16, bytes },
    }).close();
    closeDescriptor(btf.result);
  });
});

describeOnHost('running a program', () => {
  const packet = Uint8Array.from({ length: 60 }, (_, at) => at);

  test.each([
    ['positive', 7],
    ['negative', -1],
    ['the least', -0x8000_0000],
  ])('gives its return value, signed: %s', async (_, value) => {
    using program = load(BPF_PROG_TYPE_SYSCALL, returning(value), { flags: BPF_F_SLEEPABLE });
    expect(await program.run()).toEqual({ retval: value, durationNs: 0 });
  });

  test('of type syscall changes its context in place and leaves the caller’s alone', async () => {
    // *(u32 *)(ctx + 4) = 0x1234
    using program = load(
      BPF_PROG_TYPE_SYSCALL,
      [{ kind: 'store', size: 4, base: 1, off: 4, source: { immediate: 0x1234 } }, ...returning(0)],
      { flags: BPF_F_SLEEPABLE },
    );
    const context = new Uint8Array(16);
    const { contextOut } = await program.run({ context });
    expect(contextOut).toEqual(Uint8Array.of(0, 0, 0, 0, 0x34, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    expect(context).toEqual(new Uint8Array(16));
  });

  test('on a packet gives the packet as it left it, and the time that a run took', async () => {
    using program = load(BPF_PROG_TYPE_XDP, returning(2));
    const result = await program.run({ data: packet, repeat: 100 });
    expect(result.retval).toBe(2);
    expect(result.dataOut).toEqual(packet);
    expect(result.durationNs).toBeGreaterThan(0);
  });

  test('on a packet with a context gives that too', async () => {
    // __sk_buff.mark, at 8, is one of the few fields that may be given.
    using program = load(BPF_PROG_TYPE_SCHED_CLS, [
      { kind: 'store', size: 4, base: 1, off: 8, source: { immediate: 99 } },
      ...returning(0),
    ]);
    const context = new Uint8Array(192);
    context[8] = 5;
    const { contextOut } = await program.run({ data: packet, context });
    expect(contextOut?.[8]).toBe(99);
    expect(contextOut?.length).toBeGreaterThanOrEqual(192);
  });

  test.each([
    ['syscall', BPF_PROG_TYPE_SYSCALL, { data: packet }, 'takes no data'],
    ['syscall', BPF_PROG_TYPE_SYSCALL, { repeat: 3 }, 'takes no repeat count'],
    ['syscall', BPF_PROG_TYPE_SYSCALL, { flags: 1 }, 'takes no flags'],
    ['xdp', BPF_PROG_TYPE_XDP, {}, 'needs data of at least 14 bytes, not 0'],
    ['sk_lookup', BPF_PROG_TYPE_SK_LOOKUP, { data: packet }, 'takes no data'],
  ])('of type %s says what it does not take', async (kind, type, options, message) => {
    using program = load(type, returning(type === BPF_PROG_TYPE_SK_LOOKUP ? 1 : 0), {
      flags: type === BPF_PROG_TYPE_SYSCALL ? BPF_F_SLEEPABLE : 0,
      expectedAttachType: type === BPF_PROG_TYPE_SK_LOOKUP ? BPF_SK_LOOKUP : 0,
    });
    await expect(program.run(options)).rejects.toThrow(
      expect.objectContaining({ code: 'usage', message: `program 'p': a run of type ${kind} ${message}` }),
    );
  });

  test('is not run a number of times that is none', async () => {
    using program = load(BPF_PROG_TYPE_XDP, returning(0));
    for (const repeat of [-1, 1.5, Number.NaN, 2 ** 31]) {
      await expect(program.run({ data: packet, repeat })).rejects.toThrow(`it cannot run ${repeat} times`);
    }
  });

  test('of a type that the kernel cannot run says so', async () => {
    using program = load(BPF_PROG_TYPE_TRACEPOINT, returning(0));
    await expect(program.run()).rejects.toThrow("program 'p': the kernel cannot run tracepoint programs on demand");
  });

  test('that is an iterator says how it runs', async () => {
    using program = loadIterator('task');
    await expect(program.run()).rejects.toThrow(/is an iterator: it runs only when its link is read/);
  });

  test('that is closed says so', async () => {
    const program = load(BPF_PROG_TYPE_XDP, returning(2));
    program.close();
    await expect(program.run({ data: packet })).rejects.toThrow(BpfiterError);
    expect(() => program.id).toThrow("program 'p' is closed");
  });
});

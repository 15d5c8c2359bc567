/**
 * The Linux 6.18 profile against a running 6.18: samples of what its tables say, asked again. The whole is asked by
 * scripts/measure-profile.mjs.
 */
import { closeSync } from 'node:fs';
import { release } from 'node:os';
import { describe, expect, it } from 'vitest';
import { bpfPermitted, kernelBtf } from '../../../src/host/index.ts';
import { tryCreateMap } from '../../../src/host/maps.ts';
import { loadProgram } from '../../../src/host/program-load.ts';
import { encodeAll, type Instruction } from '../../../src/isa/index.ts';
import { iterTargetsOf } from '../../../src/iter-targets.ts';
import {
  attachTypes,
  BPF_F_SLEEPABLE,
  BPF_LOG_LEVEL2,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_PERF_EVENT_ARRAY,
  BPF_MAP_TYPE_RINGBUF,
  helperId,
  helperName,
  lastHelperId,
  programTypeId,
  programTypeName,
  programTypes,
} from '../../../src/uapi/index.ts';
import { attachBtfIdOf } from '../../../src/verifier/profile/kind-keys.ts';
import { linux618 } from '../../../src/verifier/profile/linux-6.18/index.ts';
import { iteratorTargets } from '../../../src/verifier/profile/linux-6.18/iterator-targets.ts';
import { limits } from '../../../src/verifier/profile/linux-6.18/limits.ts';
import type { KernelProfile, ProgramKind } from '../../../src/verifier/profile/types.ts';

const permission = bpfPermitted();
const reason = !permission.ok ? permission.reason : release().startsWith('6.18.') ? '' : `Linux ${release()}`;
const describeOn618 = (title: string, body: () => void): void => {
  describe.skipIf(reason !== '')(reason === '' ? title : `${title} (skipped: ${reason})`, body);
};

let cached: KernelProfile | undefined;
/** Read when a test runs, so that nothing is where the tests are skipped. */
function profile(): KernelProfile {
  cached ??= linux618(kernelBtf());
  return cached;
}

const mov = (dst: number, immediate: number): Instruction => ({
  kind: 'alu',
  width: 64,
  op: 'mov',
  dst,
  source: { immediate },
});
const load = (dst: number, base: number, off: number, size: 1 | 2 | 4 | 8): Instruction => {
  return { kind: 'load', size, signed: false, dst, base, off };
};
const store = (base: number, off: number, size: 1 | 2 | 4 | 8): Instruction => {
  return { kind: 'store', size, base, off, source: { immediate: 0 } };
};
const exit: Instruction = { kind: 'exit' };
const sizes = [1, 2, 4, 8] as const;

const kind = (type: string, attach?: string, target?: string, sleepable = type === 'syscall'): ProgramKind => ({
  type: programTypeId(type) ?? -1,
  expectedAttachType: attachTypes.find(({ name }) => name === attach)?.id ?? 0,
  sleepable,
  target,
});

/** One of each program type that this kernel loads, and those of which attach type or target matter. */
const kinds: readonly ProgramKind[] = [
  ...'socket_filter kprobe sched_cls sched_act tracepoint xdp perf_event cgroup_sock lwt_in lwt_out lwt_xmit'.split(
    ' ',
  ),
  ...'lwt_seg6local sock_ops sk_skb cgroup_device sk_msg raw_tracepoint raw_tracepoint_writable sk_reuseport'.split(
    ' ',
  ),
  ...'flow_dissector cgroup_sysctl syscall'.split(' '),
]
  .map((type) => kind(type))
  .concat(
    kind('xdp', 'xdp_devmap'),
    kind('kprobe', 'trace_kprobe_session'),
    kind('kprobe', undefined, undefined, true),
    kind('cgroup_skb', 'cgroup_inet_ingress'),
    kind('cgroup_skb', 'cgroup_inet_egress'),
    kind('cgroup_sock', 'cgroup_inet4_post_bind'),
    kind('cgroup_sock_addr', 'cgroup_inet4_bind'),
    kind('cgroup_sock_addr', 'cgroup_udp6_sendmsg'),
    kind('cgroup_sock_addr', 'cgroup_unix_connect'),
    kind('cgroup_sockopt', 'cgroup_getsockopt'),
    kind('cgroup_sockopt', 'cgroup_setsockopt'),
    kind('sk_lookup', 'sk_lookup'),
    kind('netfilter', 'netfilter'),
    kind('tracing', 'trace_raw_tp', 'sched_switch'),
    kind('tracing', 'trace_iter', 'task'),
    kind('tracing', 'trace_iter', 'tcp'),
    kind('tracing', 'trace_iter', 'task', true),
  );

const nameOf = ({ type, expectedAttachType, target, sleepable }: ProgramKind): string => {
  const attach = attachTypes.find(({ id }) => id === expectedAttachType)?.name;
  return [programTypeName(type), expectedAttachType > 0 && attach, target, sleepable && 'sleepable']
    .filter(Boolean)
    .join(' ');
};

const statistics = /^(processed \d+ insns|verification time|stack depth)/;

interface Answer {
  readonly accepted: boolean;
  readonly message: string;
  readonly log: string;
}

function ask(of: ProgramKind, insns: readonly Instruction[], level = 0, license = 'GPL'): Answer {
  const { result, log } = loadProgram(
    {
      type: of.type,
      expectedAttachType: of.expectedAttachType,
      attachBtfId: attachBtfIdOf(kernelBtf(), of),
      flags: of.sleepable ? BPF_F_SLEEPABLE : 0,
      license,
      insns: encodeAll(insns),
    },
    level,
  );
  if (result >= 0) closeSync(result);
  const message = log.split('\n').findLast((line) => line.trim() !== '' && !statistics.test(line)) ?? '';
  return { accepted: result >= 0, message, log };
}

/** r0 = what the profile says may be returned. */
const goodReturn = (of: ProgramKind): Instruction => mov(0, profile().programType(of)?.returns?.min ?? 0);

/** `trusted_ptr_or_null_task_struct`, as the log prints it. */
const registerIn = (log: string): string => /\bR2(?:_w)?=(\w+)/.exec(log)?.[1] ?? '';

function readRegister(of: ProgramKind, offset: number, size: 1 | 2 | 4 | 8): string | undefined {
  const { accepted, log } = ask(of, [load(2, 1, offset, size), goodReturn(of), exit], BPF_LOG_LEVEL2);
  return accepted ? registerIn(log) : undefined;
}

const accessOf = (of: ProgramKind, offset: number, size: number): string | undefined => {
  const access = profile().programType(of)?.access(offset, size, false);
  return access && access.register + (access.btf ?? '');
};

describeOn618('the profile and the running kernel agree', () => {
  for (const [index, of] of kinds.entries()) {
    it(`on which helpers a program may call: ${nameOf(of)}`, () => {
      for (let id = 1 + (index % 3); id <= lastHelperId; id += 3) {
        const { message } = ask(of, [{ kind: 'call', target: { kind: 'helper', id } }, goodReturn(of), exit]);
        expect(!message.startsWith('program of this type cannot use helper'), helperName(id)).toBe(
          profile().helperAllowed(id, of),
        );
      }
    });

    it(`on what a program may load from its context and store to it: ${nameOf(of)}`, () => {
      for (let offset = -24; offset < 232; offset += 1 + ((7 * (offset + 24) + index) % 9)) {
        for (const size of sizes) {
          expect(readRegister(of, offset, size), `load of ${size} at ${offset}`).toBe(accessOf(of, offset, size));
          if (size !== sizes[(offset + 24 + index) % 4]) continue;
          const stored = ask(of, [goodReturn(of), store(1, offset, size), exit]).accepted;
          const may = profile().programType(of)?.access(offset, size, true) !== undefined;
          expect(stored, `store of ${size} at ${offset}`).toBe(may);
        }
      }
    });

    it(`on what a program may return: ${nameOf(of)}`, () => {
      const range = profile().programType(of)?.returns;
      // What is on the stack before anything is written is any number.
      const { accepted, message } = ask(of, [load(0, 10, -8, 8), exit]);
      expect(accepted).toBe(range === undefined);
      if (range !== undefined) expect(message).toContain(`should have been in [${range.min}, ${range.max}]`);
    });

    it(`on licences, sleepability and LD_ABS: ${nameOf(of)}`, () => {
      const rules = profile().programType(of);
      const program = [goodReturn(of), exit];
      expect(ask(of, program, 0, 'Proprietary').accepted).toBe(rules?.gplOnly === false);
      expect(ask({ ...of, sleepable: true }, program).accepted).toBe(rules?.sleepable !== 'never');
      expect(ask({ ...of, sleepable: false }, program).accepted).toBe(rules?.sleepable !== 'must');
      const absolute: readonly Instruction[] = [
        { kind: 'alu', width: 64, op: 'mov', dst: 6, source: { register: 1 } },
        { kind: 'ld_abs', size: 1, imm: 0 },
        ...program,
      ];
      expect(ask(of, absolute).accepted).toBe(rules?.loadAbsolute);
    });

    it(`on whether functions share a stack: ${nameOf(of)}`, () => {
      const { accepted, message } = ask(of, [
        store(10, -400, 8),
        { kind: 'call', target: { kind: 'subprogram', off: 2 } },
        goodReturn(of),
        exit,
        store(10, -400, 8),
        mov(0, 0),
        exit,
      ]);
      expect(accepted).toBe(profile().programType(of)?.privateStack);
      if (!accepted) expect(message).toBe('combined stack size of 2 calls is 800. Too large');
    });
  }

  for (const of of kinds.filter((_, index) => index % 4 === 0)) {
    it(`on which kfuncs a program may call: ${nameOf(of)}`, () => {
      const btf = kernelBtf();
      const answers = new Map<string, boolean>();
      for (let id = 1; id < btf.endId; id++) {
        const tag = btf.type(id);
        if (tag.kind !== 'decl_tag' || tag.name !== 'bpf_kfunc') continue;
        const call: Instruction = { kind: 'call', target: { kind: 'kfunc', btfId: tag.type, module: 0 } };
        const { message } = ask(of, [call, goodReturn(of), exit]);
        // That these need a program that is bound to a device is said before it is looked who may call them.
        if (message.startsWith('metadata kfuncs require')) continue;
        answers.set(btf.nameOf(tag.type), !message.endsWith('is not allowed'));
      }
      const said = new Map([...answers.keys()].map((name) => [name, profile().kfuncAllowed(name, of)]));
      expect(said).toEqual(answers);
    });
  }

  it('on the arguments of tracepoints', () => {
    const btf = kernelBtf();
    let asked = 0;
    for (let id = 1; id < btf.endId; id++) {
      const typedef = btf.nameOf(id);
      if (!typedef.startsWith('btf_trace_')) continue;
      asked += 1;
      if (asked % 8 !== 0) continue;
      const of = kind('tracing', 'trace_raw_tp', typedef.slice('btf_trace_'.length));
      for (const offset of [0, 8, 16, 24, 32]) {
        expect(readRegister(of, offset, 8), `${typedef} at ${offset}`).toBe(accessOf(of, offset, 8));
      }
    }
    expect(asked).toBeGreaterThan(0);
  });

  it('on the iterator targets and the arguments of their programs', () => {
    const names = iterTargetsOf(kernelBtf()).map(({ name }) => name);
    expect(iteratorTargets.map(({ target }) => target)).toEqual(names);
    for (const target of names) {
      const of = kind('tracing', 'trace_iter', target);
      for (const offset of [0, 8, 16, 24, 32]) {
        for (const size of [4, 8] as const) {
          expect(readRegister(of, offset, size), `${target} at ${offset}`).toBe(accessOf(of, offset, size));
        }
      }
    }
  });

  it('on the arguments of struct_ops, and what their programs may call', () => {
    const btf = kernelBtf();
    for (const struct of ['bpf_dummy_ops', 'tcp_congestion_ops']) {
      const type = btf.type(btf.find(struct, 'struct') ?? 0);
      if (type.kind !== 'struct') continue;
      for (const [expectedAttachType, { name }] of type.members.entries()) {
        const of = { ...kind('struct_ops', undefined, `${struct}.${name}`), expectedAttachType };
        if (!ask(of, [mov(0, 0), exit]).accepted) continue;
        expect(profile().programType(of)?.gplOnly, name).toBe(true);
        for (const offset of [0, 8, 16, 24]) {
          expect(readRegister(of, offset, 8), `${name} at ${offset}`).toBe(accessOf(of, offset, 8));
        }
        for (let id = 1; id <= lastHelperId; id += 5) {
          const { message } = ask(of, [{ kind: 'call', target: { kind: 'helper', id } }, mov(0, 0), exit]);
          expect(!message.includes('cannot use helper'), `${name} ${id}`).toBe(profile().helperAllowed(id, of));
        }
      }
    }
  });

  it('on why a program is refused for what it is attached to', () => {
    const btf = kernelBtf();
    const func = btf.find('vfs_read', 'func') ?? 0;
    const struct = btf.find('task_struct', 'struct') ?? 0;
    const implemented = btf.find('tcp_congestion_ops', 'struct') ?? 0;
    const tracepoint = btf.find('btf_trace_sched_switch', 'typedef') ?? 0;
    const rawTp = kind('tracing', 'trace_raw_tp');
    const iter = kind('tracing', 'trace_iter');
    const member = (index: number, sleepable = false): ProgramKind => {
      return { ...kind('struct_ops', undefined, undefined, sleepable), expectedAttachType: index };
    };
    const cases: readonly (readonly [ProgramKind, attachBtfId: number, license?: string])[] = [
      [rawTp, 0],
      [rawTp, btf.endId + 5],
      [rawTp, func],
      [rawTp, btf.find('u32', 'typedef') ?? 0],
      [rawTp, tracepoint],
      [{ ...rawTp, sleepable: true }, tracepoint],
      [iter, func],
      [iter, struct],
      [{ ...iter, sleepable: true }, btf.find('bpf_iter_tcp', 'func') ?? 0],
      [kind('tracing', 'cgroup_device'), func],
      [member(0), 0],
      [member(0), struct],
      [member(999), implemented],
      [member(0), implemented, 'Proprietary'],
      [kind('xdp', undefined, undefined, true), 0],
      [kind('syscall', undefined, undefined, false), 0],
      ...Array.from({ length: 18 }, (_, index) => [member(index), implemented] as const),
      ...[0, 1, 2].flatMap((index) => {
        const dummy = btf.find('bpf_dummy_ops', 'struct') ?? 0;
        return [[member(index), dummy] as const, [member(index, true), dummy] as const];
      }),
    ];
    for (const [of, attachBtfId, license = 'GPL'] of cases) {
      const { result, log } = loadProgram({
        type: of.type,
        expectedAttachType: of.expectedAttachType,
        attachBtfId,
        flags: of.sleepable ? BPF_F_SLEEPABLE : 0,
        license,
        insns: encodeAll([mov(0, 0), exit]),
      });
      if (result >= 0) closeSync(result);
      const message = log.split('\n').findLast((line) => line.trim() !== '' && !statistics.test(line)) ?? '';
      const said = result >= 0 ? undefined : { errno: -result, message };
      expect(profile().attachRefusal(of, attachBtfId, license === 'GPL'), `${nameOf(of)}: ${attachBtfId}`).toEqual(
        said,
      );
    }
  });

  it('on which attach types a program type loads with', () => {
    for (const { id: type, name } of programTypes) {
      // Without a target the kernel says nothing of these.
      if (['tracing', 'struct_ops', 'lsm', 'ext'].includes(name)) continue;
      for (let attach = type % 3; attach < attachTypes.length; attach += 3) {
        const of = { ...kind(name), expectedAttachType: attach };
        const { accepted, message } = ask(of, [mov(0, 1), exit]);
        expect(accepted || message !== '', `${name} with ${attach}`).toBe(profile().loads(of));
      }
    }
  });

  it('on which helpers take which maps, and which maps sleepable programs may use', () => {
    const maps = [
      { map_type: BPF_MAP_TYPE_HASH, key_size: 4, value_size: 8, max_entries: 1 },
      { map_type: BPF_MAP_TYPE_PERF_EVENT_ARRAY, key_size: 4, value_size: 4, max_entries: 1 },
      { map_type: BPF_MAP_TYPE_RINGBUF, max_entries: 4096 },
    ];
    for (const values of maps) {
      const fd = tryCreateMap(values);
      const reference: Instruction = { kind: 'ld_imm64', dst: 1, source: { kind: 'map_fd', fd } };
      try {
        for (const helper of ['bpf_perf_event_read', 'bpf_ringbuf_query']) {
          const id = helperId(helper) ?? -1;
          const of = kind('perf_event');
          const insns = [
            reference,
            mov(2, 0),
            { kind: 'call', target: { kind: 'helper', id } } as const,
            mov(0, 0),
            exit,
          ];
          expect(ask(of, insns).accepted, `${helper} ${values.map_type}`).toBe(
            profile().helperTakesMap(id, values.map_type),
          );
        }
        const sleepable = kind('kprobe', undefined, undefined, true);
        const { accepted, message } = ask(sleepable, [reference, mov(0, 0), exit]);
        expect(accepted ? undefined : message).toBe(profile().mapRefusal(values.map_type, [], sleepable));
      } finally {
        closeSync(fd);
      }
    }
  });

  it('on how deep calls may go and how much stack there is', () => {
    const limit = (name: string): { readonly most: number; readonly message: string } =>
      limits.find((row) => row.name === name) ?? { most: 0, message: 'no such limit' };
    const of = kind('sched_cls');
    const stack = limit('stack');
    expect(ask(of, [store(10, -stack.most, 1), mov(0, 0), exit]).accepted).toBe(true);
    expect(ask(of, [store(10, -stack.most - 1, 1), mov(0, 0), exit]).message).toBe(stack.message);
    const chain = (frames: number): readonly Instruction[] => [
      ...Array.from({ length: frames - 1 }, (): readonly Instruction[] => [
        { kind: 'call', target: { kind: 'subprogram', off: 2 } },
        mov(0, 0),
        exit,
      ]).flat(),
      mov(0, 0),
      exit,
    ];
    const frames = limit('frames');
    expect(ask(of, chain(frames.most)).accepted).toBe(true);
    expect(ask(of, chain(frames.most + 1)).message).toBe(frames.message);
  });
});

/** The tables of the Linux 6.18 profile against the uapi and against each other, without a kernel. */
import { describe, expect, it } from 'vitest';
import { Btf, BtfBuilder } from '../../../src/btf/index.ts';
import {
  attachTypeName,
  attachTypes,
  helperId,
  mapTypeId,
  programTypeId,
  programTypeName,
  programTypes,
} from '../../../src/uapi/index.ts';
import { ContextTable } from '../../../src/verifier/profile/context-table.ts';
import { words } from '../../../src/verifier/profile/kind-keys.ts';
import { contextNames } from '../../../src/verifier/profile/linux-6.18/context-names.ts';
import { contextStructs, contexts } from '../../../src/verifier/profile/linux-6.18/contexts.ts';
import { mapTypesElsewhere, withoutLockdown } from '../../../src/verifier/profile/linux-6.18/elsewhere.ts';
import { helperAvailability } from '../../../src/verifier/profile/linux-6.18/helper-availability.ts';
import { linux618 } from '../../../src/verifier/profile/linux-6.18/index.ts';
import {
  mapTypesOfHelpers,
  refusedFields,
  refusedTypes,
  sleepableMapTypes,
} from '../../../src/verifier/profile/linux-6.18/map-rules.ts';
import { loadable, programRules } from '../../../src/verifier/profile/linux-6.18/program-types.ts';
import {
  trampolineHelpers,
  trampolineLoadable,
  trampolineRules,
} from '../../../src/verifier/profile/linux-6.18/trampolines.ts';
import type { ProgramKind } from '../../../src/verifier/profile/types.ts';

const attachNames = new Set(attachTypes.map(({ name }) => name));

/** Whether a word is a kind as kind-keys.ts spells it; targets are not looked at. */
function isKind(key: string): boolean {
  const [type = '', attach] = key.replace(/\.s$/, '').split('/');
  if (programTypeId(type) === undefined) return false;
  return attach === undefined || type === 'struct_ops' || attachNames.has(attach);
}

const rowsOfKinds = {
  helperAvailability: helperAvailability.filter(({ programs }) => programs !== 'every'),
  trampolineHelpers,
  withoutLockdown,
  contexts,
  programRules,
  trampolineRules,
  refusedFields,
};

const kind = (type: string, attach?: string): ProgramKind => ({
  type: programTypeId(type) ?? -1,
  expectedAttachType: attachTypes.find(({ name }) => name === attach)?.id ?? 0,
  sleepable: false,
  target: undefined,
});

const emptyBtf = Btf.parse(new BtfBuilder().bytes(), { name: 'nothing' });

describe('the tables of linux-6.18', () => {
  for (const [name, rows] of Object.entries(rowsOfKinds)) {
    it(`name kinds of programs that exist, each once: ${name}`, () => {
      const keys = rows.flatMap(({ programs }) => words(programs));
      expect(keys.filter((key) => !isKind(key))).toEqual([]);
      if (rows !== refusedFields) expect(keys.length).toBe(new Set(keys).size);
    });
  }

  it('name helpers that exist', () => {
    const rows = [...helperAvailability, ...trampolineHelpers, ...withoutLockdown];
    const names = [
      ...rows.flatMap(({ plus, minus }) => [...words(plus), ...words(minus)]),
      ...Object.keys(mapTypesOfHelpers),
      ...Object.keys(mapTypesElsewhere),
    ];
    expect(names.filter((name) => helperId(`bpf_${name}`) === undefined)).toEqual([]);
  });

  it('name types of maps that exist', () => {
    const names = [
      ...Object.values(mapTypesOfHelpers).flatMap(words),
      ...Object.values(mapTypesElsewhere).flatMap(words),
      ...words(sleepableMapTypes),
      ...Object.keys(refusedTypes),
    ];
    expect(names.filter((name) => mapTypeId(name) === undefined)).toEqual([]);
  });

  it('name program types and attach types that exist as loadable', () => {
    for (const { type, attachTypes: taken } of [...loadable, ...trampolineLoadable]) {
      expect(programTypeId(type), type).toBeDefined();
      expect(words(taken).filter((name) => !attachNames.has(name))).toEqual([]);
    }
    for (const type of Object.keys(contextNames)) expect(programTypeId(type), type).toBeDefined();
  });

  it('take only names from a set that it has, and add only those that it lacks', () => {
    const sets = new Map<string, ReadonlySet<string>>();
    for (const { programs, like, plus, minus } of [...helperAvailability, ...trampolineHelpers]) {
      const names = new Set(sets.get(like ?? ''));
      expect(
        words(minus).filter((name) => !names.has(name)),
        `${programs} minus`,
      ).toEqual([]);
      for (const name of words(minus)) names.delete(name);
      expect(
        words(plus).filter((name) => names.has(name)),
        `${programs} plus`,
      ).toEqual([]);
      for (const name of words(plus)) names.add(name);
      for (const key of words(programs)) sets.set(key, names);
    }
  });

  for (const row of contexts) {
    it(`keep fields apart and accesses inside of them: ${row.struct} of ${words(row.programs)[0]}`, () => {
      const table = new ContextTable(row, contextStructs);
      const fields = Object.values(contextStructs[row.struct] ?? {});
      const end = Math.max(...fields.map(([offset, size]) => offset + size));
      expect(table.access(end, 1, false)).toBeUndefined();
      expect(table.access(end - 1, 2, false)).toBeUndefined();
      // Linux minds the sign of offsets into a tracepoint's record in no comparison.
      const before = row.struct === 'tracepoint_record' ? { register: 'scalar' } : undefined;
      expect(table.access(-8, 8, false)).toEqual(before);
      // What can be stored can be loaded, in the same width.
      for (let offset = 0; offset < Math.min(end, 256); offset++) {
        for (const size of [1, 2, 4, 8]) {
          if (table.access(offset, size, true))
            expect(table.access(offset, size, false), `${offset} ${size}`).toBeDefined();
        }
      }
    });
  }
});

describe('linux618()', () => {
  const profile = linux618(emptyBtf);

  it('knows every program type that can be loaded and whose context is a struct', () => {
    for (const { type, attachTypes: taken } of loadable) {
      const attach = words(taken).at(-1);
      const rules = profile.programType({ ...kind(type, attach), sleepable: type === 'syscall' });
      expect(rules, type).toBeDefined();
      expect(profile.loads(kind(type, attach)), type).toBe(true);
    }
  });

  it('says of types that were not built in that they cannot be loaded', () => {
    expect(profile.loads(kind('lirc_mode2', 'lirc_mode2'))).toBe(false);
    expect(profile.loads(kind('cgroup_skb', 'cgroup_device'))).toBe(false);
    expect(profile.loads({ ...kind('xdp'), type: 77 })).toBe(false);
  });

  it('knows no rules for a program type that does not exist or a target that the kernel lacks', () => {
    expect(profile.programType({ ...kind('xdp'), type: 77 })).toBeUndefined();
    expect(profile.programType({ ...kind('tracing', 'trace_iter'), target: 'no_such' })).toBeUndefined();
  });

  it('takes the more specific answer where attach types differ', () => {
    const ranges = ['cgroup_inet4_bind', 'cgroup_inet4_connect', 'cgroup_udp4_recvmsg'].map(
      (attach) => profile.programType(kind('cgroup_sock_addr', attach))?.returns,
    );
    expect(ranges).toEqual([
      { min: 0, max: 3 },
      { min: 0, max: 1 },
      { min: 1, max: 1 },
    ]);
    expect(profile.programType(kind('xdp'))?.access(20, 4, false)).toBeUndefined();
    expect(profile.programType(kind('xdp', 'xdp_devmap'))?.access(20, 4, false)).toEqual({ register: 'scalar' });
  });

  it('tells how wide the field is of which a part is loaded', () => {
    const rules = profile.programType(kind('sched_cls'));
    expect(rules?.access(17, 1, false)).toEqual({ register: 'scalar', fieldSize: 4 });
    expect(rules?.access(48, 8, false)).toEqual({ register: 'scalar' });
    expect(rules?.access(76, 4, false)).toEqual({ register: 'pkt' });
  });

  it('hides bpf_probe_write_user() unless the kernel is not locked down', () => {
    const id = helperId('bpf_probe_write_user') ?? -1;
    const unlocked = linux618(emptyBtf, { lockdown: 'none' });
    expect(profile.helperAllowed(id, kind('kprobe'))).toBe(false);
    expect(unlocked.helperAllowed(id, kind('kprobe'))).toBe(true);
    expect(unlocked.helperAllowed(id, { ...kind('tracing', 'trace_iter'), target: 'tcp' })).toBe(true);
    expect(unlocked.helperAllowed(id, kind('xdp'))).toBe(false);
  });

  it('has a prototype for every helper that some program may call', () => {
    const without = new Set<string>();
    for (const { id: type } of programTypes) {
      for (const { id: expectedAttachType } of attachTypes) {
        const each: ProgramKind = { type, expectedAttachType, sleepable: false, target: undefined };
        for (let helper = 1; helper <= 211; helper++) {
          if (profile.helperAllowed(helper, each) && profile.helper(helper, each) === undefined)
            without.add(`${programTypeName(type)}/${attachTypeName(expectedAttachType)} #${helper}`);
        }
      }
    }
    expect([...without]).toEqual([]);
  });

  it('says in the words of the kernel which maps a program may not refer to', () => {
    const hash = mapTypeId('hash') ?? -1;
    const perf = mapTypeId('perf_event_array') ?? -1;
    expect(profile.mapRefusal(hash, ['timer'], kind('kprobe'))).toBe('tracing progs cannot use bpf_timer yet');
    expect(profile.mapRefusal(hash, ['timer'], kind('xdp'))).toBeUndefined();
    expect(profile.mapRefusal(hash, [], { ...kind('kprobe'), sleepable: true })).toBeUndefined();
    expect(profile.mapRefusal(perf, [], { ...kind('kprobe'), sleepable: true })).toMatch(
      /^Sleepable programs can only/,
    );
  });

  it('says which helpers take which maps', () => {
    const output = helperId('bpf_perf_event_output') ?? -1;
    expect(profile.helperTakesMap(output, mapTypeId('perf_event_array') ?? -1)).toBe(true);
    expect(profile.helperTakesMap(output, mapTypeId('ringbuf') ?? -1)).toBe(false);
    expect(profile.helperTakesMap(helperId('bpf_ktime_get_ns') ?? -1, mapTypeId('hash') ?? -1)).toBe(true);
  });
});

/** The helper prototypes of Linux 6.18, and the notation of their table. */
import { describe, expect, test } from 'vitest';
import { attachTypeId, helperName, lastHelperId, programTypeId } from '../../../src/uapi/index.ts';
import { type HelperRow, HelperTable } from '../../../src/verifier/profile/helper-notation.ts';
import { helperPrototype, helperPrototypes } from '../../../src/verifier/profile/linux-6.18/helpers.ts';
import type { ProgramKind } from '../../../src/verifier/profile/types.ts';

const kind = (type: string, attach?: string, target?: string): ProgramKind => ({
  type: programTypeId(type) ?? -1,
  expectedAttachType: attach === undefined ? 0 : (attachTypeId(attach) ?? -1),
  sleepable: false,
  target,
});

describe('the helper table of Linux 6.18', () => {
  test('has a prototype for every helper', () => {
    expect(helperPrototypes().size).toBe(lastHelperId);
    for (let id = 1; id <= lastHelperId; id++) expect(helperPrototypes().get(id)?.name).toBe(helperName(id));
  });

  const arguments_ = [...helperPrototypes().values()].flatMap(({ name, arguments: list }) =>
    list.map((argument, index) => ({ name, list, argument, index })),
  );

  test('says of memory whether it is read or written, and how much of it', () => {
    for (const { name, list, argument, index } of arguments_) {
      if (argument.base !== 'ptr_to_mem') continue;
      const isRead = argument.flags.includes('rdonly');
      expect([name, isRead !== argument.flags.includes('write')]).toEqual([name, true]);
      const next = list[index + 1]?.base;
      const hasSize = next === 'const_size' || next === 'const_size_or_zero';
      const isFixed = argument.size !== undefined;
      const isNewDynptr = name === 'bpf_dynptr_from_mem';
      expect([name, hasSize !== isFixed || isNewDynptr]).toEqual([name, true]);
    }
  });

  test('has a size only after memory', () => {
    for (const { name, list, argument, index } of arguments_)
      if (argument.base === 'const_size' || argument.base === 'const_size_or_zero')
        expect([name, list[index - 1]?.base]).toEqual([name, 'ptr_to_mem']);
  });

  test('has the map before its keys and values', () => {
    for (const { name, list, argument, index } of arguments_)
      if (argument.base === 'ptr_to_map_key' || argument.base === 'ptr_to_map_value')
        expect([name, list.slice(0, index).some(({ base }) => base === 'const_map_ptr')]).toEqual([name, true]);
  });

  test('names the struct of every kernel pointer but those of kptrs', () => {
    for (const { name, argument } of arguments_)
      if (argument.base === 'ptr_to_btf_id' && name !== 'bpf_kptr_xchg') expect(argument.btf).toBeDefined();
  });

  test('gives some programs other prototypes', () => {
    const cookie = (of: ProgramKind) => helperPrototype(46, of)?.arguments[0]?.base;
    expect(cookie(kind('sched_cls'))).toBe('ptr_to_ctx');
    expect(cookie(kind('tracing', 'trace_iter', 'tcp'))).toBe('ptr_to_btf_id_sock_common');
    expect(helperPrototype(84, kind('xdp'))?.packetAccess).toBe(true);
    expect(helperPrototype(84, kind('cgroup_sock_addr'))?.packetAccess).toBe(false);
    expect(helperPrototype(4711, kind('xdp'))).toBeUndefined();
  });

  test.each([
    [147, kind('tracing', 'trace_iter', 'task_file'), true],
    [147, kind('tracing', 'trace_fentry', 'vfs_getattr'), true],
    [147, kind('tracing', 'trace_fentry', 'vfs_read'), false],
    [147, kind('lsm', 'lsm_mac', 'file_open'), true],
    [147, kind('lsm', 'lsm_mac', 'file_free_security'), false],
    [193, kind('lsm', 'lsm_mac', 'bprm_check_security'), true],
    [107, kind('tracing', 'trace_fentry', 'tcp_connect'), true],
    [107, kind('tracing', 'trace_fentry', 'bpf_sk_storage_get'), false],
    [107, kind('tracing', 'modify_return', 'tcp_connect'), false],
  ])('says where helper %i may be called: %j', (id, of, allowed) => {
    expect(helperPrototype(id, of)?.allowedAt?.(of)).toBe(allowed);
  });
});

describe('the notation of helper tables', () => {
  const parse = (row: HelperRow) => new HelperTable([row], {}).prototypes().get(row[0]);

  test('spells out arguments, results and properties', () => {
    expect(parse([7, 'x', 'mem?+ringbuf', 'btf_id:task_struct?, mem:8+write+uninit', 'gpl sleeps'])).toEqual({
      id: 7,
      name: 'bpf_x',
      returns: 'ptr_to_mem',
      returnFlags: ['ringbuf', 'maybe_null'],
      arguments: [
        { base: 'ptr_to_btf_id', flags: ['maybe_null'], btf: 'task_struct' },
        { base: 'ptr_to_mem', flags: ['write', 'uninit', 'fixed_size'], size: 8 },
      ],
      gplOnly: true,
      packetAccess: false,
      mightSleep: true,
      fastcall: false,
    });
  });

  const wrong: readonly HelperRow[] = [
    [1, 'x', 'nothing', ''],
    [1, 'x', 'void', 'pointer'],
    [1, 'x', 'void', 'mem+wet'],
    [1, 'x', 'void', 'mem read'],
    [1, 'x', 'void', '', 'at:nowhere'],
  ];

  test.each(wrong.map((row) => ({ row })))('refuses what is not in it: $row', ({ row }) => {
    expect(() => parse(row)).toThrow(TypeError);
  });
});

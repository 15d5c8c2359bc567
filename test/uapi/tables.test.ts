import os from 'node:os';
import { describe, expect, it } from 'vitest';
import * as uapi from '../../src/uapi/index.ts';

const tables = {
  programTypes: uapi.programTypes,
  mapTypes: uapi.mapTypes,
  attachTypes: uapi.attachTypes,
  linkTypes: uapi.linkTypes,
  commands: uapi.commands,
  cgroupIterOrders: uapi.cgroupIterOrders,
};

describe('the type tables', () => {
  it.each(Object.entries(tables))('%s are numbered without gaps from 0, with each name once', (_, entries) => {
    expect(entries.map((entry) => entry.id)).toEqual(entries.map((_entry, index) => index));
    expect(new Set(entries.map((entry) => entry.name)).size).toBe(entries.length);
  });

  it.each([
    ['BPF_PROG_TYPE_TRACING', uapi.BPF_PROG_TYPE_TRACING, 26, uapi.programTypeName, uapi.programTypeId, 'tracing'],
    [
      'BPF_PROG_TYPE_NETFILTER',
      uapi.BPF_PROG_TYPE_NETFILTER,
      32,
      uapi.programTypeName,
      uapi.programTypeId,
      'netfilter',
    ],
    [
      'BPF_MAP_TYPE_CGROUP_STORAGE',
      uapi.BPF_MAP_TYPE_CGROUP_STORAGE,
      19,
      uapi.mapTypeName,
      uapi.mapTypeId,
      'cgroup_storage',
    ],
    ['BPF_MAP_TYPE_ARENA', uapi.BPF_MAP_TYPE_ARENA, 33, uapi.mapTypeName, uapi.mapTypeId, 'arena'],
    ['BPF_TRACE_ITER', uapi.BPF_TRACE_ITER, 28, uapi.attachTypeName, uapi.attachTypeId, 'trace_iter'],
    [
      'BPF_TRACE_UPROBE_SESSION',
      uapi.BPF_TRACE_UPROBE_SESSION,
      57,
      uapi.attachTypeName,
      uapi.attachTypeId,
      'trace_uprobe_session',
    ],
    ['BPF_LINK_TYPE_ITER', uapi.BPF_LINK_TYPE_ITER, 4, uapi.linkTypeName, uapi.linkTypeId, 'iter'],
    ['BPF_ITER_CREATE', uapi.BPF_ITER_CREATE, 33, uapi.commandName, uapi.commandId, 'iter_create'],
    ['BPF_PROG_TEST_RUN', uapi.BPF_PROG_TEST_RUN, 10, uapi.commandName, uapi.commandId, 'prog_test_run'],
    [
      'BPF_PROG_STREAM_READ_BY_FD',
      uapi.BPF_PROG_STREAM_READ_BY_FD,
      37,
      uapi.commandName,
      uapi.commandId,
      'prog_stream_read_by_fd',
    ],
    [
      'BPF_CGROUP_ITER_CHILDREN',
      uapi.BPF_CGROUP_ITER_CHILDREN,
      5,
      uapi.cgroupIterOrderName,
      uapi.cgroupIterOrderId,
      'children',
    ],
  ] as const)('%s is found by number and by name', (_, constant, number, nameOf, idOf, name) => {
    expect(constant).toBe(number);
    expect(nameOf(number)).toBe(name);
    expect(idOf(name)).toBe(number);
  });

  it('answer undefined for what they do not have', () => {
    expect(uapi.programTypeName(1000)).toBeUndefined();
    expect(uapi.mapTypeId('constructor')).toBeUndefined();
    expect(uapi.helperName(-1)).toBeUndefined();
    expect(uapi.helperName(uapi.lastHelperId + 1)).toBeUndefined();
  });

  it.each([uapi.mapFlags, uapi.programFlags])('give every flag a bit of its own', (...flags) => {
    for (const { id } of flags) expect(id & (id - 1)).toBe(0);
    expect(new Set(flags.map(({ id }) => id)).size).toBe(flags.length);
  });
});

describe('helper functions', () => {
  it.each([
    [0, 'bpf_unspec'],
    [1, 'bpf_map_lookup_elem'],
    [126, 'bpf_seq_printf'],
    [127, 'bpf_seq_write'],
    [150, 'bpf_seq_printf_btf'],
    [211, 'bpf_cgrp_storage_delete'],
  ])('number %i is %s', (id, name) => {
    expect(uapi.helperName(id)).toBe(name);
    expect(uapi.helperId(name)).toBe(id);
  });
});

describe('errno', () => {
  it.each([
    [1, 'EPERM', 'Operation not permitted'],
    [7, 'E2BIG', 'Argument list too long'],
    [22, 'EINVAL', 'Invalid argument'],
    [95, 'EOPNOTSUPP', 'Operation not supported'],
    [133, 'EHWPOISON', 'Memory page has hardware error'],
  ])('%i is %s, %s', (errno, name, description) => {
    expect(uapi.errnoName(errno)).toBe(name);
    expect(uapi.errnoDescription(errno)).toBe(description);
    expect(uapi.errnoNumber(name)).toBe(errno);
  });

  it('knows the kernel-only ENOTSUPP and the second names of C', () => {
    expect(uapi.errnoName(524)).toBe('ENOTSUPP');
    expect(uapi.errnoNumber('ENOTSUPP')).toBe(524);
    expect(uapi.errnoNumber('EWOULDBLOCK')).toBe(11);
    expect(uapi.errnoNumber('ENOTSUP')).toBe(95);
  });

  it('says the number where it has no name', () => {
    expect(uapi.errnoName(4095)).toBe('errno 4095');
    expect(uapi.errnoDescription(4095)).toBe('Unknown error');
    expect(uapi.errnoNumber('ENONSENSE')).toBeUndefined();
  });

  it.skipIf(process.platform !== 'linux')('agrees with every number that this Linux names', () => {
    const known = Object.entries(os.constants.errno);
    expect(known.length).toBeGreaterThan(50);
    for (const [name, errno] of known) expect([name, uapi.errnoNumber(name)]).toEqual([name, errno]);
  });
});

describe('the tables of iterators', () => {
  it.each([
    ['targets', uapi.iterTargets],
    ['open-coded iterators', uapi.openCodedIterators],
  ])('have each of the %s once, by name', (_, entries) => {
    const names = entries.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)].sort());
    for (const { since } of entries) expect(since).toMatch(/^\d\.\d+$/);
  });
});

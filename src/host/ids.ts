/**
 * Kernel objects by id: walking the ids of a kind, opening one by its id, and what the kernel tells about one.
 */
import { constants } from 'node:os';
import { BpfiterError } from '../errors.ts';
import {
  BPF_BTF_GET_FD_BY_ID,
  BPF_BTF_GET_NEXT_ID,
  BPF_LINK_GET_FD_BY_ID,
  BPF_LINK_GET_NEXT_ID,
  BPF_MAP_GET_FD_BY_ID,
  BPF_MAP_GET_NEXT_ID,
  BPF_OBJ_GET_INFO_BY_FD,
  BPF_PROG_GET_FD_BY_ID,
  BPF_PROG_GET_NEXT_ID,
} from '../uapi/index.ts';
import { idAttributes, infoAttributes } from './attributes.ts';
import type { ObjectKind } from './descriptor.ts';
import { failure } from './failure.ts';
import type { FieldType, Struct } from './structs.ts';
import { tryBpf } from './syscall.ts';

const { ENOENT } = constants.errno;

const commands: Readonly<Record<ObjectKind, { readonly next: number; readonly open: number; readonly noun: string }>> =
  {
    prog: { next: BPF_PROG_GET_NEXT_ID, open: BPF_PROG_GET_FD_BY_ID, noun: 'program' },
    map: { next: BPF_MAP_GET_NEXT_ID, open: BPF_MAP_GET_FD_BY_ID, noun: 'map' },
    link: { next: BPF_LINK_GET_NEXT_ID, open: BPF_LINK_GET_FD_BY_ID, noun: 'link' },
    btf: { next: BPF_BTF_GET_NEXT_ID, open: BPF_BTF_GET_FD_BY_ID, noun: 'BTF object' },
  };

/**
 * Ids of all objects of a kind, ascending. Those that come and go during the walk may be among them or not.
 * @throws BpfiterError `not-permitted` without CAP_SYS_ADMIN
 */
export function* objectIds(kind: ObjectKind): Generator<number, void, undefined> {
  const { next, noun } = commands[kind];
  const attributes = idAttributes.create();
  for (;;) {
    const result = tryBpf(next, attributes);
    if (result === -ENOENT) return;
    if (result < 0) throw failure(-result, `list the kernel's ${noun}s`, { need: 'admin' });
    const id = attributes.number('next_id');
    yield id;
    attributes.set('id', id);
  }
}

/** @returns the descriptor, or undefined if there is no such object (any more) */
export function openIfThere(kind: ObjectKind, id: number, flags = 0): number | undefined {
  const { open, noun } = commands[kind];
  const result = tryBpf(open, idAttributes.create({ id, open_flags: flags }));
  if (result === -ENOENT) return undefined;
  if (result < 0) throw failure(-result, `open ${noun} ${id}`, { need: 'admin' });
  return result;
}

/** @throws BpfiterError `not-found` */
export function openById(kind: ObjectKind, id: number, flags = 0): number {
  const fd = openIfThere(kind, id, flags);
  if (fd === undefined) {
    throw new BpfiterError('not-found', `there is no ${commands[kind].noun} with id ${id}`, { errno: ENOENT });
  }
  return fd;
}

/**
 * Has the kernel fill `info`, as far as it knows the fields (the others stay 0).
 * @throws BpfiterError `refused`, e.g. with EINVAL on kernels before 4.13
 */
export function describe<F extends Readonly<Record<string, FieldType>>>(
  fd: number,
  info: Struct<F>,
  what: string,
): Struct<F> {
  const attributes = infoAttributes.create({ bpf_fd: fd, info_len: info.bytes.length, info: info.bytes });
  const result = tryBpf(BPF_OBJ_GET_INFO_BY_FD, attributes);
  if (result < 0) throw failure(-result, `get information about ${what}`);
  return info;
}

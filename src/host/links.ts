/**
 * Links: an iterator program attached with its parameters, what the kernel tells about links, and sessions on them.
 * Sources: kernel/bpf/bpf_iter.c (bpf_iter_link_attach, bpf_iter_new_fd); facts/iterators.md 1.6, 2.6-2.9.
 */
import { read } from 'node:fs';
import { constants } from 'node:os';
import { BpfiterError } from '../errors.ts';
import { checkProgram, parameterOf } from '../iter-parameters.ts';
import type { Link, LinkInfo, Program } from '../kernel.ts';
import { IterSession, type SessionSource } from '../session.ts';
import {
  BPF_F_REPLACE,
  BPF_ITER_CREATE,
  BPF_LINK_CREATE,
  BPF_LINK_DETACH,
  BPF_LINK_TYPE_ITER,
  BPF_LINK_UPDATE,
  BPF_TRACE_ITER,
  cgroupIterOrderName,
  errnoDescription,
  errnoName,
  linkTypeName,
} from '../uapi/index.ts';
import {
  iterCreateAttributes,
  linkCreateAttributes,
  linkDetachAttributes,
  linkInfo,
  linkUpdateAttributes,
  taskLinkInfo,
} from './attributes.ts';
import { closeDescriptor } from './descriptor.ts';
import { failure } from './failure.ts';
import { HeldObject } from './held-object.ts';
import { describe } from './ids.ts';
import type { PreparedParameters } from './iterator-parameters.ts';
import { hostPageSize } from './page-size.ts';
import { cString } from './structs.ts';
import { tryBpf } from './syscall.ts';

const { EINVAL, ENOENT, EOPNOTSUPP, EPERM } = constants.errno;

export interface IteratorToAttach {
  readonly fd: number;
  readonly name: string;
  readonly section: string;
}

/** @throws BpfiterError `refused`, saying what the kernel minds; `not-found` for a parameter that names nothing */
export function createIterLink(program: IteratorToAttach, parameters: PreparedParameters): HostLink {
  const { info } = parameters;
  const attributes = linkCreateAttributes.create({
    prog_fd: program.fd,
    attach_type: BPF_TRACE_ITER,
    iter_info: info,
    iter_info_len: info?.length,
  });
  // Kernels before 5.9 know no parameters, and none that are zero either.
  const size = info === undefined ? linkCreateAttributes.sizeThrough('flags') : undefined;
  const result = tryBpf(BPF_LINK_CREATE, attributes, size);
  if (result >= 0) return new HostLink(result, `the link of program '${program.name}'`);
  let because = parameters.explain(-result);
  if (result === -EINVAL && program.section.startsWith('iter.s')) {
    because ??= 'programs of this target may not sleep (iter.s)';
  }
  const code = result === -ENOENT && because !== undefined ? 'not-found' : 'refused';
  throw failure(-result, `attach program '${program.name}' (${program.section})`, { because, code });
}

/** What the kernel tells about the link of a descriptor. */
export function linkInfoOf(fd: number, what: string): LinkInfo {
  // Without a buffer for the name, the kernel tells its length.
  const general = describe(fd, linkInfo.create(), what);
  const type = general.number('type');
  const common = {
    id: general.number('id'),
    type: linkTypeName(type) ?? `type ${type}`,
    programId: general.number('prog_id'),
  };
  if (type !== BPF_LINK_TYPE_ITER) return common;

  const target_name = new Uint8Array(general.number('target_name_len'));
  const target_name_len = target_name.length;
  const info = describe(fd, linkInfo.create({ target_name, target_name_len }), what);
  const targetName = cString(target_name);
  switch (parameterOf(targetName)) {
    case 'map':
      return { ...common, targetName, mapId: info.number('map_id') };
    case 'cgroup': {
      // The table's names are those of the type; a newer kernel may have an order that neither knows.
      const name = cgroupIterOrderName(info.number('cgroup_order')) ?? 'unknown';
      const cgroupOrder = name as NonNullable<LinkInfo['cgroupOrder']>;
      return { ...common, targetName, cgroupId: info.bigint('cgroup_id'), cgroupOrder };
    }
    case 'task': {
      const task = describe(fd, taskLinkInfo.create({ target_name, target_name_len }), what);
      const tid = task.number('tid');
      const pid = task.number('pid');
      return { ...common, targetName, ...(tid !== 0 && { tid }), ...(pid !== 0 && { pid }) };
    }
    case undefined:
      return { ...common, targetName };
  }
}

/** A link of the running kernel, held by a descriptor until it is closed; pins hold it on their own. */
export class HostLink extends HeldObject implements Link {
  info(): LinkInfo {
    return linkInfoOf(this.fd, this.what);
  }

  open(): IterSession {
    const attributes = iterCreateAttributes.create({ link_fd: this.fd });
    const result = tryBpf(BPF_ITER_CREATE, attributes);
    if (result < 0) {
      const because = result === -EINVAL ? 'it is no link of an iterator' : undefined;
      throw failure(-result, `start reading ${this.what}`, { because });
    }
    return sessionOn(result);
  }

  update(program: Program, expected?: Program): void {
    checkProgram('update()', program);
    if (expected !== undefined) checkProgram('update()', expected);
    const attributes = linkUpdateAttributes.create({
      link_fd: this.fd,
      new_prog_fd: descriptorOf(program),
      flags: expected === undefined ? 0 : BPF_F_REPLACE,
      old_prog_fd: expected === undefined ? 0 : descriptorOf(expected),
    });
    const result = tryBpf(BPF_LINK_UPDATE, attributes);
    if (result >= 0) return;
    let because: string | undefined;
    if (result === -EPERM && expected !== undefined) {
      because = `its program is no longer '${expected.name}'`;
    } else if (result === -EINVAL) {
      because = `program '${program.name}' is of another type or target`;
    }
    throw failure(-result, `replace the program of ${this.what}`, { because });
  }

  detach(): void {
    const result = tryBpf(BPF_LINK_DETACH, linkDetachAttributes.create({ link_fd: this.fd }));
    if (result >= 0) return;
    const never = result === -EOPNOTSUPP;
    throw failure(-result, `detach ${this.what}`, {
      code: never ? 'unsupported' : 'refused',
      because: never ? 'the kernel does not detach links of this type; they end when nothing holds them' : undefined,
    });
  }
}

function descriptorOf(program: Program): number {
  if (program instanceof HeldObject) return program.fd;
  throw new BpfiterError('usage', `program '${program.name}' is of another kernel than the link`);
}

/** Pages of the kernel's buffer. A cgroup iterator cannot go on after a first read that is smaller. */
const BUFFER_PAGES = 8;

/** A session on the descriptor of an iterator. Reads run in libuv's threads, so that the event loop goes on. */
export function sessionOn(fd: number): IterSession {
  const source: SessionSource = {
    read: (buffer) =>
      new Promise((resolve, reject) => {
        read(fd, buffer, 0, buffer.length, null, (error, count) => {
          if (error === null) resolve(count);
          else reject(readFailure(error));
        });
      }),
    close: () => closeDescriptor(fd),
  };
  return new IterSession(source, { bufferSize: BUFFER_PAGES * hostPageSize() });
}

function readFailure(error: NodeJS.ErrnoException): BpfiterError {
  // libuv gives its errors the kernel's numbers, negative.
  const errno = -(error.errno ?? 0);
  const message = `reading the iterator failed: ${errnoDescription(errno)} (${errnoName(errno)})`;
  return new BpfiterError('refused', message, { cause: error, errno });
}

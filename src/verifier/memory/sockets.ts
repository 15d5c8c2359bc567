/**
 * Loads from sockets: which fields of `struct bpf_sock`, `bpf_tcp_sock` and `bpf_xdp_sock` can be read in which widths.
 * After check_sock_access of kernel/bpf/verifier.c; the fields are the profile's.
 */
import type { Env } from '../environment.ts';
import { EACCES } from '../errno.ts';
import { typeName } from '../log/index.ts';
import {
  BPF_SOCK,
  BPF_SOCK_COMMON,
  BPF_TCP_SOCK,
  BPF_XDP_SOCK,
  type SocketField,
  type SocketStruct,
} from '../profile/linux-6.18/socket-fields.ts';
import { TYPE } from '../register.ts';
import { PTR_TO_SOCK_COMMON, PTR_TO_SOCKET, PTR_TO_TCP_SOCK, PTR_TO_XDP_SOCK } from '../register-types.ts';
import { isNegative } from './numbers.ts';

const STRUCTS: ReadonlyMap<number, SocketStruct> = new Map([
  [PTR_TO_SOCKET, BPF_SOCK],
  [PTR_TO_SOCK_COMMON, BPF_SOCK_COMMON],
  [PTR_TO_TCP_SOCK, BPF_TCP_SOCK],
  [PTR_TO_XDP_SOCK, BPF_XDP_SOCK],
]);

/** Pointers that are read as sockets. */
export const isSocketPointer = (type: number): boolean => STRUCTS.has(type);

/** What loads give that no rule of a field speaks of. */
const DEFAULT_WIDTH = 4;

/** Whether the rules of the field speak of an access that begins there. */
const appliesTo = (field: SocketField, off: number): boolean =>
  field.loads === 'first' || field.loads === 'whole'
    ? off === field.offset
    : off >= field.offset && off < field.offset + field.size;

function isReadable(struct: SocketStruct, field: SocketField | undefined, off: number, size: number): boolean {
  if (off < 0 || off >= struct.size || off % size !== 0) return false;
  switch (field?.loads) {
    case undefined:
      return size === DEFAULT_WIDTH;
    case 'none':
      return false;
    case 'whole':
      return size === field.size;
    default:
      return size <= DEFAULT_WIDTH;
  }
}

export function checkSocketAccess(env: Env, regno: number, off: number, size: number): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  if (isNegative(w, r)) env.reject(EACCES, 'memory/min-negative', { reg: regno });
  const type = w[r + TYPE] as number;
  const struct = STRUCTS.get(type);
  const field = struct?.fields.find((candidate) => appliesTo(candidate, off));
  if (struct === undefined || !isReadable(struct, field, off, size))
    env.reject(EACCES, 'memory/socket', { reg: regno, type: typeName(type), off, size });
  // Of what is loaded in parts, the whole is loaded at run time.
  const narrow = field !== undefined && field.loads !== 'whole';
  env.facts.contextFieldSize[env.insn] = !narrow
    ? 0
    : size === DEFAULT_WIDTH
      ? DEFAULT_WIDTH
      : Math.min(field.size, DEFAULT_WIDTH);
}

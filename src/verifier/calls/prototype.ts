/**
 * A helper's prototype as the checks want it: flags as booleans, BTF types as ids, the register types that an argument
 * takes as a list. Made once for each program that is verified.
 * After compatible_reg_types[] of kernel/bpf/verifier.c.
 */
import type { Env } from '../environment.ts';
import type { ArgumentFlag, HelperArgument, HelperArgumentBase, HelperPrototype } from '../profile/types.ts';
import {
  CONST_PTR_TO_DYNPTR,
  CONST_PTR_TO_MAP,
  DYNPTR_TYPE_LOCAL,
  DYNPTR_TYPE_RINGBUF,
  MEM_ALLOC,
  MEM_PERCPU,
  MEM_RCU,
  MEM_RINGBUF,
  PTR_TO_BTF_ID,
  PTR_TO_BUF,
  PTR_TO_CTX,
  PTR_TO_FUNC,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_STACK,
  PTR_TO_TCP_SOCK,
  PTR_TO_XDP_SOCK,
  PTR_TRUSTED,
  SCALAR_VALUE,
} from '../register-types.ts';

/** In the order in which messages list them. */
const MEMORY = [
  PTR_TO_STACK,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_MEM | MEM_RINGBUF,
  PTR_TO_BUF,
  PTR_TO_BTF_ID | PTR_TRUSTED,
];
const SOCKETS = [PTR_TO_SOCK_COMMON, PTR_TO_SOCKET, PTR_TO_TCP_SOCK, PTR_TO_XDP_SOCK];
const SCALARS = [SCALAR_VALUE];

const REGISTER_TYPES: Readonly<Record<HelperArgumentBase, readonly number[]>> = {
  anything: [],
  ptr_to_arena: [],
  const_map_ptr: [CONST_PTR_TO_MAP],
  ptr_to_map_key: MEMORY,
  ptr_to_map_value: MEMORY,
  ptr_to_mem: MEMORY,
  const_size: SCALARS,
  const_size_or_zero: SCALARS,
  const_alloc_size_or_zero: SCALARS,
  ptr_to_ctx: [PTR_TO_CTX],
  ptr_to_spin_lock: [PTR_TO_MAP_VALUE, PTR_TO_BTF_ID | MEM_ALLOC],
  ptr_to_sock_common: SOCKETS,
  ptr_to_socket: [PTR_TO_SOCKET],
  ptr_to_btf_id: [PTR_TO_BTF_ID, PTR_TO_BTF_ID | PTR_TRUSTED, PTR_TO_BTF_ID | MEM_RCU],
  ptr_to_ringbuf_mem: [PTR_TO_MEM | MEM_RINGBUF],
  ptr_to_btf_id_sock_common: [...SOCKETS, PTR_TO_BTF_ID, PTR_TO_BTF_ID | PTR_TRUSTED],
  ptr_to_percpu_btf_id: [
    PTR_TO_BTF_ID | MEM_PERCPU,
    PTR_TO_BTF_ID | MEM_PERCPU | MEM_RCU,
    PTR_TO_BTF_ID | MEM_PERCPU | PTR_TRUSTED,
  ],
  ptr_to_func: [PTR_TO_FUNC],
  ptr_to_stack: [PTR_TO_STACK],
  ptr_to_const_str: [PTR_TO_MAP_VALUE],
  ptr_to_timer: [PTR_TO_MAP_VALUE],
  kptr_xchg_dest: [PTR_TO_MAP_VALUE, PTR_TO_BTF_ID | MEM_ALLOC],
  ptr_to_dynptr: [PTR_TO_STACK, CONST_PTR_TO_DYNPTR],
};

export interface Argument {
  readonly base: HelperArgumentBase;
  /** Register types that it takes, after flags that do not matter were taken off. */
  readonly types: readonly number[];
  readonly orNull: boolean;
  readonly readOnly: boolean;
  readonly write: boolean;
  readonly uninit: boolean;
  readonly aligned: boolean;
  readonly release: boolean;
  /** DYNPTR_TYPE_* that a dynptr must be of, or becomes; 0 for any. */
  readonly dynptrKind: number;
  /** Bytes of memory of a fixed size, else 0. */
  readonly size: number;
  /** Kernel's type that a BTF pointer must point to, 0 if none is named. */
  readonly btfId: number;
}

export interface Helper {
  readonly prototype: HelperPrototype;
  readonly arguments: readonly Argument[];
  /** Kernel's type that the result points to, 0 if none is named. */
  readonly returnBtfId: number;
}

/** What was found of the helpers of a program; undefined for one that its programs may not call. */
const helpersOf = new WeakMap<Env, Map<number, Helper | undefined>>();

/** The helper of a number, undefined if programs of this kind may not call it. */
export function helperOf(env: Env, id: number): Helper | undefined {
  let helpers = helpersOf.get(env);
  if (helpers === undefined) {
    helpers = new Map();
    helpersOf.set(env, helpers);
  }
  let helper = helpers.get(id);
  if (helper !== undefined || helpers.has(id)) return helper;
  const prototype = env.profile.helperAllowed(id, env.kind) ? env.profile.helper(id, env.kind) : undefined;
  helper = prototype && compile(env, prototype);
  helpers.set(id, helper);
  return helper;
}

function compile(env: Env, prototype: HelperPrototype): Helper {
  return {
    prototype,
    arguments: prototype.arguments.map((argument) => compileArgument(env, argument)),
    returnBtfId: prototype.returnBtf === undefined ? 0 : structId(env, prototype.returnBtf),
  };
}

function compileArgument(env: Env, { base, flags, btf, size }: HelperArgument): Argument {
  const has = (flag: ArgumentFlag): boolean => flags.includes(flag);
  const struct = btf ?? (base === 'ptr_to_btf_id_sock_common' ? 'sock_common' : undefined);
  return {
    base,
    types: REGISTER_TYPES[base],
    orNull: has('maybe_null'),
    readOnly: has('rdonly'),
    write: has('write'),
    uninit: has('uninit'),
    aligned: has('aligned'),
    release: has('obj_release'),
    dynptrKind: has('dynptr_local') ? DYNPTR_TYPE_LOCAL : has('dynptr_ringbuf') ? DYNPTR_TYPE_RINGBUF : 0,
    size: size ?? 0,
    btfId: struct === undefined ? 0 : structId(env, struct),
  };
}

function structId(env: Env, name: string): number {
  const id = env.profile.btf.find(name, 'struct');
  return id ?? env.unsupported(`a helper with struct ${name}, which the kernel's BTF lacks,`);
}

/** The same argument for a map whose values are something else: sockets, or what is looked for. */
export const sockCommonOf = (env: Env, { orNull }: Argument): Argument =>
  compileArgument(env, { base: 'ptr_to_btf_id_sock_common', flags: orNull ? ['maybe_null'] : [] });

const NO_FLAGS = {
  orNull: false,
  readOnly: false,
  write: false,
  uninit: false,
  aligned: false,
  release: false,
  dynptrKind: 0,
  size: 0,
  btfId: 0,
};

/** A map value that is only read, whatever the prototype says. */
export const READ_MAP_VALUE: Argument = { ...NO_FLAGS, base: 'ptr_to_map_value', types: MEMORY };

/** A pointer to a struct that is yet to be named. */
export const BTF_POINTER: Argument = {
  ...NO_FLAGS,
  base: 'ptr_to_btf_id',
  types: REGISTER_TYPES.ptr_to_btf_id,
};

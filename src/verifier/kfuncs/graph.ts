/**
 * Lists and red-black trees of objects that programs allocate: their heads and roots, the nodes, and the lock that must
 * be held.
 * After the process_kf_arg_ptr_to_graph_*() functions in kernel/bpf/verifier.c.
 */
import type { Env } from '../environment.ts';
import { EFAULT, EINVAL } from '../errno.ts';
import type { SpecialField } from '../fields.ts';
import type { Frame } from '../frame.ts';
import { structIdsMatch } from '../memory/index.ts';
import { BTF, BTF_ID, ID, OFF, REF_OBJ_ID, TYPE } from '../register.ts';
import { MEM_ALLOC, PTR_TO_BTF_ID, PTR_TO_MAP_VALUE } from '../register-types.ts';
import { hasKnownValue, markKnownZero, resetRegister } from '../scalar/index.ts';
import type { KfuncCall } from './call-facts.ts';
import { constantOffset, fieldName, fieldsOf, findField, findFieldAt } from './fields.ts';
import { lockObject } from './locks.ts';
import { kfuncAt } from './prototype.ts';
import { findLock, isLockKind, setNonOwning } from './references.ts';
import { isNonOwning } from './registers.ts';

const ALLOCATED = PTR_TO_BTF_ID | MEM_ALLOC;
const PROGRAM_BTF = 1;
/** Of a lock that there is none of, as the kernel has it. */
const NO_OFFSET = -22;

const LIST_KFUNCS: ReadonlySet<string> = new Set([
  'bpf_list_push_front_impl',
  'bpf_list_push_back_impl',
  'bpf_list_pop_front',
  'bpf_list_pop_back',
  'bpf_list_front',
  'bpf_list_back',
]);

const TREE_KFUNCS: ReadonlySet<string> = new Set([
  'bpf_rbtree_add_impl',
  'bpf_rbtree_remove',
  'bpf_rbtree_first',
  'bpf_rbtree_root',
  'bpf_rbtree_left',
  'bpf_rbtree_right',
]);

export const ADD_TO_TREE = 'bpf_rbtree_add_impl';

export const isGraphKfunc = (special: string): boolean =>
  LIST_KFUNCS.has(special) || TREE_KFUNCS.has(special) || special === 'bpf_refcount_acquire_impl';

/** Those that put an object into a list or tree. */
export const insertsNode = (special: string): boolean =>
  special === ADD_TO_TREE || special === 'bpf_list_push_front_impl' || special === 'bpf_list_push_back_impl';

/** Whether the path is in the function that a tree compares its nodes with: the lock is held there. */
export function inTreeCallback(env: Env): boolean {
  const { state } = env;
  const { frame } = state;
  return state.current > 0 && frame.inCallback && TREE_KFUNCS.has(kfuncAt(env, frame.callsite)?.special ?? '');
}

/** Checks a list head or tree root argument. */
export function checkRoot(env: Env, call: KfuncCall, regno: number, kind: 'list_head' | 'rb_root'): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  const type = w[r + TYPE] as number; // every register has one
  if (type !== PTR_TO_MAP_VALUE && type !== ALLOCATED)
    env.reject(EINVAL, 'kfunc/not-value-or-allocated', { arg: regno - 1 });
  if (type === ALLOCATED && w[r + REF_OBJ_ID] === 0) env.reject(EINVAL, 'kfunc/not-referenced', undefined);
  const field = fieldName[kind];
  checkKernelOwn(env, call);
  if (!hasKnownValue(w, r)) env.reject(EINVAL, 'kfunc/field-variable', { reg: regno, field });
  const off = constantOffset(w, r);
  const fields = fieldsOf(env, w, r);
  const root = findFieldAt(fields, kind, off);
  if (root === undefined) env.reject(EINVAL, 'kfunc/field-not-found', { field, off: off >>> 0 });
  if (!isLocked(env, w, r))
    env.reject(EINVAL, 'kfunc/lock-needed', { off: findField(fields, 'spin_lock')?.offset ?? NO_OFFSET, field });
  call.root = root;
}

/** Checks a node argument; the head or root comes before it. */
export function checkNode(env: Env, call: KfuncCall, regno: number, kind: 'list_node' | 'rb_node'): void {
  const { frame } = env;
  const { kfunc } = call;
  const w = frame.words;
  const r = frame.register(regno);
  const type = w[r + TYPE] as number; // every register has one
  if (kind === 'list_node' || kfunc.special === ADD_TO_TREE) {
    if (type !== ALLOCATED) env.reject(EINVAL, 'kfunc/not-allocated', { arg: regno - 1 });
    if (w[r + REF_OBJ_ID] === 0) env.reject(EINVAL, 'kfunc/not-referenced', undefined);
  } else {
    if (!isNonOwning(type) && w[r + REF_OBJ_ID] === 0) env.reject(EINVAL, 'kfunc/rbtree-node', { name: kfunc.name });
    if (inTreeCallback(env)) env.reject(EINVAL, 'kfunc/in-rbtree-callback', { name: kfunc.name });
  }
  checkKernelOwn(env, call);
  const node = fieldName[kind];
  if (!hasKnownValue(w, r)) env.reject(EINVAL, 'kfunc/field-variable', { reg: regno, field: node });
  const off = constantOffset(w, r);
  if (findFieldAt(fieldsOf(env, w, r), kind, off) === undefined)
    env.reject(EINVAL, 'kfunc/field-not-found', { field: node, off: off >>> 0 });
  const { root } = call;
  const contains = root?.contains;
  const program = env.btfs[PROGRAM_BTF];
  const btf = env.btfs[w[r + BTF] as number];
  if (root === undefined || contains === undefined || program === undefined || btf === undefined)
    env.reject(EFAULT, 'verifier-bug', { what: 'node arg without root' });
  const typeId = w[r + BTF_ID] as number;
  const wanted = program.nameOf(contains.typeId);
  if (!structIdsMatch(env, btf, typeId, 0, program, contains.typeId, true))
    env.reject(EINVAL, 'kfunc/other-node', {
      root: fieldName[root.kind],
      node,
      nodeOff: contains.nodeOffset,
      type: wanted,
      off,
      otherType: btf.nameOf(typeId),
    });
  call.argBtf = w[r + BTF] as number;
  call.argBtfId = typeId;
  if (off !== contains.nodeOffset)
    env.reject(EINVAL, 'kfunc/node-offset', { off, node, nodeOff: contains.nodeOffset, type: wanted });
  env.facts.nodeOffset[env.insn] = off;
}

/** Makes a register the pointer to a node of a list or tree. */
export function markNode(w: Int32Array, r: number, root: SpecialField): void {
  markKnownZero(w, r);
  w[r + TYPE] = ALLOCATED;
  w[r + BTF] = PROGRAM_BTF;
  w[r + BTF_ID] = root.contains?.typeId ?? 0;
  w[r + OFF] = root.contains?.nodeOffset ?? 0;
}

/** The comparing function of a tree gets two nodes that the tree owns. */
export function prepareTreeCallback(env: Env, caller: Frame, callee: Frame): void {
  const { words } = caller;
  const root = findFieldAt(
    fieldsOf(env, words, caller.register(1)),
    'rb_root',
    words[caller.register(1) + OFF] as number,
  );
  if (root === undefined) env.reject(EFAULT, 'verifier-bug', { what: 'no rbtree root' });
  for (let regno = 1; regno <= 2; regno++) {
    markNode(callee.words, callee.register(regno), root);
    setNonOwning(env, callee.words, callee.register(regno));
  }
  for (let regno = 3; regno <= 5; regno++) resetRegister(callee.words, callee.register(regno));
  callee.inCallback = true;
  callee.callbackReturnRange = { min: 0, max: 1 };
}

/** Whether the lock of the object that holds a head or root is held. */
function isLocked(env: Env, w: Int32Array, r: number): boolean {
  const { state } = env;
  if (state.activeLocks === 0) return false;
  const lock = findLock(state, isLockKind, w[r + ID] as number, lockObject(w, r)); // every register has one
  if (lock === undefined) env.say('kfunc/other-allocation', undefined);
  return lock !== undefined;
}

function checkKernelOwn(env: Env, { kfunc }: KfuncCall): void {
  if (kfunc.special === '') env.reject(EFAULT, 'verifier-bug', { what: 'unexpected btf mismatch in kfunc call' });
  if (!LIST_KFUNCS.has(kfunc.special) && !TREE_KFUNCS.has(kfunc.special))
    env.unsupported(`a list or tree argument of kfunc ${kfunc.name}`);
}

/**
 * What a program is attached to, as far as that is looked at when it is loaded: which types need a BTF id and of what
 * kind, which programs may be sleepable there, and which members of struct_ops and LSM hooks nobody may implement.
 *
 * Left out: functions of the kernel by name. Whether fentry programs of one may be sleepable, whether fmod_ret may
 * change what it returns and whether it may be traced at all is in no BTF.
 *
 * Facts: how Linux 6.18 answers; for LSM programs, which the measuring machine does not load, kernel/bpf/bpf_lsm.c and
 * kernel/bpf/verifier.c (check_attach_btf_id) of Linux 6.12.
 */
import { BTF_KIND_FUNC_PROTO, BTF_KIND_PTR, type Btf, type CompositeType } from '../../btf/index.ts';
import {
  BPF_LSM_CGROUP,
  BPF_LSM_MAC,
  BPF_MODIFY_RETURN,
  BPF_PROG_TYPE_EXT,
  BPF_PROG_TYPE_LSM,
  BPF_PROG_TYPE_STRUCT_OPS,
  BPF_PROG_TYPE_SYSCALL,
  BPF_PROG_TYPE_TRACING,
  BPF_TRACE_FENTRY,
  BPF_TRACE_FEXIT,
  BPF_TRACE_ITER,
  BPF_TRACE_RAW_TP,
} from '../../uapi/index.ts';
import { EINVAL, ENOTSUPP } from '../errno.ts';
import type { IteratorRow, StructOpsRow } from './function-rules.ts';
import { LSM_PREFIX, TRACEPOINT_PREFIX, targetOf, words } from './kind-keys.ts';
import type { AttachRefusal, ProgramKind, ProgramTypeRules } from './types.ts';

export interface AttachTables {
  readonly structOps: readonly StructOpsRow[];
  readonly iteratorTargets: readonly IteratorRow[];
  readonly sleepableHooks: ReadonlySet<string>;
  readonly disabledHooks: ReadonlySet<string>;
}

const invalid = (message: string): AttachRefusal => ({ errno: EINVAL, message });
const unsupported = (message: string): AttachRefusal => ({ errno: ENOTSUPP, message });

/** Attach types of programs that are attached to a function. */
const functionAttachTypes: ReadonlySet<number> = new Set([
  BPF_TRACE_FENTRY,
  BPF_TRACE_FEXIT,
  BPF_MODIFY_RETURN,
  BPF_LSM_MAC,
  BPF_LSM_CGROUP,
]);

export class AttachRules {
  readonly #btf: Btf;
  readonly #tables: AttachTables;

  constructor(btf: Btf, tables: AttachTables) {
    this.#btf = btf;
    this.#tables = tables;
  }

  /** @param sleepable of the kind's rules */
  refusal(
    kind: ProgramKind,
    attachBtfId: number,
    gplCompatible: boolean,
    sleepable: ProgramTypeRules['sleepable'],
  ): AttachRefusal | undefined {
    const { type } = kind;
    if (type === BPF_PROG_TYPE_SYSCALL)
      return kind.sleepable ? undefined : invalid('Syscall programs can only be sleepable');
    if (kind.sleepable && sleepable === 'never' && type !== BPF_PROG_TYPE_STRUCT_OPS && type !== BPF_PROG_TYPE_LSM) {
      const allowed = 'Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable';
      return invalid(allowed);
    }
    if (type === BPF_PROG_TYPE_STRUCT_OPS) return this.#ofStructOps(kind, attachBtfId, gplCompatible);
    if (type !== BPF_PROG_TYPE_TRACING && type !== BPF_PROG_TYPE_LSM && type !== BPF_PROG_TYPE_EXT) return undefined;
    if (attachBtfId === 0) return invalid('Tracing programs must provide btf_id');
    if (attachBtfId >= this.#btf.endId) return invalid(`attach_btf_id ${attachBtfId} is invalid`);
    return this.#ofTarget(kind, attachBtfId) ?? this.#ofLsm(kind, attachBtfId, gplCompatible);
  }

  #ofTarget({ type, expectedAttachType }: ProgramKind, id: number): AttachRefusal | undefined {
    const target = this.#btf.type(id);
    if (expectedAttachType === BPF_TRACE_RAW_TP) {
      if (target.kind !== 'typedef') return invalid(`attach_btf_id ${id} is not a typedef`);
      if (target.name.startsWith(TRACEPOINT_PREFIX)) return undefined;
      return invalid(`attach_btf_id ${id} points to wrong type name ${target.name}`);
    }
    const isIterator = expectedAttachType === BPF_TRACE_ITER;
    // An attach type that has no target at all.
    if (!isIterator && !functionAttachTypes.has(expectedAttachType) && type !== BPF_PROG_TYPE_EXT) return invalid('');
    if (target.kind !== 'func') return invalid(`attach_btf_id ${id} is not a function`);
    if (!isIterator) return undefined;
    const name = targetOf(this.#btf, type, expectedAttachType, id);
    return this.#tables.iteratorTargets.some((row) => row.target === name) ? undefined : invalid('');
  }

  #ofLsm({ type, sleepable }: ProgramKind, id: number, gplCompatible: boolean): AttachRefusal | undefined {
    if (type !== BPF_PROG_TYPE_LSM) return undefined;
    const func = this.#btf.nameOf(id);
    const hook = func.startsWith(LSM_PREFIX) ? func.slice(LSM_PREFIX.length) : undefined;
    if (sleepable && !this.#tables.sleepableHooks.has(hook ?? '')) return invalid(`${func} is not sleepable`);
    if (!gplCompatible) return invalid('LSM programs must have a GPL compatible license');
    if (hook === undefined) return invalid(`attach_btf_id ${id} points to wrong type name ${func}`);
    if (this.#tables.disabledHooks.has(hook)) return invalid(`attach_btf_id ${id} points to disabled hook ${func}`);
    return undefined;
  }

  #ofStructOps(kind: ProgramKind, id: number, gplCompatible: boolean): AttachRefusal | undefined {
    if (id === 0 || id >= this.#btf.endId) return unsupported('');
    if (!gplCompatible) return invalid('struct ops programs must have a GPL compatible license');
    const struct = this.#btf.type(id);
    const row = this.#tables.structOps.find((candidate) => candidate.struct === struct.name);
    if (struct.kind !== 'struct' || row === undefined)
      return unsupported(`attach_btf_id ${id} is not a supported struct`);
    return this.#ofMember(struct, row, kind);
  }

  #ofMember(struct: CompositeType, row: StructOpsRow, kind: ProgramKind): AttachRefusal | undefined {
    const { expectedAttachType: index, sleepable } = kind;
    const member = struct.members[index];
    if (member === undefined) return invalid(`attach to invalid member idx ${index} of struct ${struct.name}`);
    if (!this.#isFunction(member.type))
      return invalid(`attach to invalid member ${member.name}(@idx ${index}) of struct ${struct.name}`);
    const message = `attach to unsupported member ${member.name} of struct ${struct.name}`;
    if (words(row.unsupported).includes(member.name)) return unsupported(message);
    return sleepable && words(row.notSleepable).includes(member.name) ? invalid(message) : undefined;
  }

  #isFunction(id: number): boolean {
    const pointer = this.#btf.skipModifiersAndTypedefs(id);
    if (this.#btf.kindOf(pointer) !== BTF_KIND_PTR) return false;
    const target = this.#btf.skipModifiersAndTypedefs(this.#btf.referencedType(pointer));
    return this.#btf.kindOf(target) === BTF_KIND_FUNC_PROTO;
  }
}

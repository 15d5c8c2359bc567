/**
 * `__arg_ctx`, for kernels that do not know the tag: an argument of a global function that is tagged as the program's
 * context gets the type by which the verifier recognises the context of such a program. The function may belong to
 * programs of several types, so each program gets its own copy of the function's type, to which its func_info points.
 *
 * Facts: libbpf 1.8, bpf_program_fixup_func_info() in src/libbpf.c.
 */
import type { Btf, FunctionPrototype, FunctionType, TypeId } from '../btf/index.ts';
import * as uapi from '../uapi/index.ts';
import type { BtfEdits } from './btf-edits.ts';
import type { InfoRecords } from './func-line-info.ts';
import { typesOfKind } from './types-of-kind.ts';

const TAG = 'arg:ctx';

/** Struct that is the context of programs of a type; other types have none with a name. */
const CONTEXT_STRUCTS: ReadonlyMap<number, string> = new Map([
  [uapi.BPF_PROG_TYPE_CGROUP_DEVICE, 'bpf_cgroup_dev_ctx'],
  [uapi.BPF_PROG_TYPE_CGROUP_SKB, '__sk_buff'],
  [uapi.BPF_PROG_TYPE_CGROUP_SOCK, 'bpf_sock'],
  [uapi.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, 'bpf_sock_addr'],
  [uapi.BPF_PROG_TYPE_CGROUP_SOCKOPT, 'bpf_sockopt'],
  [uapi.BPF_PROG_TYPE_CGROUP_SYSCTL, 'bpf_sysctl'],
  [uapi.BPF_PROG_TYPE_FLOW_DISSECTOR, '__sk_buff'],
  [uapi.BPF_PROG_TYPE_KPROBE, 'bpf_user_pt_regs_t'],
  [uapi.BPF_PROG_TYPE_LWT_IN, '__sk_buff'],
  [uapi.BPF_PROG_TYPE_LWT_OUT, '__sk_buff'],
  [uapi.BPF_PROG_TYPE_LWT_SEG6LOCAL, '__sk_buff'],
  [uapi.BPF_PROG_TYPE_LWT_XMIT, '__sk_buff'],
  [uapi.BPF_PROG_TYPE_NETFILTER, 'bpf_nf_ctx'],
  [uapi.BPF_PROG_TYPE_PERF_EVENT, 'bpf_perf_event_data'],
  [uapi.BPF_PROG_TYPE_RAW_TRACEPOINT, 'bpf_raw_tracepoint_args'],
  [uapi.BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, 'bpf_raw_tracepoint_args'],
  [uapi.BPF_PROG_TYPE_SCHED_ACT, '__sk_buff'],
  [uapi.BPF_PROG_TYPE_SCHED_CLS, '__sk_buff'],
  [uapi.BPF_PROG_TYPE_SK_LOOKUP, 'bpf_sk_lookup'],
  [uapi.BPF_PROG_TYPE_SK_MSG, 'sk_msg_md'],
  [uapi.BPF_PROG_TYPE_SK_REUSEPORT, 'sk_reuseport_md'],
  [uapi.BPF_PROG_TYPE_SK_SKB, '__sk_buff'],
  [uapi.BPF_PROG_TYPE_SOCK_OPS, 'bpf_sock_ops'],
  [uapi.BPF_PROG_TYPE_SOCKET_FILTER, '__sk_buff'],
  [uapi.BPF_PROG_TYPE_XDP, 'xdp_md'],
]);

/** Registers of a task, under the names that architectures have for them: what a kprobe or perf event may call its context. */
const REGISTER_STRUCTS: readonly string[] = ['pt_regs', 'user_pt_regs', 'user_regs_struct'];

/**
 * @param funcInfo of the program; the result is it with the functions' copies in their places
 * @param edits receives the copies
 */
export function fixContextArguments(
  btf: Btf,
  edits: BtfEdits,
  programType: number,
  funcInfo: InfoRecords,
): InfoRecords {
  const context = CONTEXT_STRUCTS.get(programType);
  if (context === undefined) return funcInfo;
  const { recordSize } = funcInfo;
  const bytes = funcInfo.bytes.slice();
  const view = new DataView(bytes.buffer);
  const recordOf = new Map<number, number>();
  for (let at = 0; at + recordSize <= bytes.length; at += recordSize) {
    const id = view.getUint32(at + 4, true);
    if (!recordOf.has(id)) recordOf.set(id, at + 4);
  }

  const copies = new Map<TypeId, { readonly functionId: TypeId; readonly prototypeId: TypeId }>();
  let pointer: TypeId | undefined;
  for (const tag of typesOfKind(btf, 'decl_tag')) {
    if (tag.name !== TAG) continue;
    const declared = taggedFunction(btf, tag.type);
    const record = recordOf.get(tag.type);
    const argument = declared?.prototype.parameters[tag.componentIndex];
    if (declared === undefined || record === undefined || argument === undefined) continue;
    if (!mayBeContext(btf, argument.type, programType, context)) continue;

    let copy = copies.get(tag.type);
    if (copy === undefined) {
      const prototypeId = edits.add(declared.prototype);
      copy = { prototypeId, functionId: edits.add({ ...declared.function, type: prototypeId }) };
      copies.set(tag.type, copy);
      view.setUint32(record, copy.functionId, true);
    }
    pointer ??= edits.add({ kind: 'ptr', type: edits.add({ kind: 'struct', name: context, size: 0, members: [] }) });
    edits.add({ kind: 'decl_tag', name: TAG, type: copy.functionId, componentIndex: tag.componentIndex });
    const prototype = edits.current(copy.prototypeId, 'func_proto');
    const type = pointer;
    const parameters = prototype.parameters.map((parameter, index) =>
      index === tag.componentIndex ? { ...parameter, type } : parameter,
    );
    edits.replace(copy.prototypeId, { ...prototype, parameters });
  }
  return { recordSize, bytes };
}

function taggedFunction(
  btf: Btf,
  id: TypeId,
): { readonly function: FunctionType; readonly prototype: FunctionPrototype } | undefined {
  const type = btf.type(id);
  if (type.kind !== 'func' || type.linkage !== 'global') return undefined;
  const prototype = btf.type(type.type);
  return prototype.kind === 'func_proto' ? { function: type, prototype } : undefined;
}

/** Whether the argument's type is not right yet, but such that the context may stand there. */
function mayBeContext(btf: Btf, id: TypeId, programType: number, context: string): boolean {
  const pointer = btf.type(btf.skipModifiersAndTypedefs(id));
  if (pointer.kind !== 'ptr') return false;
  const type = btf.type(btf.skipModifiersAndTypedefs(pointer.type));
  if (type.kind === 'void') return true;
  if (type.kind === 'struct' && type.name === context) return false;
  switch (programType) {
    case uapi.BPF_PROG_TYPE_KPROBE:
      return type.kind === 'struct' && type.name === 'pt_regs';
    case uapi.BPF_PROG_TYPE_PERF_EVENT:
      return type.kind === 'struct' && REGISTER_STRUCTS.includes(type.name);
    case uapi.BPF_PROG_TYPE_RAW_TRACEPOINT:
    case uapi.BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE:
      return type.kind === 'int' && type.size === 8;
    default:
      return false;
  }
}

/** The prototype of what a program is attached to, as far as its return value depends on it. */

import type { Btf } from '../../btf/index.ts';
import type { Env } from '../environment.ts';

const BPF_PROG_TYPE_STRUCT_OPS = 27;

export interface AttachPrototype {
  /** Of the function or member. */
  readonly name: string;
  readonly returnsVoid: boolean;
  /** If it returns a pointer: what it points to, modifiers skipped. */
  readonly returnedStruct: number | undefined;
}

/** @returns undefined if the program is attached to nothing that has types */
export function attachPrototype(env: Env): AttachPrototype | undefined {
  const { attachBtfId, expectedAttachType, type, attachModule, attachesToProgram } = env.program;
  const btf = env.profile.btf;
  if (attachBtfId === 0 || attachModule !== undefined || attachesToProgram) return undefined;
  const target = btf.type(attachBtfId);
  if (type === BPF_PROG_TYPE_STRUCT_OPS) {
    const member = target.kind === 'struct' ? target.members[expectedAttachType] : undefined;
    if (member === undefined) return undefined;
    const pointer = btf.type(btf.skipModifiersAndTypedefs(member.type));
    return pointer.kind === 'ptr' ? prototypeOf(btf, member.name, pointer.type) : undefined;
  }
  return target.kind === 'func' ? prototypeOf(btf, target.name, target.type) : undefined;
}

function prototypeOf(btf: Btf, name: string, id: number): AttachPrototype | undefined {
  const prototype = btf.type(btf.skipModifiersAndTypedefs(id));
  if (prototype.kind !== 'func_proto') return undefined;
  const returnsVoid = prototype.returnType === 0;
  const result = btf.type(btf.skipModifiersAndTypedefs(prototype.returnType));
  return {
    name,
    returnsVoid,
    returnedStruct: result.kind === 'ptr' ? btf.skipModifiers(result.type) : undefined,
  };
}

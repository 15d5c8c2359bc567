/**
 * Turns struct_ops maps into what a kernel wants: the value in the kernel's own layout of the struct, member by
 * member under the same name, and for each program which member of which kernel struct it implements.
 *
 * A map of `struct foo` has as its value the kernel's `struct bpf_struct_ops_foo`, of which one member is the
 * kernel's `struct foo`. A member that this kernel does not have must be zero; one that the object does not have
 * stays zero.
 *
 * Facts: libbpf 1.8, bpf_map__init_kern_struct_ops(), find_struct_ops_kern_types() and
 * bpf_object_adjust_struct_ops_autoload() in src/libbpf.c.
 */
import { type Btf, type CompositeType, essentialName, type Member } from '../btf/index.ts';
import { BpfiterError } from '../errors.ts';
import { nearNames } from '../near-names.ts';
import { BPF_PROG_TYPE_STRUCT_OPS } from '../uapi/index.ts';
import type { LinkedStructOps } from './linked.ts';
import type { ObjectMap, ObjectProgram, StructOpsContent } from './model.ts';
import { ESRCH, type LinkTarget } from './target.ts';

const VALUE_PREFIX = 'bpf_struct_ops_';
/** Bytes; real ones have a few thousand at most. */
const LARGEST_VALUE = 1 << 24;

/** What a struct_ops program implements. */
export interface StructOpsAttachment {
  /** The struct in the kernel's BTF, or in the module's: attach_btf_id. */
  readonly btfId: number;
  /** Index of the member: expected_attach_type. */
  readonly member: number;
  /** Absent for the kernel proper. */
  readonly module?: string;
}

export interface LinkedStructOpsMaps {
  /** Of the maps that are to be created. */
  readonly values: ReadonlyMap<ObjectMap, LinkedStructOps>;
  readonly attachments: ReadonlyMap<ObjectProgram, StructOpsAttachment>;
  /** Whether a program is loaded, for those that a map refers to or did refer to; it goes before their `autoload`. */
  readonly autoload: ReadonlyMap<ObjectProgram, boolean>;
}

/**
 * @param maps all of an object's, in their order
 * @param btf the object's
 * @throws BpfiterError `not-found` for a struct that the kernel does not have; `unsupported` for one that it has in
 *   another shape; `malformed` for a program in two different places
 */
export function linkStructOps(maps: readonly ObjectMap[], btf: Btf, target: LinkTarget): LinkedStructOpsMaps {
  const values = new Map<ObjectMap, LinkedStructOps>();
  const attachments = new Map<ObjectProgram, StructOpsAttachment>();
  const autoload = new Map<ObjectProgram, boolean>();
  for (const map of maps) {
    if (map.structOps === undefined || !map.autocreate) continue;
    const { programs, declared } = map.structOps;
    for (const [index, program] of declared.entries()) {
      if (program !== undefined && programs[index] !== program) autoload.set(program, false);
    }
    const conversion = new Conversion(map, map.structOps, btf, findKernelStruct(map, map.structOps, btf, target));
    values.set(map, conversion.run(attachments));
  }
  for (const [program, isNeeded] of neededPrograms(maps)) autoload.set(program, isNeeded);
  return { values, attachments, autoload };
}

/** A program is needed if one of the maps that use it is created, and of no use if none is. */
function neededPrograms(maps: readonly ObjectMap[]): ReadonlyMap<ObjectProgram, boolean> {
  const needed = new Map<ObjectProgram, boolean>();
  for (const { structOps, autocreate } of maps) {
    for (const program of structOps?.programs ?? []) {
      if (program?.type !== BPF_PROG_TYPE_STRUCT_OPS) continue;
      needed.set(program, autocreate || needed.get(program) === true);
    }
  }
  return needed;
}

/** @throws BpfiterError `malformed` for a program that no map refers to: what it is to implement is unknown */
export function attachmentOf({ attachments }: LinkedStructOpsMaps, program: ObjectProgram): StructOpsAttachment {
  const attachment = attachments.get(program);
  if (attachment !== undefined) return attachment;
  throw new BpfiterError(
    'malformed',
    `program '${program.name}' (section '${program.section}') is in no struct_ops variable; assign it to a member of one`,
  );
}

/** A struct of the kernel's that a map is converted to. */
interface KernelStruct {
  readonly btf: Btf;
  readonly module: string | undefined;
  readonly type: CompositeType;
  /** The struct around it, which is the map's value. */
  readonly value: CompositeType;
  /** Bytes before it in the value. */
  readonly offset: number;
}

function findKernelStruct(map: ObjectMap, { typeId }: StructOpsContent, btf: Btf, target: LinkTarget): KernelStruct {
  const name = essentialName(btf.nameOf(typeId));
  const valueName = VALUE_PREFIX + name;
  const kernel = target.btf();
  if (kernel === undefined) throw refusal('unsupported', map, `struct ${name}: this kernel has no BTF`);
  let found: { btf: Btf; id: number; module?: string } | undefined;
  const id = kernel.find(valueName, 'struct');
  if (id !== undefined) found = { btf: kernel, id };
  else {
    for (const candidate of target.modules()) {
      // The types that it shares with the kernel have been searched.
      const own = candidate.btf
        .findAll(valueName)
        .find((own) => own >= candidate.btf.firstId && isStruct(candidate.btf, own));
      if (own === undefined) continue;
      found = { btf: candidate.btf, id: own, module: candidate.name };
      break;
    }
  }
  if (found === undefined) {
    const near = nearNames(name, knownStructOps([kernel, ...target.modules().map((module) => module.btf)]));
    const hint = near.length === 0 ? '' : ` (did you mean ${near.map((other) => `'${other}'`).join(' or ')}?)`;
    throw refusal('not-found', map, `the kernel has no struct ${valueName}: nothing takes a struct ${name}${hint}`);
  }
  const value = struct(found.btf, found.id);
  const type = struct(found.btf, found.btf.find(name, 'struct'));
  const member = value?.members.find((candidate) => candidate.type === type?.id);
  if (value === undefined || type === undefined || member === undefined) {
    throw refusal('unsupported', map, `the kernel's struct ${valueName} has no struct ${name} in it`);
  }
  if (value.size > LARGEST_VALUE) throw refusal('unsupported', map, `the kernel's struct ${valueName} is too large`);
  return { btf: found.btf, module: found.module, type, value, offset: member.bitOffset / 8 };
}

const isStruct = (btf: Btf, id: number): boolean => struct(btf, id) !== undefined;

function struct(btf: Btf, id: number | undefined): CompositeType | undefined {
  const type = id === undefined ? undefined : btf.type(id);
  return type?.kind === 'struct' ? type : undefined;
}

function* knownStructOps(blobs: readonly Btf[]): Iterable<string> {
  for (const btf of blobs) {
    for (let id = btf.firstId; id < btf.endId; id++) {
      const name = btf.nameOf(id);
      if (name.startsWith(VALUE_PREFIX)) yield name.slice(VALUE_PREFIX.length);
    }
  }
}

/** Converts one map's struct to the kernel's. */
class Conversion {
  readonly #map: ObjectMap;
  readonly #content: StructOpsContent;
  readonly #btf: Btf;
  readonly #kernel: KernelStruct;
  readonly #value: Uint8Array;
  readonly #programs: { readonly offset: number; readonly program: ObjectProgram }[] = [];

  constructor(map: ObjectMap, content: StructOpsContent, btf: Btf, kernel: KernelStruct) {
    this.#map = map;
    this.#content = content;
    this.#btf = btf;
    this.#kernel = kernel;
    this.#value = new Uint8Array(kernel.value.size);
  }

  run(attachments: Map<ObjectProgram, StructOpsAttachment>): LinkedStructOps {
    const { module, value } = this.#kernel;
    const type = struct(this.#btf, this.#content.typeId);
    for (const [index, member] of (type?.members ?? []).entries()) this.#convert(member, index, attachments);
    return {
      valueTypeId: value.id,
      ...(module === undefined ? {} : { module }),
      value: this.#value,
      programs: this.#programs,
    };
  }

  #convert(member: Member, index: number, attachments: Map<ObjectProgram, StructOpsAttachment>): void {
    const { btf, type, offset } = this.#kernel;
    const { name } = member;
    const size = this.#btf.sizeOfType(member.type);
    const from = Math.floor(member.bitOffset / 8);
    const bytes = this.#content.data.subarray(from, from + size);
    const program = this.#content.programs[index];
    const isZero = bytes.every((byte) => byte === 0);

    const kernelIndex = type.members.findIndex((candidate) => candidate.name === name);
    const kernelMember = type.members[kernelIndex];
    if (kernelMember === undefined) {
      if (isZero && program === undefined) return;
      throw this.#refusal(`the kernel's struct ${type.name} has no member '${name}', which the object sets`);
    }
    if (member.bitFieldSize !== 0 || kernelMember.bitFieldSize !== 0) {
      throw this.#refusal(`bit field '${name}' cannot be converted`);
    }
    const to = offset + kernelMember.bitOffset / 8;
    const local = this.#btf.type(this.#btf.skipModifiersAndTypedefs(member.type));
    const kernel = btf.type(btf.skipModifiersAndTypedefs(kernelMember.type));
    if (local.kind !== kernel.kind) {
      throw this.#refusal(`member '${name}' is a ${local.kind} in the object and a ${kernel.kind} in the kernel`);
    }
    if (kernel.kind === 'ptr') {
      if (program === undefined) {
        if (isZero) return;
        throw this.#refusal(`pointer '${name}' is set, but not to a program`);
      }
      if (program.type !== BPF_PROG_TYPE_STRUCT_OPS) {
        throw this.#refusal(`program '${program.name}' of member '${name}' is not a struct_ops program`);
      }
      if (btf.type(btf.skipModifiersAndTypedefs(kernel.type)).kind !== 'func_proto') {
        throw this.#refusal(`member '${name}' is not a pointer to a function in the kernel`);
      }
      this.#attach(attachments, program, kernelIndex);
      this.#programs.push({ offset: to, program });
      return;
    }
    const kernelSize = btf.sizeOfType(kernel.id);
    if (size !== kernelSize) {
      throw this.#refusal(`member '${name}' has ${size} bytes in the object and ${kernelSize} in the kernel`);
    }
    if (to + size > this.#value.length) throw this.#refusal(`member '${name}' lies beyond the kernel's struct`);
    this.#value.set(bytes, to);
  }

  /** A program may serve several maps, but only as the same member of the same struct. */
  #attach(attachments: Map<ObjectProgram, StructOpsAttachment>, program: ObjectProgram, member: number): void {
    const { type, module } = this.#kernel;
    const known = attachments.get(program);
    if (known === undefined) {
      attachments.set(program, { btfId: type.id, member, ...(module === undefined ? {} : { module }) });
    } else if (known.btfId !== type.id || known.member !== member) {
      const name = type.members[member]?.name ?? '';
      throw new BpfiterError(
        'malformed',
        `struct_ops '${this.#map.name}': program '${program.name}' is '${name}' of struct ${type.name} here and something else in another map`,
      );
    }
  }

  #refusal(what: string): BpfiterError {
    return refusal('unsupported', this.#map, what);
  }
}

function refusal(code: 'not-found' | 'unsupported', map: ObjectMap, what: string): BpfiterError {
  const errno = code === 'not-found' ? { errno: ESRCH } : {};
  return new BpfiterError(code, `struct_ops '${map.name}': ${what}`, errno);
}

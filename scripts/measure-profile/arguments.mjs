/**
 * Parts `iterator-targets` and `context-arguments`: contexts that are the arguments of a function, where what a load gives is not
 * what the function's prototype says (src/verifier/profile/function-context.ts has that rule).
 */
import { BTF_KIND_PTR, BTF_KIND_STRUCT, BTF_KIND_UNION } from '../../dist/btf/index.js';
import { probeTarget } from '../../dist/host/index.js';
import { iterTargetsOf } from '../../dist/iter-targets.js';
import { btf, exit, load, mov, registerOf, tryLoad, tryLoadVerbosely } from './ask.mjs';
import { array, cell, comment, literal, object } from './emit.mjs';
import { attachIds, goodReturn, kinds, typeIds } from './kinds.mjs';

/** What a load of a whole argument gives, or undefined if it is refused. */
function argumentRegister(kind, argument) {
  const { accepted, log } = tryLoadVerbosely(kind, [load(2, 1, argument * 8), goodReturn(kind), exit]);
  return accepted ? registerOf(log, 2) : undefined;
}

/** The struct that a pointer points to; undefined for anything else. */
function pointedStruct(id) {
  const pointer = btf.skipModifiersAndTypedefs(id);
  if (btf.kindOf(pointer) !== BTF_KIND_PTR) return undefined;
  const struct = btf.skipModifiersAndTypedefs(btf.referencedType(pointer));
  const kind = btf.kindOf(struct);
  return kind === BTF_KIND_STRUCT || kind === BTF_KIND_UNION ? btf.nameOf(struct) : undefined;
}

const prototypeOf = (func) => btf.type(btf.type(func).type);

export function measureIteratorTargets() {
  const rows = iterTargetsOf(btf).map((target) => {
    const properties = probeTarget(target);
    if (properties === undefined) throw new Error(`the kernel refuses programs for iter/${target.name}`);
    const kind = { type: typeIds.tracing, attach: attachIds.trace_iter, btfId: target.btfId, sleepable: false };
    const overrides = {};
    for (const [argument, { type }] of prototypeOf(target.btfId).parameters.entries()) {
      const register = argumentRegister(kind, argument);
      if (register === undefined) throw new Error(`iter/${target.name}: argument ${argument} cannot be read`);
      const struct = pointedStruct(type);
      const expected = struct === undefined ? 'scalar' : `trusted_ptr_ ${struct}`;
      if (register !== expected) overrides[argument] = literal(register);
    }
    return object({
      target: literal(target.name),
      sleepable: String(properties.sleepable),
      parameter: properties.parameter && literal(properties.parameter),
      arguments: object(overrides),
    });
  });
  return (kernel) =>
    comment([
      'Iterator targets: the arguments of their programs that are not trusted, or may be NULL, or are buffers; whether sleepable',
      'programs attach (they all load); what the target is parametrised by.',
      '',
      `Measured on ${kernel} by scripts/measure-profile.mjs. Arguments are counted from 0, which is \`meta\`; those that are not here are`,
      'what their prototype says: scalars, and trusted pointers. Buffers have no size when a program is loaded: how far it',
      'reaches is compared with the map when it is attached.',
    ]) +
    `import type { IteratorRow } from '../function-rules.ts';

export const iteratorTargets: readonly IteratorRow[] = ${array(rows)};
`;
}

/** Argument -> tracepoints, for pointers that a load gives as that. */
function measureTracepoints() {
  const nullable = new Map();
  const errors = new Map();
  const note = (map, argument, name) => map.set(argument, [...(map.get(argument) ?? []), name]);
  for (let id = 1; id < btf.endId; id++) {
    const typedef = btf.nameOf(id);
    if (!typedef.startsWith('btf_trace_') || btf.type(id).kind !== 'typedef') continue;
    const name = typedef.slice('btf_trace_'.length);
    const kind = { type: typeIds.tracing, attach: attachIds.trace_raw_tp, btfId: id, sleepable: false };
    const parameters = prototypeOf(btf.type(id).type).parameters.slice(1);
    for (const [argument, { type }] of parameters.entries()) {
      const struct = pointedStruct(type);
      if (struct === undefined) continue;
      const register = argumentRegister(kind, argument);
      if (register?.startsWith('trusted_ptr_or_null_')) note(nullable, argument, name);
      else if (register === 'scalar') note(errors, argument, name);
    }
  }
  const table = (map) =>
    object(
      Object.fromEntries([...map].sort(([a], [b]) => a - b).map(([argument, names]) => [argument, cell(names.sort())])),
    );
  return { nullable: table(nullable), errors: table(errors) };
}

/** Members that hold functions and that no program loads for, plain or sleepable, in words. */
function refusedMembers(btfId) {
  const functions = btf.type(btfId).members.flatMap(({ name, type }, attach) => {
    const pointer = btf.skipModifiersAndTypedefs(type);
    const isFunction =
      btf.kindOf(pointer) === BTF_KIND_PTR && btf.type(btf.referencedType(pointer)).kind === 'func_proto';
    return isFunction ? [{ name, attach }] : [];
  });
  const loads = (attach, sleepable) =>
    tryLoad({ type: typeIds.struct_ops, attach, btfId, sleepable }, [mov(0, 0), exit]).accepted;
  const cellOf = (members) => (members.length === 0 ? undefined : cell(members.map(({ name }) => name)));
  const supported = functions.filter(({ attach }) => loads(attach, false));
  return {
    unsupported: cellOf(functions.filter((member) => !supported.includes(member))),
    notSleepable: cellOf(supported.filter(({ attach }) => !loads(attach, true))),
  };
}

/** By struct: what pointers are promoted to, which arguments may be NULL, and which members are refused. */
function measureStructOps() {
  const rows = new Map();
  for (const kind of kinds) {
    const [type, struct, member] = kind.path;
    if (type !== 'struct_ops' || kind.sleepable) continue;
    const row = rows.get(struct) ?? { promote: {}, nullable: {}, refused: refusedMembers(kind.btfId) };
    rows.set(struct, row);
    const pointer = btf.type(btf.type(kind.btfId).members[kind.attach].type);
    for (const [argument, { type: id }] of btf.type(pointer.type).parameters.entries()) {
      const expected = pointedStruct(id);
      if (expected === undefined) continue;
      const [register = '', found] = argumentRegister(kind, argument)?.split(' ') ?? [];
      if (found !== undefined && found !== expected) row.promote[expected] = literal(found);
      if (register.endsWith('or_null_')) row.nullable[member] = [...(row.nullable[member] ?? []), argument];
    }
  }
  return [...rows].map(([struct, { promote, nullable, refused }]) =>
    object({
      struct: literal(struct),
      promote: Object.keys(promote).length === 0 ? undefined : object(promote),
      nullable:
        Object.keys(nullable).length === 0
          ? undefined
          : object(Object.fromEntries(Object.entries(nullable).map(([name, list]) => [name, `[${list.join(', ')}]`]))),
      ...refused,
    }),
  );
}

export function measureContextArguments() {
  const { nullable, errors } = measureTracepoints();
  const structOps = measureStructOps();
  return (kernel) =>
    comment([
      'Arguments of tracepoints (tp_btf) and struct_ops that are not what their prototype says, which is a trusted pointer.',
      '',
      `Measured on ${kernel} by scripts/measure-profile.mjs: every argument of every tracepoint in its BTF is read. What is known of`,
      'tracepoints that this kernel was built without stands in tracepoints-elsewhere.ts. Arguments are those that',
      'programs see, counted from 0.',
    ]) +
    `import type { StructOpsRow, TracepointsByArgument } from '../function-rules.ts';

/** Tracepoints by an argument that may be NULL. */
export const nullableArguments: TracepointsByArgument = ${nullable};

/** Tracepoints by an argument that may be an error in place of a pointer: programs get a number. */
export const errorArguments: TracepointsByArgument = ${errors};

export const structOps: readonly StructOpsRow[] = ${array(structOps)};
`;
}

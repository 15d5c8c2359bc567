/** Types of BTF as text, so that two BTFs with other ids can be compared. */
import type { Btf } from '../../../src/btf/index.ts';

/** Whole declarations of what stands in the type by value, names of what is pointed to. */
export function describeType(btf: Btf, id: number): string {
  const type = btf.type(id);
  switch (type.kind) {
    case 'void':
      return 'void';
    case 'ptr':
      return `*${describeType(btf, type.type)}`;
    case 'array':
      return `${describeType(btf, type.elementType)}[${type.length}]`;
    case 'const':
    case 'volatile':
      return `${type.kind} ${describeType(btf, type.type)}`;
    case 'restrict':
    case 'type_tag':
      return describeType(btf, type.type);
    case 'func_proto': {
      const parameters = type.parameters.map((parameter) => `${describeType(btf, parameter.type)} ${parameter.name}`);
      return `${describeType(btf, type.returnType)} (${parameters.join(', ')})`;
    }
    case 'func':
      return describeType(btf, type.type);
    case 'fwd':
      return `${type.target} ${type.name}`;
    case 'struct':
    case 'union':
      return type.name === '' ? describeMembers(btf, id) : `${type.kind} ${type.name}`;
    case 'enum':
    case 'enum64':
      return `enum ${type.name}`;
    default:
      return type.name;
  }
}

/** Members with their places; structs without a name are told whole. */
export function describeMembers(btf: Btf, id: number): string {
  const type = btf.type(id);
  if (type.kind !== 'struct' && type.kind !== 'union') throw new Error(`type ${id} has no members`);
  const members = type.members.map(
    (member) => `${member.bitOffset}/${member.bitFieldSize} ${describeType(btf, member.type)} ${member.name}`,
  );
  return `${type.kind} of ${type.size} {\n${members.join('\n')}\n}`;
}

export function describeValues(btf: Btf, id: number): readonly string[] {
  const type = btf.type(id);
  if (type.kind !== 'enum' && type.kind !== 'enum64') throw new Error(`type ${id} is no enum`);
  return type.values.map(({ name, value }) => `${name}=${value}`);
}

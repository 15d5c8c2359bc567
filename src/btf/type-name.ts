/** The name of a type as C would write it, for messages: `struct task_struct`, `const char *`, `u32 [16]`. */
import type { Btf } from './btf.ts';
import { Declarator, notAType } from './declaration.ts';
import { printable } from './strings.ts';
import {
  BTF_KIND_DATASEC,
  BTF_KIND_DECL_TAG,
  BTF_KIND_ENUM,
  BTF_KIND_ENUM64,
  BTF_KIND_FLOAT,
  BTF_KIND_FUNC,
  BTF_KIND_FWD,
  BTF_KIND_INT,
  BTF_KIND_STRUCT,
  BTF_KIND_TYPEDEF,
  BTF_KIND_UNION,
  BTF_KIND_UNKN,
  BTF_KIND_VAR,
} from './types.ts';

/**
 * Functions and variables come with their types (`int main(void)`), without the names of parameters.
 * @throws BpfiterError `malformed` for an id that does not exist, or a type that is no C
 */
export function typeName(btf: Btf, id: number): string {
  const declarator = new Declarator(
    btf,
    (base) => spell(btf, base),
    () => '',
  );
  const name = printable(btf.nameOf(id));
  switch (btf.kindOf(id)) {
    case BTF_KIND_FUNC:
    case BTF_KIND_VAR:
      return declarator.declare(btf.referencedType(id), name);
    case BTF_KIND_DATASEC:
      return `section ${name}`;
    case BTF_KIND_DECL_TAG:
      return `tag "${name}"`;
    default:
      return declarator.declare(id, '');
  }
}

function spell(btf: Btf, id: number): string {
  const name = printable(btf.nameOf(id));
  const tagged = (keyword: string) => `${keyword} ${name === '' ? '<anon>' : name}`;
  switch (btf.kindOf(id)) {
    case BTF_KIND_UNKN:
      return 'void';
    case BTF_KIND_INT:
    case BTF_KIND_FLOAT:
    case BTF_KIND_TYPEDEF:
      return name;
    case BTF_KIND_STRUCT:
      return tagged('struct');
    case BTF_KIND_UNION:
      return tagged('union');
    case BTF_KIND_ENUM:
    case BTF_KIND_ENUM64:
      return tagged('enum');
    case BTF_KIND_FWD:
      return tagged(btf.kindFlagOf(id) ? 'union' : 'struct');
    default:
      throw notAType(btf, id);
  }
}

/**
 * `__exception_cb(name)`: the subprogram that handles what a program throws. Nothing in the program refers to it but a
 * BTF tag of the program's function, so it must be placed on its own.
 *
 * Facts: libbpf 1.8, bpf_prog_assign_exc_cb() in src/libbpf.c.
 */
import type { Btf } from '../btf/index.ts';
import { BpfiterError } from '../errors.ts';
import type { ObjectFunction } from './functions.ts';
import { typesOfKind } from './types-of-kind.ts';

const PREFIX = 'exception_callback:';

/** Names of callbacks by the name of their program. */
export type ExceptionTags = ReadonlyMap<string, readonly string[]>;

/** @throws BpfiterError `malformed` */
export function readExceptionTags(btf: Btf): ExceptionTags {
  const tags = new Map<string, string[]>();
  for (const tag of typesOfKind(btf, 'decl_tag')) {
    if (tag.componentIndex !== -1 || !tag.name.startsWith(PREFIX)) continue;
    const tagged = btf.type(tag.type);
    if (tagged.kind !== 'func' || tagged.linkage !== 'global')
      throw new BpfiterError(
        'malformed',
        `BTF tag '${tag.name}' belongs to a ${tagged.kind}, not to a program's function`,
      );
    tags.set(tagged.name, [...(tags.get(tagged.name) ?? []), tag.name.slice(PREFIX.length)]);
  }
  return tags;
}

/** The callback of a program. One with several gets none: the verifier will refuse it. @throws BpfiterError */
export function exceptionCallback(
  tags: ExceptionTags,
  program: string,
  functions: readonly ObjectFunction[],
): ObjectFunction | undefined {
  const [name, ...others] = tags.get(program) ?? [];
  if (name === undefined || others.length > 0) return undefined;
  const callback = functions.find((candidate) => candidate.isSubprogram && candidate.name === name);
  if (callback === undefined)
    throw new BpfiterError(
      'not-found',
      `program '${program}': there is no subprogram '${name}', its exception callback`,
    );
  if (!callback.isGlobal || callback.isHidden)
    throw new BpfiterError(
      'malformed',
      `program '${program}': its exception callback '${name}' must be global and not hidden`,
    );
  return callback;
}

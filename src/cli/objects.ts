/** Opening objects and choosing programs of them, shared by the commands that take an OBJ. */
import { BpfiterError } from '../errors.ts';
import { type BpfObject, loadObject } from '../index.ts';
import type { ObjectProgram } from '../object/index.ts';
import { BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER } from '../uapi/index.ts';
import { naming } from './failures.ts';

export const openObjectFile = (path: string): Promise<BpfObject> =>
  naming(path, async () => {
    try {
      return await loadObject(path);
    } catch (error) {
      // The file that one has in one's editor is quickly named in place of what is made of it.
      if (!/\.c$/.test(path) || !(error instanceof BpfiterError) || error.code !== 'malformed') throw error;
      const object = path.slice(path.lastIndexOf('/') + 1).replace(/\.c$/, '.o');
      throw new BpfiterError('malformed', `is C source: compile it (clang -g -O2 --target=bpf -c) and name ${object}`);
    }
  });

export const isIterator = (program: ObjectProgram): boolean =>
  program.type === BPF_PROG_TYPE_TRACING && program.expectedAttachType === BPF_TRACE_ITER;

/** `task` of `iter/task`. */
export const targetOf = (program: ObjectProgram): string => program.attachTarget?.name ?? '';

/** The named program. @throws BpfiterError `not-found` with the names there are */
export function programOf(object: BpfObject, name: string): ObjectProgram {
  const program = object.programs.find((candidate) => candidate.name === name);
  if (program !== undefined) return program;
  const names = object.programs.map((candidate) => candidate.name).join(', ');
  throw new BpfiterError('not-found', `no program '${name}'; it has ${names || 'none'}`);
}

/** The iterator programs to run: the named one, or all that are marked for loading. */
export function iteratorsOf(object: BpfObject, name: string | undefined): ObjectProgram[] {
  if (name !== undefined) {
    const program = programOf(object, name);
    if (isIterator(program)) return [program];
    throw new BpfiterError(
      'usage',
      `program '${name}' (${program.section}) is no iterator program; 'bpfiter prog run' runs others`,
    );
  }
  const iterators = object.programs.filter((program) => isIterator(program) && program.autoload);
  if (iterators.length > 0) return iterators;
  const others = object.programs.map((program) => `${program.name} (${program.section})`).join(', ');
  throw new BpfiterError(
    'usage',
    `no iterator program (SEC("iter/...")) in this object; it has ${others || 'no programs'}`,
  );
}

/** Opening objects and choosing programs of them, shared by the commands that take an OBJ. */
import { BpfiterError } from '../errors.ts';
import { type BpfObject, loadObject } from '../index.ts';
import type { ObjectProgram } from '../object/index.ts';
import { BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER } from '../uapi/index.ts';

/** Puts the object's name in front of a failure's message, as the error line wants it (`tasks.bpf.o: program x: ...`). */
export async function namingObject<T>(name: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof BpfiterError) || error.message.startsWith(`${name}: `)) throw error;
    const { code, message, detail, errno } = error;
    throw new BpfiterError(code, `${name}: ${message}`, {
      cause: error,
      ...(detail !== undefined && { detail }),
      ...(errno !== undefined && { errno }),
    });
  }
}

export const openObjectFile = (path: string): Promise<BpfObject> => namingObject(path, () => loadObject(path));

export const isIterator = (program: ObjectProgram): boolean =>
  program.type === BPF_PROG_TYPE_TRACING && program.expectedAttachType === BPF_TRACE_ITER;

/** `task` of `iter/task`. */
export const targetOf = (program: ObjectProgram): string => program.attachTarget?.name ?? '';

/** The named program. @throws BpfiterError `not-found` with the names there are */
export function programOf(object: BpfObject, name: string): ObjectProgram {
  const program = object.programs.find((candidate) => candidate.name === name);
  if (program === undefined) {
    const names = object.programs.map((candidate) => candidate.name).join(', ');
    throw new BpfiterError('not-found', `${object.name}: no program '${name}'; it has ${names || 'none'}`);
  }
  return program;
}

/** The iterator programs to run: the named one, or all that are marked for loading. */
export function iteratorsOf(object: BpfObject, name: string | undefined): ObjectProgram[] {
  if (name !== undefined) {
    const program = programOf(object, name);
    if (!isIterator(program)) {
      throw new BpfiterError('usage', `${object.name}: program ${name} (${program.section}) is no iterator program`);
    }
    return [program];
  }
  const iterators = object.programs.filter((program) => isIterator(program) && program.autoload);
  if (iterators.length === 0) {
    const hint = object.programs.length === 0 ? 'it has no programs' : `it has ${sectionsOf(object)}`;
    throw new BpfiterError('usage', `${object.name}: no iterator program (SEC("iter/...")) in this object; ${hint}`);
  }
  return iterators;
}

const sectionsOf = (object: BpfObject): string =>
  object.programs.map((program) => `${program.name} (${program.section})`).join(', ');

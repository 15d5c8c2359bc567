/** What failures say on stderr: one line each, without saying twice what it is about. */
import { BpfiterError } from '../errors.ts';
import { OutputFailed } from './output.ts';

/** 1 the kernel or the program refused; 2 usage or unreadable input. */
export function exitCode(error: BpfiterError): number {
  switch (error.code) {
    case 'malformed':
    case 'not-found':
    case 'usage':
      return 2;
    default:
      return 1;
  }
}

/** Control characters, which the names in a hostile object or path may contain, as escapes: a failure is one line. */
export const oneLine = (text: string): string =>
  text.replace(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The message without what it begins with, if that is one of the subjects, which the line names already. */
export function without(message: string, ...subjects: readonly string[]): string {
  const subject = subjects.find((candidate) => message.startsWith(candidate));
  return subject === undefined ? message : without(message.slice(subject.length), ...subjects);
}

/** `tasks.bpf.o` of a path. */
export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** The ways in which messages begin that are about the file at a path: as the rooms below name it. */
export function fileSubjects(path: string): readonly string[] {
  const base = baseName(path);
  return [`${path}: `, `${base}: `, `${base.replace(/\..*/, '')}: `];
}

/** Puts the path before a failure's message (`programs/tasks.bpf.o: ...`). */
export async function naming<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof BpfiterError) || error instanceof OutputFailed) throw error;
    const { code, message, detail, errno } = error;
    const shown = path === '' ? "''" : path;
    throw new BpfiterError(code, `${shown}: ${without(message, `${shown}: `, ...fileSubjects(path))}`, {
      cause: error,
      ...(detail !== undefined && { detail }),
      ...(errno !== undefined && { errno }),
    });
  }
}

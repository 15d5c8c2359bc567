/**
 * Rules of a kind of program of which a profile knows nothing: whoever asks ends the verification with the verdict
 * `unsupported`. What is checked before anybody asks is still checked.
 */
import { attachTypeName, programTypeName } from '../../uapi/index.ts';
import { NotModelled } from '../rejection.ts';
import type { ProgramKind, ProgramTypeRules } from './types.ts';

export function unknownRules({ type, expectedAttachType, target }: ProgramKind): ProgramTypeRules {
  const place = target ?? attachTypeName(expectedAttachType);
  const name = `a program of type ${programTypeName(type) ?? type}${place === undefined ? '' : ` for ${place}`}`;
  // There is nothing in it that could be read, so that any object will do.
  return new Proxy({} as ProgramTypeRules, {
    get(): never {
      throw new NotModelled(name);
    },
  });
}

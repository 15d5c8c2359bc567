/** Runs of syscall programs: the context is the caller's, and goes back as the program left it. */
import type { Prepare } from './context.ts';
import { checkOptions, RunMemory, refusal } from './input.ts';

const MAX_SIZE = 0xffff;

export const prepareSyscall: Prepare = (runtime, program, options) => {
  checkOptions(program, options, { context: true });
  const { context: given = new Uint8Array() } = options;
  if (given.length < program.maxContextOffset) {
    throw refusal(
      program,
      'EINVAL',
      `it uses ${program.maxContextOffset} bytes of context, and ${given.length} are given`,
    );
  }
  if (given.length > MAX_SIZE) throw refusal(program, 'EINVAL', `a context of more than ${MAX_SIZE} bytes`);
  const memory = new RunMemory(runtime);
  const context = given.length === 0 ? 0 : memory.put(given);
  return {
    context,
    subject: undefined,
    repeat: 1,
    begin: () => {},
    finish: (retval) => ({
      retval: retval | 0,
      ...(options.context !== undefined && { contextOut: memory.take(context, given.length) }),
    }),
    release: () => memory.free(),
  };
};

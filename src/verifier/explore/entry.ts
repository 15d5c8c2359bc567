/** The state that a function verified on its own starts with: the main program, a global function. */

import { BPF_PROG_TYPE_EXT } from '../../uapi/index.ts';
import type { Env, SubprogramArgument } from '../environment.ts';
import { EINVAL } from '../errno.ts';
import { prepareArguments } from '../flow/index.ts';
import type { Frame } from '../frame.ts';
import { BTF_ID, DYNPTR_FIRST, DYNPTR_KIND, ID, MEM_SIZE, REG_WORDS, TYPE } from '../register.ts';
import {
  CONST_PTR_TO_DYNPTR,
  DYNPTR_TYPE_LOCAL,
  MEM_RDONLY,
  mayBeNull,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_CTX,
  PTR_TO_MEM,
  PTR_TRUSTED,
  PTR_UNTRUSTED,
} from '../register-types.ts';
import { Rejection } from '../rejection.ts';
import { markKnownZero, markUnknown } from '../scalar/index.ts';
import { State } from '../state.ts';
import { newFrame } from './new-frame.ts';
import { isTraced } from './traced.ts';

/** @param index of the subprogram */
export function enterProgram(env: Env, index: number): void {
  const subprogram = env.subprograms[index];
  if (subprogram === undefined) throw new RangeError(`no subprogram ${index}`);
  const state = new State();
  state.branches = 1;
  state.inSleepable = env.sleepable;
  state.firstInsn = subprogram.start;
  state.lastInsn = -1;
  const frame = newFrame(env, -1, 0, index);
  state.frames.push(frame);
  env.state = state;
  env.insn = subprogram.start;
  env.previousInsn = -1;
  if (index === 0 && env.program.type !== BPF_PROG_TYPE_EXT) {
    mistrustMain(env);
    setPointer(frame, 1, PTR_TO_CTX);
    return;
  }
  if (isTraced(env)) env.log.write(`Validating ${subprogram.name}() func#${index}...\n`);
  prepareArguments(env, index);
  const given = subprogram.arguments ?? [];
  if (subprogram.isExceptionCallback) {
    frame.inExceptionCallback = true;
    if (given.length !== 1 || given[0]?.kind !== 'scalar')
      env.reject(EINVAL, 'exception-callback-arguments', undefined);
  }
  given.forEach((argument, i) => {
    setArgument(env, frame, i + 1, argument);
  });
}

/** The main program is called by the kernel, whatever its prototype says; the log says what is wrong with it. */
function mistrustMain(env: Env): void {
  if (env.program.functions.length === 0) return;
  try {
    prepareArguments(env, 0);
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
  }
  const given = env.subprograms[0]?.arguments ?? [];
  if (given.length !== 1 || given[0]?.kind !== 'ctx') env.walk.unreliable.add(0);
}

function setPointer({ words }: Frame, register: number, type: number): void {
  const r = register * REG_WORDS;
  markKnownZero(words, r);
  words[r + TYPE] = type;
}

function setArgument(env: Env, frame: Frame, register: number, { kind, flags, size, btfId }: SubprogramArgument): void {
  const { words } = frame;
  const r = register * REG_WORDS;
  switch (kind) {
    case 'ctx':
      setPointer(frame, register, PTR_TO_CTX);
      break;
    case 'scalar':
    case 'arena':
      markUnknown(words, r);
      break;
    case 'dynptr':
      setPointer(frame, register, CONST_PTR_TO_DYNPTR);
      words[r + ID] = env.newId();
      words[r + DYNPTR_KIND] = DYNPTR_TYPE_LOCAL;
      words[r + DYNPTR_FIRST] = 1;
      break;
    case 'mem':
    case 'mem_or_null': {
      const nullable = kind === 'mem_or_null' ? PTR_MAYBE_NULL : 0;
      setPointer(frame, register, PTR_TO_MEM | nullable | (flags & (PTR_MAYBE_NULL | PTR_UNTRUSTED | MEM_RDONLY)));
      words[r + MEM_SIZE] = size;
      if (mayBeNull(words[r + TYPE] as number)) words[r + ID] = env.newId(); // just set
      break;
    }
    case 'btf_id':
      setPointer(frame, register, PTR_TO_BTF_ID | (flags & (PTR_MAYBE_NULL | PTR_UNTRUSTED | PTR_TRUSTED)));
      words[r + BTF_ID] = btfId;
      words[r + ID] = env.newId();
  }
}

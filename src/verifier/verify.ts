/**
 * Verification of one program from its instructions to a verdict, in the kernel's order: the program as a whole, then
 * its paths, then what holds for all paths together.
 */
import { checkObject } from '../arguments.ts';
import type { Btf } from '../btf/index.ts';
import { BPF_INSN_SIZE } from '../isa/index.ts';
import { reasonLine } from '../kernel-log.ts';
import { BPF_F_SLEEPABLE, BPF_F_STRICT_ALIGNMENT, BPF_F_TEST_STATE_FREQ } from '../uapi/index.ts';
import { type Moment, recallMoment } from './diagnosis/index.ts';
import {
  Env,
  type FurthestAccess,
  type InsnFacts,
  MAX_INSNS_PROCESSED,
  type Statistics,
  type Subprogram,
} from './environment.ts';
import { E2BIG, EINVAL } from './errno.ts';
import { checkFunctionAddresses, endWalk, walkProgram } from './explore/index.ts';
import type { AllocatedType } from './fields.ts';
import { checkStackDepth, prepareProgram } from './flow/index.ts';
import { checkNoMissingKfunc } from './kfuncs/index.ts';
import { instructionText, printStatistics } from './log/index.ts';
import type { Diagnostic } from './messages/index.ts';
import { targetOf } from './profile/kind-keys.ts';
import type { KernelProfile, ProgramKind } from './profile/types.ts';
import { unknownRules } from './profile/unknown-rules.ts';
import type { VerifierMap, VerifierProgram } from './program.ts';
import { NotModelled, Rejection } from './rejection.ts';

export interface VerifyOptions {
  /** 1: branches and states; 2: every instruction; 4: statistics; bits may be combined. 0 if absent. */
  readonly logLevel?: number;
  /** Stops a run, which then throws Cancelled; looked at every few thousand instructions. */
  readonly signal?: AbortSignal;
  /** Of the object's BTF; see VerifierInput of input/. */
  readonly allocatedTypes?: ReadonlyMap<number, AllocatedType>;
  /** BTF of the modules that the program's kfuncs come from, as `kfuncModules` orders them. */
  readonly modules?: readonly Btf[];
}

export interface VerifierResult {
  readonly verdict: 'accept' | 'reject' | 'unsupported';
  /** Positive; 0 unless refused. */
  readonly errno: number;
  /** The kernel's last message, or what is not modelled; empty if accepted. */
  readonly message: string;
  /** The first line of that message, where it has several; empty if accepted. */
  readonly reason: string;
  /** Code of the message; empty unless refused. */
  readonly code: string;
  readonly diagnostic: Diagnostic | undefined;
  /** Of the walk when it was refused there, for diagnose(); else undefined. */
  readonly moment: Moment | undefined;
  /** In the kernel's form, as far as the level asked for it. */
  readonly log: string;
  readonly statistics: Statistics;
  /** About each instruction, for compiling; undefined unless accepted. */
  readonly facts: InsnFacts | undefined;
  readonly furthest: Readonly<FurthestAccess>;
  /** Members of the kernel's structs that it reads through BTF pointers: `task_struct.pid`; empty unless accepted. */
  readonly kernelMembers: ReadonlySet<string>;
  /**
   * Structs of the kernel to which the program may keep or show pointers beyond the call in which it got them, `*` for
   * any (memory/kept-pointers.ts); empty unless accepted.
   */
  readonly keptPointers: ReadonlySet<string>;
  /** The program's functions, the main one first; empty unless accepted. */
  readonly subprograms: readonly Readonly<Subprogram>[];
  /** What `mapIndex` of the facts counts; empty unless accepted. */
  readonly maps: readonly VerifierMap[];
}

const noNames: ReadonlySet<string> = new Set();

const noStatistics: Statistics = {
  insnsProcessed: 0,
  jumpsProcessed: 0,
  totalStates: 0,
  peakStates: 0,
  maxStatesPerInsn: 0,
  longestMarkReadWalk: 0,
};

/**
 * What the kernel of a profile would say of a program.
 * @throws Cancelled if the signal fired before the verdict
 */
export function verify(program: VerifierProgram, profile: KernelProfile, options: VerifyOptions = {}): VerifierResult {
  const steps = verification(program, profile, options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Milliseconds between two pauses of verifyAsync(): a pause costs one, most programs take less than this in all. */
const PAUSE_INTERVAL = 20;

/** As verify(), but lets other work run every 20 milliseconds, so that the signal can fire while it runs. */
export async function verifyAsync(
  program: VerifierProgram,
  profile: KernelProfile,
  options: VerifyOptions = {},
): Promise<VerifierResult> {
  const steps = verification(program, profile, options);
  // The clock is asked where a program takes more than one step: Node loads a module for it.
  let paused: number | undefined;
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    const now = performance.now();
    paused ??= now;
    if (now - paused < PAUSE_INTERVAL) continue;
    await new Promise((resolve) => {
      setTimeout(resolve, 0);
    });
    paused = performance.now();
  }
}

function* verification(
  program: VerifierProgram,
  profile: KernelProfile,
  options: VerifyOptions,
): Generator<void, VerifierResult> {
  checkObject('verify()', 'a program', program, ['insns']);
  checkObject('verify()', 'a kernel profile beside the program: linux618(btf)', profile, ['btf', 'loads']);
  const kernelBtf = profile.btf;
  const kind = kindOf(program, profile);
  if (!profile.loads(kind)) return refusedUnseen(EINVAL);
  const count = program.insns.length / BPF_INSN_SIZE;
  if (count === 0 || count > MAX_INSNS_PROCESSED) return refusedUnseen(E2BIG);
  const env = new Env({
    program,
    profile,
    kind,
    rules: profile.programType(kind) ?? unknownRules(kind),
    btfs: [kernelBtf, program.btf ?? kernelBtf, ...(options.modules ?? [])],
    allocatedTypes: options.allocatedTypes ?? new Map<number, AllocatedType>(),
    logLevel: options.logLevel ?? 0,
    signal: options.signal,
    strictAlignment: (program.flags & BPF_F_STRICT_ALIGNMENT) !== 0,
    testStateFrequency: (program.flags & BPF_F_TEST_STATE_FREQ) !== 0,
  });
  const start = env.log.enabled ? performance.now() : 0;
  let rejection: Rejection | undefined;
  let isWalking = false;
  try {
    prepareProgram(env);
    isWalking = true;
    yield* walkProgram(env);
    isWalking = false;
    checkStackDepth(env);
    checkNoMissingKfunc(env);
    checkFunctionAddresses(env);
  } catch (error) {
    if (error instanceof NotModelled) return { ...unsupported(error.subject), statistics: env.statistics };
    if (!(error instanceof Rejection)) throw error;
    rejection = error;
  }
  // Where the kernel refuses an instruction without a word, the instruction is the last line of its log.
  const silent = isWalking && rejection !== undefined && env.log.last === '';
  const message = silent ? `${env.insn}: ${instructionText(env, env.insn)}` : lastLine(env.log.last);
  if (env.log.enabled) printStatistics(env, Math.round((performance.now() - start) * 1000));
  const moment = rejection !== undefined && isWalking ? recallMoment(env) : undefined;
  endWalk(env);
  return {
    verdict: rejection === undefined ? 'accept' : 'reject',
    errno: rejection?.errno ?? 0,
    message: rejection === undefined ? '' : message,
    reason: rejection === undefined ? '' : silent ? message : (reasonLine(env.log.last) ?? message),
    code: rejection?.code ?? '',
    diagnostic: rejection === undefined ? undefined : env.diagnostic,
    moment,
    log: env.log.text(),
    statistics: env.statistics,
    facts: rejection === undefined ? env.facts : undefined,
    furthest: env.furthest,
    kernelMembers: rejection === undefined ? env.kernelReads.members(kernelBtf) : noNames,
    keptPointers: rejection === undefined ? env.kept.structs() : noNames,
    subprograms: rejection === undefined ? env.subprograms : [],
    maps: rejection === undefined ? env.maps : [],
  };
}

/** Refused before there is a log. */
function refusedUnseen(errno: number): VerifierResult {
  return { ...unsupported(''), verdict: 'reject', errno, message: '', reason: '' };
}

function kindOf(program: VerifierProgram, { btf }: KernelProfile): ProgramKind {
  const { type, expectedAttachType, attachBtfId, flags, attachModule, attachesToProgram } = program;
  const isInKernel = attachModule === undefined && !attachesToProgram;
  return {
    type,
    expectedAttachType,
    sleepable: (flags & BPF_F_SLEEPABLE) !== 0,
    target: isInKernel ? targetOf(btf, type, expectedAttachType, attachBtfId) : undefined,
  };
}

function unsupported(subject: string): VerifierResult {
  return {
    verdict: 'unsupported',
    errno: 0,
    message: new NotModelled(subject).message,
    reason: new NotModelled(subject).message,
    code: '',
    diagnostic: undefined,
    moment: undefined,
    log: '',
    statistics: noStatistics,
    facts: undefined,
    furthest: { context: 0, rdonly: 0, rdwr: 0, tracepoint: 0 },
    kernelMembers: noNames,
    keptPointers: noNames,
    subprograms: [],
    maps: [],
  };
}

function lastLine(text: string): string {
  return text.slice(text.trimEnd().lastIndexOf('\n') + 1).trimEnd();
}

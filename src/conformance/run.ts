/**
 * Runs a program of the conformance suite: as an XDP program over the given memory, as the suite's own plugin for Linux
 * does, verified by the rules of the embedded kernel and compiled. What comes back is all of r0, of which a test run
 * gives the low half only.
 */
import { EmbeddedTarget, model, runRaw } from '../embedded/index.ts';
import { BpfiterError } from '../errors.ts';
import { link, openObject } from '../object/index.ts';
import { BPF_PROG_TYPE_XDP, BPF_XDP } from '../uapi/index.ts';
import { demandInstructions, rewriteForLinux, withPrologue } from './rewrite.ts';

export interface ConformanceCase {
  /** Instructions, or an object file with them as its first program. */
  readonly program: Uint8Array;
  readonly elf: boolean;
  readonly memory: Uint8Array;
  /** The program takes its memory out of an xdp_md itself; others get r1 and r2. */
  readonly xdpProlog: boolean;
}

/** Fewest bytes that a test run takes (an Ethernet header). */
const LEAST_MEMORY = 14;

/** @returns r0 @throws BpfiterError for a program that is refused, or that traps */
export function runConformance({ program, elf, memory, xdpProlog }: ConformanceCase): bigint {
  const insns = elf ? firstProgram(program) : program;
  demandInstructions(insns);
  const rewritten = rewriteForLinux(insns);
  const whole = xdpProlog || memory.length === 0 ? rewritten : withPrologue(rewritten, memory.length);
  const data = new Uint8Array(Math.max(memory.length, LEAST_MEMORY));
  data.set(memory);
  const kind = { type: BPF_PROG_TYPE_XDP, expectedAttachType: BPF_XDP };
  return runRaw({ name: 'conformance', insns: whole, ...kind }, { data });
}

function firstProgram(bytes: Uint8Array): Uint8Array {
  const object = openObject(bytes, { name: 'conformance' });
  const [first] = link(object, new EmbeddedTarget(model, { possibleCpus: 1 })).programs;
  if (first === undefined) throw new BpfiterError('not-found', 'the object file has no program');
  return first.insns;
}

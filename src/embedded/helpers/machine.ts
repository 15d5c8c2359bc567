/**
 * Time, chance and processors. Programs of the embedded kernel run on the CPU that the cell CURRENT_CPU says, 0 unless
 * somebody writes another one there, of node 0.
 *
 * Facts: kernel/bpf/helpers.c and kernel/time of Linux 6.12.
 */
import { BpfiterError } from '../../errors.ts';
import type { CallPlan } from '../../jit/index.ts';
import { jiffies } from '../jiffies.ts';
import { CURRENT_CPU } from '../memory/places.ts';
import type { Machine, Runtime } from '../runtime.ts';
import { type FunctionDefinition, signature } from './definition.ts';
import { returnNumber, returnPair } from './words.ts';

const WORD = 32n;

/** A clock that differs from CLOCK_MONOTONIC by a constant. */
const clock = (name: string, offsetOf: (machine: Machine) => bigint): FunctionDefinition => ({
  name,
  signature: signature('-> q'),
  make({ machine, memory }) {
    const offset = offsetOf(machine);
    const offsetLow = Number(BigInt.asUintN(32, offset));
    const offsetHigh = Number(BigInt.asIntN(32, offset >> WORD));
    const now = new Uint32Array(2);
    return () => {
      machine.monotonic(now);
      const low = (now[0] as number) + offsetLow;
      const carry = low > 0xffff_ffff ? 1 : 0;
      return returnPair(memory, low, (now[1] as number) + offsetHigh + carry);
    };
  },
});

function taiOffset({ taiOffset: offset }: Machine): bigint {
  if (offset === undefined) throw new BpfiterError('unsupported', 'this machine has no CLOCK_TAI');
  return offset;
}

const constant = (name: string, value: number): FunctionDefinition => ({
  name,
  signature: signature('-> u'),
  make: () => () => value,
  plan: (): CallPlan => ({ kind: 'constant', value: BigInt(value) }),
});

export const machineFunctions: readonly FunctionDefinition[] = [
  clock('bpf_ktime_get_ns', () => 0n),
  // Linux saves the time of reading a counter by giving that of the last tick; here there is nothing to be saved.
  clock('bpf_ktime_get_coarse_ns', () => 0n),
  clock('bpf_ktime_get_boot_ns', (machine) => machine.bootOffset),
  clock('bpf_ktime_get_tai_ns', taiOffset),
  {
    name: 'bpf_jiffies64',
    signature: signature('-> q'),
    make:
      ({ machine, memory }) =>
      () =>
        returnNumber(memory, jiffies(machine)),
  },
  {
    name: 'bpf_get_prandom_u32',
    signature: signature('-> u'),
    make:
      ({ machine }: Runtime) =>
      () =>
        machine.random() | 0,
  },
  {
    name: 'bpf_get_smp_processor_id',
    signature: signature('-> u'),
    make:
      ({ memory }) =>
      () =>
        memory.view.getUint32(CURRENT_CPU, true),
    plan: () => ({ kind: 'load', address: CURRENT_CPU, size: 4 }),
  },
  constant('bpf_get_numa_node_id', 0),
];

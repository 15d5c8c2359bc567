/** A Runtime with memory and nothing else, for tests of what needs no more. */
import type { Invocation, Runtime } from '../../../src/embedded/runtime.ts';
import { FakeMemory } from '../fake-memory.ts';

export function bareRuntime(): Runtime & { enter(invocation: Partial<Invocation>): void } {
  let invocation: Invocation | undefined;
  const refuse = (): never => {
    throw new Error('not in this test');
  };
  return {
    memory: new FakeMemory(),
    machine: { monotonic: refuse, bootOffset: 0n, random: () => 0, possibleCpus: 1 },
    mapAt: () => undefined,
    objectEnds: () => {},
    get btf() {
      return refuse();
    },
    get invocation() {
      return invocation ?? refuse();
    },
    currentTask: 0,
    invoke: refuse,
    trace: refuse,
    schedule: refuse,
    enter(given) {
      invocation = {
        programType: 0,
        expectedAttachType: 0,
        programName: 'test',
        context: 0,
        subject: undefined,
        ...given,
      };
    },
  };
}

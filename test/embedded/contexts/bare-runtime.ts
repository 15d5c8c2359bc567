/** A Runtime with memory and nothing else, for tests of what needs no more: it never reuses what is freed. */

import type { Invocation, Runtime } from '../../../src/embedded/runtime.ts';
import { webAssembly } from '../../../src/jit/index.ts';

const PAGES = 64;

export function bareRuntime(): Runtime & { enter(invocation: Partial<Invocation>): void } {
  const wasm = new webAssembly.Memory({ initial: PAGES });
  let top = 0x10000;
  let invocation: Invocation | undefined;
  const refuse = (): never => {
    throw new Error('not in this test');
  };
  return {
    memory: {
      wasm,
      u8: new Uint8Array(wasm.buffer),
      u32: new Uint32Array(wasm.buffer),
      i32: new Int32Array(wasm.buffer),
      view: new DataView(wasm.buffer),
      allocate(size) {
        const offset = top;
        top += (size + 15) & ~7;
        if (top > PAGES << 16) throw new Error('the test needs more memory');
        return offset;
      },
      free() {},
      text: refuse,
    },
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

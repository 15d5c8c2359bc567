/** Programs made by chance, compiled, against the plain reference and against the running kernel. */
import { closeSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadProgram } from '../../src/host/program-load.ts';
import { testRun } from '../../src/host/test-run.ts';
import { encodeAll } from '../../src/isa/index.ts';
import { BPF_F_SLEEPABLE, BPF_PROG_TYPE_SYSCALL } from '../../src/uapi/index.ts';
import { describeOnHost } from '../host/permitted.ts';
import { randomContext, randomNumbers, randomProgram } from './random-programs.ts';
import { Reference } from './reference.ts';
import { DATA, prepare } from './run.ts';

const RUNS = 4;

function compiled(insns: Uint8Array): (context: Uint8Array) => Uint8Array {
  const { machine, run } = prepare(insns);
  return (context) => {
    const here = new Uint8Array(machine.memory.buffer, DATA, context.length);
    here.set(context);
    run(DATA);
    return here.slice();
  };
}

test('random programs do what the reference says', () => {
  const below = randomNumbers(1);
  for (let seed = 0; seed < 400; seed++) {
    const insns = encodeAll(randomProgram(below, 10 + below(90)));
    const run = compiled(insns);
    for (let each = 0; each < RUNS; each++) {
      const context = randomContext(below);
      const actual = run(context);
      new Reference(insns, context).run();
      expect(actual, `program ${seed}, run ${each}`).toEqual(context);
    }
  }
});

describeOnHost('on the running kernel', () => {
  test('random programs do the same', () => {
    const below = randomNumbers(2);
    const common = { type: BPF_PROG_TYPE_SYSCALL, expectedAttachType: 0 };
    for (let seed = 0; seed < 150; seed++) {
      const insns = encodeAll(randomProgram(below, 10 + below(60)));
      const { result: fd, log } = loadProgram({
        ...common,
        attachBtfId: 0,
        flags: BPF_F_SLEEPABLE,
        name: 'random',
        license: 'GPL',
        insns,
      });
      expect(fd, `program ${seed}: ${log}`).toBeGreaterThanOrEqual(0);
      try {
        const run = compiled(insns);
        for (let each = 0; each < RUNS; each++) {
          const context = randomContext(below);
          const { contextOut } = testRun({ fd, name: 'random', ...common }, { context });
          expect(run(context), `program ${seed}, run ${each}`).toEqual(contextOut);
        }
      } finally {
        closeSync(fd);
      }
    }
  });
});

import { beforeEach, describe, expect, test } from 'vitest';
import { IterFile } from '../../../src/embedded/iter/iter-file.ts';
import { SequenceWalk } from '../../../src/embedded/iter/sequence-walk.ts';
import { FOUND, type IterTargetDefinition, NONE, type Walk } from '../../../src/embedded/iter/target.ts';
import { Needs } from '../../../src/embedded/sources/needs.ts';
import { KERNEL_BASE_HIGH } from '../../../src/jit/index.ts';
import { FakeMemory } from '../fake-memory.ts';
import { FakeObjects } from '../fake-objects.ts';

const E2BIG = 7;
const EAGAIN = 11;
const EOPNOTSUPP = 95;

let memory: FakeMemory;
beforeEach(() => {
  memory = new FakeMemory();
});

/** What a program is given: the number in its first argument (undefined without an object), and seq_num. */
interface Call {
  readonly object: number | undefined;
  readonly seqNum: bigint;
  write(text: string | number): number;
}

type Program = (call: Call) => number | undefined;

interface Setup {
  readonly objects?: Iterable<number>;
  readonly walk?: Walk;
  readonly target?: Partial<IterTargetDefinition>;
}

/** An object is a number above 0, passed as a pointer. */
function open(program: Program, { objects = [], walk, target = {} }: Setup = {}): IterFile {
  const definition: IterTargetDefinition = {
    name: 'numbers',
    arguments: [{ name: 'number', type: 'void *' }],
    sleepable: false,
    attach: () => {
      throw new Error('not used');
    },
    ...target,
  };
  return new IterFile({
    memory,
    target: definition,
    attachment: {
      info: {},
      open: (slots) => walk ?? new SequenceWalk(objects, slots, (object) => slots.pointer(0, object)),
    },
    objects: new FakeObjects(memory).session(Needs.nothing),
    sessionId: 7n,
    run: (context) => {
      const { view } = memory;
      if (view.getInt32(context + 4, true) !== KERNEL_BASE_HIGH) throw new Error('meta is no address');
      const meta = view.getUint32(context, true);
      if (view.getUint32(meta + 8, true) !== 7) throw new Error('the session has another number');
      const seq = view.getUint32(meta, true);
      const result = program({
        object: view.getUint32(context + 8, true) || undefined,
        seqNum: view.getBigUint64(meta + 16, true),
        write: (text) => {
          const bytes = typeof text === 'number' ? new Uint8Array(text).fill(0x78) : new TextEncoder().encode(text);
          const at = memory.write(bytes);
          const answer = memory.runtime.seq_write(seq, at, bytes.length);
          memory.free(at);
          return answer;
        },
      });
      return result ?? 0;
    },
  });
}

function read(file: IterFile, size = 65536): string | number {
  const buffer = new Uint8Array(size);
  const count = file.read(buffer);
  return count < 0 ? count : new TextDecoder().decode(buffer.subarray(0, count));
}

const print: Program = ({ object, seqNum, write }) => {
  write(`${object ?? 'end'}:${seqNum} `);
  return 0;
};

describe('a read', () => {
  test('shows every object, numbered, and then runs the program once without one', () => {
    const file = open(print, { objects: [11, 12, 13] });
    expect(read(file)).toBe('11:0 12:1 13:2 end:2 ');
    expect(read(file)).toBe('');
    file.release();
    expect(memory.live).toBe(0);
  });

  test('of nothing runs the program once all the same', () => {
    expect(read(open(print))).toBe('end:0 ');
  });

  test('counts from -1 where the kernel walks begin with a token', () => {
    expect(read(open(print, { target: { startToken: true } }))).toBe(`end:${2n ** 64n - 1n} `);
    expect(read(open(print, { objects: [5, 6], target: { startToken: true } }))).toBe('5:0 6:1 end:1 ');
  });

  test('leaves the last call out where the target has none', () => {
    expect(read(open(print, { objects: [5], target: { finalCall: false } }))).toBe('5:0 ');
  });

  test('keeps arguments that are kept at the last call', () => {
    const target = { arguments: [{ name: 'number', type: 'void *', atEnd: 'kept' }] } as const;
    expect(read(open(print, { objects: [5, 6], target }))).toBe('5:0 6:1 6:1 ');
  });

  test('stops as soon as the reader has enough, and works ahead by one object at most', () => {
    const seen: (number | undefined)[] = [];
    const file = open(
      ({ object, write }) => {
        seen.push(object);
        write('abcd');
        return 0;
      },
      { objects: [1, 2, 3] },
    );
    expect(read(file, 3)).toBe('abc');
    expect(seen).toEqual([1]);
    expect(read(file, 3)).toBe('d');
    expect(seen).toEqual([1]);
    expect(read(file, 5)).toBe('abcda');
    // The end is met before it is known that there is enough.
    expect(seen).toEqual([1, 2, 3, undefined]);
    expect(read(file, 100)).toBe('bcdabcd');
    expect(read(file, 100)).toBe('');
  });

  test('of no bytes runs the program for the first object and keeps its output', () => {
    const file = open(print, { objects: [1, 2] });
    expect(read(file, 0)).toBe('');
    expect(read(file)).toBe('1:0 ');
    expect(read(file)).toBe('2:1 end:1 ');
  });

  test('gives 32767 bytes at most', () => {
    const file = open(({ object, write }) => (object === undefined ? 0 : void write(16384 - object)), {
      objects: [1, 2, 3],
    });
    expect(read(file, 1 << 20)).toHaveLength(16383 + 16382);
    expect(read(file, 1 << 20)).toHaveLength(16381);
    expect(read(file, 1 << 20)).toBe('');
  });

  test('tells a reader who has nothing after a million objects to try again', () => {
    let last = 0n;
    function* many(): Generator<number> {
      for (let count = 0; count < 2_500_000; count += 1) yield 8;
    }
    const silent: Program = ({ object, seqNum }) => {
      if (object !== undefined) last = seqNum;
      return 0;
    };
    const file = open(silent, { objects: many() });
    expect(read(file)).toBe(-EAGAIN);
    expect(last).toBe(999_999n);
    expect(read(file)).toBe(-EAGAIN);
    expect(last).toBe(1_999_999n);
    expect(read(file)).toBe('');
    expect(last).toBe(2_499_999n);
  });
});

describe('a program that returns 1', () => {
  test('for the first object of a read has it shown again', () => {
    let calls = 0;
    const file = open(
      (call) => {
        print(call);
        calls += 1;
        return calls < 3 ? 1 : 0;
      },
      { objects: [4, 5] },
    );
    expect(read(file)).toBe(-EAGAIN);
    expect(read(file)).toBe(-EAGAIN);
    expect(read(file)).toBe('4:0 5:1 end:1 ');
  });

  test('for a later one ends the read, and has that one shown again', () => {
    let retried = false;
    const file = open(
      (call) => {
        print(call);
        if (call.object !== 5 || retried) return 0;
        retried = true;
        return 1;
      },
      { objects: [4, 5, 6] },
    );
    expect(read(file)).toBe('4:0 ');
    expect(read(file)).toBe('5:1 6:2 end:2 ');
  });

  test('without an object is as good as one that returns 0', () => {
    const file = open(
      (call) => {
        print(call);
        return call.object === undefined ? 1 : 0;
      },
      { objects: [4] },
    );
    expect(read(file)).toBe('4:0 end:0 ');
    expect(read(file)).toBe('');
  });
});

describe('too much output', () => {
  test('for one object is E2BIG, again and again', () => {
    const file = open(({ write }) => void write(32768), { objects: [1] });
    expect(read(file)).toBe(-E2BIG);
    expect(read(file)).toBe(-E2BIG);
  });

  test('fits up to 32767 bytes', () => {
    const file = open(({ object, write }) => (object === undefined ? 0 : void write(32767)), { objects: [1] });
    expect(read(file)).toHaveLength(32767);
    expect(read(file)).toBe('');
  });

  test('loses what the program writes after it', () => {
    const answers: number[] = [];
    const file = open(({ write }) => void answers.push(write('ab'), write(32767), write('cd'), write('')), {
      objects: [1],
    });
    expect(read(file)).toBe(-E2BIG);
    expect(answers).toEqual([0, -75, -75, -75]);
  });

  test('behind other output has the object shown again in an empty buffer, under the same number', () => {
    const seen: string[] = [];
    const file = open(
      ({ object, seqNum, write }) => {
        if (object !== undefined) write(20000);
        seen.push(`${object}:${seqNum}`);
        return 0;
      },
      { objects: [1, 2] },
    );
    expect(read(file)).toHaveLength(20000);
    expect(read(file)).toHaveLength(20000);
    expect(read(file)).toBe('');
    expect(seen).toEqual(['1:0', '2:1', '2:1', 'undefined:1']);
  });

  test('in the last call is E2BIG if nothing else is there, and otherwise tried again', () => {
    let finals = 0;
    const file = open(
      ({ object, write }) => {
        if (object === undefined) finals += 1;
        write(object === undefined ? 32768 : 'x');
        return 0;
      },
      { objects: [1] },
    );
    expect(read(file)).toBe('x');
    expect(read(file)).toBe(-E2BIG);
    expect(read(file)).toBe(-E2BIG);
    expect(finals).toBe(3);
  });
});

/** A walk that a test steers. */
class SteeredWalk implements Walk {
  readonly log: string[] = [];
  answers: number[] = [];
  verdicts: number[] | undefined;

  start(): number {
    this.log.push('start');
    return this.answers.shift() ?? NONE;
  }
  next(): number {
    this.log.push('next');
    return this.answers.shift() ?? NONE;
  }
  stop(left: boolean): void {
    this.log.push(left ? 'stop, left' : 'stop');
  }
  judge(result: number): number {
    return this.verdicts?.shift() ?? result;
  }
  release(): void {
    this.log.push('release');
  }
}

describe('a walk', () => {
  test('that begins with an error answers with it, and nothing is run', () => {
    const walk = new SteeredWalk();
    walk.answers = [-EOPNOTSUPP];
    expect(read(open(print, { walk }))).toBe(-EOPNOTSUPP);
    expect(walk.log).toEqual(['start', 'stop, left']);
  });

  test('that fails later answers with the error, and what was written comes with the next read', () => {
    const walk = new SteeredWalk();
    walk.answers = [FOUND, -12];
    const file = open(({ write }) => void write('a'), { walk });
    expect(read(file)).toBe(-12);
    expect(read(file)).toBe('aa');
  });

  test('may pass over an object after it was shown: its output and its number are free again', () => {
    const walk = new SteeredWalk();
    walk.answers = [FOUND, FOUND, FOUND];
    walk.verdicts = [0, 1, 0];
    expect(read(open(({ seqNum, write }) => void write(`${seqNum} `), { walk }))).toBe('0 1 1 ');
  });

  test('goes on after the end if there is something again, without another last call', () => {
    const walk = new SteeredWalk();
    walk.answers = [FOUND];
    const file = open(({ seqNum, write }) => void write(`${seqNum} `), { walk });
    expect(read(file)).toBe('0 0 ');
    expect(read(file)).toBe('');
    walk.answers = [FOUND];
    expect(read(file)).toBe('0 ');
    expect(read(file)).toBe('');
  });

  test('is told of the object that is left', () => {
    const walk = new SteeredWalk();
    walk.answers = [FOUND, FOUND];
    const file = open(({ write }) => void write('abc'), { walk });
    expect(read(file, 3)).toBe('abc');
    expect(walk.log).toEqual(['start', 'next', 'stop, left']);
    file.release();
    file.release();
    expect(walk.log.slice(3)).toEqual(['release']);
  });

  test('is stopped when the program cannot be run to its end, and stands at the same object again', () => {
    const walk = new SteeredWalk();
    walk.answers = [FOUND, FOUND];
    let calls = 0;
    const file = open(
      ({ write }) => {
        write('x');
        calls += 1;
        if (calls === 1) throw new Error('trap');
        return 0;
      },
      { walk },
    );
    expect(() => read(file)).toThrow('trap');
    expect(walk.log).toEqual(['start', 'stop, left']);
    expect(read(file)).toBe('xx');
  });
});

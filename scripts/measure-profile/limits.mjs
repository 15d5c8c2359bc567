/** Part `limits`: how much of what a program may have, and what the kernel says of one more. */
import { closeSync } from 'node:fs';
import { BtfBuilder } from '../../dist/btf/index.js';
import { loadBtf } from '../../dist/host/btf-load.js';
import { tryCreateMap } from '../../dist/host/maps.js';
import { BPF_MAP_TYPE_ARRAY, errnoName } from '../../dist/uapi/index.js';
import { add, callSubprogram, exit, jump, load, loadMap, mov, store, tryLoad } from './ask.mjs';
import { array, comment, literal, object } from './emit.mjs';
import { kinds } from './kinds.mjs';

const classifier = kinds.find(({ path }) => path[0] === 'sched_cls');

const repeat = (count, make) => Array.from({ length: count }, (_, index) => make(index)).flat();
const end = [mov(0, 0), exit];

/** Functions of which each calls the next; the last returns. */
const callChain = (frames, body = () => []) =>
  repeat(frames, (frame) =>
    frame === frames - 1 ? [...body(frame), ...end] : [...body(frame), callSubprogram(end.length), ...end],
  );

/** Main calls so many functions, one behind the other. */
const calls = (count) => [
  ...repeat(count, (index) => callSubprogram(count - index - 1 + end.length + index * end.length)),
  ...end,
  ...repeat(count, () => end),
];

/** `while (r1 < count) r1++` with r1 known at each turn. */
const countTo = (count) => [mov(1, 0), add(1, 1), jump('lt', 1, { immediate: count }, -2), ...end];

/** Branches on an unknown number, all pending until the end is reached. */
const branches = (count) => [
  load(1, 10, -8),
  ...repeat(count, (index) => [jump('eq', 1, { immediate: index + 1 }, 0)]),
  ...end,
];

/** Uses so much stack. */
const touch = (bytes) => [store(10, -bytes, { immediate: 0 }, 1)];

const withMaps = (count, use) => {
  const values = { map_type: BPF_MAP_TYPE_ARRAY, key_size: 4, value_size: 8, max_entries: 1 };
  const fds = Array.from({ length: count }, () => tryCreateMap(values));
  try {
    return use(fds);
  } finally {
    for (const fd of fds) closeSync(fd);
  }
};

const usingMaps = (count) =>
  withMaps(count, (fds) => tryLoad(classifier, [...fds.map((fd) => loadMap(1, fd)), ...end]));

/** A program whose one function is given a name of its own in BTF, with arguments. */
function globalArguments(count) {
  const builder = new BtfBuilder({ littleEndian: true });
  const int = builder.add({
    kind: 'int',
    name: 'int',
    size: 4,
    signed: true,
    char: false,
    bool: false,
    bits: 32,
    bitOffset: 0,
  });
  const none = builder.add({ kind: 'func_proto', returnType: int, parameters: [] });
  const parameters = Array.from({ length: count }, (_, index) => ({ name: `a${index}`, type: int }));
  const many = builder.add({ kind: 'func_proto', returnType: int, parameters });
  const main = builder.add({ kind: 'func', name: 'main', type: none, linkage: 'global' });
  const callee = builder.add({ kind: 'func', name: 'callee', type: many, linkage: 'global' });
  const { result: btfFd } = loadBtf(builder.bytes());
  const insns = [...repeat(5, (register) => [mov(register + 1, 0)]), callSubprogram(end.length), ...end, ...end];
  const bytes = new Uint8Array(new Uint32Array([0, main, 8, callee]).buffer);
  const answer = tryLoad(classifier, insns, { btfFd, funcInfo: { recordSize: 8, bytes } });
  closeSync(btfFd);
  return answer;
}

/** What is counted, the greatest number that is accepted, and a load with a given number of it. */
const limits = [
  ['stack', 'bytes of stack of a function', 512, (bytes) => tryLoad(classifier, [...touch(bytes), ...end])],
  [
    'combinedStack',
    'bytes of stack of functions that call each other, where they share one (each rounded up to 16)',
    512,
    (bytes) =>
      tryLoad(
        classifier,
        callChain(2, (frame) => touch(frame === 0 ? 256 : bytes - 256)),
      ),
  ],
  ['frames', 'functions that are being executed', 8, (frames) => tryLoad(classifier, callChain(frames))],
  ['subprograms', 'functions besides the main one', 255, (count) => tryLoad(classifier, calls(count))],
  ['maps', 'maps that a program refers to', 64, usingMaps],
  ['globalArguments', 'arguments of a global function', 5, globalArguments],
  [
    'instructions',
    'instructions of a program',
    1_000_000,
    (count) => tryLoad(classifier, [...repeat(count - 2, () => [mov(1, 0)]), ...end]),
  ],
  [
    'processed',
    'instructions that are gone through, however often',
    1_000_000,
    // Two a turn, one before them and two behind.
    (count) => tryLoad(classifier, countTo(Math.floor((count - 3) / 2))),
  ],
  ['pendingJumps', 'branches that are still to be gone through', 8192, (count) => tryLoad(classifier, branches(count))],
];

export function measureLimits() {
  const rows = limits.map(([name, what, most, attempt]) => {
    const within = attempt(most);
    if (!within.accepted) throw new Error(`${name}: ${most} is refused: ${within.message}`);
    let tooMany = most;
    let refusal = within;
    // Some numbers cannot be had, or are rounded.
    while (refusal.accepted && tooMany < most + 64) {
      tooMany += 1;
      refusal = attempt(tooMany);
    }
    if (refusal.accepted) throw new Error(`${name}: ${tooMany} is still accepted`);
    return object({
      name: literal(name),
      what: literal(what),
      most: String(most),
      errno: literal(errnoName(refusal.errno)),
      message: literal(refusal.message),
    });
  });
  return (kernel) =>
    comment([
      'How much of what a program may have, and the answer to one more.',
      '',
      `Measured on ${kernel} by scripts/measure-profile.mjs, with programs that have just as much and the next number that there is.`,
      'An empty message: the program is refused before there is a log.',
    ]) +
    `import type { LimitRow } from '../profile.ts';

export const limits: readonly LimitRow[] = ${array(rows)};
`;
}

/**
 * Programs of the embedded kernel beside the same ones under the running kernel's JIT (whose test run says how long one
 * takes) and, where there is clang, the same C on the machine itself. Writes results/jit.svg and results/jit.json.
 *
 * Computation is compared run by run; maps and helpers by what one operation costs; formatted output by reading a whole
 * iterator. What the embedded kernel is to reach stands in the rows.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openEmbeddedKernel } from '../dist/embedded/index.js';
import { loadObject, openKernel } from '../dist/index.js';
import { compileProgram } from '../dist/jit/index.js';
import { link } from '../dist/object/index.js';
import { barChart } from './chart.mjs';
import { lowest, milliseconds, takeTurns } from './measure.mjs';
import { startNative } from './native.mjs';

export const name = 'programs';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const object = path('programs/compute.bpf.o');

const WORKS = ['sum', 'fnv', 'sieve', 'sort', 'parse', 'mix64', 'mix32', 'chase', 'spills'];
/** Runs of one turn: some 2 milliseconds, so that on a busy machine some turns are not disturbed. The quickest counts. */
const REPEAT = 400;
const ROUNDS = { rounds: 25, warmUps: 8, choose: lowest };

/** Operations in one run of the programs on maps and helpers. */
const OPERATIONS = 1024;
const PER_OPERATION = [
  { program: 'array_lookup', what: 'array lookup', most: 1.5 },
  { program: 'hash_lookup', what: 'hash lookup', most: 10 },
  { program: 'hash_update', what: 'hash update' },
  { program: 'helper_call', what: 'helper (bpf_get_prandom_u32)' },
];

const OURS = 'embedded';
const HOST = 'kernel JIT';
const NATIVE = 'native -O2';

const GEOMEAN_LIMIT = 1;
const WORST_LIMIT = 1.6;
const CODE_LIMIT = 5;

/** No tasks, no files: these programs look at none. */
const source = {
  name: 'nothing',
  open: (memory) => ({
    currentTask: memory.allocate(1 << 16),
    lists: new Set(),
    session: (needs) => ({ needs, unreadable: 0, close() {} }),
    symbol: () => undefined,
    pidOfDescriptor: () => undefined,
    hold() {},
    release() {},
    close() {},
  }),
};

export async function run() {
  const opened = await loadObject(object);
  const kernels = { [OURS]: openEmbeddedKernel({ source }), ...(await hostKernel()) };
  const native = startNative(path('programs/native.c'));
  try {
    const loaded = {};
    for (const [engine, kernel] of Object.entries(kernels)) {
      loaded[engine] = await kernel.load(opened);
      await runOnce(loaded[engine], 'fill', 1);
      await runOnce(loaded[engine], 'hash_update', 1);
    }
    const compute = await measureWorks(loaded, native);
    const rows = [
      ...compute.rows,
      ...(await measureOperations(loaded)),
      ...(await measurePrinting(loaded)),
      ...measureCompiling(opened, kernels[OURS]),
      ...(await measureStart()),
    ];
    writeResults(compute.ratios, rows);
    return rows;
  } finally {
    native?.close();
    for (const kernel of Object.values(kernels)) kernel.close();
  }
}

/** Nothing where bpf(2) is not permitted. */
async function hostKernel() {
  try {
    return { [HOST]: await openKernel({ kernel: 'host' }) };
  } catch (error) {
    if (error.code === 'not-permitted' || error.code === 'unsupported') return {};
    throw error;
  }
}

async function runOnce(loaded, program, repeat) {
  return loaded.program(program).run({ data: new Uint8Array(64), repeat });
}

/** Nanoseconds a run, of each engine; all must return the same. */
async function turns(loaded, program, repeat, native) {
  const results = {};
  const engines = Object.fromEntries(
    Object.entries(loaded).map(([engine, object]) => [
      engine,
      async () => {
        const { retval, durationNs } = await runOnce(object, program, repeat);
        results[engine] = retval;
        return durationNs;
      },
    ]),
  );
  if (native !== undefined) {
    engines[NATIVE] = async () => {
      const [nanoseconds, result] = await native.ask(`${program} ${repeat}`);
      results[NATIVE] = Number(result) | 0;
      return Number(nanoseconds);
    };
  }
  const times = await takeTurns(engines, ROUNDS);
  if (program !== 'helper_call' && new Set(Object.values(results)).size > 1) {
    throw new Error(`${program} returns ${JSON.stringify(results)}`);
  }
  return times;
}

async function measureWorks(loaded, native) {
  const rows = [];
  const ratios = [];
  for (const work of WORKS) {
    const times = await turns(loaded, work, REPEAT, native);
    const against = times[HOST] ?? times[NATIVE];
    const ratio = times[OURS] / against;
    ratios.push({ work, ours: times[OURS] / against, native: times[NATIVE] && times[NATIVE] / against });
    rows.push({
      what: work,
      value: times[OURS],
      unit: 'ns',
      ...(against !== undefined && {
        ratio,
        to: times[HOST] === undefined ? NATIVE : HOST,
        ...(times[HOST] !== undefined && { wanted: { text: `<= ${WORST_LIMIT}`, met: ratio <= WORST_LIMIT } }),
      }),
    });
  }
  if (loaded[HOST] !== undefined) {
    const geomean = geometricMean(ratios.map(({ ours }) => ours));
    const wanted = { text: `<= ${GEOMEAN_LIMIT}`, met: geomean <= GEOMEAN_LIMIT };
    rows.push({ what: 'geometric mean', value: geomean, unit: 'x', ratio: geomean, to: HOST, wanted });
    if (native !== undefined) {
      const ratio = 1 / geometricMean(ratios.map(({ native: value }) => value));
      rows.push({ what: `${HOST}, geometric mean`, value: ratio, unit: 'x', ratio, to: NATIVE });
    }
  }
  return { rows, ratios };
}

const geometricMean = (values) => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

async function measureOperations(loaded) {
  const rows = [];
  for (const { program, what, most } of PER_OPERATION) {
    const times = await turns(loaded, program, REPEAT / 4);
    const value = times[OURS] / OPERATIONS;
    rows.push({
      what,
      value,
      unit: 'ns',
      ...(times[HOST] !== undefined && { ratio: times[OURS] / times[HOST], to: HOST }),
      ...(most !== undefined && { wanted: { text: `<= ${most} ns`, met: value <= most } }),
    });
  }
  return rows;
}

async function measurePrinting(loaded) {
  const links = Object.fromEntries(
    Object.entries(loaded).map(([engine, object]) => [
      engine,
      object.program('print_fields').attachIter({ map: object.map('row') }),
    ]),
  );
  const texts = {};
  const times = await takeTurns(
    Object.fromEntries(
      Object.entries(links).map(([engine, link]) => [
        engine,
        () =>
          milliseconds(async () => {
            texts[engine] = await link.open().text();
          }),
      ]),
    ),
    ROUNDS,
  );
  for (const link of Object.values(links)) link.close();
  if (new Set(Object.values(texts)).size > 1) throw new Error('the kernels print different text');
  const value = (times[OURS] * 1e6) / OPERATIONS;
  const ratio = times[HOST] === undefined ? undefined : times[OURS] / times[HOST];
  return [
    {
      what: 'bpf_seq_printf of nine fields, read to the end',
      value,
      unit: 'ns a line',
      ...(ratio !== undefined && { ratio, to: HOST, wanted: { text: '<= 1', met: ratio <= 1 } }),
    },
  ];
}

/** All programs of the object, as if everything were alive and every call a constant. */
function measureCompiling(opened, kernel) {
  const { programs } = link(opened, kernel.target);
  const inputs = programs.map(({ insns, program }) => ({
    name: program.name,
    insns,
    facts: { seen: new Uint8Array(insns.length / 8).fill(1), arenaArithmetic: new Uint8Array(insns.length / 8) },
    subprograms: [
      {
        start: 0,
        end: insns.length / 8,
        name: program.name,
        isCallback: false,
        isExceptionCallback: false,
        stackDepth: 512,
      },
    ],
    call: () => ({ kind: 'constant', value: 0n }),
    constant: () => ({ value: 0n }),
    access: () => ({ kind: 'plain' }),
    packetLoad: undefined,
    stackLimit: 0,
    arenaUserHigh: undefined,
  }));
  const count = inputs.reduce((sum, { insns }) => sum + insns.length / 8, 0);
  const times = [];
  for (let round = 0; round < 300; round += 1) {
    const start = performance.now();
    for (const input of inputs) compileProgram(input);
    times.push(((performance.now() - start) * 1000) / count);
  }
  const value = lowest(times);
  return [
    {
      what: `code generation (${count} instructions)`,
      value,
      unit: 'us/insn',
      wanted: { text: `< ${CODE_LIMIT} us`, met: value < CODE_LIMIT },
    },
    { what: 'code generation, first time', value: times[0], unit: 'us/insn' },
  ];
}

/** A process that opens the embedded kernel, loads one program and runs it. */
async function measureStart() {
  const program = `
    import { openEmbeddedKernel } from ${JSON.stringify(path('../dist/embedded/index.js'))};
    import { loadObject } from ${JSON.stringify(path('../dist/index.js'))};
    const open = (memory) => ({ currentTask: memory.allocate(65536), lists: new Set(), session: (needs) => ({ needs,
      unreadable: 0, close() {} }), symbol() {}, pidOfDescriptor() {}, hold() {}, release() {}, close() {} });
    const kernel = openEmbeddedKernel({ source: { name: 'nothing', open } });
    const loaded = await kernel.load(await loadObject(${JSON.stringify(object)}), { programs: ['sum'] });
    await loaded.program('sum').run({ data: new Uint8Array(64) });
  `;
  const start = (code) => () =>
    milliseconds(() => {
      const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
    });
  const times = await takeTurns(
    { 'node -e 0': start('0'), [OURS]: start(program) },
    { rounds: 9, warmUps: 1, choose: lowest },
  );
  const value = times[OURS];
  return [
    {
      what: 'start, load, verify and run one program',
      value,
      unit: 'ms',
      ratio: value / times['node -e 0'],
      to: 'node -e 0',
    },
  ];
}

function writeResults(ratios, rows) {
  const directory = path('results');
  mkdirSync(directory, { recursive: true });
  const versions = { node: process.versions.node, date: new Date().toISOString().slice(0, 10) };
  writeFileSync(`${directory}/jit.json`, `${JSON.stringify({ ...versions, rows }, null, 2)}\n`);
  if (ratios.some(({ ours }) => Number.isNaN(ours))) return;
  const chart = barChart({
    title: 'Computation: time of a run, the running kernel’s JIT = 1',
    subtitle: `shorter is faster; nine programs without helpers, engines took turns; Node ${versions.node}, ${versions.date}`,
    engines: ['embedded kernel (WebAssembly)', 'the same C, clang -O2'],
    groups: [
      ...ratios.map(({ work, ours, native }) => ({ name: work, values: [ours, native] })),
      {
        name: 'geometric mean',
        values: [
          geometricMean(ratios.map(({ ours }) => ours)),
          ratios.every(({ native }) => native !== undefined)
            ? geometricMean(ratios.map(({ native }) => native))
            : undefined,
        ],
      },
    ],
    line: { at: 1, label: 'kernel JIT' },
  });
  writeFileSync(`${directory}/jit.svg`, chart);
}

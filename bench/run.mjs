/**
 * npm run bench: measures the parts in bench/*.bench.mjs and prints one table. It builds nothing: run `npm run build` first.
 *
 *   npm run bench                 all parts
 *   npm run bench -- records ...  the named ones
 *
 * A part is a module that exports `name` and `run()`, which gives rows:
 *
 *   { what, value, unit [, ratio, to] [, wanted: { text, met }] }
 *
 * value: a median; ratio: how many times that of the row or thing named in `to`. A part throws Skip with a reason where it cannot be measured.
 * Times differ from machine to machine; what counts is the ratios, of engines that took turns in one run.
 */
import { existsSync, readdirSync } from 'node:fs';
import { arch, availableParallelism, cpus, release } from 'node:os';
import { Skip } from './measure.mjs';

const directory = new URL('.', import.meta.url);
const ending = '.bench.mjs';

const parts = readdirSync(directory)
  .filter((file) => file.endsWith(ending))
  .map((file) => file.slice(0, -ending.length));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((part) => !parts.includes(part));
if (unknown.length > 0) {
  console.error(`bench: no part ${unknown.join(', ')}; there are ${parts.join(', ')}`);
  process.exit(2);
}
if (!existsSync(new URL('../dist/index.js', directory))) {
  console.error('bench: dist/ is missing; run `npm run build`');
  process.exit(2);
}

console.log(
  `Node ${process.versions.node}, Linux ${release()} ${arch()}, ${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} processors\n`,
);

// Parts clean up in `exit` handlers, which a signal would pass over.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

const rows = [];
const notes = [];
for (const part of wanted.length > 0 ? wanted : parts) {
  const { name, run } = await import(new URL(`${part}${ending}`, directory));
  try {
    for (const row of await run()) rows.push([name, ...cells(row)]);
  } catch (error) {
    if (error instanceof Skip) {
      notes.push(`${name}: skipped: ${error.message}`);
    } else {
      notes.push(`${name}: failed: ${error.message}`);
      process.exitCode = 1;
    }
  }
}

function cells({ what, value, unit, ratio, to, wanted }) {
  return [
    what,
    `${format(value)} ${unit}`,
    ratio === undefined ? '' : `${ratio.toFixed(2)} x ${to}`,
    wanted === undefined ? '' : `${wanted.text}: ${wanted.met ? 'met' : 'MISSED'}`,
  ];
}

function format(value) {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

const table = [['part', 'what', 'median', 'ratio', 'wanted'], ...rows];
const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
if (rows.length > 0) {
  for (const row of table) {
    console.log(
      row
        .map((cell, column) => (column === 2 ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
        .join('  ')
        .trimEnd(),
    );
  }
}
for (const note of notes) console.log(note);

/**
 * Runs the iterator programs of object files that other people wrote on both kernels, the running one and the embedded
 * one over its /proc, and says how far the embedded one goes: which run, which print the same, which are refused, and
 * for want of what. The figures of docs/model.md are made of what --json writes.
 *
 *   npm run foreign -- [--quiet] [--json FILE] DIR|OBJ...
 *
 * Needs root. An iterator program is one that is read (`iter/...`), or one that is run and calls an open-coded iterator
 * of the kernel. Programs that the running kernel does not take are left out: of these it cannot tell what is right.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { openEmbeddedKernel, procfsSource } from '../dist/embedded/index.js';
import { openHostKernel } from '../dist/host/index.js';
import { BpfiterError } from '../dist/index.js';
import { BPF_PSEUDO_KFUNC_CALL, InstructionView } from '../dist/isa/index.js';
import { link, openObject } from '../dist/object/index.js';
import { LiveReader, nodeMachine } from '../dist/procfs-node/index.js';
import { runProgram, targetOf } from './foreign/run.mjs';
import { startSubject } from './foreign/subject.mjs';

const BPF_CALL = 0x85;
/** Bytes of records that are looked for: what is smaller could be in any order by chance. */
const SMALLEST_RECORD = 8;
const LARGEST_RECORD = 4096;
const ATTEMPTS = 4;

const words = process.argv.slice(2);
const quiet = take('--quiet', 1).length > 0;
const [, jsonFile] = take('--json', 2);
if (words.length === 0) {
  console.error('usage: npm run foreign -- [--quiet] [--json FILE] DIR|OBJ...');
  process.exit(2);
}

function take(name, count) {
  const at = words.indexOf(name);
  return at < 0 ? [] : words.splice(at, count);
}

const host = openHostKernel();
const subject = await startSubject();
const rows = [];
let objects = 0;
try {
  for (const path of words.flatMap(objectsAt)) {
    const found = await compareObject(path);
    if (found.length > 0) objects += 1;
    rows.push(...found);
  }
} finally {
  subject.end();
  host.close();
}
const measured = summary();
console.log(JSON.stringify(measured, undefined, 2));
if (jsonFile !== undefined) writeFileSync(jsonFile, `${JSON.stringify(measured, undefined, 2)}\n`);

function objectsAt(path) {
  if (!statSync(path).isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => name.endsWith('.o'));
  return names.sort().map((name) => join(path, name));
}

/** @returns a row for each program that the running kernel takes */
async function compareObject(path) {
  const bytes = readFileSync(path);
  const found = [];
  for (const program of programsOf(bytes, path)) {
    const what = { bytes, path, program, pid: subject.pid, cpus: host.target.possibleCpus() };
    const verdict = await compareProgram(what);
    if (verdict === undefined) continue;
    const row = { isRead: targetOf(program) !== undefined, ...verdict };
    found.push(row);
    if (!quiet && row.verdict !== 'same') {
      console.log(`${basename(dirname(path))}/${basename(path)}: ${program.name}: ${row.verdict} ${row.because ?? ''}`);
    }
  }
  return found;
}

/** @returns undefined for a program that the running kernel does not take */
async function compareProgram(what) {
  for (let attempt = 1; ; attempt++) {
    const there = await runProgram({ ...what, kernel: host });
    if (there.stage === 'load') return undefined;
    const embedded = openEmbeddedKernel({ source: procfsSource(new LiveReader()), machine: nodeMachine() });
    const here = await runProgram({ ...what, kernel: embedded });
    embedded.close();
    const again = there.stage === 'run' ? await runProgram({ ...what, kernel: host }) : there;
    const found = verdictOf(there, here, again);
    // Others may have opened a socket meanwhile.
    if (found.verdict !== 'own' || attempt === ATTEMPTS) return found;
  }
}

function programsOf(bytes, path) {
  try {
    const { programs } = openObject(bytes, { name: path });
    return programs.filter((program) => targetOf(program) !== undefined || callsIterator(bytes, path, program));
  } catch (error) {
    if (!(error instanceof BpfiterError)) throw error;
    return [];
  }
}

function callsIterator(bytes, path, { name }) {
  let linked;
  try {
    linked = link(openObject(bytes, { name: path }), host.target, { programs: [name] });
  } catch (error) {
    if (!(error instanceof BpfiterError)) throw error;
    return false;
  }
  const { insns } = linked.programs.find(({ program }) => program.name === name);
  const view = new InstructionView(insns);
  for (let insn = 0; insn < view.length; insn++) {
    if (view.code(insn) !== BPF_CALL || view.src(insn) !== BPF_PSEUDO_KFUNC_CALL || view.off(insn) !== 0) continue;
    if (/^bpf_iter_\w+_new$/.test(host.btf().nameOf(view.imm(insn)))) return true;
  }
  return false;
}

function verdictOf(there, here, again) {
  if (here.stage === 'load') return { verdict: 'refused', because: missing(here.error.message) };
  if (there.stage === 'attach' || here.stage === 'attach') {
    const isBoth = there.stage === here.stage;
    return { verdict: isBoth ? 'not set up' : 'one kernel only', because: (here.error ?? there.error).message };
  }
  if (isSame(there, here)) return { verdict: 'same' };
  return { verdict: isSame(there, again) ? 'different' : 'own' };
}

function isSame(a, b) {
  return (lines(a.text) === lines(b.text) || sameRecords(a.text, b.text)) && a.globals === b.globals;
}

/** What is each kernel's own: where objects lie, numbers of hash buckets, and the order that these make. */
function lines(text) {
  return text
    .split('\n')
    .map((line) =>
      line.replace(/\b(0{8}[0-9a-f]{8}|(0x)?ffff[0-9a-f]{12})\b/g, 'ADDRESS').replace(/^ *\d+: (?=\w+:)/, 'BUCKET: '),
    )
    .sort()
    .join('\n');
}

/** Whether both are the same records of one size, in whatever order: bytes that are no text have no lines. */
function sameRecords(a, b) {
  if (a.length !== b.length) return false;
  const sorted = (text, size) => (text.match(new RegExp(`[^]{${size}}`, 'g')) ?? []).sort().join('');
  for (let size = SMALLEST_RECORD; size <= a.length / 2 && size <= LARGEST_RECORD; size++) {
    if (a.length % size === 0 && sorted(a, size) === sorted(b, size)) return true;
  }
  return false;
}

/** `net.hash_mix`, `bpf_sock_destroy`: what the embedded kernel says it has not. */
function missing(message) {
  const [line = ''] = message.split('\n');
  const [, field] = /relocation of (?:struct |union )?(\S+) .*has no/.exec(line) ?? [];
  const [, name] = /has no (?:helper|kfunc|kernel variable) (\w+)/.exec(line) ?? [];
  return field ?? name ?? line;
}

function summary() {
  const count = (test) => rows.filter(test).length;
  const of = (verdict) => count((row) => row.verdict === verdict);
  const wanted = new Map();
  for (const { verdict, because } of rows) {
    if (verdict === 'refused') wanted.set(because, (wanted.get(because) ?? 0) + 1);
  }
  return {
    kernel: release().replace(/-.*/, ''),
    objects,
    programs: rows.length,
    read: count(({ isRead }) => isRead),
    run: of('same') + of('own') + of('different'),
    same: of('same'),
    own: of('own'),
    different: of('different'),
    notSetUp: of('not set up'),
    oneKernelOnly: of('one kernel only'),
    refused: of('refused'),
    missing: Object.fromEntries([...wanted].sort(([a], [b]) => a.localeCompare(b, 'en'))),
  };
}

/**
 * Loads each program of the given objects on the running kernel and verifies it here, in one run, and says where the
 * two agree: verdicts, messages (numbers aside), statistics, time.
 *
 *   npm run parity -- [--quiet] [--json FILE] OBJ...
 *
 * Needs root and a Linux whose profile there is. Programs that the kernel does not get to see, because they cannot be
 * linked against it, and those that the machine's policy refuses without a word (EPERM), are counted but not compared.
 */
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { openHostKernel } from '../dist/host/index.js';
import { BpfiterError, loadObject } from '../dist/index.js';
import { decisiveLine, parseStatistics } from '../dist/kernel-log.js';
import { link } from '../dist/object/index.js';
import { linux618, VerifierInput, verify } from '../dist/verifier/index.js';

const EPERM = 1;
/** Statistics, and the messages of a refusal. */
const LOG_LEVEL = 4;

const words = process.argv.slice(2);
const quiet = takeFlag('--quiet');
const jsonFile = takeValue('--json');
if (words.length === 0) {
  console.error('usage: npm run parity -- [--quiet] [--json FILE] OBJ...');
  process.exit(2);
}

function takeFlag(name) {
  const at = words.indexOf(name);
  if (at >= 0) words.splice(at, 1);
  return at >= 0;
}

function takeValue(name) {
  const at = words.indexOf(name);
  return at < 0 ? undefined : words.splice(at, 2)[1];
}

const kernel = openHostKernel();
const profile = linux618(kernel.btf(), { possibleCpus: kernel.target.possibleCpus() });
const lines = [];
for (const path of words) {
  for (const line of await compareObject(path)) {
    lines.push(line);
    if (!quiet && isWorthSaying(line)) console.log(describe(line));
  }
}
kernel.close();
if (jsonFile !== undefined) writeFileSync(jsonFile, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
summarise(lines);

async function compareObject(path) {
  let names;
  try {
    names = (await loadObject(path)).programs.map(({ name }) => name);
  } catch {
    return [];
  }
  const compared = [];
  for (const name of names) {
    const [linux, here] = [await askKernel(path, name), await askProfile(path, name)];
    compared.push({ object: basename(path), program: name, linux, here });
  }
  return compared;
}

/** The object opened anew, so that one program does not see what another left. */
async function open(path) {
  const object = await loadObject(path);
  for (const map of object.maps) {
    map.pinByName = false;
    map.pinPath = undefined;
  }
  return object;
}

async function askKernel(path, name) {
  try {
    const loaded = await kernel.load(await open(path), { programs: [name], logLevel: LOG_LEVEL });
    const { log } = loaded.program(name);
    loaded.close();
    return { verdict: 'accept', errno: 0, message: '', ...statistics(log) };
  } catch (error) {
    if (!(error instanceof BpfiterError)) throw error;
    const log = error.detail ?? '';
    const reached = error.code === 'refused' && log !== '';
    const policy = error.errno === EPERM && log === '';
    return {
      verdict: reached ? 'reject' : policy ? 'forbidden' : 'unlinked',
      errno: error.errno ?? 0,
      message: decisiveLine(log) ?? error.message,
      ...statistics(log),
    };
  }
}

function statistics(log) {
  const { insns, states, peakStates, usec } = parseStatistics(log);
  return { insns, states, peakStates, usec };
}

async function askProfile(path, name) {
  let input;
  try {
    const linked = link(await open(path), kernel.target, { programs: [name] });
    const program = linked.programs.find((each) => each.program.name === name);
    const reader = new VerifierInput(linked, basename(path), profile);
    input = {
      program: reader.program(program),
      allocatedTypes: reader.allocatedTypes(),
      poisoned: program.poisoned,
    };
  } catch (error) {
    return {
      verdict: error instanceof BpfiterError ? 'unlinked' : 'crash',
      errno: error.errno ?? 0,
      message: error.message,
      insns: 0,
      states: 0,
      peakStates: 0,
      usec: 0,
    };
  }
  const start = performance.now();
  try {
    const result = verify(input.program, profile, input);
    const { insnsProcessed, totalStates, peakStates } = result.statistics;
    return {
      verdict: result.verdict,
      errno: result.errno,
      // What linking made invalid on purpose, the kernel's side explains too.
      message: input.poisoned.find(({ insn }) => insn === result.diagnostic?.insn)?.reason ?? result.message,
      code: result.code,
      insns: insnsProcessed,
      states: totalStates,
      peakStates,
      usec: Math.round((performance.now() - start) * 1000),
    };
  } catch (error) {
    return { verdict: 'crash', errno: 0, message: error.stack, insns: 0, states: 0, peakStates: 0, usec: 0 };
  }
}

function isCompared({ linux }) {
  return linux.verdict === 'accept' || linux.verdict === 'reject';
}

/** Numbers aside. */
function pattern(message) {
  return message.replace(/0x[0-9a-f]+|-?\d+/g, 'N');
}

function sameStatistics({ linux, here }) {
  return linux.insns === here.insns && linux.states === here.states && linux.peakStates === here.peakStates;
}

function isWorthSaying(line) {
  if (!isCompared(line)) return false;
  if (line.linux.verdict !== line.here.verdict) return true;
  return line.linux.verdict === 'reject'
    ? pattern(line.linux.message) !== pattern(line.here.message)
    : !sameStatistics(line);
}

function describe({ object, program, linux, here }) {
  const side = ({ verdict, message, errno, insns, states, peakStates }) =>
    verdict === 'accept'
      ? `accept, ${insns} insns, ${states}/${peakStates} states`
      : `${verdict} [${errno}] ${message}`;
  return `${object}: ${program}\n    linux ${side(linux)}\n    here  ${side(here)}`;
}

function summarise(all) {
  const compared = all.filter(isCompared);
  const count = (test) => compared.filter(test).length;
  const percent = (part, whole) => (whole === 0 ? '' : ` (${((100 * part) / whole).toFixed(1)}%)`);
  console.log(`\n${all.length} programs, ${compared.length} decided by the kernel`);
  console.log('linux \\ here     accept  reject  unsupported  crash');
  for (const verdict of ['accept', 'reject']) {
    const cells = ['accept', 'reject', 'unsupported', 'crash'].map((ours) =>
      count(({ linux, here }) => linux.verdict === verdict && here.verdict === ours),
    );
    console.log(`${verdict.padEnd(15)}${cells.map((cell, i) => String(cell).padStart([8, 8, 13, 7][i])).join('')}`);
  }
  const agree = count(({ linux, here }) => linux.verdict === here.verdict);
  console.log(`same verdict       ${agree}${percent(agree, compared.length)}`);
  const refused = compared.filter(({ linux, here }) => linux.verdict === 'reject' && here.verdict === 'reject');
  const told = refused.filter(({ linux, here }) => pattern(linux.message) === pattern(here.message)).length;
  console.log(`same message       ${told} of ${refused.length}${percent(told, refused.length)}`);
  const accepted = compared.filter(({ linux, here }) => linux.verdict === 'accept' && here.verdict === 'accept');
  const exact = accepted.filter(sameStatistics).length;
  console.log(`same statistics    ${exact} of ${accepted.length}${percent(exact, accepted.length)}`);
  const sum = (side, field) => accepted.reduce((total, line) => total + line[side][field], 0);
  const [linux, here] = [sum('linux', 'usec'), sum('here', 'usec')];
  console.log(`instructions       linux ${sum('linux', 'insns')}, here ${sum('here', 'insns')}`);
  console.log(`time               linux ${ms(linux)}, here ${ms(here)}, ratio ${(here / linux).toFixed(2)}`);
  console.log(`memory             ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB`);
}

function ms(usec) {
  return `${(usec / 1000).toFixed(0)} ms`;
}

/**
 * Runs one program of an object file on one kernel: an iterator is read to its end, any other program is run once on
 * some bytes. Maps that iterators go through get a few elements.
 */
import { openObject } from '../../dist/object/index.js';
import {
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_RINGBUF,
  BPF_PROG_TYPE_RAW_TRACEPOINT,
  BPF_PROG_TYPE_SYSCALL,
} from '../../dist/uapi/index.js';

/** Milliseconds for reading an iterator, and how much of it is compared. */
const PATIENCE = 6000;
const ENOUGH = 64 * 1024 * 1024;
const ELEMENTS = 3;
const OF_MAPS = /^(bpf_map_elem|sockmap|bpf_sk_storage_map)$/;
const PER_CPU = new Set([BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_LRU_PERCPU_HASH]);
/** Bytes of a ring buffer. */
const SMALL_RING = 4096;
const SIZED_BY_LOADER = new Set([BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_ARRAY_OF_MAPS]);
/** Types that are given nothing when they are run. */
const WITHOUT_DATA = new Set([BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_PROG_TYPE_SYSCALL]);

/** Name of the target of an iterator program; undefined for other programs. */
export const targetOf = ({ section }) => /^\??iter(?:\.s)?\/(\w+)/.exec(section)?.[1];

/**
 * @typedef {{ stage: 'load' | 'attach', error: Error } | { stage: 'run', text: string, globals: string }} Outcome
 * @param {{ kernel: object, bytes: Uint8Array, path: string, program: object, pid: number, cpus: number }} what
 * @returns {Promise<Outcome>}
 */
export async function runProgram({ kernel, bytes, path, program, pid, cpus }) {
  let loaded;
  try {
    loaded = await kernel.load(openSized(bytes, path, cpus), { programs: [program.name] });
  } catch (error) {
    return { stage: 'load', error: expected(error) };
  }
  try {
    const target = targetOf(program);
    const text = target === undefined ? runOnce(loaded, program) : await readAll(loaded, program, target, pid, cpus);
    return { stage: 'run', text, globals: globalsOf(loaded) };
  } catch (error) {
    return { stage: 'attach', error: expected(error) };
  } finally {
    loaded.close();
  }
}

/**
 * Maps whose size whoever loads them is to say get one: an element for each processor, or a page. None is pinned, as it
 * would stay, and none that others pinned is used.
 */
function openSized(bytes, path, cpus) {
  const object = openObject(bytes, { name: path });
  const maps = object.maps.flatMap((map) => (map.inner === undefined ? [map] : [map, map.inner]));
  for (const map of maps) map.pinByName = false;
  for (const map of maps.filter(({ maxEntries }) => maxEntries === 0)) {
    if (map.type === BPF_MAP_TYPE_RINGBUF) map.maxEntries = SMALL_RING;
    else if (SIZED_BY_LOADER.has(map.type)) map.maxEntries = cpus;
  }
  return object;
}

/** Errors with a code are what a kernel answers; all others are mistakes of ours. */
function expected(error) {
  if (error?.code === undefined) throw error;
  return error;
}

function runOnce(loaded, program) {
  const input = WITHOUT_DATA.has(program.type) ? {} : { data: new Uint8Array(64) };
  return `returned ${loaded.program(program.name).run(input).retval}\n`;
}

async function readAll(loaded, program, target, pid, cpus) {
  let text = '';
  let failure;
  let read = 0;
  for (const parameters of parametersFor(loaded, target, pid, cpus)) {
    let link;
    try {
      link = loaded.program(program.name).attachIter(parameters);
    } catch (error) {
      failure = expected(error);
      continue;
    }
    try {
      text += await readOne(link);
      read += 1;
    } finally {
      link.close();
    }
  }
  if (read === 0) throw failure ?? Object.assign(new Error('no map to go through'), { code: 'usage' });
  return text;
}

async function readOne(link) {
  const decoder = new TextDecoder('latin1');
  let text = '';
  try {
    for await (const chunk of link.open().bytes({ signal: AbortSignal.timeout(PATIENCE) })) {
      text += decoder.decode(chunk);
      if (text.length > ENOUGH) break;
    }
  } catch (error) {
    text += `\nread: ${expected(error).code} ${error.errno ?? ''}`;
  }
  return text;
}

function* parametersFor(loaded, target, pid, cpus) {
  if (target.startsWith('task')) yield { task: { pid } };
  else if (target === 'cgroup') {
    yield { cgroup: { order: 'self_only' } };
    yield { cgroup: { order: 'descendants_pre' } };
  } else if (OF_MAPS.test(target)) {
    for (const map of loaded.maps) {
      if (/\.(bss|data|rodata)/.test(map.name)) continue;
      fill(map, cpus);
      yield { map };
    }
  } else yield {};
}

/** What a map does not take (sockets, for one) it goes without. */
function fill(map, cpus) {
  const size = PER_CPU.has(map.type) ? cpus * Math.ceil(map.valueSize / 8) * 8 : map.valueSize;
  for (let element = 0; element < Math.min(ELEMENTS, map.maxEntries); element++) {
    const key = new Uint8Array(map.keySize);
    if (key.length >= 4) new DataView(key.buffer).setUint32(0, element, true);
    try {
      map.update(key, new Uint8Array(size).fill(element + 1));
    } catch (error) {
      expected(error);
    }
  }
}

/** Global variables, which many programs count in. */
function globalsOf(loaded) {
  const found = loaded.maps.filter(({ name }) => /\.(bss|data)/.test(name));
  return found
    .map((map) => `${map.name} ${Buffer.from(map.lookup(new Uint8Array(4)) ?? []).toString('hex')}\n`)
    .join('');
}

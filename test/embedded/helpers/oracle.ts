/**
 * Calls that the running kernel makes for comparison, through fixtures/oracle.bpf.c: all of a test file at once, as
 * elements of one map, whose iterator makes one call for each.
 */
import { fileURLToPath } from 'node:url';
import type { Btf } from '../../../src/btf/index.ts';
import { addressOf } from '../../../src/embedded/index.ts';
import { HostKernel } from '../../../src/host/index.ts';
import { loadObject } from '../../../src/index.ts';
import { FakeRuntime, pairOf } from './fake-runtime.ts';

export const operations = ['printf', 'printfBtf', 'snprintfBtf', 'strtol', 'strtoul', 'read', 'readString'] as const;
export const stringFunctions = [
  ...['strcmp', 'strcasecmp', 'strchr', 'strnchr', 'strchrnul', 'strrchr', 'strlen', 'strnlen', 'strspn', 'strcspn'],
  ...['strstr', 'strnstr'],
] as const;

export interface Call {
  /** One of `operations`, or of `stringFunctions`. */
  readonly operation: string;
  /** Of printf: bytes of values; of others: of memory. */
  readonly size?: number;
  readonly flags?: bigint;
  /** Texts and bytes are placed in memory, and their addresses are passed. */
  readonly words?: readonly (bigint | string | Uint8Array)[];
  readonly format?: string;
  readonly typeId?: number;
}

export interface Outcome {
  readonly result: bigint;
  readonly value: bigint;
  readonly printed: string;
}

const PLACES = { op: 0, size: 4, flags: 8, words: 16, pointers: 112, typeId: 116, format: 120, data: 248, end: 1272 };
const OUTCOME = 24;

const bytesOf = (value: string | Uint8Array): Uint8Array =>
  typeof value === 'string' ? new TextEncoder().encode(`${value}\0`) : value;

function encode({ operation, size = 0, flags = 0n, words = [], format = '', typeId = 0 }: Call): Uint8Array {
  const bytes = new Uint8Array(PLACES.end);
  const view = new DataView(bytes.buffer);
  const op = (operations as readonly string[]).indexOf(operation);
  view.setUint32(
    PLACES.op,
    op >= 0 ? op : operations.length + (stringFunctions as readonly string[]).indexOf(operation),
    true,
  );
  view.setUint32(PLACES.size, size, true);
  view.setBigUint64(PLACES.flags, flags, true);
  view.setUint32(PLACES.typeId, typeId, true);
  bytes.set(new TextEncoder().encode(format).subarray(0, PLACES.data - PLACES.format - 1), PLACES.format);
  let end = 0;
  let pointers = 0;
  words.forEach((word, i) => {
    if (typeof word === 'bigint') view.setBigUint64(PLACES.words + i * 8, BigInt.asUintN(64, word), true);
    else {
      pointers |= 1 << i;
      view.setBigUint64(PLACES.words + i * 8, BigInt(end), true);
      bytes.set(bytesOf(word), PLACES.data + end);
      end = (end + bytesOf(word).length + 15) & ~7;
    }
  });
  view.setUint32(PLACES.pointers, pointers, true);
  return bytes;
}

const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** What the running kernel says of each call. */
export async function askHost(calls: readonly Call[]): Promise<Outcome[]> {
  using kernel = new HostKernel();
  const path = fileURLToPath(new URL('fixtures/oracle.bpf.o', import.meta.url));
  const name = `oracle${process.pid}`;
  using loaded = await kernel.load(await loadObject(path, { name }));
  const map = loaded.map('requests');
  const key = new Uint8Array(4);
  calls.forEach((call, i) => {
    new DataView(key.buffer).setUint32(0, i, true);
    map.update(key, encode(call));
  });
  using link = loaded.program('make_call').attachIter({ map });
  const chunks: Uint8Array[] = [];
  for await (const chunk of link.open().bytes()) chunks.push(chunk.slice());
  const output = new Uint8Array(Buffer.concat(chunks));
  // An outcome says how much text stands before it, so they are found from the end.
  const outcomes: Outcome[] = [];
  const view = new DataView(output.buffer);
  for (let end = output.length; end > 0; ) {
    const at = end - OUTCOME;
    const start = at - Number(view.getBigUint64(at + 16, true));
    const printed = latin1(output.subarray(start, at));
    outcomes.unshift({ result: view.getBigInt64(at, true), value: view.getBigInt64(at + 8, true), printed });
    end = start;
  }
  return outcomes.slice(0, calls.length);
}

const SEQ_SIZE = 32768;
const FILL = 0x7e;

/** The same from the functions of the embedded kernel. */
export function askEmbedded(btf: Btf | undefined, call: Call): Outcome {
  const runtime = new FakeRuntime();
  if (btf !== undefined) runtime.btf = btf;
  const { memory } = runtime;
  const bytes = encode(call);
  const request = runtime.place(bytes);
  const data = request + PLACES.data;
  const { operation, size = 0, flags = 0n, words = [] } = call;
  const values = words.map((word, i) => {
    const raw = memory.view.getBigUint64(request + PLACES.words + i * 8, true);
    return typeof word === 'bigint' ? raw : addressOf(data + Number(raw));
  });
  const passed = runtime.words(...values, ...Array.from({ length: 12 - values.length }, () => 0n));
  const object = runtime.words(values[0] ?? 0n, BigInt(call.typeId ?? 0));
  const first = pairOf(values[0] ?? 0n);
  const buffer = memory.allocate(1024);
  memory.u8.fill(FILL, buffer, buffer + 1024);
  const text = memory.allocate(SEQ_SIZE);
  const seq = memory.allocate(120);
  memory.view.setBigUint64(seq, addressOf(text), true);
  memory.view.setUint32(seq + 8, SEQ_SIZE, true);
  const number = runtime.words(0n);
  const call32 = (name: string, ...given: number[]): bigint =>
    BigInt(runtime.function(`bpf_${name}`)(...given) as number);
  const printed = (): string => latin1(memory.u8.subarray(text, text + memory.view.getUint32(seq + 24, true)));
  const copied = (): string => latin1(memory.u8.subarray(buffer, buffer + 1024));
  const flagWords = pairOf(flags);
  const none = { value: 0n, printed: '' };
  switch (operation) {
    case 'printf': {
      const result = call32('seq_printf', seq, request + PLACES.format, 128, passed, size);
      return { result, value: 0n, printed: printed() };
    }
    case 'printfBtf': {
      const result = call32('seq_printf_btf', seq, object, 16, ...flagWords);
      return { result, value: 0n, printed: printed() };
    }
    case 'snprintfBtf':
      return { result: call32('snprintf_btf', buffer, size, object, 16, ...flagWords), value: 0n, printed: copied() };
    case 'strtol':
    case 'strtoul': {
      const result = call32(operation, data, size, ...flagWords, number);
      return { result, value: memory.view.getBigInt64(number, true), printed: '' };
    }
    case 'read':
      return { result: call32('probe_read_kernel', buffer, size, ...first), value: 0n, printed: copied() };
    case 'readString':
      return { result: call32('probe_read_kernel_str', buffer, size, ...first), value: 0n, printed: copied() };
  }
  const second = pairOf(values[1] ?? 0n);
  const count = pairOf(values[2] ?? 0n);
  const character = flagWords[0];
  switch (operation) {
    case 'strchr':
    case 'strchrnul':
    case 'strrchr':
      return { result: call32(operation, ...first, character), ...none };
    case 'strnchr':
      return { result: call32(operation, ...first, ...count, character), ...none };
    case 'strlen':
      return { result: call32(operation, ...first), ...none };
    case 'strnlen':
      return { result: call32(operation, ...first, ...count), ...none };
    case 'strnstr':
      return { result: call32(operation, ...first, ...second, ...count), ...none };
    default:
      return { result: call32(operation, ...first, ...second), ...none };
  }
}

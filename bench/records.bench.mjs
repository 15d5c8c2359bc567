/**
 * Decoding small records, `{u32 pid; u32 tgid; char comm[16]; u64 x}`, from memory: against code written by hand for this one struct, and
 * through a session to the loop of a user.
 */
import { Btf, BtfBuilder } from '../dist/btf/index.js';
import { formatJson, recordLayout } from '../dist/records/index.js';
import { IterSession } from '../dist/session.js';
import { milliseconds, takeTurns } from './measure.mjs';

export const name = 'records';

const SIZE = 32;
/** Records of one read: what fits into the kernel's 32767 bytes. */
const IN_A_READ = Math.floor(32767 / SIZE);
const READS = 200;
const COUNT = IN_A_READ * READS;

const MINIMUM = 1_000_000;

export async function run() {
  const layout = recordLayout(types(), 'struct event');
  const bytes = new Uint8Array(SIZE * IN_A_READ);
  for (let index = 0; index < IN_A_READ; index += 1) {
    const record = { pid: index, tgid: index, comm: `worker/${index % 200}`, x: 0xffff888000000000n + BigInt(index) };
    layout.encodeInto(bytes, record, index * SIZE);
  }

  let sum = 0;
  const decodeAll = (decode) => () =>
    milliseconds(() => {
      for (let read = 0; read < READS; read += 1) {
        for (let offset = 0; offset < bytes.length; offset += SIZE) sum += decode(bytes, offset).pid;
      }
    });
  const times = await takeTurns({
    'by hand': decodeAll(byHand),
    'layout.decode': decodeAll((from, offset) => layout.decode(from, offset)),
    'session.recordBatches': () =>
      milliseconds(async () => {
        for await (const batch of session(bytes).recordBatches(layout)) for (const record of batch) sum += record.pid;
      }),
    'session.records': () =>
      milliseconds(async () => {
        for await (const record of session(bytes).records(layout)) sum += record.pid;
      }),
    'recordBatches, formatJson': () =>
      milliseconds(async () => {
        for await (const batch of session(bytes).recordBatches(layout)) {
          for (const record of batch) sum += formatJson(record).length;
        }
      }),
  });
  if (sum === 0) throw new Error('nothing was decoded');

  return Object.entries(times).map(([what, time]) => {
    const value = (COUNT / time) * 1000;
    const wanted = what.startsWith('session') && { text: '>= 1,000,000', met: value >= MINIMUM };
    return {
      what,
      value,
      unit: 'records/s',
      ratio: time / times['by hand'],
      to: 'time by hand',
      ...(wanted && { wanted }),
    };
  });
}

function types() {
  const builder = new BtfBuilder();
  const int = (typeName, size, signed) =>
    builder.add({ kind: 'int', name: typeName, size, signed, char: false, bool: false, bits: size * 8, bitOffset: 0 });
  const u32 = int('unsigned int', 4, false);
  const u64 = int('unsigned long long', 8, false);
  const comm = builder.add({ kind: 'array', elementType: int('char', 1, true), indexType: u32, length: 16 });
  const member = (memberName, type, offset) => ({ name: memberName, type, bitOffset: offset * 8, bitFieldSize: 0 });
  const members = [member('pid', u32, 0), member('tgid', u32, 4), member('comm', comm, 8), member('x', u64, 24)];
  builder.add({ kind: 'struct', name: 'event', size: SIZE, members });
  return Btf.parse(builder.bytes());
}

/** A session whose kernel costs next to nothing. */
function session(bytes) {
  let reads = READS;
  return new IterSession({
    async read(buffer) {
      if (reads === 0) return 0;
      reads -= 1;
      buffer.set(bytes);
      return bytes.length;
    },
    close() {},
  });
}

const decoder = new TextDecoder();
let view = new DataView(new ArrayBuffer(0));

function byHand(bytes, offset) {
  if (view.buffer !== bytes.buffer) view = new DataView(bytes.buffer);
  const end = bytes.indexOf(0, offset + 8);
  return {
    pid: view.getUint32(offset, true),
    tgid: view.getUint32(offset + 4, true),
    comm: decoder.decode(bytes.subarray(offset + 8, Math.min(end, offset + 24))),
    x: view.getBigUint64(offset + 24, true),
  };
}

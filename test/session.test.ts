import { describe, expect, it } from 'vitest';
import { BpfiterError } from '../src/errors.ts';
import type { RecordLayout } from '../src/records/index.ts';
import { IterSession, type SessionOptions, type SessionSource } from '../src/session.ts';

const EINTR = 4;
const EIO = 5;
const E2BIG = 7;
const EAGAIN = 11;
const EOPNOTSUPP = 95;

/** What a read answers: bytes, an errno, or nothing until `release` is called. */
type Answer = string | Uint8Array | number | 'hang';

const encoder = new TextEncoder();

class FakeSource implements SessionSource {
  readonly #answers: Answer[];
  readonly sizes: number[] = [];
  closed = 0;
  reading = false;
  /** Lets a read that hangs return these bytes. */
  release: (text: string) => void = () => {};
  /** Resolves when a read begins to hang. */
  readonly hanging: Promise<void>;
  #hangs: () => void = () => {};

  constructor(answers: readonly Answer[]) {
    this.#answers = [...answers];
    this.hanging = new Promise((resolve) => {
      this.#hangs = resolve;
    });
  }

  async read(buffer: Uint8Array): Promise<number> {
    if (this.closed > 0) throw new Error('read after close');
    if (this.reading) throw new Error('two reads at a time');
    this.reading = true;
    this.sizes.push(buffer.length);
    try {
      return await this.#answer(buffer);
    } finally {
      this.reading = false;
    }
  }

  async #answer(buffer: Uint8Array): Promise<number> {
    let answer = this.#answers.shift() ?? '';
    if (answer === 'hang') {
      answer = await new Promise<string>((resolve) => {
        this.release = resolve;
        this.#hangs();
      });
    }
    if (typeof answer === 'number') throw new BpfiterError('refused', `errno ${answer}`, { errno: answer });
    const bytes = typeof answer === 'string' ? encoder.encode(answer) : answer;
    if (bytes.length > buffer.length) throw new Error('the test gives more than was asked for');
    buffer.set(bytes);
    return bytes.length;
  }

  close(): void {
    if (this.reading) throw new Error('closed under a read');
    this.closed += 1;
  }
}

function open(answers: readonly Answer[], options: SessionOptions = {}) {
  const source = new FakeSource(answers);
  return { source, session: new IterSession(source, options) };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function failureOf(action: Promise<unknown>): Promise<BpfiterError> {
  try {
    await action;
  } catch (error) {
    if (error instanceof BpfiterError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** Pairs of bytes as numbers. */
const pairs: RecordLayout<number> = {
  typeName: 'struct pair',
  size: 2,
  shape: { kind: 'int', size: 2, signed: false },
  littleEndian: false,
  decode: (bytes, offset = 0) => (bytes[offset] ?? 0) * 256 + (bytes[offset + 1] ?? 0),
  encode: () => new Uint8Array(2),
  encodeInto: () => {},
};

describe('a session', () => {
  it('reads to the end and closes', async () => {
    const { session, source } = open(['a\nb', 'c\n', '']);
    expect(await session.text()).toBe('a\nbc\n');
    expect(source.closed).toBe(1);
  });

  it('asks for at least 32 KiB at each read, however much it still holds', async () => {
    const { session, source } = open(['line without end', 'more', ' and more', '']);
    await collect(session.lines());
    expect(source.sizes).toEqual([32768, 32768, 32768, 32768]);
  });

  it('gives chunks that stay as they are when it reads on', async () => {
    const { session } = open(['first', 'secon', '']);
    const chunks = await collect(session.bytes());
    expect(chunks.map((chunk) => new TextDecoder().decode(chunk))).toEqual(['first', 'secon']);
  });

  it('holds lines that are longer than its buffer', async () => {
    const long = Array.from({ length: 50 }, (_, index) => `${index}`.padEnd(8, 'x'));
    const { session } = open([...long, '\nlast', ''], { bufferSize: 8 });
    expect(await collect(session.lines())).toEqual([long.join(''), 'last']);
  });

  it.each<readonly [string, readonly string[]]>([
    ['', []],
    ['a', ['a']],
    ['a\n', ['a']],
    ['\n', ['']],
    ['\n\na', ['', '', 'a']],
    ['a\r\nb\n', ['a\r', 'b']],
    ['\ufeffa\n', ['\ufeffa']],
  ])('splits %j into lines %j', async (text, lines) => {
    expect(await collect(open([text]).session.lines())).toEqual(lines);
    expect(await open([text]).session.text()).toBe(text);
  });

  it('gives the same lines wherever the output is cut, within a character too', async () => {
    const text = 'grün\n\n\u{1f600} naïve\nlast';
    const bytes = encoder.encode(text);
    for (let first = 0; first < bytes.length; first += 1) {
      for (let second = first + 1; second < bytes.length; second += 1) {
        const parts = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
        const answers = parts.filter((part) => part.length > 0);
        expect(await collect(open(answers).session.lines())).toEqual(text.split('\n'));
        expect(await open(answers).session.text()).toBe(text);
      }
    }
  });

  it('turns bytes that are not UTF-8 into U+FFFD and keeps the lines apart', async () => {
    const { session } = open([Uint8Array.of(0xe2, 0x82, 0x0a, 0xff, 0x0a)]);
    expect(await collect(session.lines())).toEqual(['\ufffd', '\ufffd']);
  });

  it('decodes records wherever the output is cut', async () => {
    const bytes = Uint8Array.from({ length: 12 }, (_, index) => index);
    const expected = [0x0001, 0x0203, 0x0405, 0x0607, 0x0809, 0x0a0b];
    for (let first = 1; first < bytes.length; first += 1) {
      for (let second = first + 1; second < bytes.length; second += 1) {
        const answers = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
        expect(await collect(open(answers).session.records(pairs))).toEqual(expected);
        const batches = await collect(open(answers).session.recordBatches(pairs));
        expect(batches.flat()).toEqual(expected);
        expect(batches.every((batch) => batch.length > 0)).toBe(true);
      }
    }
  });

  it('decodes records that are larger than its buffer', async () => {
    const { session } = open(['a', 'b', 'c', 'd'], { bufferSize: 1 });
    expect(await collect(session.records(pairs))).toEqual([0x6162, 0x6364]);
  });

  it('fails on output that is no whole number of records, after those that are', async () => {
    const { session, source } = open(['abc']);
    const seen: number[] = [];
    const failure = await failureOf(
      (async () => {
        for await (const record of session.records(pairs)) seen.push(record);
      })(),
    );
    expect(seen).toEqual([0x6162]);
    expect(failure.code).toBe('malformed');
    expect(failure.message).toBe('the output ends with 1 bytes that are no whole record: struct pair has 2 bytes');
    expect(source.closed).toBe(1);
  });

  it('refuses records without a size', async () => {
    const { session } = open(['abc']);
    const failure = await failureOf(collect(session.records({ ...pairs, size: 0 })));
    expect(failure.code).toBe('usage');
  });

  it('reads again after EAGAIN and EINTR', async () => {
    const { session } = open([EAGAIN, EAGAIN, 'a', EINTR, EAGAIN, 'b', EAGAIN, '']);
    expect(await session.text()).toBe('ab');
  });

  it('counts EAGAIN answers in a row only, and gives up with one line when there are too many', async () => {
    const { session } = open([EAGAIN, EAGAIN, 'a', EAGAIN, EAGAIN, 'b'], { maxEmptyReads: 3 });
    expect(await session.text()).toBe('ab');

    const endless = open(Array<Answer>(10).fill(EAGAIN), { maxEmptyReads: 3 });
    const failure = await failureOf(endless.session.text());
    expect(failure).toMatchObject({ code: 'refused', errno: EAGAIN });
    expect(failure.message).toMatch(/^nothing came in 3 reads: [^\n]*it returns 1[^\n]*$/);
    expect(endless.source.sizes).toHaveLength(3);
    expect(endless.source.closed).toBe(1);
  });

  it('lets timers run between EAGAIN answers, so that a signal can end them', async () => {
    const { session, source } = open(Array<Answer>(100_000).fill(EAGAIN), { maxEmptyReads: Number.POSITIVE_INFINITY });
    const failure = await failureOf(session.text({ signal: AbortSignal.timeout(5) }));
    expect(failure.code).toBe('aborted');
    expect(source.closed).toBe(1);
  });

  it.each([
    [E2BIG, /32767 bytes.*write less/],
    [EOPNOTSUPP, /cgroup iterator.*32767 bytes/],
  ])('explains errno %i', async (errno, message) => {
    const { session, source } = open(['a', errno]);
    const seen: number[] = [];
    const failure = await failureOf(
      (async () => {
        for await (const chunk of session.bytes()) seen.push(chunk.length);
      })(),
    );
    expect(seen).toEqual([1]);
    expect(failure).toMatchObject({ code: 'refused', errno });
    expect(failure.message).toMatch(message);
    expect(failure.message).not.toContain('\n');
    expect(source.closed).toBe(1);
  });

  it('passes other errors on as they are', async () => {
    const failure = await failureOf(open([EIO]).session.text());
    expect(failure).toMatchObject({ code: 'refused', errno: EIO, message: `errno ${EIO}` });
  });

  it('closes when the loop is left early', async () => {
    const { session, source } = open(['a\nb\nc\n', 'd\n']);
    for await (const line of session.lines()) if (line === 'b') break;
    expect(source.closed).toBe(1);
    expect(source.sizes.length).toBeLessThanOrEqual(2);
  });

  it('waits, when the loop is left, for the read that had been begun for it', async () => {
    const { session, source } = open(['a\n', 'hang']);
    const left = (async () => {
      for await (const _ of session.lines()) break;
    })();
    await source.hanging;
    expect(source.closed).toBe(0);
    source.release('b\n');
    await left;
    expect(source.closed).toBe(1);
  });

  it('begins the next read while the loop is at work on the last', async () => {
    const { session, source } = open(['a\n', 'b\n']);
    const reads: number[] = [];
    for await (const _ of session.lines()) reads.push(source.sizes.length);
    expect(reads).toEqual([2, 3]);
  });

  it('hands out what it has before the failure of the read after it', async () => {
    const { session } = open(['a\n', EIO]);
    const lines: string[] = [];
    const failure = await failureOf(
      (async () => {
        for await (const line of session.lines()) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          lines.push(line);
        }
      })(),
    );
    expect(lines).toEqual(['a']);
    expect(failure.errno).toBe(EIO);
  });

  it('closes when the loop throws', async () => {
    const { session, source } = open(['ab', 'cd']);
    const loop = (async () => {
      for await (const _ of session.records(pairs)) throw new Error('mine');
    })();
    await expect(loop).rejects.toThrow('mine');
    expect(source.closed).toBe(1);
  });

  it('closes at the end of a using block, read or not', () => {
    const source = new FakeSource([]);
    {
      using session = new IterSession(source);
      expect(session).toBeInstanceOf(IterSession);
    }
    expect(source.closed).toBe(1);
  });

  it('closes once however often it is told to', async () => {
    const { session, source } = open(['a']);
    await session.text();
    session.close();
    session[Symbol.dispose]();
    await session[Symbol.asyncDispose]();
    expect(source.closed).toBe(1);
  });

  it('is not read twice', async () => {
    const { session } = open(['a']);
    await session.text();
    const failure = await failureOf(session.text());
    expect(failure.code).toBe('usage');
    expect(failure.message).toBe('this session has been read or closed; open another one with link.open()');
  });

  it('is not read by two loops at once, and the first goes on', async () => {
    const { session } = open(['a\n', 'b\n']);
    const lines: string[] = [];
    for await (const line of session.lines()) {
      lines.push(line);
      const failure = await failureOf(session.text());
      expect(failure.message).toBe('this session is being read by another loop; open another one with link.open()');
    }
    expect(lines).toEqual(['a', 'b']);
  });

  it('is unread until a loop asks for something', async () => {
    const { session, source } = open(['a']);
    session.lines();
    expect(source.sizes).toEqual([]);
    expect(await session.text()).toBe('a');
  });

  it('refuses a buffer that holds nothing', () => {
    expect(() => open([], { bufferSize: 0 })).toThrow(BpfiterError);
  });
});

describe('cancelling', () => {
  it('before the start reads nothing', async () => {
    const { session, source } = open(['a']);
    const failure = await failureOf(session.text({ signal: AbortSignal.abort(new Error('enough')) }));
    expect(failure).toMatchObject({ code: 'aborted', message: 'reading was cancelled: enough' });
    expect(source.sizes).toEqual([]);
    expect(source.closed).toBe(1);
  });

  it.each([
    ['of the same read', ['a\nb\n', 'c\n']],
    ['of the next', ['a\n', 'b\n', 'c\n']],
  ])('between two lines %s ends the loop before the second', async (_, answers) => {
    const { session, source } = open(answers);
    const controller = new AbortController();
    const lines: string[] = [];
    const failure = await failureOf(
      (async () => {
        for await (const line of session.lines({ signal: controller.signal })) {
          lines.push(line);
          controller.abort();
        }
      })(),
    );
    expect(failure.code).toBe('aborted');
    expect(lines).toEqual(['a']);
    await session[Symbol.asyncDispose]();
    expect(source.closed).toBe(1);
  });

  it('during a read fails at once, and closes only when that read has returned', async () => {
    const { session, source } = open(['hang']);
    const controller = new AbortController();
    const loop = failureOf(session.text({ signal: controller.signal }));
    await source.hanging;
    controller.abort();
    expect((await loop).code).toBe('aborted');
    expect(source.closed).toBe(0);
    source.release('too late');
    await session[Symbol.asyncDispose]();
    expect(source.closed).toBe(1);
  });

  it('by close() during a read fails the loop, and asyncDispose waits for the read', async () => {
    const { session, source } = open(['hang']);
    const loop = failureOf(session.text());
    await source.hanging;
    const disposed = session[Symbol.asyncDispose]();
    expect(await loop).toMatchObject({ code: 'aborted', message: 'the session was closed while it was being read' });
    expect(source.closed).toBe(0);
    source.release('too late');
    await disposed;
    expect(source.closed).toBe(1);
  });

  it('by close() between two records ends the loop before the second', async () => {
    const { session, source } = open(['abcd']);
    let count = 0;
    const failure = await failureOf(
      (async () => {
        for await (const _ of session.records(pairs)) {
          count += 1;
          session.close();
        }
      })(),
    );
    expect(failure.code).toBe('aborted');
    expect(count).toBe(1);
    await session[Symbol.asyncDispose]();
    expect(source.closed).toBe(1);
  });

  it('leaves no listener on the signal', async () => {
    const { session } = open(['a', 'b', EAGAIN, 'c']);
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners += 1;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners -= 1;
      removeEventListener.apply(signal, args);
    };
    await session.text({ signal });
    expect(listeners).toBe(0);
  });
});

/**
 * One reading of an iterator link from start to end, for both kernels: what `link.open()` returns.
 *
 * A kernel supplies a SessionSource (a descriptor of the host, or an embedded program); this file knows how such a
 * source is read correctly and cuts what comes into bytes, text, lines or records. It makes no system calls.
 *
 * How the kernel answers reads (kernel/bpf/bpf_iter.c of Linux 6.18; facts/iterators.md 2.1 to 2.5):
 *   - It collects output in a buffer of eight pages and returns what fits into the reader's. A cgroup iterator cannot
 *     go on after a read that the output did not fit into: the first read must be as large as that buffer.
 *   - EAGAIN: nothing was written for 1,000,000 objects, or the program returned 1 for the first object of the read.
 *     Both mean: read again.
 *   - E2BIG: a single object's output overflows that buffer. Reading again gives the same answer.
 *   - 0 is the end. A further read could show objects that came into being since; a session here ends at the first 0.
 */
import { checkObject } from './arguments.ts';
import { BpfiterError } from './errors.ts';
import type { RecordReader } from './records/index.ts';

/** What a kernel supplies: a readable file, in effect. */
export interface SessionSource {
  /**
   * Reads up to `buffer.length` bytes into the beginning of `buffer`; never called again before it has settled.
   * @param signal lets a source that waits give up early; it may ignore it
   * @returns the number of bytes, 0 at the end; rejects with a BpfiterError that carries the errno
   */
  read(buffer: Uint8Array, signal?: AbortSignal): Promise<number>;
  /** Called once, and never while a read is under way. */
  close(): void;
}

export interface SessionOptions {
  /** Bytes of a read; default 32768. For cgroup iterators not less than eight pages of the kernel that is read. */
  readonly bufferSize?: number;
  /**
   * EAGAIN answers in a row after which reading fails; default 5000, which is more than a silent walk over 2^32
   * objects (the most that a map can hold) gives. Infinity leaves it to the AbortSignal.
   */
  readonly maxEmptyReads?: number;
}

export interface ReadOptions {
  /** Cancels: the loop throws `aborted` at once, and the session closes as soon as a read under way has returned. */
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_BUFFER_SIZE = 32768;
const DEFAULT_MAX_EMPTY_READS = 5000;

const EINTR = 4;
const E2BIG = 7;
const EAGAIN = 11;
const EOPNOTSUPP = 95;

/** What the kernel's sentence for an errno does not say about a read of an iterator. */
const explanations: ReadonlyMap<number, string> = new Map([
  [
    E2BIG,
    'the output for a single object is larger than the 32767 bytes that the kernel can hold; have the program write less for each object',
  ],
  [
    EOPNOTSUPP,
    'a cgroup iterator can write at most 32767 bytes in all and this one wrote more; walk fewer cgroups, or write less for each',
  ],
]);

/**
 * Takes what it can of the bytes read so far.
 * @param bytes valid until it returns
 * @param end whether nothing will follow
 * @returns how many bytes it took (the rest is offered again, with more behind it), and what it made of them
 */
type Cut<T> = (bytes: Uint8Array, end: boolean) => { readonly used: number; readonly value?: T };

/**
 * A session is read once, by one of its methods: `bytes`, `text`, `lines`, `records` or `recordBatches`. It closes
 * itself when that ends, whether by the end of the output, `break`, an error or an AbortSignal. The program runs ahead
 * of the loop by up to two reads: the one that is being handed out, and the next.
 *
 * Errors of reading: `refused` where the kernel reports one, `aborted` after a cancellation, `malformed` for output
 * that is no whole number of records, `usage` for a second reading.
 *
 * @example
 * for await (const line of link.open().lines({ signal: AbortSignal.timeout(1000) })) console.log(line);
 */
export class IterSession implements Disposable, AsyncDisposable {
  readonly #source: SessionSource;
  readonly #bufferSize: number;
  readonly #maxEmptyReads: number;
  #state: 'unread' | 'reading' | 'closed' = 'unread';
  /** The read under way; it never rejects. */
  #pending: Promise<void> | undefined;
  /** Makes the loop that waits for the read under way fail. */
  #interrupt: ((error: BpfiterError) => void) | undefined;

  constructor(source: SessionSource, options: SessionOptions = {}) {
    this.#source = source;
    this.#bufferSize = options.bufferSize ?? DEFAULT_BUFFER_SIZE;
    this.#maxEmptyReads = options.maxEmptyReads ?? DEFAULT_MAX_EMPTY_READS;
    if (!Number.isSafeInteger(this.#bufferSize) || this.#bufferSize < 1) {
      throw new BpfiterError('usage', `bufferSize: expected a positive number of bytes, got ${this.#bufferSize}`);
    }
  }

  /** The output as it comes, a chunk for each read. The chunks belong to the caller. */
  bytes(options: ReadOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    return this.#cut(options, (bytes) => ({
      used: bytes.length,
      ...(bytes.length > 0 && { value: bytes.slice() }),
    }));
  }

  /** The whole output. Bytes that are not UTF-8 become U+FFFD. */
  async text(options: ReadOptions = {}): Promise<string> {
    let text = '';
    for await (const block of this.#wholeLines(options)) text += block;
    return text;
  }

  /** The lines, without their `\n`. A last line that has none counts too; bytes that are not UTF-8 become U+FFFD. */
  async *lines(options: ReadOptions = {}): AsyncGenerator<string, void, undefined> {
    for await (const block of this.#wholeLines(options)) {
      const lines = block.split('\n');
      const last = lines.length - 1;
      for (let index = 0; index < last; index += 1) {
        yield lines[index] ?? '';
        this.#mustGoOn(options.signal);
      }
      if (lines[last]) yield lines[last];
    }
  }

  /** The records that the program wrote one after the other (bpf_seq_write), decoded. */
  async *records<T>(layout: RecordReader<T>, options: ReadOptions = {}): AsyncGenerator<T, void, undefined> {
    for await (const batch of this.recordBatches(layout, options)) {
      // Not `yield*`: that awaits each element's iterator result and costs twice as much.
      for (let index = 0; index < batch.length; index += 1) {
        yield batch[index] as T; // within its length
        this.#mustGoOn(options.signal);
      }
    }
  }

  /** As `records`, all records of a read at a time: several times faster where records are small. */
  recordBatches<T>(layout: RecordReader<T>, options: ReadOptions = {}): AsyncGenerator<T[], void, undefined> {
    checkObject('a session', 'the layout of its records: recordLayoutOf(object, type)', layout, ['decode', 'size']);
    const { size } = layout;
    return this.#cut(options, (bytes, end) => {
      if (size === 0)
        throw new BpfiterError('usage', `${layout.typeName} has no size, so no records of it can be read`);
      const used = bytes.length - (bytes.length % size);
      if (end && used < bytes.length) {
        throw new BpfiterError(
          'malformed',
          `the output ends with ${bytes.length - used} bytes that are no whole record: ${layout.typeName} has ${size} bytes`,
        );
      }
      if (used === 0) return { used };
      const value: T[] = [];
      for (let offset = 0; offset < used; offset += size) value.push(layout.decode(bytes, offset));
      return { used, value };
    });
  }

  /** Ends the session; a loop that is waiting for a read fails with `aborted`. Closing twice does nothing. */
  close(): void {
    if (this.#isClosed) return;
    this.#state = 'closed';
    this.#interrupt?.(closedWhileRead());
    // A descriptor closed under a read in another thread could be some other file by the time that thread runs.
    if (this.#pending === undefined) this.#source.close();
    else void this.#pending.then(() => this.#source.close());
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** As `close`, and waits for a read under way, so that nothing of the session is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    const pending = this.#pending;
    this.close();
    await pending;
  }

  /**
   * Text in blocks of whole lines; only the last may lack its newline. Cutting there keeps characters whole, since no
   * byte of a longer UTF-8 sequence looks like a newline.
   */
  #wholeLines(options: ReadOptions): AsyncGenerator<string, void, undefined> {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    /** Bytes already searched in vain. */
    let searched = 0;
    return this.#cut(options, (bytes, end) => {
      let used = bytes.length;
      if (!end) {
        // Only what is new is searched: a line of many reads would else cost the square of its length.
        const newline = bytes.subarray(searched).lastIndexOf(0x0a);
        used = newline < 0 ? 0 : searched + newline + 1;
      }
      searched = bytes.length - used;
      return used === 0 ? { used } : { used, value: decoder.decode(bytes.subarray(0, used)) };
    });
  }

  /**
   * The loop under all others: fills one buffer, offers it to `cut`, keeps at its front what that leaves. The next
   * read is begun before the caller gets what this one gave, so that the kernel's work and the caller's overlap.
   */
  async *#cut<T>(options: ReadOptions, cut: Cut<T>): AsyncGenerator<T, void, undefined> {
    const { signal } = checked(options);
    if (this.#state !== 'unread') {
      const why = this.#state === 'reading' ? 'is being read by another loop' : 'has been read or closed';
      throw new BpfiterError('usage', `this session ${why}; open another one with link.open()`);
    }
    this.#state = 'reading';
    try {
      let buffer = new Uint8Array(this.#bufferSize);
      let held = 0;
      let reading = this.#read(buffer, signal);
      for (;;) {
        const count = await reading;
        this.#mustGoOn(signal);
        held += count;
        const { used, value } = cut(buffer.subarray(0, held), count === 0);
        if (count === 0) {
          if (value !== undefined) yield value;
          return;
        }
        buffer.copyWithin(0, used, held);
        held -= used;
        if (buffer.length - held < this.#bufferSize) {
          const larger = new Uint8Array(2 * held + this.#bufferSize);
          larger.set(buffer.subarray(0, held));
          buffer = larger;
        }
        reading = this.#read(buffer.subarray(held, held + this.#bufferSize), signal);
        // Its failure is met by the next round; where there is none, nobody minds.
        reading.catch(() => {});
        if (value !== undefined) yield value;
      }
    } finally {
      const cancelled = this.#isClosed || signal?.aborted === true;
      this.close();
      // Whoever leaves the loop finds the session closed; whoever cancels does not want to wait for that.
      if (!cancelled) await this.#pending;
    }
  }

  get #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #mustGoOn(signal: AbortSignal | undefined): void {
    if (signal?.aborted) throw aborted(signal);
    if (this.#isClosed) throw closedWhileRead();
  }

  /** Reads until there are bytes or the end. */
  async #read(buffer: Uint8Array, signal: AbortSignal | undefined): Promise<number> {
    let emptyReads = 0;
    for (;;) {
      this.#mustGoOn(signal);
      try {
        return await this.#readOnce(buffer, signal);
      } catch (error) {
        const errno = error instanceof BpfiterError ? error.errno : undefined;
        if (errno !== EAGAIN && errno !== EINTR) throw explained(error, errno);
        emptyReads += 1;
        if (emptyReads >= this.#maxEmptyReads) {
          throw new BpfiterError(
            'refused',
            `nothing came in ${emptyReads} reads: the program asks for the same object again and again (it returns 1), or passes over more objects than there can be`,
            { cause: error, errno: EAGAIN },
          );
        }
        // A source may answer without ever leaving this thread; timers and signals must get their turn.
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    }
  }

  /** One read; settles before it does when the session is closed or the signal fires. */
  async #readOnce(buffer: Uint8Array, signal: AbortSignal | undefined): Promise<number> {
    const read = this.#source.read(buffer, signal);
    const settled = () => {
      this.#pending = undefined;
    };
    this.#pending = read.then(settled, settled);
    const interrupted = new Promise<never>((_, reject) => {
      this.#interrupt = reject;
    });
    const onAbort = () => signal && this.#interrupt?.(aborted(signal));
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([read, interrupted]);
    } finally {
      signal?.removeEventListener('abort', onAbort);
      this.#interrupt = undefined;
    }
  }
}

/** A signal that is none would not be heeded. */
function checked(options: ReadOptions): ReadOptions {
  checkObject('reading', 'options ({ signal })', options);
  const { signal } = options;
  if (signal !== undefined) checkObject('signal', 'an AbortSignal', signal, ['aborted', 'addEventListener']);
  return options;
}

const closedWhileRead = (): BpfiterError =>
  new BpfiterError('aborted', 'the session was closed while it was being read');

function aborted(signal: AbortSignal): BpfiterError {
  const reason: unknown = signal.reason;
  const why = reason instanceof Error ? `: ${reason.message}` : '';
  return new BpfiterError('aborted', `reading was cancelled${why}`, { cause: reason });
}

/** Puts what an errno of an iterator's read means into the message. */
function explained(error: unknown, errno: number | undefined): unknown {
  const explanation = errno === undefined ? undefined : explanations.get(errno);
  if (explanation === undefined || errno === undefined) return error;
  return new BpfiterError('refused', explanation, { cause: error, errno });
}

/** Records that programs have written and users have not read yet: all at once, or one after another as they come. */
export class RecordQueue implements AsyncIterable<Uint8Array> {
  #records: Uint8Array[] = [];
  #wake: (() => void) | undefined;
  #closed = false;

  protected push(record: Uint8Array): void {
    this.#records.push(record);
    this.#wake?.();
  }

  /** A record has left the queue. */
  protected taken(_record: Uint8Array): void {}

  /** What is there now. */
  drain(): readonly Uint8Array[] {
    const records = this.#records;
    this.#records = [];
    for (const record of records) this.taken(record);
    return records;
  }

  /** Ends iterations, after what is there. */
  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  /** Waits where there is nothing, until the queue is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      yield* this.drain();
      if (this.#records.length > 0) continue;
      if (this.#closed) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }
}

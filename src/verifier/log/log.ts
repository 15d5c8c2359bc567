/**
 * The verifier's log: text in the kernel's form, kept only as far as it was asked for. Without a level nothing but the
 * last message is kept, so that a refusal has its reason.
 */

export const LOG_BRANCHES = 1;
export const LOG_INSTRUCTIONS = 2;
export const LOG_STATISTICS = 4;

export class VerifierLog {
  readonly level: number;
  readonly #chunks: string[] = [];
  #length = 0;
  /** The last whole line that was written, whatever the level. */
  last = '';

  constructor(level: number) {
    this.level = level;
  }

  get enabled(): boolean {
    return this.level !== 0;
  }

  /** Position to reset() to. */
  get position(): number {
    return this.#chunks.length;
  }

  get length(): number {
    return this.#length;
  }

  write(text: string): void {
    if (!this.enabled) return;
    this.#chunks.push(text);
    this.#length += text.length;
  }

  /** A message: kept as the last one even without a level. */
  message(text: string): void {
    this.last = text;
    this.write(`${text}\n`);
  }

  /** Forgets what came after a position: paths that were accepted leave nothing at level 1. */
  reset(position: number): void {
    this.#chunks.length = position;
  }

  text(): string {
    return this.#chunks.join('');
  }
}

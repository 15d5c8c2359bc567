/**
 * The formats that the programs of one kernel print with, in linear memory as assembly/print.ts wants them. They are
 * nearly always constants; the runtime compares the text before it uses one, and asks here only for what is new to it.
 */
import {
  FORMAT_COPY,
  FORMAT_LENGTH,
  FORMAT_READS,
  FORMAT_RECORDS,
  FORMAT_SOURCE,
  FORMAT_VALUES,
  RECORD_SIZE,
  RECORD_TEXT,
} from './format-codes.ts';
import { parseFormat } from './format-parser.ts';

const EINVAL = -22;
/** More formats than a few programs have are made at run time. */
const MOST_FORMATS = 1024;

/** The part of a kernel's memory that is needed here. */
interface Memory {
  readonly u8: Uint8Array;
  readonly view: DataView;
  allocate(size: number): number;
  free(offset: number): void;
}

export class Formats {
  readonly #memory: Memory;
  /** Makes the runtime forget what it was told. */
  readonly #forget: () => void;
  /** By the place that each was found at. */
  readonly #known = new Map<number, number>();

  constructor(memory: Memory, forget: () => void) {
    this.#memory = memory;
    this.#forget = forget;
  }

  /**
   * Takes the format at a place apart.
   * @param size of the memory there, which must hold a NUL
   * @returns offset of the format, which lives until the next call; or a negative errno for one that is not valid
   */
  parse(at: number, size: number, values: number): number {
    const { u8 } = this.#memory;
    const end = u8.indexOf(0, at);
    if (end < 0 || end >= at + size) return EINVAL;
    const format = parseFormat(u8.slice(at, end), values);
    if (format === undefined) return EINVAL;
    this.#makeRoom(at);
    const { bytes, text, records } = format;
    const textAt = FORMAT_RECORDS + records.length * 4;
    const copyAt = (textAt + text.length + 7) & ~7;
    const offset = this.#memory.allocate(copyAt + bytes.length);
    this.#known.set(at, offset);
    const { u8: fresh, view } = this.#memory; // allocating may have replaced the view
    view.setUint32(offset + FORMAT_SOURCE, at, true);
    view.setUint32(offset + FORMAT_LENGTH, bytes.length, true);
    view.setUint32(offset + FORMAT_VALUES, format.values, true);
    view.setUint32(offset + FORMAT_READS, format.readsMemory ? 1 : 0, true);
    view.setUint32(offset + FORMAT_COPY, offset + copyAt, true);
    records.forEach((word, index) => {
      const place = offset + FORMAT_RECORDS + index * 4;
      view.setInt32(place, (index * 4) % RECORD_SIZE === RECORD_TEXT ? offset + textAt + word : word, true);
    });
    fresh.set(text, offset + textAt);
    fresh.set(bytes, offset + copyAt);
    return offset;
  }

  #makeRoom(at: number): void {
    const replaced = this.#known.get(at);
    if (replaced !== undefined) this.#memory.free(replaced);
    else if (this.#known.size >= MOST_FORMATS) {
      this.#forget();
      for (const offset of this.#known.values()) this.#memory.free(offset);
      this.#known.clear();
    }
  }
}

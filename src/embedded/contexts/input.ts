/**
 * Taking a run's input as bpf(2) does: what it does not take at all is a wrong call (`usage`), what Linux looks at and
 * refuses is `refused` with the errno that it gives.
 */
import { BpfiterError } from '../../errors.ts';
import type { RunOptions } from '../../kernel.ts';
import { checkRepeat } from '../../run-options.ts';
import { errnoDescription, errnoName, errnoNumber, programTypeName } from '../../uapi/index.ts';
import type { Runtime } from '../runtime.ts';
import type { ProgramToRun } from './context.ts';

export const kindOf = ({ type }: ProgramToRun): string => programTypeName(type) ?? `type ${type}`;

/** @param what completes "a run of type ...": `takes no data` */
export function misuse(program: ProgramToRun, what: string): BpfiterError {
  return new BpfiterError('usage', `program '${program.name}': a run of type ${kindOf(program)} ${what}`);
}

/** @param errno by name @param because instead of the errno's own sentence */
export function refusal(program: ProgramToRun, errno: string, because?: string): BpfiterError {
  const number = errnoNumber(errno) ?? 0;
  const said = because ?? errnoDescription(number);
  return new BpfiterError('refused', `cannot run program '${program.name}': ${said} (${errnoName(number)})`, {
    errno: number,
  });
}

export interface Takes {
  /** Fewest bytes of data; absent: the type takes none. */
  readonly data?: number;
  readonly context?: boolean;
  readonly repeat?: boolean;
  /** BPF_F_TEST_* that mean something to the type. */
  readonly flags?: number;
}

/** @throws BpfiterError `usage`, in the words of the host kernel's half (host/test-run.ts) */
export function checkOptions(program: ProgramToRun, options: RunOptions, takes: Takes): void {
  const { data, context, repeat = 0, flags = 0 } = options;
  if (data !== undefined && takes.data === undefined) throw misuse(program, 'takes no data');
  if (takes.data !== undefined && (data?.length ?? 0) < takes.data) {
    throw misuse(program, `needs data of at least ${takes.data} bytes, not ${data?.length ?? 0}`);
  }
  if (context !== undefined && takes.context !== true) throw misuse(program, 'takes no context');
  checkRepeat(repeat, program.name);
  if (repeat !== 0 && takes.repeat !== true) throw misuse(program, 'takes no repeat count');
  if (flags !== 0 && takes.flags === undefined) throw misuse(program, 'takes no flags');
  const unknown = flags & ~(takes.flags ?? 0);
  if (unknown !== 0) throw refusal(program, 'EINVAL', `it takes no flags 0x${unknown.toString(16)}`);
}

/** Linux takes no context that is longer, whatever is in it. */
const PAGE_SIZE = 4096;

/**
 * The context, zero-padded to the struct's size.
 * @throws BpfiterError `refused` with E2BIG if it is longer than the struct and what is beyond it is not zero
 */
export function readContext(program: ProgramToRun, context: Uint8Array, size: number): Uint8Array {
  const most = Math.max(PAGE_SIZE, size);
  if (context.length > most) throw refusal(program, 'E2BIG', `a context of more than ${most} bytes`);
  if (context.subarray(size).some((byte) => byte !== 0)) {
    throw refusal(program, 'E2BIG', `the context is longer than ${size} bytes`);
  }
  const out = new Uint8Array(size);
  out.set(context.subarray(0, size));
  return out;
}

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** @throws BpfiterError `refused` with EINVAL if a byte in these [from, to) is not zero */
export function demandZero(
  program: ProgramToRun,
  bytes: Uint8Array,
  ranges: readonly (readonly [number, number])[],
): void {
  for (const [from, to] of ranges) {
    const at = bytes.subarray(from, to).findIndex((byte) => byte !== 0);
    if (at >= 0) throw refusal(program, 'EINVAL', `byte ${from + at} of the context must be zero`);
  }
}

export const repeatOf = ({ repeat = 0 }: RunOptions): number => (repeat > 0 ? repeat : 1);

/** Memory of one run, freed together. */
export class RunMemory {
  readonly #runtime: Runtime;
  readonly #offsets: number[] = [];

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** @returns the offset of that many zeroed bytes */
  reserve(size: number): number {
    const offset = this.#runtime.memory.allocate(Math.max(size, 8));
    this.#offsets.push(offset);
    return offset;
  }

  put(bytes: Uint8Array): number {
    const offset = this.reserve(bytes.length);
    this.#runtime.memory.u8.set(bytes, offset);
    return offset;
  }

  take(offset: number, size: number): Uint8Array {
    return this.#runtime.memory.u8.slice(offset, offset + size);
  }

  free(): void {
    for (const offset of this.#offsets.splice(0)) {
      this.#runtime.objectEnds(offset);
      this.#runtime.memory.free(offset);
    }
  }
}

/**
 * The kernel's symbols as it looks them up when it prints an address: which function the address is in, how far behind
 * its beginning and how long the function is. And the other way round: the address of what was printed that way.
 *
 * /proc/kallsyms tells where symbols begin. Those of the kernel itself end where the next one begins, as for Linux. How
 * long the last function of a module or one of a BPF program is, no file tells: it is known once the kernel has printed it.
 * Several static functions may have one name: the length tells them apart, or nothing does, and then no address is told.
 *
 * Facts: get_symbol_pos(), is_ksym_addr() and __sprint_symbol() in kernel/kallsyms.c, find_kallsyms_symbol() in
 * kernel/module/kallsyms.c of Linux 6.12.
 */
import type { KernelSymbol } from './records.ts';

/** An address of the kernel, as its lower and upper half. */
export interface KernelAddress {
  readonly low: number;
  readonly high: number;
}

/** `%ps`, `%pS`, and `%pB`: of an address to return to, which may lie behind the end of a function that never returns. */
export type SymbolForm = 'name' | 'place' | 'return';

/** Where an address is not told: two symbols are what was printed, or none is. */
export type NoAddress = 'ambiguous' | 'unknown';

const WORD = 0x1_0000_0000;
/** The upper 16 bits of all addresses of the kernel's. */
const KERNEL_TOP = 0xffff;
const FUNCTION_TYPE = /^[tw]$/i;
/** Between which symbols the kernel's own are looked for. */
const EVERYTHING = ['_stext', '_end'] as const;
const FUNCTIONS = [
  ['_stext', '_etext'],
  ['_sinittext', '_einittext'],
] as const;

/** Addresses are their lower 48 bits here. */
interface Entry {
  readonly start: number;
  readonly name: string;
  readonly module: string;
  readonly type: string;
}

interface Found {
  readonly entry: Entry;
  readonly offset: number;
  readonly size: number;
}

export class KernelSymbols {
  /** In ascending order, of symbols at one address the one that the kernel prints. */
  readonly #own: readonly Entry[];
  readonly #others: readonly Entry[];
  /** Within which the kernel looks among its own. */
  readonly #ranges: readonly (readonly [start: number, end: number])[];
  /** Lengths that the kernel printed, by where the symbol begins. */
  readonly #printed = new Map<number, number>();
  #byName: ReadonlyMap<string, Entry | readonly Entry[]> | undefined;

  /** @param symbols in the order of /proc/kallsyms */
  constructor(symbols: Iterable<KernelSymbol>) {
    const own: Entry[] = [];
    const others: Entry[] = [];
    for (const { low, high, name, module, type } of symbols) {
      const start = keyOf(low, high);
      if (start !== undefined) (module === '' ? own : others).push({ start, name, module, type });
    }
    this.#ranges = rangesOf(own);
    this.#own = firstOfEach(own);
    // Sorting keeps the order of those at one address.
    this.#others = firstOfEach(others.sort((a, b) => a.start - b.start));
  }

  /** Whether no address is told: where they are hidden from the reader. */
  get isEmpty(): boolean {
    return this.#ranges.length === 0;
  }

  /** What the kernel prints of an address; undefined where it is in no symbol that is known. */
  textOf({ low, high }: KernelAddress, form: SymbolForm): string | undefined {
    const key = keyOf(low, high);
    if (key === undefined) return undefined;
    const behind = form === 'return' ? 1 : 0;
    const found = this.#find(key - behind);
    if (found === undefined) return undefined;
    const { entry, offset, size } = found;
    const place = form === 'name' ? '' : `+0x${(offset + behind).toString(16)}/0x${size.toString(16)}`;
    return `${entry.name}${place}${entry.module === '' ? '' : ` [${entry.module}]`}`;
  }

  /** @param text as `%pB` prints it; of an address without a symbol that is the address itself */
  addressOf(text: string): KernelAddress | NoAddress {
    const [, digits] = /^0x([\da-f]{1,16})$/.exec(text) ?? [];
    if (digits !== undefined) return parseAddress(digits);
    const [, name, offset, size, module = ''] = /^(.+)\+0x([\da-f]+)\/0x([\da-f]+)(?: \[(.+)\])?$/.exec(text) ?? [];
    if (name === undefined || offset === undefined || size === undefined) return 'unknown';
    const length = Number.parseInt(size, 16);
    const candidates = this.#named(name, module).filter((entry) => (this.#sizeOf(entry) ?? length) === length);
    const [entry] = candidates;
    if (entry === undefined) return 'unknown';
    if (candidates.length > 1) return 'ambiguous';
    this.#printed.set(entry.start, length);
    return addressAt(entry.start + Number.parseInt(offset, 16));
  }

  #find(key: number): Found | undefined {
    const isOwn = this.#ranges.some(([start, end]) => key >= start && key < end);
    const entry = entryAt(isOwn ? this.#own : this.#others, key);
    const size = entry && this.#sizeOf(entry);
    if (entry === undefined || size === undefined) return undefined;
    const offset = key - entry.start;
    return isOwn || offset < size ? { entry, offset, size } : undefined;
  }

  #sizeOf(entry: Entry): number | undefined {
    const { start, module } = entry;
    const all = module === '' ? this.#own : this.#others;
    const next = all[indexAt(all, start) + 1];
    if (module === '') {
      const [, end = start] = this.#ranges.find(([from, to]) => start >= from && start < to) ?? [];
      return (next?.start ?? end) - start;
    }
    const printed = this.#printed.get(start);
    if (printed !== undefined) return printed;
    const isBeforeFunction = next !== undefined && next.module === module && FUNCTION_TYPE.test(next.type);
    // Images of programs have room between them.
    return isBeforeFunction && !isGenerated(module) ? next.start - start : undefined;
  }

  #named(name: string, module: string): readonly Entry[] {
    this.#byName ??= byName([...this.#own, ...this.#others]);
    const found = this.#byName.get(name) ?? [];
    const entries = Array.isArray(found) ? (found as readonly Entry[]) : [found as Entry];
    return entries.filter((entry) => entry.module === module);
  }
}

/** Names in brackets of what is no module: images of BPF programs, trampolines of ftrace, probes. */
const isGenerated = (module: string): boolean => module === 'bpf' || module.startsWith('__builtin__');

function keyOf(low: number, high: number): number | undefined {
  return high >>> 16 === KERNEL_TOP ? (high & 0xffff) * WORD + (low >>> 0) : undefined;
}

const addressAt = (key: number): KernelAddress => ({
  low: key % WORD,
  high: ((KERNEL_TOP << 16) | Math.floor(key / WORD)) >>> 0,
});

const parseAddress = (digits: string): KernelAddress => ({
  low: Number.parseInt(digits.slice(-8), 16),
  high: Number.parseInt(digits.slice(0, -8) || '0', 16),
});

/** Where the kernel's own symbols are, by whether it keeps those of data as well (CONFIG_KALLSYMS_ALL). */
function rangesOf(own: readonly Entry[]): readonly (readonly [number, number])[] {
  const wanted = new Set<string>([...EVERYTHING, ...FUNCTIONS.flat()]);
  const starts = new Map<string, number>();
  for (const { name, start } of own) if (wanted.has(name)) starts.set(name, start);
  const [first] = own;
  // A list that somebody wrote down, whose last symbol is the end.
  if (first !== undefined && !starts.has('_stext')) return [[first.start, own.at(-1)?.start ?? first.start]];
  const pairs = starts.has('_end') ? [EVERYTHING] : FUNCTIONS;
  return pairs.flatMap(([from, to]) => {
    const [start, end] = [starts.get(from), starts.get(to)];
    return start === undefined || end === undefined ? [] : [[start, end] as const];
  });
}

const firstOfEach = (sorted: readonly Entry[]): readonly Entry[] =>
  sorted.filter(({ start }, index) => start !== sorted[index - 1]?.start);

function byName(entries: readonly Entry[]): ReadonlyMap<string, Entry | readonly Entry[]> {
  const found = new Map<string, Entry | Entry[]>();
  for (const entry of entries) {
    const known = found.get(entry.name);
    if (known === undefined) found.set(entry.name, entry);
    else if (Array.isArray(known)) known.push(entry);
    else found.set(entry.name, [known, entry]);
  }
  return found;
}

/** Index of the last entry that begins there or before; -1 if none does. */
function indexAt(sorted: readonly Entry[], key: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as Entry).start <= key) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const entryAt = (sorted: readonly Entry[], key: number): Entry | undefined => sorted[indexAt(sorted, key)];

/**
 * The words after a command: a cursor over them, and the parameters of an iterator (`map id 20`, `task pid 1234`,
 * `cgroup PATH order descendants_pre`). Keywords may be cut to any prefix, as in bpftool.
 */
import { BpfiterError } from '../errors.ts';
import type { CgroupOrder, CgroupSelector, MapSelector } from '../kernel.ts';

/** Whether `word` is a non-empty prefix of `keyword`. */
export const isPrefix = (word: string, keyword: string): boolean => word !== '' && keyword.startsWith(word);

export class Words {
  readonly #words: readonly string[];
  readonly #command: string;
  #next = 0;

  /** @param command whose help errors refer to */
  constructor(words: readonly string[], command: string) {
    this.#words = words;
    this.#command = command;
  }

  get left(): number {
    return this.#words.length - this.#next;
  }

  peek(): string | undefined {
    return this.#words[this.#next];
  }

  take(): string | undefined {
    return this.#words[this.#next++];
  }

  /** Takes the next word. @throws BpfiterError `usage` naming what is missing */
  expect(what: string): string {
    const word = this.take();
    if (word === undefined) throw this.error(`${what} is missing`);
    return word;
  }

  /** Takes the next word, which must be (a prefix of) one of the keywords. @returns the keyword */
  expectKeyword<Keyword extends string>(...keywords: readonly Keyword[]): Keyword {
    const previous = this.#words[this.#next - 1] ?? this.#command;
    const given = this.take();
    const keyword = keywords.find((candidate) => given !== undefined && isPrefix(given, candidate));
    if (keyword !== undefined) return keyword;
    const quoted = keywords.map((candidate) => `'${candidate}'`);
    const list = [quoted.slice(0, -1).join(', '), quoted.at(-1)].filter((part) => part !== '').join(' or ');
    throw this.error(`expected ${list} after '${previous}'${given === undefined ? '' : `, got '${given}'`}`);
  }

  /** Takes the next word if it is (a prefix of) the keyword. */
  takeKeyword(keyword: string): boolean {
    const word = this.peek();
    if (word === undefined || !isPrefix(word, keyword)) return false;
    this.#next++;
    return true;
  }

  /** @throws BpfiterError `usage` if a word is left */
  end(): void {
    const word = this.peek();
    if (word !== undefined) throw this.error(`unexpected word '${word}'`);
  }

  error(message: string): BpfiterError {
    return new BpfiterError('usage', `${message} (see 'bpfiter ${this.#command} --help')`);
  }
}

/** A decimal or 0x number. @throws BpfiterError `usage` */
export function parseNumber(word: string, what: string, maximum = 0xffffffff): number {
  const value = /^(\d+|0x[0-9a-f]+)$/i.test(word) ? Number(word) : Number.NaN;
  if (!Number.isSafeInteger(value) || value > maximum) {
    throw new BpfiterError('usage', `'${word}' is not ${what}`);
  }
  return value;
}

const cgroupOrders: readonly CgroupOrder[] = [
  'self_only',
  'descendants_pre',
  'descendants_post',
  'ancestors_up',
  'children',
];

/** What the words ask an iterator to walk. `mainThreadOnly` is bpfiter's, the others are the kernel's parameters. */
export interface IterWords {
  readonly map?: MapSelector;
  readonly task?: { readonly pid: number } | { readonly tid: number };
  readonly mainThreadOnly?: boolean;
  readonly cgroup?: CgroupSelector;
}

/** Parses `[map MAP | task TASK | cgroup CGROUP]`. @throws BpfiterError `usage` */
export function parseIterWords(words: Words): IterWords {
  if (words.left === 0) return {};
  switch (words.expectKeyword('map', 'task', 'cgroup')) {
    case 'map':
      return { map: parseMapWords(words) };
    case 'task':
      return parseTaskWords(words);
    case 'cgroup':
      return { cgroup: parseCgroupWords(words) };
  }
}

function parseMapWords(words: Words): MapSelector {
  switch (words.expectKeyword('id', 'name', 'pinned')) {
    case 'id':
      return { id: parseNumber(words.expect('the map id'), 'a map id') };
    case 'name':
      return { name: words.expect('the map name') };
    case 'pinned':
      return { pinned: words.expect('the path of the pinned map') };
  }
}

function parseTaskWords(words: Words): IterWords {
  switch (words.expectKeyword('pid', 'tid', 'main_thread_only')) {
    case 'pid':
      return { task: { pid: parsePid(words.expect('the pid')) } };
    case 'tid':
      return { task: { tid: parsePid(words.expect('the tid')) } };
    case 'main_thread_only':
      return { mainThreadOnly: true };
  }
}

function parsePid(word: string): number {
  const pid = parseNumber(word, 'a process number', 0x7fffffff);
  // The kernel takes 0 for "no filter"; nobody who writes a number means that.
  if (pid === 0)
    throw new BpfiterError('usage', 'process number 0 selects nothing; leave the parameter out for all tasks');
  return pid;
}

function parseCgroupWords(words: Words): NonNullable<IterWords['cgroup']> {
  const first = words.expect("what follows 'cgroup' (a path, or id N)");
  const where = first === 'id' ? { id: parseCgroupId(words.expect('the cgroup id')) } : { path: first };
  if (!words.takeKeyword('order')) return { ...where, order: 'descendants_pre' };
  const order = words.expect("what follows 'order'");
  const known = cgroupOrders.find((name) => name === order);
  if (known === undefined) {
    throw new BpfiterError('usage', `'${order}' is not an order: ${cgroupOrders.join(', ')}`);
  }
  return { ...where, order: known };
}

function parseCgroupId(word: string): bigint {
  if (!/^\d{1,20}$/.test(word) || BigInt(word) > 0xffff_ffff_ffff_ffffn || BigInt(word) === 0n) {
    throw new BpfiterError('usage', `'${word}' is not a cgroup id`);
  }
  return BigInt(word);
}

/**
 * iter/ksym: the kernel's symbols in the order of /proc/kallsyms. As in Linux there is one struct kallsym_iter, filled
 * anew for each symbol, and the call after the last one is given it too: with what the last symbol left, under the name
 * of the list that Linux looks through last. Source: kernel/kallsyms.c of Linux 6.18; facts/iterators.md 1.2.
 */
import type { ContextSlots } from '../iter/context.ts';
import { FOUND, type IterTargetDefinition, NONE, type Walk } from '../iter/target.ts';
import type { Cursor } from '../sources/source.ts';
import type { TargetEnvironment } from './environment.ts';

const KSYM = 0;
const LAST_LIST = new TextEncoder().encode('__builtin__kprobes\0');

class SymbolWalk implements Walk {
  readonly #symbols: Cursor;
  readonly #slots: ContextSlots;
  readonly #end: (symbol: number) => void;
  #symbol = 0;
  /** Whether the walk stands at a symbol. */
  #stands = false;

  /** @param end writes into the struct what it has behind the last symbol */
  constructor(symbols: Cursor, slots: ContextSlots, end: (symbol: number) => void) {
    this.#symbols = symbols;
    this.#slots = slots;
    this.#end = end;
  }

  start(): number {
    return this.#stands ? FOUND : this.next();
  }

  next(): number {
    const symbol = this.#symbols.next();
    this.#stands = symbol !== 0;
    if (symbol !== 0) this.#symbol = symbol;
    else if (this.#symbol !== 0) this.#end(this.#symbol);
    this.#slots.pointer(KSYM, this.#symbol);
    return this.#stands ? FOUND : NONE;
  }

  stop(): void {}

  release(): void {}
}

export function ksymTarget({ objects, memory, model }: TargetEnvironment): IterTargetDefinition {
  const layout = model.layoutOf('kallsym_iter');
  const moduleName = layout.field('module_name');
  const exported = layout.field('exported').offset;
  const pos = layout.field('pos').offset;
  const ends = ['pos_mod_end', 'pos_ftrace_mod_end', 'pos_bpf_end'].map((name) => layout.field(name).offset);
  const end = (symbol: number): void => {
    memory.u8.fill(0, symbol + moduleName.offset, symbol + moduleName.offset + moduleName.size);
    memory.u8.set(LAST_LIST, symbol + moduleName.offset);
    memory.u32[(symbol + exported) >>> 2] = 0;
    const last = (memory.u32[(symbol + pos) >>> 2] ?? 0) + 1;
    memory.u32[(symbol + pos) >>> 2] = last;
    for (const at of ends) if (memory.u32[(symbol + at) >>> 2] === 0) memory.u32[(symbol + at) >>> 2] = last;
  };
  return {
    name: 'ksym',
    arguments: [{ name: 'ksym', type: 'struct kallsym_iter *', atEnd: 'kept' }],
    sleepable: true,
    isAvailable: () => objects.hasList('kallsym_iter'),
    attach: () => ({
      info: {},
      open: (slots, session) => new SymbolWalk(session.list('kallsym_iter'), slots, end),
    }),
  };
}

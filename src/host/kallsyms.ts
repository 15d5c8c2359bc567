/**
 * Addresses of kernel symbols, from /proc/kallsyms: some five megabytes of lines
 *
 *   ffffffff81000000 T _stext
 *   ffffffffc0000000 d state.llvm.123	[module]
 *
 * of which a program wants one or two. The bytes are searched for a name as they are, which takes a millisecond or two;
 * making objects of the 120,000 to 200,000 lines would take a hundred times that.
 */
import { readFileSync } from 'node:fs';

const PATH = '/proc/kallsyms';

const NEWLINE = 10;
const TAB = 9;
const SPACE = 32;

let symbols: Buffer | undefined;

/** The address of a symbol of the running kernel; 0 where addresses are hidden from this process (kptr_restrict). */
export function kernelSymbol(name: string): bigint | 'missing' | 'ambiguous' {
  symbols ??= readSymbols();
  return findSymbol(symbols, name);
}

function readSymbols(): Buffer {
  try {
    return readFileSync(PATH);
  } catch {
    return Buffer.alloc(0); // a kernel without CONFIG_KALLSYMS: every symbol is missing
  }
}

/**
 * @param text the contents of /proc/kallsyms
 * @returns `ambiguous` if there are several of that name with different addresses
 */
export function findSymbol(text: Buffer, name: string): bigint | 'missing' | 'ambiguous' {
  let found: bigint | undefined;
  const wanted = Buffer.from(` ${name}`);
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
    const start = text.lastIndexOf(NEWLINE, at) + 1;
    const type = text[at - 1];
    if (text[at - 2] !== SPACE || !endsName(text, at + wanted.length, type)) continue;
    const address = BigInt(`0x${text.toString('latin1', start, at - 2)}`);
    if (found !== undefined && found !== address) return 'ambiguous';
    found = address;
  }
  return found ?? 'missing';
}

const LOWER_D = 100;
const localData = Buffer.from('.llvm.');

/** Whether a symbol's name ends here. Clang's link-time optimisation adds `.llvm.<hash>` to that of local data. */
function endsName(text: Buffer, at: number, type: number | undefined): boolean {
  const next = text[at];
  if (next === undefined || next === NEWLINE || next === TAB) return true;
  return type === LOWER_D && text.compare(localData, 0, localData.length, at, at + localData.length) === 0;
}

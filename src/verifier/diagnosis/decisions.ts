/** The branches and calls of a path, as lines of text: each condition or call and where the path went from it. */
import { decode } from '../../isa/index.ts';
import type { Moment } from './moment.ts';
import type { Places } from './places.ts';

/** The latest matter most. */
const MAX_DECISIONS = 6;

interface Decision {
  readonly text: string;
  times: number;
}

/** Oldest first; empty if the path has no branch. */
export function decisionsOf(insns: Uint8Array, { path }: Moment, places: Places): string[] {
  const decisions: Decision[] = [];
  path.forEach((insn, at) => {
    const next = path[at + 1];
    if (next === undefined) return;
    const { kind } = decode(insns, insn);
    const isCall = kind === 'call' && next !== insn + 1;
    if (kind !== 'jump' && !isCall) return;
    const to = isCall ? next : nextPlace(insns, path, at, places);
    const text = `${places.whole(insn)} -> ${destination(places, insn, to)}`;
    const last = decisions.at(-1);
    if (last?.text === text) last.times += 1;
    else decisions.push({ text, times: 1 });
  });
  const shown = decisions.slice(-MAX_DECISIONS).map(({ text, times }) => (times === 1 ? text : `${text} (${times}x)`));
  const earlier = decisions.length - shown.length;
  return earlier === 0 ? shown : [`(${earlier} earlier branches)`, ...shown];
}

/** A condition's line may go on after its jump: what follows that line on the path says where it led. */
function nextPlace(insns: Uint8Array, path: readonly number[], at: number, places: Places): number {
  const from = places.name(path[at] as number); // within the path
  for (let i = at + 1; i < path.length; i++) {
    const insn = path[i] as number; // within the path
    if (places.name(insn) !== from) return insn;
    if (decode(insns, insn).kind === 'jump') break;
  }
  return path[at + 1] as number; // only asked of steps that have a next one
}

/** The line alone where the file is the same. */
function destination(places: Places, from: number, to: number): string {
  const file = (name: string): string => name.slice(0, name.lastIndexOf(':') + 1);
  const name = places.name(to);
  const same = file(places.name(from));
  return same !== '' && file(name) === same ? `line ${name.slice(same.length)}` : name;
}

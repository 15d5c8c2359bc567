/**
 * Which functions are walked: the main program, then the global functions that were called from what was walked, each
 * by its arguments' types; the exception callback is always called.
 */
import type { Env } from '../environment.ts';
import { LOG_INSTRUCTIONS } from '../log/log.ts';
import { enterProgram } from './entry.ts';
import { isTraced } from './traced.ts';
import { PathWalker } from './walk.ts';
import { Walk } from './walk-data.ts';

/** Instructions between two chances to do other work, or to be cancelled. */
const SLICE = 20_000;

/** To be called when nothing is asked of a walk any more, if there was one. */
export function endWalk({ walk }: Env): void {
  // Not so if the program was refused before.
  (walk as Walk | undefined)?.end();
}

/** Walks everything; to be driven to its end. Each step takes some milliseconds. */
export function* walkProgram(env: Env): Generator<void, void> {
  env.walk = new Walk(env.count);
  yield* walkFunction(env, 0);
  if (env.program.functions.length === 0) return;
  const exceptionCallback = env.exceptionCallback > 0 ? env.subprograms[env.exceptionCallback] : undefined;
  if (exceptionCallback !== undefined) exceptionCallback.called = true;
  const verified = new Set<number>();
  for (let found = true; found; ) {
    found = false;
    for (let index = 1; index < env.subprograms.length; index++) {
      const subprogram = env.subprograms[index];
      if (subprogram === undefined || !subprogram.isGlobal || !subprogram.called || verified.has(index)) continue;
      yield* walkFunction(env, index);
      if (isTraced(env))
        env.log.write(`Func#${index} ('${subprogram.name}') is safe for any args that match its prototype\n`);
      verified.add(index);
      found = true;
    }
  }
}

function* walkFunction(env: Env, index: number): Generator<void, void> {
  env.walk.clear();
  enterProgram(env, index);
  const walker = new PathWalker(env);
  while (!walker.run(SLICE)) yield;
  if ((env.log.level & LOG_INSTRUCTIONS) === 0) env.log.reset(0);
}

/**
 * Lets Node keep what V8 makes of the code of commands, where it can (22.1 and later): a start takes some 60 ms less.
 * Node's own place for it is a directory of a well-known name in /tmp, which others may have made first, and what is
 * read there is run as it is. So it is kept in the cache of the user, and only where that is the user's alone: not under
 * sudo with the home of somebody else, and not where a group writes.
 */
import { mkdirSync, statSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';

/** Newer than the types of the oldest Node that we run on. */
interface MayCache {
  enableCompileCache?(directory?: string): unknown;
}

export function enableCompileCache(): void {
  const { enableCompileCache: enable } = module as MayCache;
  // Whoever names a directory has decided; Node then does it by itself.
  if (enable === undefined || process.env.NODE_COMPILE_CACHE !== undefined) return;
  const directory = cacheDirectory(process.env, process.geteuid?.());
  if (directory !== undefined) enable(directory);
}

const WRITABLE_BY_OTHERS = 0o022;

/** @returns undefined where there is none that is the user's alone */
export function cacheDirectory(
  environment: Readonly<Record<string, string | undefined>>,
  user: number | undefined,
): string | undefined {
  const { XDG_CACHE_HOME: cache, HOME: home } = environment;
  const parent = cache?.startsWith('/') ? cache : home?.startsWith('/') ? join(home, '.cache') : undefined;
  if (parent === undefined || user === undefined) return undefined;
  const directory = join(parent, 'bpfiter');
  try {
    const owner = home !== undefined && parent !== cache ? statSync(home).uid : statSync(parent).uid;
    if (owner !== user) return undefined;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const { uid, mode } = statSync(directory);
    return uid === user && (mode & WRITABLE_BY_OTHERS) === 0 ? directory : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Asks the running kernel for the measurable part of a verifier profile, and writes it as tables:
 *
 *   npm run build && node scripts/measure-profile.mjs              all parts, into src/verifier/profile/linux-X.Y/
 *   node scripts/measure-profile.mjs --out DIRECTORY PART ...      some parts, elsewhere
 *
 * Each answer is that of a load of a few instructions, which is thrown away; nothing is attached or run. Needs root, and takes some minutes.
 * A kernel whose machine forbids some loads (fentry, LSM) leaves those kinds out; the tables that are written by hand (trampolines.ts, lsm-hooks.ts)
 * say what is known of them from elsewhere.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureContextArguments, measureIteratorTargets } from './measure-profile/arguments.mjs';
import { measureHelperAvailability } from './measure-profile/availability.mjs';
import { measureContexts } from './measure-profile/contexts.mjs';
import { measureLimits } from './measure-profile/limits.mjs';
import { measureMapRules } from './measure-profile/maps.mjs';
import { measureProgramTypes } from './measure-profile/programs.mjs';

const checkout = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Part -> what measures it and gives the text of its file, told the kernel's name. */
const parts = {
  'helper-availability': measureHelperAvailability,
  contexts: measureContexts,
  'program-types': measureProgramTypes,
  'iterator-targets': measureIteratorTargets,
  'context-arguments': measureContextArguments,
  'map-rules': measureMapRules,
  limits: measureLimits,
};

const [version, series] = /^((\d+\.\d+)[\d.]*)/.exec(release())?.slice(1) ?? [];
if (version === undefined) throw new Error(`cannot tell the version of ${release()}`);

const { values, positionals } = parseArgs({ allowPositionals: true, options: { out: { type: 'string' } } });
const unknown = positionals.find((part) => parts[part] === undefined);
if (unknown !== undefined) {
  console.error(`measure-profile: no part ${unknown}; there are ${Object.keys(parts).join(', ')}`);
  process.exit(2);
}
const out = resolve(values.out ?? join(checkout, 'src/verifier/profile', `linux-${series}`));
mkdirSync(out, { recursive: true });
for (const part of positionals.length > 0 ? positionals : Object.keys(parts)) {
  const path = join(out, `${part}.ts`);
  writeFileSync(path, formatted(parts[part]()(`Linux ${version}`)));
  console.log(path);
}

function formatted(text) {
  const biome = join(checkout, 'node_modules/@biomejs/biome/bin/biome');
  const args = [biome, 'check', '--write', '--stdin-file-path=src/verifier/profile/table.ts'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: checkout,
    input: text,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`biome refuses the text: ${stderr}`);
  return stdout;
}

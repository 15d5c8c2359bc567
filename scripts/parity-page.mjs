/**
 * The text of docs/parity.md, made of the tests' programs, the kernel's recorded answers, the profile's tables and the verifier's sources.
 * The first three are arguments: the script that writes the page and the test that holds it come by them in different ways.
 */

import { readdirSync, readFileSync } from 'node:fs';

/**
 * @typedef {{ area: string, name: string, compared: 'answer' | 'log', release: string, messages: readonly (string | undefined)[] }} Rule
 * see test/verifier/rules.ts
 */

/** @typedef {{ readonly size: number } | { readonly length: number }} Table */

/**
 * @param {{
 *   rules: readonly Rule[],
 *   tables: { helperPrototypes: () => Table, kfuncs: Table, programRules: Table, contexts: Table, iteratorTargets: Table, limits: Table },
 *   sources: readonly string[],
 * }} facts tables of the profile; texts of the files under src/verifier
 * @returns {string}
 */
export function parityPage({ rules, tables, sources }) {
  const programs = rules.flatMap(({ messages }) => messages);
  const answered = programs.filter((message) => message !== undefined);
  const refusals = answered.filter((message) => message !== '');
  return `# What the verifier's answer is worth

Made by \`npm run docs\` from the tests and tables; a test fails where they differ.

\`bpfiter verify\` decides as Linux 6.18 does. Below is what that is held to: ${programs.length} programs of ours that the kernel named in
the last column decided. \`npm test\` fails if our verifier gives another verdict, another errno or another last message of any of them (the
whole message, numbers too), or, where the log is compared, another line. On a machine with that kernel and the privilege to load programs,
the programs can be put to it anew (\`BPFITER_RECORD=1 npx vitest run test/verifier\`), and \`npm run parity -- OBJ...\` compares any objects.

Of the ${answered.length} programs whose verdict is compared ${answered.length - refusals.length} are accepted and ${refusals.length} refused, with ${kinds(refusals)} kinds of message.

## Rule by rule

| rule | accepted | refused | kinds of message | Linux |
| --- | --- | --- | --- | --- |
${areas(rules)}

Rules without numbers of verdicts are compared with the kernel's log, line by line: as many programs as stand in the first column.

## Tables

What a program of a given type may use is looked up in tables, which were measured on Linux 6.18 and which the tests compare with the running
kernel where it is that one.

| what | rows |
| --- | --- |
${[
  ['helpers, with their arguments and results', tables.helperPrototypes()],
  ['kfuncs, with their flags and who may call them', tables.kfuncs],
  ['types of programs: what they may return, whether they may sleep', tables.programRules],
  ['contexts with fields', tables.contexts],
  ['iterator targets', tables.iteratorTargets],
  ['limits', tables.limits],
]
  .map(([what, rows]) => row([what, rows.size ?? rows.length]))
  .join('\n')}

## Not modelled

A program that needs one of these gets the verdict \`unsupported\` with its name: neither accepted nor refused. \`…\` stands for a name or number.

${subjects(sources)
  .map((subject) => `- ${subject}`)
  .join('\n')}
`;
}

const row = (cells) => `| ${cells.join(' | ')} |`;

/** Numbers and names aside. */
const kinds = (messages) =>
  new Set(messages.map((message) => message.replace(/'[^']*'|\b\w*_\w+\b|0x[0-9a-f]+|-?\d+/g, 'N'))).size;

function areas(rules) {
  const rows = [];
  let area;
  for (const rule of rules) {
    if (rule.area !== area) rows.push(row([`**${rule.area}**`, '', '', '', '']));
    area = rule.area;
    rows.push(row(cellsOf(rule)));
  }
  return rows.join('\n');
}

function cellsOf({ name, compared, release, messages }) {
  const version = release.replace(/-.*/, '');
  if (compared === 'log') return [`${name} (${messages.length} programs)`, '', '', '', version];
  const refusals = messages.filter((message) => message !== '');
  return [name, messages.length - refusals.length, refusals.length, kinds(refusals), version];
}

/** What the verifier calls unsupported, as its sources say. */
function subjects(sources) {
  const calls = sources.flatMap((source) => [...source.matchAll(/env\.unsupported\(\s*([`'"])(.*?)\1/gs)]);
  const names = calls.map(([, , text]) => text.replace(/\$\{[^}]*\}/g, '…').replace(/,$/, ''));
  return [...new Set(names)].sort((a, b) => a.localeCompare(b, 'en'));
}

/**
 * @param {URL} root of the repository
 * @returns {string[]} texts of the verifier's files
 */
export function verifierSources(root) {
  const folder = new URL('src/verifier/', root);
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  return paths.sort().map((path) => readFileSync(new URL(path, folder), 'utf8'));
}

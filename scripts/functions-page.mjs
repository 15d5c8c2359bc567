/**
 * The text of docs/functions.md, made of the tables that the code itself goes by. The tables are arguments: the script that writes the page takes
 * them from dist/, the test that holds the page takes them from src/.
 */

/**
 * @param {{
 *   helpers: Iterable<string>, kfuncs: Iterable<string>,
 *   isDefined: (name: string) => boolean,
 *   whyUnsupported: (name: string) => string | undefined,
 *   restriction: (name: string) => string | undefined,
 * }} tables names with `bpf_` where they have it
 * @returns {string}
 */
export function functionsPage({ helpers, kfuncs, isDefined, whyUnsupported, restriction }) {
  const row = (name) => {
    if (isDefined(name)) return [`\`${name}\``, 'yes', 'yes', restriction(name) ?? ''];
    return [`\`${name}\``, 'yes', 'no', whyUnsupported(name) ?? 'not written'];
  };
  const section = (names) =>
    table(['function', 'host, Linux 6.18', 'embedded', 'why not, or where'], [...names].sort().map(row));
  const count = (names) => `${[...names].filter(isDefined).length} of ${[...names].length}`;
  return `# Helpers and kfuncs

Made by \`npm run docs\` from the tables in src/; a test fails where the two differ. Which of them a program may call depends on its type: the
verifier says. A program that calls what the embedded kernel does not have is refused when it is loaded, with the name of the function.

The embedded kernel has ${count(helpers)} helpers and ${count(kfuncs)} kfuncs of Linux 6.18 (as configured for the machine that the reference profile
was measured on).

## Helpers

${section(helpers)}

## Kfuncs

${section(kfuncs)}
`;
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

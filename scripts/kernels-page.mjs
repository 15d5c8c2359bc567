/**
 * The text of docs/kernels.md, made of the tables that the code itself goes by. The tables are arguments: the script that writes the page takes
 * them from dist/, the test that holds the page takes them from src/.
 */

/** @typedef {{ name: string, since?: string }} Entry */

/**
 * @param {{
 *   features: Iterable<Entry & { description: string }>,
 *   sections: Iterable<Entry & { takesExtras: boolean, type: number, attachType: number, sleepable: boolean }>,
 *   iterTargets: Iterable<Entry & { parameter?: string, sleepable: boolean }>,
 *   openCodedIterators: Iterable<Entry>,
 *   programTypes: readonly Entry[], mapTypes: readonly Entry[], linkTypes: readonly Entry[], attachTypes: readonly Entry[],
 * }} tables the last four indexed by number
 * @returns {string}
 */
export function kernelsPage(tables) {
  return `# What each kernel supports

Made by \`npm run docs\` from the tables in src/; a test fails where the two differ. Releases are those of kernel.org: distributions carry much
back to older kernels, which is why a running kernel is asked (\`bpfiter targets\`, \`kernelFeatures\` of \`bpfiter/host\`) and not looked up here.

## Iterators

Targets of \`SEC("iter/NAME")\`. Parameters of tasks exist since Linux 6.1, programs that sleep (\`SEC("iter.s/NAME")\`) since 5.18.

${table(
  ['target', 'since', 'parameter', 'may sleep'],
  [...tables.iterTargets].map((target) => [
    code(target.name),
    target.since,
    target.parameter ?? '',
    target.sleepable ? 'yes' : '',
  ]),
)}

Open-coded iterators, for loops in any program:

${table(
  ['`bpf_for_each(NAME, ...)`', 'since'],
  [...tables.openCodedIterators].map(({ name, since }) => [code(name), since]),
)}

## Release by release

${byRelease(tables)}

## Features

What changes how an object is prepared. Where a kernel lacks one, the object is adapted, or refused with the name of what is missing.

${table(
  ['feature', 'since', 'what it is'],
  [...tables.features].sort(bySince).map(({ name, since, description }) => [code(name), since, description]),
)}

## Section names

\`SEC()\` names and what they make of a program. \`+\` means that more may follow after a slash (\`kprobe/do_exit\`). The last column is the release of
libbpf that first knew the name.

${table(
  ['section', 'program type', 'attach type', 'libbpf'],
  [...tables.sections].map(({ name, takesExtras, type, attachType, sleepable, since }) => [
    code(takesExtras ? `${name}+` : name),
    `${tables.programTypes[type]?.name}${sleepable ? ', sleepable' : ''}`,
    // 0 is cgroup_inet_ingress, and what programs have that are attached without a type.
    attachType === 0 && name !== 'cgroup_skb/ingress' ? '' : tables.attachTypes[attachType]?.name,
    since,
  ]),
)}
`;
}

const code = (text) => `\`${text}\``;

const table = (titles, rows) =>
  [titles, titles.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** One row a release that brought anything. */
function byRelease(tables) {
  const columns = {
    'program types': tables.programTypes,
    'map types': tables.mapTypes,
    'link types': tables.linkTypes,
    'attach types': tables.attachTypes,
  };
  const releases = new Set(Object.values(columns).flatMap((entries) => entries.flatMap(({ since }) => since ?? [])));
  const rows = [...releases]
    .map((since) => ({ since }))
    .sort(bySince)
    .map(({ since }) => [
      since,
      ...Object.values(columns).map((entries) =>
        entries
          .filter((entry) => entry.since === since)
          .map(({ name }) => name)
          .join(', '),
      ),
    ]);
  return table(['Linux', ...Object.keys(columns)], rows);
}

function bySince(a, b) {
  const [majorA = 0, minorA = 0] = a.since.split('.').map(Number);
  const [majorB = 0, minorB = 0] = b.since.split('.').map(Number);
  return majorA - majorB || minorA - minorB;
}

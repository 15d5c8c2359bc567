/** The page docs/model.md: what the embedded kernel's types are, and where their fields come from. Made from the model's own tables. */

/**
 * @param {readonly { title: string, doc: string, structs: readonly object[], declarations: readonly object[] }[]} parts of the model
 * @param {Foreign} foreign what `npm run foreign` measured
 *
 * @typedef {{ kernel: string, objects: number, programs: number, read: number, run: number, same: number, own: number, different: number,
 *   notSetUp: number, oneKernelOnly: number, refused: number, missing: Readonly<Record<string, number>> }} Foreign
 */
export function modelPage(parts, foreign) {
  return `${[
    '# The types of the embedded kernel',
    '<!-- Made by `npm run docs` from src/embedded/model. -->',
    INTRODUCTION,
    foreignPrograms(foreign),
    ...parts.map(section).filter((text) => text !== undefined),
  ].join('\n\n')}\n`;
}

const INTRODUCTION = `The embedded kernel has BTF of its own, with the structs and fields below and no others. A program that reads a field which is not here is not loaded, and the message names the field (\`bpf_core_field_exists()\` is false); the host kernel has all of them (\`--kernel host\`).

*From* says where a field's value comes from: a file of \`/proc/PID\` with the column (counted from 1 in \`stat\`) or the line; \`task/\` is the thread's own file. \`source\` is whatever the other fields and links of \`/proc\` say, or the kernel itself. What may not be read is 0, and counted: \`-d\` tells how often. Tables of \`/proc/net\` sometimes tell less than Linux keeps; what a field is then is said beside it.`;

/** How far the model goes with programs that other people wrote. */
function foreignPrograms({ kernel, objects, programs, read, run, same, own, different, notSetUp, refused, missing }) {
  const names = Object.keys(missing).map((name) => `\`${name}\``);
  return `How far this goes with programs that other people wrote (\`npm run foreign\`): of the iterator programs in ${objects} object files, those of the selftests of Linux 6.1 and 6.12 and of the tools of other projects, Linux ${kernel} takes ${programs} (${read} that are read as files, ${programs - read} that are run and use open-coded iterators). The embedded kernel, over the \`/proc\` of the same machine, runs ${run} of them. ${same} give the same output, but for addresses of the kernel and the order and numbers of hash buckets; ${own} print what on Linux as well is another each time (numbers of maps and links, symbols of programs); ${different} print something else (every field of \`task_struct\`, which has fewer here). ${notSetUp} load on both kernels and want a map or a hook that the comparison does not set up, and ${refused} are refused by the name of what they need: ${names.join(', ')}. Of these, programs that set options of sockets or destroy them run over described sockets.`;
}

function section({ title, doc, structs, declarations }) {
  const named = declarations.filter(({ name }) => name !== '');
  if (structs.length === 0 && named.length === 0) return undefined;
  const parts = [`## ${title}`, doc, ...structs.map(structTable)];
  for (const [tag, heading] of Object.entries(OTHERS)) {
    const names = named.filter((declaration) => declaration.tag === tag).map(({ name }) => `\`${name}\``);
    if (names.length > 0) parts.push(`${heading}: ${names.join(', ')}.`);
  }
  return parts.join('\n\n');
}

const OTHERS = {
  struct: 'Structs, as Linux has them or only by name',
  union: 'Unions',
  enum: 'Enums',
  typedef: 'Typedefs',
  function: 'Functions',
};

function structTable({ tag, name, doc, fields }) {
  const rows = fields.map(
    ({ member, doc: fieldDoc, from }) => `| \`${member.name}\` | ${cell(fieldDoc)} | ${cell(from)} |`,
  );
  return [`### ${tag} ${name}`, doc, ['| field | what it is | from |', '|---|---|---|', ...rows].join('\n')].join(
    '\n\n',
  );
}

const cell = (text) => text.replaceAll('|', '\\|');

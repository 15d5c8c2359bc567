/** The page docs/model.md: what the embedded kernel's types are, and where their fields come from. Made from the model's own tables. */

/** @param {readonly { title: string, doc: string, structs: readonly object[], declarations: readonly object[] }[]} parts of the model */
export function modelPage(parts) {
  return `${[
    '# The types of the embedded kernel',
    '<!-- Made by `npm run docs` from src/embedded/model. -->',
    INTRODUCTION,
    ...parts.map(section).filter((text) => text !== undefined),
  ].join('\n\n')}\n`;
}

const INTRODUCTION = `The embedded kernel has BTF of its own, with the structs and fields below and no others. A program that reads a field which is not here is not loaded, and the message names the field (\`bpf_core_field_exists()\` is false); the host kernel has all of them (\`--kernel host\`).

*From* says where a field's value comes from: a file of \`/proc/PID\` with the column (counted from 1 in \`stat\`) or the line; \`task/\` is the thread's own file. \`source\` is whatever the other fields and links of \`/proc\` say, or the kernel itself. What may not be read is 0, and counted: \`-d\` tells how often. Tables of \`/proc/net\` sometimes tell less than Linux keeps; what a field is then is said beside it.

How far this goes with programs that other people wrote: of the iterator programs in the selftests of Linux 6.1 and 6.12, Linux 6.18 takes 141 (80 that are read as files, 61 that are run and use open-coded iterators). The embedded kernel, over the \`/proc\` of the same machine, runs 120 of them. 108 give the same output, but for addresses of the kernel and the numbers of hash buckets; 9 print what each kernel has of its own (ids, programs among the symbols, every field of \`task_struct\`); 3 print kernel stacks, which tasks have none of here. 14 are refused by the name of what they need (sockets' options and ends, a task's registers, a socket's namespace), and 7 load on both kernels and want a map or a hook that the comparison did not set up.`;

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

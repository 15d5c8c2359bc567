/** The text of docs/objects.md: what each field of the embedded kernel's model is worth beside the running kernel's. */

/**
 * @typedef {{ readonly same: number, readonly filled: number, readonly differs: number, readonly absent: boolean }} Measured
 */

/**
 * @param {{
 *   structs: readonly { name: string, fields: readonly { name: string, doc: string }[] }[],
 *   measured: { readonly kernel: string, readonly fields: Readonly<Record<string, Measured>> },
 *   reasons: ReadonlyMap<string, { readonly verdict: string, readonly why: string }>,
 * }} facts structs of the model, what was recorded of their fields, and why some are not the same
 * @returns {string}
 */
export function objectsPage({ structs, measured, reasons }) {
  const rows = structs.flatMap(({ name, fields }) =>
    fields.map((field) => ({ struct: name, field, ...verdictOf(`${name}.${field.name}`, measured, reasons) })),
  );
  const count = (verdict) => rows.filter((row) => row.verdict === verdict).length;
  return `# Objects of the embedded kernel beside the running one's

Made by \`npm run docs\` from the model's tables and a recorded comparison; a test fails where they differ.

Both kernels ran the same iterators over the same processes, threads, open files, memory areas, control groups and sockets, those that a test
had made and stopped, over a route, some slab caches and symbols, and over a map, a program and a link that both had loaded, and wrote every
field of the model that these lead to: the running kernel Linux ${measured.kernel}, the embedded one over its \`/proc\`. Of ${rows.length} fields ${count('same')} were the same throughout, ${count('differs')} differ for the reason given,
${count('not comparable')} cannot be compared for the reason given, ${count('absent')} the running kernel was built without, and ${count('')} belong to
objects that were not compared.
Of pointers only whether they are NULL is compared, as each kernel has addresses of its own. *Filled* says in how many objects the value was
not zero. The comparison is made anew by every \`npm test\` on a machine where bpf(2) is permitted.

| field | | objects | filled | |
| --- | --- | --- | --- | --- |
${rows.map(lineOf).join('\n')}
`;
}

function verdictOf(name, { fields }, reasons) {
  const found = fields[name];
  const reason = reasons.get(name);
  if (reason !== undefined && (found !== undefined || reason.verdict === 'not comparable'))
    return { verdict: reason.verdict, note: reason.why, found };
  if (found === undefined) return { verdict: '', note: '', found };
  return { verdict: found.absent ? 'absent' : 'same', note: '', found };
}

function lineOf({ struct, field, verdict, note, found }) {
  const objects = found === undefined || found.absent ? ['', ''] : [found.same + found.differs, found.filled];
  return `| \`${struct}.${field.name}\` | ${[verdict, ...objects, note].join(' | ')} |`;
}

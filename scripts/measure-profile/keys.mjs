/**
 * From what was measured for each kind of program to the fewest keys that say it: `xdp` for all attach types that
 * agree, `xdp/xdp_devmap` for one that does not.
 */

/** Types of which only some attach types or targets are measured, so that nothing can be said of the type as such. */
const openTypes = new Set(['tracing', 'struct_ops']);

/**
 * @param measured [{ kind, value }], values being strings
 * @returns Map from value to its keys, in the order of `measured`
 */
export function keysByValue(measured) {
  const rows = new Map();
  const plain = collapse(measured.filter(({ kind }) => !kind.sleepable || kind.path[0] === 'syscall'));
  const sleepable = collapse(measured.filter(({ kind }) => kind.sleepable && kind.path[0] !== 'syscall'));
  const values = new Map(plain);
  for (const [key, value] of plain) push(rows, value, key);
  for (const [key, value] of sleepable) if (values.get(key) !== value) push(rows, value, `${key}.s`);
  return rows;
}

/** @returns [key, value][] */
function collapse(measured) {
  return [...groupBy(measured, ({ kind }) => kind.path[0])].flatMap(([type, members]) => {
    if (!openTypes.has(type) && new Set(members.map(({ value }) => value)).size === 1)
      return [[type, members[0].value]];
    const bare = members.find(({ kind }) => kind.path.length === 1);
    const rest = [...groupBy(members, ({ kind }) => kind.path[1] ?? '')]
      .filter(([attach]) => attach !== '')
      .flatMap(([, some]) => collapseTargets(some))
      .filter(([, value]) => value !== bare?.value);
    return bare === undefined ? rest : [[type, bare.value], ...rest];
  });
}

/** Members of one attach type, or of one struct: what most targets have goes by the name of it. */
function collapseTargets(members) {
  const [type, attach] = members[0].kind.path;
  const common = [...groupBy(members, ({ value }) => value)].sort((a, b) => b[1].length - a[1].length)[0][0];
  const join = type === 'struct_ops' ? '.' : '/';
  const exceptions = members
    .filter(({ value }) => value !== common)
    .map(({ kind, value }) => [`${type}/${attach}${join}${kind.path[2]}`, value]);
  return [[`${type}/${attach}`, common], ...exceptions];
}

export function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) push(groups, keyOf(item), item);
  return groups;
}

function push(map, key, item) {
  const items = map.get(key);
  if (items === undefined) map.set(key, [item]);
  else items.push(item);
}

/**
 * Records as JSON text. One rule for integers, whatever their value: all digits, unquoted. JSON bounds no number, and
 * a field never changes its type from one record to the next (docs/decisions.md). Floats that JSON cannot say (NaN,
 * infinities) are null, as JSON.stringify has them.
 */

/**
 * @param value a decoded record: numbers, bigints, booleans, strings, arrays and plain objects of them
 * @param indent spaces for each level; 0 for one line
 */
export function formatJson(value: unknown, indent = 0): string {
  return indent === 0 ? compact(value) : pretty(value, '\n', ' '.repeat(indent));
}

function compact(value: unknown): string {
  if (typeof value !== 'object' || value === null) return scalar(value);
  let text = '';
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) text += `${index === 0 ? '' : ','}${compact(value[index])}`;
    return `[${text}]`;
  }
  const members = value as Readonly<Record<string, unknown>>; // any object may be asked for a property
  for (const key of Object.keys(members)) {
    text += `${text === '' ? '' : ','}${quoted(key)}:${compact(members[key])}`;
  }
  return `{${text}}`;
}

/** @param margin newline and the spaces of the line that the value begins in */
function pretty(value: unknown, margin: string, step: string): string {
  if (typeof value !== 'object' || value === null) return scalar(value);
  const inner = margin + step;
  if (Array.isArray(value)) {
    const items = value.map((item) => pretty(item, inner, step));
    return items.length === 0 ? '[]' : `[${inner}${items.join(`,${inner}`)}${margin}]`;
  }
  const members = Object.entries(value).map(([key, member]) => `${quoted(key)}: ${pretty(member, inner, step)}`);
  return members.length === 0 ? '{}' : `{${inner}${members.join(`,${inner}`)}${margin}}`;
}

function scalar(value: unknown): string {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null';
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'string':
      return quoted(value);
    default:
      return 'null';
  }
}

/** Printable ASCII but the quote and the backslash: what needs no escape at all. */
const PLAIN = /^[ !#-[\]-~]*$/;

const quoted = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));

/** Tables as TypeScript. Biome brings the text into its final form. */

/** A cell of words: a string, or a template over several lines where it is long. */
export function cell(words) {
  const text = words.join(' ');
  if (text.length <= 90) return `'${text}'`;
  const lines = [''];
  for (const word of words) {
    if (lines.at(-1).length + word.length > 108) lines.push('');
    lines[lines.length - 1] += lines.at(-1) === '' ? word : ` ${word}`;
  }
  return `\`\n${lines.map((line) => `      ${line}`).join('\n')}\n    \``;
}

export const literal = (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
const key = (name) => (/^[a-zA-Z_]\w*$/.test(name) ? name : literal(name));

/** An object literal; members that are undefined are left out. */
export const object = (members) =>
  `{ ${Object.entries(members)
    .filter(([, text]) => text !== undefined)
    .map(([name, text]) => `${key(name)}: ${text}`)
    .join(', ')} }`;

export const array = (items) => `[\n${items.map((item) => `${item},\n`).join('')}]`;

export const comment = (lines) => `/**\n${lines.map((line) => ` * ${line}`.trimEnd()).join('\n')}\n */\n`;

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

const COMMENT_WIDTH = 116;

/** @param lines text of which blank lines part the paragraphs; it is wrapped anew */
export function comment(lines) {
  const paragraphs = lines.join(' ').split('  ');
  const wrapped = paragraphs.map((text) => {
    const rows = [''];
    for (const word of text.split(' ')) {
      if (rows.at(-1) !== '' && rows.at(-1).length + 1 + word.length > COMMENT_WIDTH) rows.push('');
      rows[rows.length - 1] += rows.at(-1) === '' ? word : ` ${word}`;
    }
    return rows.map((row) => ` * ${row}\n`).join('');
  });
  return `/**\n${wrapped.join(' *\n')} */\n`;
}

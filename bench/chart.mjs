/**
 * A bar chart as SVG: groups of horizontal bars, one colour an engine, with a line at 1 (what all are measured by) and
 * the values behind the bars. Readable on light and dark pages.
 */
const ROW = 15;
const GAP = 14;
const LEFT = 150;
const WIDTH = 860;
const RIGHT = 90;
const TOP = 92;
const COLOURS = ['#d9730d', '#3b7dd8', '#5f9e6e'];

const escapeXml = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/**
 * @param chart { title, subtitle, unit, engines: [name], groups: [{ name, values: [number | undefined] }], line }
 *   values in the order of the engines; line: { at, label }
 */
export function barChart({ title, subtitle, engines, groups, line }) {
  const most = Math.max(line.at, ...groups.flatMap(({ values }) => values.filter((value) => value !== undefined)));
  const scale = (WIDTH - LEFT - RIGHT) / (Math.ceil(most * 4) / 4);
  const groupHeight = engines.length * ROW + GAP;
  const bottom = TOP + groups.length * groupHeight;
  const height = bottom + 44;
  const parts = [];
  const text = (x, y, content, more = '') => parts.push(`<text x="${x}" y="${y}" ${more}>${escapeXml(content)}</text>`);

  text(24, 34, title, 'class="title"');
  text(24, 54, subtitle, 'class="quiet"');
  let legend = 24;
  for (const [index, engine] of engines.entries()) {
    parts.push(`<rect x="${legend}" y="66" width="11" height="11" rx="2" fill="${COLOURS[index]}"/>`);
    text(legend + 17, 76, engine);
    legend += 17 + engine.length * 7 + 24;
  }
  for (let tick = 0; tick <= most + 0.001; tick += most > 3 ? 1 : 0.5) {
    const x = LEFT + tick * scale;
    parts.push(`<line x1="${x}" y1="${TOP - 4}" x2="${x}" y2="${bottom}" class="grid"/>`);
    text(x, bottom + 16, tick.toFixed(1), 'class="quiet" text-anchor="middle"');
  }
  for (const [row, { name, values }] of groups.entries()) {
    const y = TOP + row * groupHeight + GAP / 2;
    text(LEFT - 12, y + (engines.length * ROW) / 2 + 4, name, 'text-anchor="end" class="name"');
    for (const [index, value] of values.entries()) {
      if (value === undefined) continue;
      const top = y + index * ROW;
      const width = Math.max(value * scale, 1);
      parts.push(
        `<rect x="${LEFT}" y="${top}" width="${width.toFixed(1)}" height="${ROW - 3}" rx="2" fill="${COLOURS[index]}"/>`,
      );
      text((LEFT + width + 6).toFixed(1), top + ROW - 5, value.toFixed(2), 'class="value"');
    }
  }
  const at = LEFT + line.at * scale;
  parts.push(`<line x1="${at}" y1="${TOP - 4}" x2="${at}" y2="${bottom}" class="mark"/>`);
  text(at + 4, bottom + 34, line.label, 'class="quiet" text-anchor="middle"');

  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">
<title>${escapeXml(title)}</title>
<style>
text { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #24292f; }
.title { font-size: 18px; font-weight: 600; }
.quiet, .value { fill: #6b7280; font-size: 11px; }
.name { font-weight: 500; }
.grid { stroke: #d7dbe0; stroke-width: 1; }
.mark { stroke: #24292f; stroke-width: 1.5; stroke-dasharray: 4 3; }
</style>
<rect width="100%" height="100%" rx="8" fill="#ffffff"/>
${parts.join('\n')}
</svg>
`;
}

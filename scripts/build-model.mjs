/**
 * A part of `npm run build`: makes the BTF of the embedded kernel's model once and for all, and puts it into dist/, in
 * the place of the module that says that nobody has made it (src/embedded/model/built-btf.ts). As numbers and names it
 * is read faster than as base64 text. The numbers are in the order of the machine, as everywhere in the engine: those
 * that run WebAssembly put the lowest byte first.
 */
import { writeFileSync } from 'node:fs';
import { btfOf, modelParts } from '../dist/embedded/index.js';

const STRING_OFFSET = 16;

const bytes = btfOf(modelParts);
const view = new DataView(bytes.buffer);
const stringsAt = view.getUint32(4, true) + view.getUint32(STRING_OFFSET, true);
const words = Array.from({ length: stringsAt / 4 }, (_, index) => view.getUint32(4 * index, true));
const names = new TextDecoder().decode(bytes.subarray(stringsAt));

writeFileSync(
  new URL('../dist/embedded/model/built-btf.js', import.meta.url),
  `export function builtBtf() {
  const words = [${words.join(',')}];
  const names = new TextEncoder().encode(${JSON.stringify(names).replaceAll('\\u0000', '\\0')});
  const bytes = new Uint8Array(4 * words.length + names.length);
  new Uint32Array(bytes.buffer, 0, words.length).set(words);
  bytes.set(names, 4 * words.length);
  return bytes;
}
`,
);

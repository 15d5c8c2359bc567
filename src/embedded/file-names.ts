/**
 * Names of files as strings. To Linux they are bytes, usually but not always UTF-8; so that none is lost, a byte that is
 * not part of a well-formed character becomes a lone surrogate, U+DC80 to U+DCFF, as in Python (PEP 383).
 */
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const ESCAPE = 0xdc00;

export function decodeName(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return decodeByParts(bytes);
  }
}

/** The longest well-formed character at each place, or an escaped byte. */
function decodeByParts(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = characterLength(bytes, at);
    text +=
      length === 0 ? String.fromCharCode(ESCAPE + (bytes[at] ?? 0)) : strict.decode(bytes.subarray(at, at + length));
    at += length || 1;
  }
  return text;
}

/** @returns 0 where no well-formed character begins */
function characterLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length < 2) return length;
  try {
    strict.decode(bytes.subarray(at, at + length));
    return at + length <= bytes.length ? length : 0;
  } catch {
    return 0;
  }
}

export function encodeName(text: string): Uint8Array {
  if (!/[\udc80-\udcff]/.test(text)) return encoder.encode(text);
  const pieces: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= ESCAPE + 0x80 && code <= ESCAPE + 0xff) pieces.push(code - ESCAPE);
    else pieces.push(...encoder.encode(character));
  }
  return Uint8Array.from(pieces);
}

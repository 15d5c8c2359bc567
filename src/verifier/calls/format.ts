/**
 * Format strings: which conversions there are, whether there are arguments for them, and what is printed of each.
 * After bpf_bprintf_prepare() of kernel/bpf/helpers.c.
 */
import { isDigit, isPrintable, isPunctuation, isSpace } from '../../ctype.ts';

const code = (character: string): number => character.charCodeAt(0);

const PERCENT = code('%');
const ONE = code('1');
const NINE = code('9');
const END = 0;

const among =
  (characters: string): ((byte: number) => boolean) =>
  (byte) =>
    byte !== END && characters.includes(String.fromCharCode(byte));

const isFlag = among('0+- ');
/** Of plain text: no control characters; above ASCII anything goes (6.18.44; older versions refuse that). */
const isText = (byte: number): boolean => byte >= 0x80 || isPrintable(byte) || isSpace(byte);
/** After `%p`: what the kernel prints of a pointer by itself. */
const isPointerSuffix = among('KxsSB');
const isIp = among('iI');
const isIpVersion = among('46');
const isStringSpace = among('ku');
const isInteger = among('idxXu');

/** What is printed of an argument: itself, the text that it leads to, or so many bytes from there on. */
export type Printed = 'number' | 'text' | 4 | 16;

/**
 * Whether the format needs no more arguments than there are, and nothing that is not supported.
 * @param printed told of each argument in turn, as far as the format is valid
 */
export function isFormatValid(
  format: Uint8Array,
  argumentCount: number,
  printed: (what: Printed) => void = () => {},
): boolean {
  const at = (index: number): number => format[index] ?? END;
  const endsWord = (byte: number): boolean => byte === END || isSpace(byte) || isPunctuation(byte);
  let used = 0;
  for (let i = 0; i < format.length; i++) {
    const byte = at(i);
    if (!isText(byte)) return false;
    if (byte !== PERCENT) continue;
    if (at(i + 1) === PERCENT) {
      i += 1;
      continue;
    }
    if (used >= argumentCount) return false;
    i += 1;
    while (isFlag(at(i))) i += 1;
    if (at(i) >= ONE && at(i) <= NINE) while (isDigit(at(i))) i += 1;
    used += 1;
    if (at(i) === code('p')) {
      if (endsWord(at(i + 1))) printed('number');
      else if (isStringSpace(at(i + 1)) && at(i + 2) === code('s')) {
        i += 2;
        if (!endsWord(at(i + 1))) return false;
        printed('text');
      } else if (isPointerSuffix(at(i + 1))) {
        i += 1;
        printed('number');
      } else if (isIp(at(i + 1)) && isIpVersion(at(i + 2))) {
        i += 2;
        printed(at(i) === code('4') ? 4 : 16);
      } else return false;
    } else if (at(i) === code('s')) {
      if (!endsWord(at(i + 1))) return false;
      printed('text');
    } else {
      if (at(i) !== code('c')) {
        for (let longs = 0; longs < 2 && at(i) === code('l'); longs++) i += 1;
        if (!isInteger(at(i))) return false;
      }
      printed('number');
    }
  }
  return true;
}

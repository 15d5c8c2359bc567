/**
 * Names of terminals by device number, from /proc/tty/drivers: `pty_slave /dev/pts 136 0-1048575 pty:slave`.
 * Facts: fs/proc/proc_tty.c and drivers/tty/tty_io.c (how a terminal is named) of Linux 6.18.
 */
import type { ProcReader } from './reader.ts';

export interface Terminal {
  /** `pts0`; empty where no driver is listed. */
  readonly name: string;
  readonly index: number;
}

/** @param device as `stat` has it: minor bits 31-20 and 7-0, major bits 15-8 */
export function terminalName(reader: ProcReader, device: number): Terminal {
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  const length = reader.read('/proc/tty/drivers');
  if (length < 0) return { name: '', index: minor };
  const text = new TextDecoder().decode(reader.buffer.subarray(0, length));
  for (const line of text.split('\n')) {
    const [, path = '', number, range = ''] = line.trim().split(/\s+/);
    const [first = 0, last = first] = range.split('-').map(Number);
    if (Number(number) !== major || minor < first || minor > last) continue;
    const index = minor - first;
    // Virtual consoles are counted from the number of their device.
    const shown = path === '/dev/tty' ? minor : index;
    return { name: `${path.replace(/^\/dev\//, '')}${shown}`, index };
  }
  return { name: '', index: minor };
}

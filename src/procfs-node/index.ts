/** Reads the files of /proc that the embedded kernel's objects come from, on Node. */
export { LiveReader } from './live.ts';

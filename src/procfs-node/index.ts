/** Reads the files of /proc that the embedded kernel's objects come from, on Node. */
export { LiveReader } from './live.ts';
export { openSource } from './open.ts';
export {
  RECORDABLE,
  type Recordable,
  type Recorded,
  type RecordOptions,
  record,
  redactArguments,
  redactEnvironment,
} from './record.ts';

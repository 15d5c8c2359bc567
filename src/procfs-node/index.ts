/** On Node: the files of /proc that the embedded kernel's objects come from, and the machine's clocks and processors. */
export { LiveReader } from './live.ts';
export { nodeMachine } from './machine.ts';
export { openReader, openSource } from './open.ts';
export {
  RECORDABLE,
  RECORDED_BY_DEFAULT,
  type Recordable,
  type Recorded,
  type RecordOptions,
  record,
} from './record.ts';
export { AddressRedactor, redactArguments, redactEnvironment, redactStack, redactSymbols } from './redact.ts';
export { WatchedReader } from './watched-reader.ts';

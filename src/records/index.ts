/** Typed records: values of C types by their BTF, read from bytes and written to them, and printed. */
export { formatJson } from './json.ts';
export {
  type RecordInput,
  type RecordInputOf,
  type RecordLayout,
  type RecordReader,
  type RecordValue,
  recordLayout,
} from './layout.ts';
export type { Shape } from './shape.ts';
export { type TableOptions, TableWriter } from './table.ts';
export { recordTypeScript } from './typescript.ts';

/**
 * Field pushdown: from the fields that programs read to the files of /proc/PID that have to be read, and what is to be
 * picked out of each. Worked out once a session, out of what the model says of each field (model/tasks.ts).
 */
import { BpfiterError } from '../../../errors.ts';
import type { Model } from '../../model/index.ts';
import type { Needs } from '../needs.ts';

/** How a text becomes a field; the first is for fields of whatever size. */
export const CONVERSIONS = [
  'number',
  'hex',
  'octal',
  'ticks',
  'bytes',
  'pages',
  'state',
  'exit-state',
  'prio',
  'static-prio',
  'normal-prio',
  'comm',
  'mask',
  'bit-count',
] as const;
export type Conversion = (typeof CONVERSIONS)[number];

/** The structs that come with a task, each in a block of memory of its own. */
export const HOSTS = ['task_struct', 'signal_struct', 'mm_struct', 'cred', 'fs_struct', 'files_struct'] as const;
export type Host = (typeof HOSTS)[number];

export interface Pick {
  readonly host: Host;
  /** Of the field in the host. */
  readonly offset: number;
  readonly size: number;
  readonly conversion: Conversion;
  /** Number of the column or of the value in a line. */
  readonly index: number;
}

export interface FileOfTask {
  /** `stat`. */
  readonly name: string;
  /** Whether the thread's own is wanted where that of the process tells sums. */
  readonly own: boolean;
  /** By the key of a line; files of columns have them all under the empty key. */
  readonly picks: ReadonlyMap<string, readonly Pick[]>;
}

export interface FillPlan {
  /** By name. */
  readonly files: ReadonlyMap<string, FileOfTask>;
  readonly needs: Needs;
}

interface Collected {
  own: boolean;
  readonly picks: Map<string, Pick[]>;
}

/** Files whose lines have keys. */
const KEYED: ReadonlySet<string> = new Set(['status', 'io']);

export function fillPlan(model: Model, needs: Needs): FillPlan {
  const files = new Map<string, Collected>();
  for (const host of HOSTS) collect(model, needs, host, host, 0, false, files);
  return {
    needs,
    files: new Map([...files].map(([name, { own, picks }]) => [name, { name, own, picks }])),
  };
}

function collect(
  model: Model,
  needs: Needs,
  host: Host,
  struct: string,
  base: number,
  whole: boolean,
  files: Map<string, Collected>,
): void {
  const layout = model.layoutOf(struct);
  for (const { name, from, struct: inner } of model.sourcedFieldsOf(struct)) {
    const wanted = whole || needs.has(struct, name);
    const { offset, size } = layout.field(name);
    if (inner !== undefined && model.tellsOf(inner)) {
      // A part may be read by way of another pointer to it, or as a whole.
      collect(model, needs, host, inner, base + offset, wanted, files);
      continue;
    }
    if (!wanted) continue;
    const source = parseSource(from);
    if (source === undefined) continue;
    const { file, own, key, index, conversion } = source;
    const collected = files.get(file) ?? { own: false, picks: new Map<string, Pick[]>() };
    files.set(file, collected);
    collected.own ||= own;
    const picks = collected.picks.get(key) ?? [];
    collected.picks.set(key, picks);
    picks.push({ host, offset: base + offset, size, conversion, index });
  }
}

interface FieldSource {
  readonly file: string;
  readonly own: boolean;
  readonly key: string;
  readonly index: number;
  readonly conversion: Conversion;
}

/** `task/stat 14 ticks`, `status Uid.2`; undefined for fields that are made in another way. */
function parseSource(from: string): FieldSource | undefined {
  const match = /^(task\/)?(\w+) (\w+)(?:\.(\d+))?(?: ([\w-]+))?$/.exec(from);
  if (match === null) return undefined;
  const [, own, file = '', key = '', part, conversion = 'number'] = match;
  const known = CONVERSIONS.find((candidate) => candidate === conversion);
  if (known === undefined) throw new BpfiterError('usage', `the model converts by '${conversion}', which is not known`);
  const keyed = KEYED.has(file);
  return {
    file,
    own: own !== undefined,
    key: keyed ? key : '',
    index: Number(keyed ? (part ?? 0) : key),
    conversion: known,
  };
}

/** Types of records, maps and global variables: compiled by `npm run check`, never run. */
import { describe, expectTypeOf, it } from 'vitest';
import {
  type BpfObject,
  GlobalVariables,
  type KernelMap,
  type Link,
  type LoadedObject,
  type RecordLayout,
  type RecordReader,
  recordLayout,
  recordLayoutOf,
  TypedMap,
} from '../../src/index.ts';
import type { RecordValue } from '../../src/records/index.ts';

interface TaskRecord {
  readonly pid: number;
  readonly comm: string;
  readonly start_time: bigint;
}

declare const object: BpfObject;
declare const loaded: LoadedObject;
declare const map: KernelMap;
declare const link: Link;

describe('records', () => {
  it('have the type that is stated', async () => {
    const layout = recordLayoutOf<TaskRecord>(object, 'task_record');
    expectTypeOf(layout).toEqualTypeOf<RecordLayout<TaskRecord>>();
    expectTypeOf(layout.decode(new Uint8Array(32))).toEqualTypeOf<TaskRecord>();
    for await (const record of link.open().records(layout)) {
      expectTypeOf(record).toEqualTypeOf<TaskRecord>();
      // @ts-expect-error the struct has no such field
      record.ppid;
      // @ts-expect-error 64 bits are a bigint
      record.start_time + 1;
    }
  });

  it('are objects of any values where nothing is stated', () => {
    const record = recordLayoutOf(object, 'task_record').decode(new Uint8Array(32));
    expectTypeOf(record).toEqualTypeOf<{ readonly [field: string]: RecordValue }>();
    // @ts-expect-error which of them it is has to be asked
    record.pid.toFixed();
  });

  it('are written from numbers and bigints alike, and from some of the fields', () => {
    const layout = recordLayoutOf<TaskRecord>(object, 'task_record');
    layout.encode({ pid: 1 });
    layout.encode({ pid: 1n, start_time: 5 });
    // @ts-expect-error the struct has no such field
    layout.encode({ pidd: 1 });
    // @ts-expect-error nor beside others
    layout.encodeInto(new Uint8Array(32), { pid: 1, start: 5 });
    // @ts-expect-error nothing in C is a function
    layout.encode({ pid: () => 1 });
    // @ts-expect-error nor a date
    layout.encode({ pid: 1, start_time: new Date() });
  });

  it('are written by the types of their fields', () => {
    interface Event {
      readonly state: 'RUNNING' | 'SLEEPING';
      readonly comm: string;
      readonly on: boolean;
      readonly limits: readonly { readonly soft: number; readonly hard: bigint }[];
    }
    const layout = recordLayoutOf<Event>(object, 'event');
    layout.encode({ state: 'SLEEPING', comm: new Uint8Array(4), on: 1, limits: [{ soft: 1n }, {}] });
    layout.encode({ state: 5, comm: 'init', on: true, limits: undefined });
    // @ts-expect-error no such state
    layout.encode({ state: 'ASLEEP' });
    // @ts-expect-error fields of fields have names too
    layout.encode({ limits: [{ weak: 1 }] });
    // @ts-expect-error many, not one
    layout.encode({ limits: { soft: 1 } });
    recordLayoutOf<number>(object, 'u32').encode(5n);
    recordLayoutOf(object, 'event').encode({ anything: [1, 'b'] });
    recordLayoutOf<unknown>(object, 'event').encode({ anything: [1, 'b'] });
  });

  it('are read by whoever takes any', () => {
    expectTypeOf(recordLayoutOf<TaskRecord>(object, 'task_record')).toExtend<RecordReader<unknown>>();
    expectTypeOf(recordLayoutOf(object, 'task_record')).toEqualTypeOf<RecordLayout>();
  });

  it('are found in BTF, by a name', () => {
    if (object.btf !== undefined) recordLayout(object.btf, 'task_record');
    // @ts-expect-error an object may have no BTF
    recordLayout(object.btf, 'task_record');
    // @ts-expect-error a number is no type id before BTF has given it
    if (object.btf !== undefined) recordLayout(object.btf, 7);
  });
});

describe('typed maps', () => {
  it('have the keys and values that are stated', () => {
    if (object.btf === undefined) return;
    const counts = new TypedMap<number, { readonly calls: bigint }>(map, object.btf, object.map('counts'));
    expectTypeOf(counts.get(1)).toEqualTypeOf<{ readonly calls: bigint } | undefined>();
    for (const [pid, { calls }] of counts) {
      expectTypeOf(pid).toBeNumber();
      expectTypeOf(calls).toBeBigInt();
    }
    counts.set(1, { calls: 2n });
    // @ts-expect-error the key is a number
    counts.get('1');
    // @ts-expect-error 64 bits are a bigint
    counts.set(1, { calls: 2 });
    // @ts-expect-error the value has a field `calls`
    counts.set(1, { count: 2n });
  });

  it('take bytes only as maps of a kernel', () => {
    expectTypeOf(map.lookup(new Uint8Array(4))).toEqualTypeOf<Uint8Array | undefined>();
    // @ts-expect-error see TypedMap for numbers
    map.lookup(1);
  });
});

describe('global variables', () => {
  it('are those of an object, loaded or not', () => {
    expectTypeOf(GlobalVariables).toBeConstructibleWith(object);
    expectTypeOf(GlobalVariables).toBeConstructibleWith(loaded);
    // @ts-expect-error not of one of its maps
    new GlobalVariables(map);
  });
});

/**
 * Helpers that call a function of the program: bpf_loop where the compiler does not make a loop of it (with flags, or a
 * callback that is not always the same), and bpf_find_vma.
 * Facts: kernel/bpf/bpf_iter.c and kernel/bpf/task_iter.c of Linux 6.12.
 */
import { sessionOf } from '../open-coded/cursors.ts';
import { passNumber, passPointer } from './callbacks.ts';
import { type FunctionDefinition, signature } from './definition.ts';
import { E2BIG, EINVAL, ENOENT } from './errno.ts';
import { fieldOffset } from './fields.ts';
import { toNumber } from './words.ts';

const MOST_LOOPS = 8 * 1024 * 1024;

export const loopHelpers: readonly FunctionDefinition[] = [
  {
    name: 'bpf_loop',
    signature: signature('i i p q -> s'),
    make: (runtime) => (count: number, callback: number, context: number, flags: number, flagsHigh: number) => {
      if ((flags | flagsHigh) !== 0) return EINVAL;
      if (count >>> 0 > MOST_LOOPS) return E2BIG;
      for (let i = 0; i < count; i++) {
        passNumber(runtime, 0, i);
        passPointer(runtime, 1, context);
        if (runtime.invoke(callback) !== 0) return i + 1;
      }
      return count;
    },
  },
  {
    name: 'bpf_find_vma',
    signature: signature('p q i p q -> s'),
    reads: ['task_struct.mm', 'vm_area_struct.vm_start', 'vm_area_struct.vm_end'],
    make(runtime) {
      const start = fieldOffset(runtime, 'vm_area_struct', 'vm_start');
      return (
        task: number,
        low: number,
        high: number,
        callback: number,
        context: number,
        flags: number,
        flagsHigh: number,
      ) => {
        if ((flags | flagsHigh) !== 0) return EINVAL;
        const session = sessionOf(runtime);
        if (task === 0 || !session.hasMemory(task)) return ENOENT;
        const area = session.memoryAreas(task, low, high).next();
        const { view } = runtime.memory;
        const begin =
          area === 0 ? 0 : toNumber(view.getInt32(area + start, true), view.getInt32(area + start + 4, true));
        if (area === 0 || begin > toNumber(low, high)) return ENOENT;
        passPointer(runtime, 0, task);
        passPointer(runtime, 1, area);
        passPointer(runtime, 2, context);
        runtime.invoke(callback);
        return 0;
      };
    },
  },
];

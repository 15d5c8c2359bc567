import { expect, test } from 'vitest';
import { KernelReads } from '../../../src/verifier/memory/kernel-reads.ts';
import { declare } from '../../object/c-declarations.ts';

const btf = declare(`
  struct list { u64 next; u64 previous; };
  struct task {
    u32 pid;
    u32 flags;
    struct { u64 start; u64 end; };
    struct list tasks;
    struct list others[4];
    char comm[16];
  };
`);
const task = btf.find('task', 'struct') ?? 0;

test.each([
  ['a field', 4, 4, ['task.flags']],
  ['two fields at once', 0, 8, ['task.pid', 'task.flags']],
  ['a field of an unnamed struct, as the outer one’s', 16, 8, ['task.end']],
  ['a field of a struct within', 24, 8, ['task.tasks', 'list.next']],
  ['a part of a text', 104 + 8, 4, ['task.comm']],
  ['an element of an array', 40 + 24, 8, ['task.others', 'list.previous']],
])('%s', (_, off, size, members) => {
  const reads = new KernelReads();
  reads.note(task, off, size);
  expect([...reads.members(btf)]).toEqual(members);
});

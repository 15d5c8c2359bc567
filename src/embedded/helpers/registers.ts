/** Registers of tasks, as far as the source knows them. Facts: bpf_task_pt_regs() in kernel/trace/bpf_trace.c of Linux 6.12. */
import { sessionOf } from '../open-coded/cursors.ts';
import { type FunctionDefinition, signature } from './definition.ts';

export const registerHelpers: readonly FunctionDefinition[] = [
  {
    name: 'bpf_task_pt_regs',
    signature: signature('p -> p'),
    make: (runtime) => (task: number) => sessionOf(runtime).registers(task),
  },
];

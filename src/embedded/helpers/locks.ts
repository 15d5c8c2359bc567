/**
 * Locks and the regions in which a program may not be interrupted. Nothing else runs while a program does, so taking a
 * lock only marks it: users that look at the value see it, and a second taking of a bpf_res_spin_lock is told.
 *
 * Facts: kernel/bpf/helpers.c and kernel/bpf/rqspinlock.c of Linux 6.18.
 */
import { type FunctionDefinition, signature } from './definition.ts';
import { EDEADLK } from './errno.ts';
import { write64 } from './words.ts';

/** The flag register of x86-64 with interrupts on, as local_irq_save() stores it. */
const INTERRUPTS_ON = 0x200;

/** The word of a lock. */
const setLock = (name: string, value: number): FunctionDefinition => ({
  name,
  signature: signature('p -> v'),
  make:
    ({ memory }) =>
    (lock: number) =>
      memory.view.setUint32(lock, value, true),
});

const nothing = (name: string, notation: string): FunctionDefinition => ({
  name,
  signature: signature(notation),
  make: () => () => undefined,
});

export const lockHelpers: readonly FunctionDefinition[] = [setLock('bpf_spin_lock', 1), setLock('bpf_spin_unlock', 0)];

export const lockKfuncs: readonly FunctionDefinition[] = [
  {
    name: 'bpf_res_spin_lock',
    signature: signature('p -> s'),
    make:
      ({ memory }) =>
      (lock: number) => {
        // Held by this CPU, as there is no other: waiting for it would never end.
        if (memory.view.getUint32(lock, true) !== 0) return EDEADLK;
        memory.view.setUint32(lock, 1, true);
        return 0;
      },
  },
  {
    name: 'bpf_res_spin_lock_irqsave',
    signature: signature('p p -> s'),
    make:
      ({ memory }) =>
      (lock: number, flags: number) => {
        if (memory.view.getUint32(lock, true) !== 0) return EDEADLK;
        memory.view.setUint32(lock, 1, true);
        write64(memory, flags, INTERRUPTS_ON, 0);
        return 0;
      },
  },
  setLock('bpf_res_spin_unlock', 0),
  setLock('bpf_res_spin_unlock_irqrestore', 0),
  {
    name: 'bpf_local_irq_save',
    signature: signature('p -> v'),
    make:
      ({ memory }) =>
      (flags: number) =>
        write64(memory, flags, INTERRUPTS_ON, 0),
  },
  nothing('bpf_local_irq_restore', 'p -> v'),
  nothing('bpf_rcu_read_lock', '-> v'),
  nothing('bpf_rcu_read_unlock', '-> v'),
  nothing('bpf_preempt_disable', '-> v'),
  nothing('bpf_preempt_enable', '-> v'),
];

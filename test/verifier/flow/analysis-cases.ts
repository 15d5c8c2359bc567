/** Programs whose log at level 2 tells what was found out about them: loops, live registers, live stack slots. */
import type { Case } from '../kernel-answers.ts';

export const cases: readonly Case[] = [
  { name: 'a loop', code: 'r0 = 0; top:; r0 += 1; if r0 < 5 goto top; exit' },
  {
    name: 'loops in a loop, and one after it',
    code: `
      r0 = 0; r1 = 0
      outer:; r2 = 0
      inner:; r2 += 1; if r2 < 3 goto inner
      r1 += 1; if r1 < 3 goto outer
      last:; r0 += 1; if r0 < 3 goto last
      exit`,
  },
  {
    name: 'a loop with two entries and a constant of two slots',
    code: 'r1 = 0; if r1 == 1 goto in; top:; r2 = 5 ll; r1 += 1; in:; if r1 < 4 goto top; r0 = 0; exit',
  },
  { name: 'a jump to itself, never reached', code: 'r0 = 0; if r0 == 0 goto out; self:; goto self; out:; exit' },
  {
    name: 'what instructions read and write',
    code: `
      r6 = r1; r2 = 1; r3 = 2; r4 = 3; r5 = 4; r7 = 5; r8 = 6; r9 = 7
      *(u64 *)(r10 -8) = r2
      *(u32 *)(r10 -16) = 7
      lock *(u64 *)(r10 -8) += r3
      r3 = fetch_add(u64 r10 -8, r3)
      r0 = 8
      r0 = cmpxchg(u64 r10 -8, r4)
      r5 = xchg(u64 r10 -8, r5)
      r7 = load_acquire(u64 r10 -8)
      store_release(u64 r10 -8, r7)
      r8 = s32 r8
      w9 = -w9
      if r8 > r9 goto x
      r0 = 0
      x:
      exit`,
  },
  {
    name: 'arguments of helpers, and of one that programs of the type do not have',
    code: `
      r1 = 1; r2 = 2; r3 = 3; r4 = 4; r5 = 5
      call bpf_ktime_get_ns
      r1 = 1; r2 = 2; r3 = 3; r4 = 4; r5 = 5
      call bpf_get_smp_processor_id
      r0 = 0
      if r0 == 0 goto x
      r1 = 1; r2 = 2; r3 = 3; r4 = 4; r5 = 5
      call bpf_override_return
      x:
      r0 = 0
      exit`,
  },
  {
    name: 'arguments of kfuncs, and of one that is missing',
    code: `
      r1 = 1; r2 = 2; r3 = 3
      call kfunc bpf_rcu_read_lock
      call kfunc bpf_rcu_read_unlock
      r0 = 0
      if r0 == 0 goto x
      r1 = 1; r2 = 2; r3 = 3
      call kfunc bpf_rcu_read_lock
      x:
      r0 = 0
      exit`,
    patches: [[10, 'imm', 0]],
  },
  { name: 'stack that is written and read', code: '*(u64 *)(r10 -8) = 1; r1 = *(u64 *)(r10 -8); r0 = 0; exit' },
  { name: 'stack that is written in part', code: '*(u32 *)(r10 -8) = 1; r1 = *(u32 *)(r10 -8); r0 = 0; exit' },
  {
    name: 'stack that is read on one path of two',
    code: `
      *(u64 *)(r10 -8) = 1
      *(u64 *)(r10 -512) = 2
      call bpf_get_prandom_u32
      if r0 == 0 goto x
      r0 = *(u64 *)(r10 -8)
      goto y
      x:
      r0 = *(u64 *)(r10 -512)
      y:
      r0 = 0
      exit`,
  },
  {
    name: 'stack that is written on one path of two',
    code: `
      call bpf_get_prandom_u32
      if r0 == 0 goto x
      *(u64 *)(r10 -8) = 1
      x:
      r0 = *(u64 *)(r10 -8)
      r0 = 0
      exit`,
  },
  {
    name: 'a function that reads and writes its caller',
    code: `
      *(u64 *)(r10 -8) = 1
      r1 = r10
      call f
      r1 = *(u64 *)(r10 -16)
      r0 = 0
      exit
      f:
      r2 = *(u64 *)(r1 -8)
      *(u64 *)(r1 -16) = r2
      r0 = 0
      exit`,
  },
  {
    name: 'a function that is called from two places, with other slots',
    code: `
      *(u64 *)(r10 -8) = 1
      *(u64 *)(r10 -16) = 1
      call bpf_get_prandom_u32
      r6 = r0
      r1 = r10; r1 += -8; r2 = r6
      call f
      r1 = r10; r1 += -16; r2 = r6
      call f
      r0 = *(u64 *)(r10 -16)
      r0 = 0
      exit
      f:
      if r2 == 0 goto x
      *(u64 *)(r1 +0) = 5
      x:
      r0 = 0
      exit`,
  },
  {
    name: 'a function two calls below',
    code: `
      *(u64 *)(r10 -8) = 1
      r1 = r10
      call f
      r0 = *(u64 *)(r10 -8)
      r0 = 0
      exit
      f:
      *(u64 *)(r10 -8) = 3
      r2 = r10
      call g
      r0 = *(u64 *)(r10 -8)
      exit
      g:
      *(u64 *)(r1 -8) = 2
      r0 = *(u64 *)(r2 -8)
      exit`,
  },
  {
    name: 'a callback that reads and writes its caller',
    functions: ['int main(void *ctx)', 'static int f(u32 index, void *p)'],
    code: `
      *(u64 *)(r10 -8) = 1
      *(u64 *)(r10 -16) = 1
      r1 = 4
      r2 = &f
      r3 = r10
      r4 = 0
      call bpf_loop
      r0 = *(u64 *)(r10 -16)
      r0 = 0
      exit
      f:
      r1 = *(u64 *)(r2 -8)
      *(u64 *)(r2 -16) = r1
      r0 = 0
      exit`,
  },
  {
    name: 'stack that a loop reads and writes',
    code: `
      *(u64 *)(r10 -8) = 0
      top:
      r1 = *(u64 *)(r10 -8)
      r1 += 1
      *(u64 *)(r10 -8) = r1
      if r1 < 4 goto top
      r0 = 0
      exit`,
  },
  {
    name: 'slots read at an offset that varies',
    code: `
      *(u64 *)(r10 -8) = 0
      *(u64 *)(r10 -16) = 0
      call bpf_get_prandom_u32
      r0 &= 8
      r1 = r10
      r1 += r0
      r0 = *(u64 *)(r1 -16)
      r0 = 0
      exit`,
  },
  {
    name: 'memory that a helper fills',
    code: `
      *(u64 *)(r10 -8) = 0
      r1 = r10; r1 += -16
      r2 = 16
      call bpf_get_current_comm
      r0 = *(u64 *)(r10 -8)
      r0 = 0
      exit`,
    section: 'tracepoint',
  },
];

/** Programs whose paths meet: whether a saved state covers the current one is in the kernel's log. */
import type { Case, CaseMap } from '../kernel-answers.ts';

/** A state is saved wherever paths meet. */
const BPF_F_TEST_STATE_FREQ = 1 << 3;

export const maps: Readonly<Record<string, CaseMap>> = {
  others: { type: 'array', keySize: 4, valueSize: 8, entries: 1 },
  sockets: { type: 'sockmap', keySize: 4, valueSize: 4, entries: 2 },
};

/** r0 = a socket or NULL. */
const fromMap = 'r2 = r10; r2 += -8; r1 = map[sockets]; call bpf_map_lookup_elem';
const fromTuple = 'r1 = r7; r2 = r10; r2 += -16; r3 = 12; r4 = -1; r5 = 0; call bpf_sk_lookup_udp';

/** Two sockets, of which either is released at the same instruction. */
const twoSockets = (name: string, first: string, second: string): Case => ({
  name,
  section: 'tc',
  flags: BPF_F_TEST_STATE_FREQ,
  code: `
    r7 = r1
    *(u64 *)(r10 -8) = 0
    *(u64 *)(r10 -16) = 0
    call bpf_get_prandom_u32
    if r0 == 0 goto second
    ${first}
    if r0 != 0 goto release
    goto out
    second:
    ${second}
    if r0 == 0 goto out
    release:
    r1 = r0
    call bpf_sk_release
    out:
    r0 = 0
    exit`,
});

/** Widened in the stack, the counter has no id, and gets none when it is read. */
const counterInStack: Case = {
  name: 'a counter in the stack is widened',
  section: 'tc',
  code: `
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 10
    call kfunc bpf_iter_num_new
    *(u64 *)(r10 -16) = 0
    round:
    r1 = r10
    r1 += -8
    call kfunc bpf_iter_num_next
    if r0 == 0 goto out
    r0 = *(u64 *)(r10 -16)
    r0 += 1
    *(u64 *)(r10 -16) = r0
    goto round
    out:
    r1 = r10
    r1 += -8
    call kfunc bpf_iter_num_destroy
    r0 = 0
    exit`,
};

/** A loop over an iterator that sets r8 in every round, and reads it in a round's second half. */
const setInLoop = (name: string, before: string): Case => ({
  name,
  section: 'tc',
  code: `
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 10
    call kfunc bpf_iter_num_new
    r6 = 0
    r7 = 0
    ${before}
    round:
    r1 = r10
    r1 += -8
    call kfunc bpf_iter_num_next
    if r0 == 0 goto out
    if r6 == 0 goto first
    r7 = r8
    first:
    r6 = 1
    r8 = -25
    goto round
    out:
    r1 = r10
    r1 += -8
    call kfunc bpf_iter_num_destroy
    r0 = 0
    exit`,
});

export const cases: readonly Case[] = [
  twoSockets('sockets of one map are alike', fromMap, fromMap),
  twoSockets('a socket of a map covers none from elsewhere', fromTuple, fromMap),
  twoSockets('a socket from elsewhere covers none of a map', fromMap, fromTuple),
  twoSockets('sockets that were looked up by address are alike', fromTuple, fromTuple),
  counterInStack,
  setInLoop('a register that the first round did not set is unlike one that the second did', ''),
  setInLoop('a register that every round sets is alike', 'r8 = -25'),
];

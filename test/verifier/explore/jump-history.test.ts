import { describe, expect, it } from 'vitest';
import {
  HISTORY_FLAGS,
  HISTORY_INSN,
  HISTORY_PREVIOUS,
  JumpHistory,
  LINKED_REGS_MAX,
  linkedFrame,
  linkedIndex,
  linkedIsRegister,
  linkedRegister,
  linkedSlot,
} from '../../../src/verifier/jump-history.ts';

describe('JumpHistory', () => {
  it('gives back what was noted, beyond its first size too', () => {
    const history = new JumpHistory();
    for (let i = 0; i < 50; i++) expect(history.add(i, i + 1000, i & 7)).toBe(i);
    for (let i = 0; i < 50; i++)
      expect([HISTORY_INSN, HISTORY_PREVIOUS, HISTORY_FLAGS].map((field) => history.get(i, field))).toEqual([
        i,
        i + 1000,
        i & 7,
      ]);
  });

  it('joins the flags that one instruction notes twice', () => {
    const history = new JumpHistory();
    const entry = history.add(3, 2, 0b001);
    history.addFlags(entry, 0b100);
    expect(history.get(entry, HISTORY_FLAGS)).toBe(0b101);
  });

  it.each([0, 1, 2, 3, 4, 5, LINKED_REGS_MAX])('keeps %i linked registers and slots', (count) => {
    const history = new JumpHistory();
    history.add(0, 0, 0);
    const entry = history.add(1, 0, 0);
    const all = [
      linkedRegister(0, 9),
      linkedSlot(7, 63),
      linkedRegister(7, 0),
      linkedSlot(0, 0),
      linkedRegister(3, 5),
      linkedSlot(2, 31),
    ];
    history.setLinked(entry, all, count);
    expect(history.linkedCount(entry)).toBe(count);
    expect(Array.from({ length: count }, (_, i) => history.linked(entry, i))).toEqual(all.slice(0, count));
    expect(history.linkedCount(0)).toBe(0);
  });

  it('tells registers from slots', () => {
    expect([linkedIsRegister(linkedRegister(1, 2)), linkedIsRegister(linkedSlot(1, 2))]).toEqual([true, false]);
    expect([linkedFrame(linkedSlot(6, 40)), linkedIndex(linkedSlot(6, 40))]).toEqual([6, 40]);
    expect([linkedFrame(linkedRegister(6, 4)), linkedIndex(linkedRegister(6, 4))]).toEqual([6, 4]);
  });

  it('is independent of what it was copied from', () => {
    const from = new JumpHistory();
    from.add(1, 0, 0);
    const to = new JumpHistory();
    to.copyFrom(from);
    from.addFlags(0, 1);
    from.add(2, 1, 0);
    expect(to.length).toBe(1);
    expect(to.get(0, HISTORY_FLAGS)).toBe(0);
  });
});

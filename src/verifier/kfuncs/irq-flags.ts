/**
 * Saved interrupt flags on the stack: bpf_local_irq_save/restore, and the locks that save them. Restored in the
 * opposite order.
 * After process_irq_flag() in kernel/bpf/verifier.c.
 */
import type { Env } from '../environment.ts';
import { EFAULT, EINVAL } from '../errno.ts';
import { checkMemoryAccess } from '../memory/index.ts';
import { IRQ_CLASS, IRQ_LOCK_KFUNC, IRQ_NATIVE_KFUNC, PRECISE, REF_OBJ_ID, TYPE } from '../register.ts';
import { PTR_TO_STACK, STACK_IRQ_FLAG } from '../register-types.ts';
import { markKnownZero } from '../scalar/index.ts';
import { acquireIrq, releaseIrq } from './references.ts';
import { BEYOND_STACK, clearSlot, findSlot, frameOf, isPartly, isWholly, noteRead, setSlot } from './stack-objects.ts';

const WHAT = 'irq_flag';
const SLOT_BYTES = 8;

const CLASSES: Readonly<Record<string, { readonly saves: boolean; readonly class: number }>> = {
  bpf_local_irq_save: { saves: true, class: IRQ_NATIVE_KFUNC },
  bpf_local_irq_restore: { saves: false, class: IRQ_NATIVE_KFUNC },
  bpf_res_spin_lock_irqsave: { saves: true, class: IRQ_LOCK_KFUNC },
  bpf_res_spin_unlock_irqrestore: { saves: false, class: IRQ_LOCK_KFUNC },
};

const className = (irqClass: number): string => (irqClass === IRQ_NATIVE_KFUNC ? 'native' : 'lock');

/** @param kfunc name of the kernel's kfunc */
export function checkIrqFlag(env: Env, kfunc: string, regno: number): void {
  const { frame: current } = env;
  const w = current.words;
  const r = current.register(regno);
  const arg = regno - 1;
  if (w[r + TYPE] !== PTR_TO_STACK) env.reject(EINVAL, 'irq/not-on-stack', { arg });
  const rule = CLASSES[kfunc];
  if (rule === undefined) env.reject(EFAULT, 'verifier-bug', { what: 'unknown irq flags kfunc' });
  if (rule.saves) save(env, w, r, regno, rule.class);
  else restore(env, w, r, arg, rule.class);
}

function save(env: Env, w: Int32Array, r: number, regno: number, irqClass: number): void {
  const before = findSlot(env, w, r, WHAT, 1);
  if (before !== BEYOND_STACK && (before < 0 || isPartly(frameOf(env, w, r), before, STACK_IRQ_FLAG)))
    env.reject(EINVAL, 'irq/initialized', { arg: regno - 1 });
  checkMemoryAccess(env, regno, 0, SLOT_BYTES, 'write', -1);
  const slot = findSlot(env, w, r, WHAT, 1);
  if (slot < 0) env.rejectAsSaid(EINVAL);
  const id = acquireIrq(env, env.insn);
  const frame = frameOf(env, w, r);
  const at = frame.spilled(slot);
  markKnownZero(frame.words, at);
  frame.words[at + TYPE] = PTR_TO_STACK; // has no type of its own
  frame.words[at + PRECISE] = 0;
  frame.words[at + REF_OBJ_ID] = id;
  frame.words[at + IRQ_CLASS] = irqClass;
  setSlot(env, frame, slot, STACK_IRQ_FLAG);
}

function restore(env: Env, w: Int32Array, r: number, arg: number, irqClass: number): void {
  const slot = findSlot(env, w, r, WHAT, 1);
  const frame = frameOf(env, w, r);
  const id = slot < 0 ? 0 : (frame.words[frame.spilled(slot) + REF_OBJ_ID] as number); // the slot exists
  if (id === 0 || !isWholly(frame, slot, STACK_IRQ_FLAG)) env.reject(EINVAL, 'irq/uninitialized', { arg });
  noteRead(env, frame, slot, 1);
  const saved = frame.words[frame.spilled(slot) + IRQ_CLASS] as number; // the slot exists
  if (saved !== irqClass) env.reject(EINVAL, 'irq/other-class', { saved: className(saved), used: className(irqClass) });
  releaseIrq(env, id);
  clearSlot(env, frame, slot);
}

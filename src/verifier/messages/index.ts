/**
 * Every message of the verifier: a code, and the kernel's wording as a function of the facts. Checks give code and
 * facts (`env.reject(errno, code, facts)`), never text, so that other renderers can say the same differently.
 * Each table belongs to the room of its name.
 */
import { callMessages } from './calls.ts';
import { exploreMessages } from './explore.ts';
import { flowMessages } from './flow.ts';
import { kfuncMessages } from './kfuncs.ts';
import { memoryMessages } from './memory.ts';
import { scalarMessages } from './scalar.ts';

export const messages = {
  ...callMessages,
  ...exploreMessages,
  ...flowMessages,
  ...kfuncMessages,
  ...memoryMessages,
  ...scalarMessages,
};

export type MessageCode = keyof typeof messages;
export type MessageFacts<C extends MessageCode> = Parameters<(typeof messages)[C]>[0];

export interface Diagnostic {
  readonly code: MessageCode;
  readonly facts: unknown;
  /** Instruction that was being checked. */
  readonly insn: number;
  readonly text: string;
}
